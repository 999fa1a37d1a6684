"""Numbers as they are written: what fits, what is the same, what is shown, what speaks against them."""

from datetime import date

import pytest

from app.identifiers.models import IdentifierKind
from app.identifiers.values import doubts, masked, read
from app.problems import Invalid
from tests.factories.identifiers import PINFL, pinfl

K = IdentifierKind


@pytest.mark.parametrize(
    ("kind", "text", "kept", "compared"),
    [
        (K.PINFL, PINFL, PINFL, PINFL),
        (K.PINFL, "6 170512 034 001-0", PINFL, PINFL),
        (K.PINFL, "６１７０５１２０３４００１０", PINFL, PINFL),
        (K.PASSPORT, "aa 1234567", "AA1234567", "AA1234567"),
        (K.PASSPORT, "АС1234567", "AC1234567", "AC1234567"),
        (K.PASSPORT, "ас-1234567", "AC1234567", "AC1234567"),
        (K.ID_CARD, "AD 0000001", "AD0000001", "AD0000001"),
        (K.BIRTH_CERTIFICATE, "I-TN  1234567", "I-TN 1234567", "ITN1234567"),
        (K.BIRTH_CERTIFICATE, "І‑тн № 1234567", "І‑тн № 1234567", "ITH1234567"),
        (K.BIRTH_CERTIFICATE, "II-ЮЛ 123456", "II-ЮЛ 123456", "IIЮЛ123456"),
        (K.PROJECT_NUMBER, "Shovot 2019/17", "Shovot 2019/17", "SHOVOT201917"),
    ],
)
def test_what_fits(kind: IdentifierKind, text: str, kept: str, compared: str) -> None:
    found = read(kind, text)
    assert (found.kept, found.compared) == (kept, compared)


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        (K.PINFL, PINFL[:13]),
        (K.PINFL, PINFL + "1"),
        (K.PINFL, "6170512034001A"),
        (K.PINFL, "٦١٧٠٥١٢٠٣٤٠٠١٠"),
        (K.PINFL, "-"),
        (K.PASSPORT, "A1234567"),
        (K.PASSPORT, "AAA1234567"),
        (K.PASSPORT, "AA123456"),
        (K.PASSPORT, "ЮЯ1234567"),
        (K.ID_CARD, "1234567AA"),
        (K.BIRTH_CERTIFICATE, "ITN"),
        (K.BIRTH_CERTIFICATE, "I-TN"),
        (K.BIRTH_CERTIFICATE, "I-TN 12345678901234567890"),
        (K.BIRTH_CERTIFICATE, "I-TN 12345*"),
        (K.PROJECT_NUMBER, " -/- "),
    ],
)
def test_what_does_not(kind: IdentifierKind, text: str) -> None:
    with pytest.raises(Invalid) as refused:
        read(kind, text)
    (fault,) = refused.value.faults
    assert fault.pointer == "/value"
    assert text not in fault.message


@pytest.mark.parametrize(
    ("kind", "kept", "shown"),
    [
        (K.PINFL, PINFL, "6170512•••••••"),
        (K.PASSPORT, "AA1234567", "AA•••••••"),
        (K.PROJECT_NUMBER, "17", "••"),
        (K.PROJECT_NUMBER, "1717", "1•••"),
        (K.PROJECT_NUMBER, "171717", "17••••"),
        ("birth_certificate", "I-TN 1234567", "I-••••••••••"),
    ],
)
def test_masks(kind: str, kept: str, shown: str) -> None:
    assert masked(kind, kept) == shown
    assert len(shown) == len(kept)


@pytest.mark.parametrize(
    ("first", "sex", "born", "precision", "codes"),
    [
        ("6170512034001", "female", date(2012, 5, 17), "day", []),
        ("5170512034001", "male", date(2012, 5, 17), "day", []),
        ("3170512034001", "male", date(1912, 5, 17), "day", []),
        ("4010180034001", "female", date(1980, 1, 1), "day", []),
        ("6170512034001", "male", date(2012, 5, 17), "day", ["sex_differs"]),
        ("6170512034001", "female", date(2012, 5, 18), "day", ["birth_date_differs"]),
        ("4170512034001", "female", date(2012, 5, 17), "day", ["birth_date_differs"]),
        # Only what is known of the birth date can differ.
        ("6170512034001", "female", date(2012, 5, 1), "month", []),
        ("6170512034001", "female", date(2012, 6, 1), "month", ["birth_date_differs"]),
        ("6170512034001", "female", date(2012, 1, 1), "year", []),
        ("6170512034001", "female", date(2013, 1, 1), "year", ["birth_date_differs"]),
        ("5170512034001", "female", date(2013, 1, 1), "day", ["sex_differs", "birth_date_differs"]),
        ("6310412034001", "female", date(2012, 5, 1), "day", ["no_such_date"]),
        ("6290213034001", "female", date(2013, 3, 1), "day", ["no_such_date"]),
        ("6290212034001", "female", date(2012, 2, 29), "day", []),
        ("6001312034001", "female", date(2012, 5, 1), "day", ["no_such_date"]),
        ("9170512034001", "female", date(2012, 5, 17), "day", ["unknown_century"]),
        ("0170512034001", "female", date(2012, 5, 17), "day", ["unknown_century"]),
    ],
)
def test_what_speaks_against_a_pinfl(first: str, sex: str, born: date, precision: str, codes: list[str]) -> None:
    value = read(K.PINFL, pinfl(first))
    found = doubts(value, sex=sex, born=born, precision=precision)
    assert [doubt.code for doubt in found] == codes
    assert not any(character.isdigit() for doubt in found for character in doubt.message)


def test_the_check_digit() -> None:
    """Weights 7, 3, 1 in turn: each mistyped digit and each pair of neighbours that 10 tells apart is seen."""

    def doubted(number: str) -> bool:
        found = doubts(read(K.PINFL, number), sex="female", born=date(2012, 5, 17), precision="day")
        return "check_digit" in [doubt.code for doubt in found]

    assert pinfl("3121063034002") == "31210630340025"
    assert not doubted(PINFL)
    for place in range(14):
        for digit in "0123456789":
            mistyped = PINFL[:place] + digit + PINFL[place + 1 :]
            assert doubted(mistyped) == (mistyped != PINFL), place


def test_other_numbers_are_not_doubted() -> None:
    assert doubts(read(K.PASSPORT, "AA1234567"), sex="male", born=date(1980, 1, 1), precision="day") == []
