"""HTTP of certificates: for those who are signed in, for scripts of anybody, and the page for people."""

from fastapi import APIRouter

from app.certificates.routes import certificates, pages, verification

router = APIRouter()
for part in (certificates, verification, pages):
    router.include_router(part.router)
