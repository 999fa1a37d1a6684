"""HTTP: how long data are kept and what happens then; legal holds, and erasure on request."""

from fastapi import APIRouter

router = APIRouter()
