"""Verifying a certificate: for anybody's scripts, without an account."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Request, Response

from app.answers import answer
from app.certificates.number import shown
from app.certificates.schemas import SurnameCheck, SurnameCheckRead, VerificationRead
from app.certificates.throttle import LOOK_UPS, SURNAMES
from app.certificates.verification import NumberMistyped, look_up, verification
from app.languages import Language, choose
from app.problems import NotFound, TooManyRequests, problems

router = APIRouter(prefix="/v1/verify", tags=["verification"])
Number = Annotated[
    str,
    Path(
        description="The number, printed or typed: spaces, dashes, lower case and look-alikes (O for 0, Cyrillic letters) do not matter.",
        examples=["7K3M-9QXR-2H04"],
    ),
]
_REFUSALS = problems(NotFound, NumberMistyped, TooManyRequests)
_UNLISTED = {"X-Robots-Tag": "noindex, nofollow, noarchive"}


@router.get("/{number}", response_model=VerificationRead, dependencies=[Depends(LOOK_UPS)], responses=_REFUSALS)
def verify_certificate(number: Number, request: Request) -> Response:
    """What anybody may know about a certificate: its state, its words and figures, and the first letters of the holder's name.

    60 requests a minute from one address.
    """
    language = choose(request.headers.get("accept-language"), Language.EN)
    response = answer(verification(look_up(number), language))
    response.headers.update({**_UNLISTED, "Content-Language": str(language)})
    return response


@router.post("/{number}", response_model=SurnameCheckRead, dependencies=[Depends(SURNAMES)], responses=_REFUSALS)
def check_surname(number: Number, body: SurnameCheck) -> Response:
    """Whether a surname is the holder's, in any script. Neither the surname nor that it was asked is kept.

    10 requests a minute from one address.
    """
    found = look_up(number)
    response = answer({"number": shown(found.number), "status": found.status, "matches": found.is_of(body.surname)})
    response.headers.update(_UNLISTED)
    return response
