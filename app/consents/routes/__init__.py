"""HTTP of consents, of what they open, and of the notice that families are given."""

from fastapi import APIRouter

from app.consents.routes import consents, coverage, notices

router = APIRouter()
for part in (consents, coverage, notices):
    router.include_router(part.router)
