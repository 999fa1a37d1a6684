"""HTTP of retention: rules and runs, legal holds, erasure requests."""

from fastapi import APIRouter

from app.retention.routes import erasures, holds, rules

router = APIRouter()
for part in (rules, holds, erasures):
    router.include_router(part.router)
