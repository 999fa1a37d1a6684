"""HTTP of families, beneficiaries and memberships."""

from fastapi import APIRouter

from app.beneficiaries.routes import beneficiaries, families, memberships, moving

router = APIRouter()
for part in (families, moving, memberships, beneficiaries):
    router.include_router(part.router)
