"""The form and the notice on paper: what stands on them, in four languages, and that they can be read and archived."""

import re
import subprocess
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from pypdf import PdfReader

from app.access.grants import DataCategory
from app.consents import notice
from app.consents.models import ConsentPurpose
from app.languages import Language
from app.uzbek.keys import loose_key
from tests.callers import Caller, Callers
from tests.factories.consents import CONSENTS, given_consent, giving, household, make_consent, withdraw
from tests.factories.kinship import make_kinship

Home = dict[str, Any]
TITLES = {"uz-Latn": "Rozilik anketasi", "uz-Cyrl": "Розилик анкетаси", "ru": "Анкета согласия", "en": "Consent form"}


@pytest.fixture
def ngo(callers: Callers) -> Caller:
    return callers.ngo("1733")


@pytest.fixture
def home(ngo: Caller) -> Home:
    return household(ngo)


def form(caller: Caller, consent: dict[str, Any], language: str = "en") -> PdfReader:
    found = caller.get(f"{CONSENTS}/{consent['id']}/form.pdf", params={"language": language})
    assert found.status_code == 200, found.text
    assert (found.headers["content-type"], found.headers["content-language"]) == ("application/pdf", language)
    assert found.headers["cache-control"] == "no-store"
    return PdfReader(BytesIO(found.content))


def text_of(reader: PdfReader) -> str:
    return re.sub(r"\s+", " ", " ".join(page.extract_text() for page in reader.pages))


@pytest.mark.parametrize("language", Language)
def test_it_says_what_was_agreed_to(callers: Callers, ngo: Caller, home: Home, language: Language) -> None:
    committee = callers.committee("1733")
    consent = given_consent(
        ngo,
        home,
        recipients=[{"organization_id": committee.organization_id}, {"kind": "state_partner"}],
        valid_until="2099-05-31",
        giving=giving(home, witness="Gulnora opa"),
    )
    reader = form(ngo, consent, language)
    found = text_of(reader)
    text = notice.NOTICES[consent["notice_version"]].texts[language]
    script = "cyrillic" if language in (Language.UZ_CYRL, Language.RU) else "latin"
    names = [one["names"][script] for one in (*consent["covers"], *consent["not_covered"])]
    organization = consent["recipients"][0]["names"]["en"]
    sections = [part for section in text.sections for part in (section.heading, section.text)]
    for part in (
        TITLES[language],
        home["family"]["number"],
        organization,
        "31.05.2099",
        "Gulnora opa",
        *names,
        *text.purposes.values(),
        *text.categories.values(),
        text.title,
        *sections,
    ):
        assert part in found, part
    # One mark each for capacity, purpose and method, for what each of two children said, and for three categories.
    assert found.count("×") == 8
    assert [(page.mediabox.width, page.mediabox.height) for page in reader.pages] == [pytest.approx((595.28, 841.89), abs=0.1)] * 2


def test_what_was_not_said_yet_is_blank(ngo: Caller, home: Home) -> None:
    found = text_of(form(ngo, make_consent(ngo, home, purpose="services", recipients=[], categories=[])))
    assert found.count("×") == 2
    for part in ("To nobody", "from the day on which it is given", "until I withdraw it", "Signature", "Witness"):
        assert part in found


def test_the_household_stands_on_the_form_of_one_who_speaks_for_it(ngo: Caller) -> None:
    home = household(ngo)
    make_kinship(ngo, home["mother"], home["girl"])
    whole = "The family as a whole"
    assert whole in text_of(form(ngo, make_consent(ngo, home)))
    change = f"/v1/families/{home['family']['id']}/change-caregivers"
    assert ngo.post(change, {"caregivers": []}, version=1).status_code == 200
    assert whole not in text_of(form(ngo, make_consent(ngo, home)))


def test_what_is_over_says_so(ngo: Caller, home: Home) -> None:
    consent = given_consent(ngo, home)
    assert "Withdrawn" not in text_of(form(ngo, consent))
    withdraw(ngo, consent, home)
    assert "Withdrawn" in text_of(form(ngo, consent))


def test_the_language_that_is_asked_for(ngo: Caller, home: Home) -> None:
    url = f"{CONSENTS}/{make_consent(ngo, home)['id']}/form.pdf"
    assert ngo.get(url, headers={"Accept-Language": "ru"}).headers["content-language"] == "ru"
    assert ngo.get(url, headers={"Accept-Language": ""}).headers["content-language"] == "uz-Latn"
    assert ngo.get(url, headers={"Accept-Language": "ru"}, params={"language": "uz-Cyrl"}).headers["content-language"] == "uz-Cyrl"
    assert ngo.get(url, params={"language": "kk"}).status_code == 422


