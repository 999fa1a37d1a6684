"""HTTP of the partner directory."""

from fastapi import APIRouter

from app.partners.routes import organizations, specialists, venues

router = APIRouter()
for _part in (organizations, specialists, venues):
    router.include_router(_part.router)
