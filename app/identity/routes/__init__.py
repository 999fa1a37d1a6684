"""HTTP of identity: sessions, accounts, service clients, and the documents that describe the tokens."""

from fastapi import APIRouter

from app.identity.routes import accounts, clients, documents, sessions

router = APIRouter()
for part in (sessions, accounts, clients, documents):
    router.include_router(part.router)
