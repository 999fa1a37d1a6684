"""HTTP of the notice that families are given before they are asked."""

from fastapi import APIRouter, Response

from app.answers import answer
from app.consents import policy
from app.consents.notice import shown
from app.consents.schemas import NoticesRead
from app.identity.door import allow

router = APIRouter(prefix="/v1/consent-notices", tags=["consents"])


@router.get("", response_model=NoticesRead, dependencies=[allow(policy.READ)])
def list_consent_notices() -> Response:
    """Every version of the notice, the newest first, each in four languages, with the words that explain purposes and categories."""
    return answer(shown())
