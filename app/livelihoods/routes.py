"""HTTP: what a family lives on: incomes by month, and the income per head by the rule in force."""

from fastapi import APIRouter

router = APIRouter()
