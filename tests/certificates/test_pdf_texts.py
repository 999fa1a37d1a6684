"""What a certificate refuses to print, and that it prints the same for the same sheet."""

import hashlib
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta, timezone
from decimal import Decimal
from itertools import combinations

import pytest

from app.certificates import pdf
from app.certificates.pdf import Signer, render
from app.certificates.snapshot import LANGUAGES, nearest
from app.languages import Language
from app.paper import TextTooLong, UnprintableText
from app.schemas import NamesRead
from tests.certificates.sheets import ISSUED_AT, LONG, PLAIN, ROOT, printed, text_of


def test_texts_that_would_be_illegible_are_refused() -> None:
    for changed, where in (
        (replace(PLAIN, title={"en": "word " * 300}), "title"),
        (replace(PLAIN, title={"en": "W" * 200}), "title"),
        (replace(PLAIN, issuer={"en": "word " * 200, "ru": "слово"}), "issuer"),
        (replace(PLAIN, holder_latn="W" * 400), "holder"),
        (replace(PLAIN, signers=(Signer("Li An", "word " * 150),)), "signers"),
    ):
        with pytest.raises(TextTooLong) as refused:
            printed(changed)
        assert where in refused.value.where


@pytest.mark.parametrize(
    "text",
    [
        '#panic("no")',
        "#sys.inputs",
        "$x^2$ *b* _i_ `c`",
        '"q" \'q\' \\" \\u{41}',
        "{d.number} [x] </svg> & <b>",
        "// no comment /* */",
        "= @a <a> ~ -- ...",
    ],
)
def test_whatever_a_text_holds_is_printed_as_it_is(text: str) -> None:
    changed = replace(
        PLAIN, holder_latn=text, title={"en": text}, issuer={"en": text}, place={"en": text}, signers=(Signer(text, text),), issued_on=text
    )
    found = text_of(changed)
    # Once as holder, issuer and date, in the title and as place in each language, twice with the signer.
    assert found.count(text) == 3 + 4 + 4 + 2


@pytest.mark.parametrize(
    ("character", "field"),
    [
        ("中", "holder_latn"),
        ("🌷", "holder_cyrl"),
        ("أ", "holder_latn"),
        ("क", "issued_on"),
        ("\0", "holder_latn"),
        ("\u202e", "holder_latn"),
        ("\u200b", "holder_latn"),
        ("\u00ad", "holder_latn"),
        ("\ufffd", "holder_latn"),
        (chr(0xD800), "holder_latn"),
        ("\ue000", "holder_latn"),
    ],
)
def test_a_character_that_cannot_be_printed_is_named(character: str, field: str) -> None:
    with pytest.raises(UnprintableText) as refused:
        printed(replace(PLAIN, **{field: f"Li {character}n"}))
    assert refused.value.character == character
    assert refused.value.where == field.removesuffix("_latn").removesuffix("_cyrl")
    assert f"U+{ord(character):04X}" in str(refused.value)


def test_an_unprintable_character_is_found_in_every_field() -> None:
    bad = "中"
    for changed, where in (
        (replace(PLAIN, issuer={"en": bad}), "issuer"),
        (replace(PLAIN, title={"en": bad}), "title"),
        (replace(PLAIN, place={"ru": bad}), "hours, dates and place"),
        (replace(PLAIN, signers=(Signer("Li An", bad),)), "signers"),
    ):
        with pytest.raises(UnprintableText) as refused:
            printed(changed)
        assert (refused.value.character, refused.value.where) == (bad, where)


def test_a_refusal_leaves_no_trace_in_the_next_certificate() -> None:
    before = printed(PLAIN)
    with pytest.raises(UnprintableText):
        printed(replace(PLAIN, holder_latn="中"))
    printed(replace(PLAIN, holder_cyrl="Бошқа Одам", holder_latn="Boshqa Odam"))
    assert printed(PLAIN) == before


def test_composed_and_decomposed_letters_are_one() -> None:
    assert printed(replace(PLAIN, holder_cyrl="И\u0306улдуз У\u0306ктам")) == printed(replace(PLAIN, holder_cyrl="Йулдуз Ўктам"))


def test_white_space_is_evened_out() -> None:
    assert printed(replace(PLAIN, holder_latn=" Li \n\t  An ")) == printed(replace(PLAIN, holder_latn="Li An"))


def test_equal_sheets_are_equal_bytes_in_every_process() -> None:
    here = hashlib.sha256(printed(PLAIN) + printed(LONG)).hexdigest()
    program = (
        "import hashlib; from tests.certificates.test_pdf import LONG, PLAIN, printed;"
        "print(hashlib.sha256(printed(PLAIN) + printed(LONG)).hexdigest())"
    )
    for seed in ("1", "2"):
        there = subprocess.run(
            [sys.executable, "-c", program],
            cwd=ROOT,
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
            text=True,
        )
        assert there.stdout.strip() == here


def test_only_the_moment_of_issue_dates_the_document() -> None:
    elsewhere = ISSUED_AT.astimezone(timezone(timedelta(hours=5)))
    assert render(PLAIN, issued_at=elsewhere) == printed(PLAIN)
    assert render(PLAIN, issued_at=ISSUED_AT + timedelta(days=1)) != printed(PLAIN)
    with pytest.raises(ValueError, match="time zone"):
        render(PLAIN, issued_at=ISSUED_AT.replace(tzinfo=None))


def test_threads_print_the_right_names() -> None:
    sheets = [replace(PLAIN, holder_latn=f"Li {letter * 3}", holder_cyrl=f"Ли {letter * 3}") for letter in "ABCDEFGHIJKLMNOPQRSTUVWX"]
    alone = [printed(sheet) for sheet in sheets]
    with ThreadPoolExecutor(max_workers=4) as threads:
        assert list(threads.map(printed, sheets)) == alone


@pytest.mark.parametrize(
    "wrong",
    [
        {"number": "7K3M9QXR2H05"},
        {"number": "7K3M-9QXR-2H04"},
        {"verify_url": "javascript:alert(1)"},
        {"issuer": {}},
        {"issuer": {"en": ""}},
        {"title": {}},
        {"holder_cyrl": None, "holder_latn": ""},
        {"hours": 0},
        {"hours": Decimal(-1)},
        {"signers": (Signer("Li An"),) * 4},
        {"status": "revoked"},
        {"revoked_on": "12.03.2020"},
    ],
)
def test_a_sheet_that_makes_no_sense_cannot_be_made(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"."):
        replace(PLAIN, **wrong)


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("missing", [*combinations(LANGUAGES, 1), *combinations(LANGUAGES, 2)])
def test_the_page_and_the_paper_borrow_from_the_same_language(language: Language, missing: tuple[str, ...]) -> None:
    names = NamesRead.model_validate({key: None if key in missing else key for key in LANGUAGES})
    (key,) = (key for key, one in LANGUAGES.items() if one == language)
    assert nearest(names, language)[0] == pdf._in_all(names.model_dump(), "title")[key]
