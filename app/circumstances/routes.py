"""HTTP: what a social worker has to know of a person: functioning, schooling, health, papers."""

from fastapi import APIRouter

router = APIRouter()
