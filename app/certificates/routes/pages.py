"""The page on which people check a certificate. Its answers are pages too, whatever is wrong; nothing typed here is kept."""

from typing import Annotated
from urllib.parse import parse_qs

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import RedirectResponse

from app.certificates.number import parse_number, shown
from app.certificates.page import Checked, Page, State, rendered
from app.certificates.throttle import LOOK_UPS, SURNAMES
from app.certificates.verification import NumberMistyped, look_up
from app.languages import Language, choose
from app.limits import address_of
from app.problems import NotFound

router = APIRouter(include_in_schema=False)
_LONGEST_FORM = 4096
_LONGEST_SURNAME = 80


async def _language(request: Request, lang: str | None = None) -> Language:
    """The language that the reader clicked, else the one that the browser prefers, else Uzbek."""
    if lang in set(Language):
        return Language(lang)
    return choose(request.headers.get("accept-language"), Language.UZ_LATN)


async def _look_up_wait(request: Request) -> int:
    return LOOK_UPS.seconds_to_wait(address_of(request))


async def _surname_wait(request: Request) -> int:
    return SURNAMES.seconds_to_wait(address_of(request))


async def _surname(request: Request) -> str:
    """The surname out of the form; empty for whatever is no such form."""
    raw = await request.body()
    try:
        fields = parse_qs(raw[:_LONGEST_FORM].decode(), max_num_fields=10)
    except ValueError:
        return ""
    return fields.get("surname", [""])[0].strip()


Speaks = Annotated[Language, Depends(_language)]
LookUpWait = Annotated[int, Depends(_look_up_wait)]
SurnameWait = Annotated[int, Depends(_surname_wait)]
Surname = Annotated[str, Depends(_surname)]


@router.get("/v")
async def ask_for_number(language: Speaks, number: str | None = None) -> Response:
    """The page with a field for the number; a number that can be one leads to its own page."""
    if not number or not number.strip():
        return rendered(Page(state="ask", language=language))
    known = parse_number(number)
    if known is None:
        return rendered(Page(state="mistyped", language=language, typed=number))
    return RedirectResponse(f"/v/{shown(known)}?lang={language}", 303, headers={"Cache-Control": "no-store"})


@router.get("/v/{number:path}")
def show_certificate(language: Speaks, wait: LookUpWait, number: str) -> Response:
    """What anybody may know about a certificate."""
    if wait:
        return rendered(Page(state="throttled", language=language, typed=number, wait=wait))
    return _shown(language, number)


@router.post("/v/{number:path}")
def compare_surname(language: Speaks, wait: LookUpWait, surname_wait: SurnameWait, surname: Surname, number: str) -> Response:
    """The same page, and whether the surname that was typed is the holder's. It shows what a look-up shows, so it counts as one too."""
    if wait:
        return rendered(Page(state="throttled", language=language, typed=number, wait=wait))
    return _shown(language, number, surname=surname, wait=surname_wait)


def _shown(language: Language, typed: str, *, surname: str | None = None, wait: int = 0) -> Response:
    """The page of a number. Where a surname was asked for too often, the certificate is shown without an answer to that."""
    state: State = "found"
    try:
        found = look_up(typed)
    except NumberMistyped:
        state, found = "mistyped", None
    except NotFound:
        state, found = "unknown", None
    if found is None or surname is None:
        return rendered(Page(state=state, language=language, typed=typed, found=found))
    checked: Checked
    if wait:
        checked = "throttled"
    elif not surname:
        checked = "missing"
    else:
        checked = "matches" if len(surname) <= _LONGEST_SURNAME and found.is_of(surname) else "differs"
    return rendered(Page(state=state, language=language, found=found, checked=checked, wait=wait))
