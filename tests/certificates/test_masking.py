"""Masked names: one letter a part, and nothing to count."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.certificates.masking import HIDDEN, masked

LETTERS = "abdefghijklmnopqrstuvxyzʻʼ' -абвгдеёжзийклмнопрстуфхцчшщъыьэюяўқғҳ"


@pytest.mark.parametrize(
    ("parts", "latin", "cyrillic"),
    [
        (["Gʻayratova", "Hulkar", "Qoʻchqor qizi"], "Gʻ*** H*** Q***", "Ғ*** Ҳ*** Қ***"),
        (["Ғайратова", "Ҳулкар", "Қўчқор қизи"], "Gʻ*** H*** Q***", "Ғ*** Ҳ*** Қ***"),
        (["G'ayratova", "hulkar"], "Gʻ*** H***", "Ғ*** Ҳ***"),
        (["ШАРИПОВА", "ЧЎЛПОН", "Юсуповна"], "Sh*** Ch*** Y***", "Ш*** Ч*** Ю***"),
        (["SHARIPOVA", "CHOʻLPON"], "Sh*** Ch***", "Ш*** Ч***"),
        # The shortest names look like the longest.
        (["O", "Ў", "Li"], "O*** Oʻ*** L***", "О*** Ў*** Л***"),
        (["Karimova-Saidova", "Anna Maria"], "K*** A***", "К*** А***"),
        (["‘Azimov", "-Ali"], "A*** A***", "А*** А***"),
        # Where one character may be the whole name, nothing is shown of it.
        (["李", "Mei"], "*** M***", "*** M***"),
        # Cyrillic has no Ż and no ć, so it has no form of this name, of no part of it.
        (["Żółć", "Anna"], "Ż*** A***", "Ż*** A***"),
        (["Ńıyaz"], "Ń***", "Ń***"),
        (["-", "Ali"], "*** A***", "*** А***"),
    ],
)
def test_masked(parts: list[str], latin: str, cyrillic: str) -> None:
    assert masked(parts) == (latin, cyrillic)


@given(st.lists(st.text(LETTERS, min_size=1, max_size=80), min_size=1, max_size=3))
def test_nothing_tells_how_long_a_name_is(parts: list[str]) -> None:
    shown = masked(parts)
    assert all(len(word) <= len("Oʻ") + len(HIDDEN) and word.endswith(HIDDEN) for script in shown for word in script.split(" "))
    assert masked([part + part[-1] * 40 for part in parts]) == shown