def test_it_is_tagged_archival_and_always_the_same(ngo: Caller, home: Home) -> None:
    consent = given_consent(ngo, home)
    url = f"{CONSENTS}/{consent['id']}/form.pdf"
    first, second = (ngo.get(url, params={"language": "uz-Latn"}).content for _ in range(2))
    assert first == second
    root = PdfReader(BytesIO(first)).trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"]
    assert root["/Lang"] == "uz"
    metadata = root["/Metadata"].get_object().get_data().decode()
    assert "<pdfaid:part>2</pdfaid:part>" in metadata
    assert "<pdfuaid:part>1</pdfuaid:part>" in metadata


def test_a_character_without_a_form_on_paper_is_named(ngo: Caller, home: Home) -> None:
    consent = given_consent(ngo, home, giving=giving(home, witness="Gulnora 漢"))
    refused = ngo.get(f"{CONSENTS}/{consent['id']}/form.pdf")
    assert (refused.status_code, refused.json()["code"], refused.json()["detail"]) == (
        409,
        "form_not_printable",
        "Not printed, the witness: a character in it has no form on paper.",
    )


def test_a_large_family_takes_more_sheets(ngo: Caller, home: Home) -> None:
    for number in range(30):
        person = {"surname": "Yoʻldosheva", "given_name": f"Qiz {'a' * number}", "sex": "female", "birth_date": "2000-01-01"}
        added = ngo.post(f"/v1/families/{home['family']['id']}/members", {"person": person, "relationship_to_head": "other_relative"})
        assert added.status_code == 201, added.text
    reader = form(ngo, given_consent(ngo, home), "ru")
    assert len(reader.pages) >= 2
    assert "Йўлдошева Қиз" in text_of(reader)


@pytest.mark.parametrize("language", Language)
def test_it_can_be_drawn(ngo: Caller, home: Home, language: Language, tmp_path: Path) -> None:
    """Every sheet has ink on it, and none reaches the paper's edge, which no office printer prints."""
    path = tmp_path / "form.pdf"
    path.write_bytes(ngo.get(f"{CONSENTS}/{given_consent(ngo, home)['id']}/form.pdf", params={"language": language}).content)
    subprocess.run(["pdftoppm", "-gray", "-r", "50", path, tmp_path / "sheet"], check=True)
    sheets = sorted(tmp_path.glob("*.pgm"))
    assert len(sheets) == 2
    for sheet in sheets:
        _, size, _, pixels = sheet.read_bytes().split(b"\n", 3)
        width, height = map(int, size.split())
        rows = [pixels[start : start + width] for start in range(0, width * height, width)]
        inked = [number for number, row in enumerate(rows) if min(row) < 128]
        columns = [min(column) < 128 for column in zip(*rows, strict=True)]
        assert len(inked) > height * 0.3
        assert min(inked) > 10
        assert max(inked) < height - 10
        assert not any(columns[:20])
        assert not any(columns[-20:])


# --- notices ---------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("version", notice.NOTICES)
def test_a_notice_is_complete_and_both_alphabets_say_the_same(version: str) -> None:
    found = notice.NOTICES[version]
    latin, cyrillic = found.texts[Language.UZ_LATN], found.texts[Language.UZ_CYRL]
    assert loose_key(latin.title) == loose_key(cyrillic.title)
    for one, other in zip(latin.sections, cyrillic.sections, strict=True):
        assert (loose_key(one.heading), loose_key(one.text)) == (loose_key(other.heading), loose_key(other.text))
    for purpose in ConsentPurpose:
        assert loose_key(latin.purposes[purpose]) == loose_key(cyrillic.purposes[purpose])
    for category in DataCategory:
        assert loose_key(latin.categories[category]) == loose_key(cyrillic.categories[category])
    counts = {len(text.sections) for text in found.texts.values()}
    assert len(counts) == 1


def test_which_notice_is_in_use() -> None:
    newest = next(iter(notice.NOTICES.values()))
    assert notice.current(newest.valid_from) is newest
    assert notice.current(newest.valid_from.replace(year=1990)) is list(notice.NOTICES.values())[-1]
