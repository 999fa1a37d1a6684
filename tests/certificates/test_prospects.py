"""What is told of certificates before they are issued holds once they are printed."""

import uuid
from dataclasses import replace

import pytest

from app.certificates import prospects
from app.certificates.prospects import Prospects
from app.paper import Unprintable
from tests.certificates.sheets import PLAIN, SPARSE, printed

NAMES = [
    ("Li An", "Ли Ан"),
    ("W" * 60, "Щ" * 60),
    ("W" * 30 + " " + "W" * 29, "Щ" * 29 + " " + "Щ" * 30),
    ("Shch" * 15, "Ш" * 60),
    ("Ж" * 24 + " " + "Ж" * 24, "W" * 22 + " " + "W" * 22),
    ("ABCDEFGHIJKLMNOPQRSTUVWXYZ abcdefghijklmnopqrstuvwxyz ʻʼ‘’'`-", "ЎҚҒҲўқғҳЁё"),
    ("АБВГДЕЖЗИЙКЛМНОПРСТУФХЦЧШЩЪЫЬЭЮЯ", "абвгдежзийклмнопрстуфхцчшщъыьэюя"),
]


@pytest.mark.parametrize("words", [1, 90, 96, 100, 104, 112, 119])
def test_a_warning_is_given_where_printing_fails_and_nowhere_else(words: int) -> None:
    """From a title that leaves room for all to one that leaves room for none but the smallest name."""
    sheet = replace(PLAIN, title=dict.fromkeys(("uz_cyrl", "uz_latn", "ru", "en"), ("уйлар " * words).strip()))
    holders = {uuid.UUID(int=number): names for number, names in enumerate(NAMES)}
    told = Prospects(sheet, holders).warnings()
    for key, (latin, cyrillic) in holders.items():
        try:
            printed(replace(sheet, holder_latn=latin, holder_cyrl=cyrillic))
        except Unprintable:
            assert key in told, latin
        else:
            assert key not in told, latin


def test_a_name_that_many_have_is_tried_once(monkeypatch: pytest.MonkeyPatch) -> None:
    tried = []
    monkeypatch.setattr(prospects.pdf, "render", lambda sheet, **_: tried.append(sheet.holder_latn))
    holders = {uuid.UUID(int=number): ("Żółć", "Żółć") for number in range(50)}
    assert Prospects(SPARSE, holders).warnings() == {}
    assert tried == ["Żółć"]


def test_nobody_is_warned_of_nothing() -> None:
    assert Prospects().warnings() == {}
    assert Prospects(PLAIN).warnings() == {}
