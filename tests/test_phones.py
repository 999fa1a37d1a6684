"""Telephone numbers, in the ways that people in Uzbekistan write them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.phones import LONGEST, parse


@pytest.mark.parametrize(
    ("written", "form"),
    [
        # As the published record of the project has them.
        ("(+78) 140-97-27", "+998781409727"),
        ("(+71) 239-40-42", "+998712394042"),
        # Each of these has a country behind its plus as well: Indonesia, Norfolk Island, Myanmar, Turkey, Kazakhstan.
        ("(+62) 223-12-34", "+998622231234"),
        ("(+67) 225-12-34", "+998672251234"),
        ("(+95) 123-45-67", "+998951234567"),
        ("(+90) 444-12-34", "+998904441234"),
        ("(+77) 123 45 67", "+998771234567"),
        ("( +78 )1409727", "+998781409727"),
        ("(＋78) 140‑97‑27", "+998781409727"),
        ("тел. (+71) 239-40-42, Алишер", "+998712394042"),
        # Without brackets the plus is read so only where no country has such a number.
        ("+78 140-97-27", "+998781409727"),
        ("+71 239 40 42", "+998712394042"),
        ("+95 123-45-67", "+951234567"),
    ],
)
def test_an_area_code_behind_a_plus_is_no_country(written: str, form: str) -> None:
    assert parse(written) == form


@pytest.mark.parametrize(
    "written",
    [
        "+998901234567",
        "+998 90 123-45-67",
        "+998 (90) 123 45 67",
        "+998(90)1234567",
        "(+998 90) 123 45 67",
        "(+99890) 1234567",
        "(998-90) 123-45-67",
        "998901234567",
        "00998901234567",
        "00 998 90 123 45 67",
        "901234567",
        "90 123 45 67",
        "90 1234567",
        "(90) 123-45-67",
        "90.123.45.67",
        "90-123-45-67",
        "90‑123‑45‑67",
        "90–123–45–67",
        "90\u00a0123\u00a045\u00a067",
        "+ 998 90 123 45 67",
        "＋９９８ ９０ １２３ ４５ ６７",
        "tel:+998-90-123-45-67",
        "тел.: 90 123-45-67",
        "моб. +998 90 1234567",
        "+998-90-1234567 (Telegram)",
        "90 1234567 Alisher aka",
        "90 123-45-67 ichki 105",
        "90 123-45-67 доб. 105",
        "  90 123 45 67 ",
        "90 123 45 67, 90 123 45 67",
    ],
)
def test_one_line_has_one_form_however_it_is_written(written: str) -> None:
    assert parse(written) == "+998901234567"


@pytest.mark.parametrize("code", ["61", "62", "65", "66", "67", "69", "70", "71", "72", "73", "74", "75", "76", "78", "79"])
def test_every_region_has_its_code(code: str) -> None:
    assert parse(f"({code}) 223-12-34") == parse(f"(+{code}) 223-12-34") == f"+998{code}2231234"


@pytest.mark.parametrize("code", ["20", "33", "50", "55", "77", "87", "88", "90", "91", "93", "94", "95", "97", "98", "99"])
def test_every_operator_has_its_code(code: str) -> None:
    assert parse(f"{code} 123 45 67") == parse(f"(+{code}) 123-45-67") == f"+998{code}1234567"


@pytest.mark.parametrize(
    ("written", "form"),
    [
        ("+7 495 123 45 67", "+74951234567"),
        ("+7 (727) 250-00-00", "+77272500000"),
        ("+49 30 901820", "+4930901820"),
        ("+43 1 40400", "+43140400"),
    ],
)
def test_a_number_of_another_country_keeps_it(written: str, form: str) -> None:
    assert parse(written) == form


def test_a_number_without_a_country_belongs_to_the_region_asked_for() -> None:
    assert parse("030 901820", "DE") == "+4930901820"
    assert parse("(+78) 140-97-27", "DE") is None


@pytest.mark.parametrize(
    "written",
    [
        "",
        " ",
        "нет",
        "yoʻq",
        "-",
        "103",
        "239-40-42",
        "+998",
        "+998 90 123 45 6",
        "+998 90 123 45 678",
        "+998 00 000 00 00",
        "(+49) 123-45-67",
        "(+78) 140-97-2",
        "(+78) 140-97-277",
        "(+078) 140-97-27",
        "+781409727",
        "8 (371) 239-40-42",
        "123456789",
        "2019-03-25",
        "71 239-40-42 / 90 123 45 67",
        "(+71) 239-40-42, (+78) 140-97-27",
        "0" * 500,
        "90 123 45 67".ljust(LONGEST + 1),
    ],
)
def test_what_is_no_number_or_more_than_one_has_no_form(written: str) -> None:
    assert parse(written) is None


@given(st.text(max_size=60) | st.from_regex(r"[(]?[+]?[0-9 ().-]{0,30}", fullmatch=True))
def test_nothing_that_is_written_breaks_it(written: str) -> None:
    form = parse(written)
    assert form is None or (form.startswith("+") and form[1:].isdigit() and len(form) <= 16)


@given(st.from_regex(r"(?:9[0-57-9]|71|78|66|33)[0-9]{7}", fullmatch=True))
def test_a_form_is_its_own_form(digits: str) -> None:
    form = parse(digits)
    assert form == f"+998{digits}"
    assert parse(form) == form
