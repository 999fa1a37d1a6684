"""HTTP: who is whose parent, guardian, sibling or spouse, across families."""

from fastapi import APIRouter

router = APIRouter()
