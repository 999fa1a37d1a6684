"""HTTP: the same person registered twice: candidates, decisions, merges and their undoing."""

from fastapi import APIRouter

router = APIRouter()
