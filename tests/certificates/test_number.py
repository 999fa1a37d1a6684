"""The number on a certificate: typed from paper by anyone, in any alphabet, and never mistaken for another."""

import random
import secrets

import pytest

from app.certificates.number import ALPHABET, LENGTH, LONGEST_TYPED, new_number, parse_number, shown


@pytest.fixture
def numbers(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Some hundreds of numbers, the same in every run."""
    monkeypatch.setattr(secrets, "choice", random.Random(97).choice)
    return [new_number() for _ in range(300)]


def test_twelve_symbols_that_cannot_be_mistaken_for_each_other(numbers: list[str]) -> None:
    assert len(set(numbers)) == len(numbers)
    for number in numbers:
        assert len(number) == LENGTH == 12
        assert set(number) <= set(ALPHABET)
    # Every symbol occurs, and those that look like others or spell words do not exist.
    assert set("".join(numbers)) == set(ALPHABET)
    assert not set("ILOU") & set(ALPHABET)


def test_numbers_come_from_the_system_s_random_source() -> None:
    assert len({new_number() for _ in range(1000)}) == 1000


def test_what_is_printed_is_read_back(numbers: list[str]) -> None:
    for number in numbers:
        printed = shown(number)
        assert [len(group) for group in printed.split("-")] == [4, 4, 4]
        assert printed.replace("-", "") == number
        for typed in (
            number,
            printed,
            printed.lower(),
            f"  {printed} ",
            f"№ {printed}",
            printed.replace("-", " "),
            printed.replace("-", "–"),
        ):
            assert parse_number(typed) == number, typed


def test_every_single_wrong_symbol_is_caught(numbers: list[str]) -> None:
    for number in numbers:
        for place in range(LENGTH):
            for wrong in ALPHABET.replace(number[place], ""):
                assert parse_number(number[:place] + wrong + number[place + 1 :]) is None


def test_every_swap_of_neighbors_is_caught(numbers: list[str]) -> None:
    for number in numbers:
        for place in range(LENGTH - 1):
            swapped = number[:place] + number[place + 1] + number[place] + number[place + 2 :]
            assert parse_number(swapped) is None or swapped == number


@pytest.mark.parametrize(
    ("symbol", "typed"),
    [
        ("0", "OoОо"),
        ("1", "IiLlІі"),
        ("3", "Зз"),
        ("A", "aАа"),
        ("B", "bВв"),
        ("C", "cСс"),
        ("E", "eЕе"),
        ("H", "hНн"),
        ("J", "jЈј"),
        ("K", "kКк"),
        ("M", "mМм"),
        ("P", "pРр"),
        ("T", "tТт"),
        ("X", "xХх"),
        ("Y", "yУу"),
    ],
)
def test_symbols_that_only_look_right_are_understood(numbers: list[str], symbol: str, typed: str) -> None:
    number = next(number for number in numbers if symbol in number)
    for lookalike in typed:
        assert parse_number(number.replace(symbol, lookalike)) == number


@pytest.mark.parametrize("between", [*"-‐‑‒–—−_ \t\u00a0\u2007\u2009\u202f", "\r\n", " - "])
def test_anything_may_stand_between_the_groups(numbers: list[str], between: str) -> None:
    assert parse_number(shown(numbers[0]).replace("-", between)) == numbers[0]


@pytest.mark.parametrize(
    "garbage",
    [
        "",
        " ",
        "-",
        "7K3M",
        "7K3M-9QXR-2H0",
        "7K3M-9QXR-2H011",
        "UUUU-UUUU-UUUU",
        "ЖЖЖЖ-ЖЖЖЖ-ЖЖЖЖ",
        "*K3M-9QXR-2H01",
        "\0" * 12,
        "🌷" * 12,
        "ß" * 6,
    ],
)
def test_garbage_is_no_number(garbage: str) -> None:
    assert parse_number(garbage) is None


def test_what_nobody_would_type_is_not_even_looked_at(numbers: list[str]) -> None:
    assert parse_number(numbers[0] + "-" * (LONGEST_TYPED - LENGTH)) == numbers[0]
    assert parse_number(numbers[0] + "-" * (LONGEST_TYPED - LENGTH + 1)) is None
