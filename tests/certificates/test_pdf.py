"""The certificate as PDF: what is on it, and that it can be read, searched, scanned, archived and printed the same again."""

import re
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from io import BytesIO
from itertools import combinations
from pathlib import Path

import pytest
from pypdf import PdfReader

from app.certificates.pdf import Sheet
from tests.certificates.sheets import (
    FRAME,
    ISSUED_AT,
    LONG,
    NUMBER,
    PLAIN,
    SHORT,
    SPARSE,
    URL,
    pages_text,
    poppler_text,
    printed,
    text_of,
)
from tests.tools import tool


def test_all_that_was_given_is_on_it() -> None:
    found = text_of(PLAIN)
    for texts in (PLAIN.issuer, PLAIN.title, PLAIN.dates, PLAIN.place):
        for text in texts.values():
            assert text is not None
            assert text in found
    for signer in PLAIN.signers:
        assert signer.name in found
        assert signer.post in found
    for text in ("СЕРТИФИКАТ", "SERTIFIKAT", "16 соат", "16 soat", "16 часов", "16 hours", "№ 7K3M-9QXR-2H04", "14.10.2019"):
        assert text in found
    assert URL.removeprefix("https://") in found


@pytest.mark.parametrize(
    ("cyrillic", "latin"),
    [
        ("Ғайратова Ҳулкар Қўчқор қизи", "Gʻayratova Hulkar Qoʻchqor qizi"),
        ("Ўғилой Маъмурова", "Oʻgʻiloy Maʼmurova"),
        ("Ёқубжонов Шаҳзод Ҳошим ўғли", "Yoqubjonov Shahzod Hoshim oʻgʻli"),
        ("Цой Ыкласова Әлия Өмірқызы", "Ǵáliyev İñkar Óteniyazuly"),
        ("Щербакова Эльвира", "Fufiyeva Ofeliya Riffat-Sheffild"),
        (LONG.holder_cyrl, LONG.holder_latn),
    ],
)
def test_names_copy_out_exactly(cyrillic: str, latin: str) -> None:
    pdf = printed(replace(PLAIN, holder_cyrl=cyrillic, holder_latn=latin))
    for found in (pages_text(pdf), " ".join(poppler_text(pdf).split())):
        assert cyrillic in found
        assert latin in found


def test_a_name_is_printed_once_where_both_scripts_agree_or_one_is_missing() -> None:
    name = "Karimova Nilufar"
    for cyrillic, latin in ((name, name), (None, name), (name, None), ("", name)):
        assert text_of(replace(PLAIN, holder_cyrl=cyrillic, holder_latn=latin)).count(name) == 1


def test_a_missing_language_borrows_from_its_neighbor() -> None:
    found = text_of(replace(PLAIN, title={"uz_cyrl": "Кўникмалар", "en": "Skills"}, dates={"en": "October"}, issuer={"uz_latn": "Uyushma"}))
    assert found.count("«Кўникмалар»") == 2
    assert "“Кўникмалар”" in found
    assert "“Skills”" in found
    assert found.count("October") == 4
    assert found.count("Uyushma") == 1


@pytest.mark.parametrize(
    ("hours", "shown"),
    [
        (1, ("1 соат", "1 soat", "1 час", "1 hour")),
        (2, ("2 часа", "2 hours")),
        (5, ("5 часов",)),
        (11, ("11 часов",)),
        (21, ("21 час", "21 hours")),
        (112, ("112 часов",)),
        (Decimal("16.00"), ("16 соат", "16 часов", "16 hours")),
        (Decimal(100), ("100 soat",)),
        (Decimal("22.50"), ("22,5 соат", "22,5 soat", "22,5 часа", "22.5 hours")),
    ],
)
def test_hours_in_the_grammar_of_each_language(hours: int | Decimal, shown: tuple[str, ...]) -> None:
    found = text_of(replace(PLAIN, hours=hours))
    for text in shown:
        assert re.search(rf"(?<!\d){re.escape(text)}\b", found), text


def test_a_certificate_without_hours_dates_place_or_signers() -> None:
    found = text_of(SPARSE)
    assert "Li An" in found
    assert not re.search("соат|soat|час|hour", found)


def test_a_revoked_certificate_says_so_in_four_languages() -> None:
    found = text_of(replace(PLAIN, status="revoked", revoked_on="12.03.2020"))
    assert "БЕКОР ҚИЛИНГАН · BEKOR QILINGAN · АННУЛИРОВАН · REVOKED · 12.03.2020" in found
    # The rest can still be read.
    assert PLAIN.holder_cyrl is not None
    assert PLAIN.holder_cyrl in found
    assert "REVOKED" not in text_of(PLAIN)


def test_demonstration_data_are_marked() -> None:
    mark = "SPECIMEN · NAMUNA · НАМУНА · ОБРАЗЕЦ"
    assert mark in text_of(replace(PLAIN, synthetic=True))
    assert mark not in text_of(PLAIN)


@pytest.mark.parametrize("number", ["7K3M9QXR2H04", "000000000000"])
def test_the_code_leads_to_the_page_that_verifies_it(number: str, tmp_path: Path) -> None:
    url = f"https://himoya.example/v/{number}"
    zbarimg, pdftoppm = tool("zbarimg", package="zbar-tools"), tool("pdftoppm", package="poppler-utils")
    # At the resolution of a telephone held over a frame, in the gray of a copier.
    for sheet in (replace(PLAIN, number=number, verify_url=url), replace(LONG, number=number, verify_url=url)):
        (tmp_path / "sheet.pdf").write_bytes(printed(sheet))
        subprocess.run([pdftoppm, "-r", "110", "-gray", "-singlefile", tmp_path / "sheet.pdf", tmp_path / "sheet"], check=True)
        scanned = subprocess.run([zbarimg, "--quiet", "--raw", tmp_path / "sheet.pgm"], capture_output=True, check=True, text=True)
        assert scanned.stdout.strip() == url


def test_the_printed_address_is_a_link_and_the_code_has_a_description() -> None:
    pdf = printed(PLAIN)
    reader = PdfReader(BytesIO(pdf))
    links = [annotation.get_object()["/A"]["/URI"] for annotation in reader.pages[0]["/Annots"]]
    assert set(links) == {URL}
    descriptions = [found["/Alt"] for found in map(reader.get_object, range(1, len(reader.xref[0]))) if _described(found)]
    assert f"QR: {URL}" in descriptions


def _described(found: object) -> bool:
    return isinstance(found, dict) and found.get("/S") == "/Figure" and "/Alt" in found


@pytest.mark.parametrize("sheet", [PLAIN, SHORT, LONG, SPARSE], ids=["plain", "short", "long", "sparse"])
def test_one_archival_and_accessible_page(sheet: Sheet) -> None:
    reader = PdfReader(BytesIO(printed(sheet)))
    assert len(reader.pages) == 1
    box = reader.pages[0].mediabox
    assert (round(box.width), round(box.height)) == (842, 595)
    about = reader.trailer["/Root"]["/Metadata"].get_data().decode()
    for mark in ("pdfaid:part>2<", "pdfaid:conformance>A<", "pdfuaid:part>1<"):
        assert mark in about
    assert reader.trailer["/Root"]["/MarkInfo"]["/Marked"]
    assert reader.trailer["/Root"]["/Lang"] == "uz"
    assert reader.metadata is not None
    assert reader.metadata.title is not None
    assert "7K3M-9QXR-2H04" in reader.metadata.title
    assert reader.metadata.creation_date == ISSUED_AT


Word = tuple[float, float, float, float, str]


def words(pdf: bytes) -> Iterator[Word]:
    """Each word's box in points from the upper left corner, cut to the height that letters fill."""
    pattern = r'<word xMin="([\d.]+)" yMin="([\d.]+)" xMax="([\d.]+)" yMax="([\d.]+)">(.*?)</word>'
    for west, north, east, south, word in re.findall(pattern, poppler_text(pdf, "-bbox")):
        height = float(south) - float(north)
        yield float(west), float(north) + height * 0.2, float(east), float(south) - height * 0.2, word


@pytest.mark.parametrize(
    "sheet",
    [
        PLAIN,
        SHORT,
        SPARSE,
        replace(LONG, synthetic=False),
        replace(LONG, synthetic=False, status="valid", revoked_on=None),
        replace(PLAIN, holder_cyrl="Ш" * 70, holder_latn="W" * 70),
        replace(PLAIN, holder_cyrl=LONG.holder_cyrl),
        replace(PLAIN, issuer=LONG.issuer, title=LONG.title, signers=LONG.signers),
        replace(PLAIN, verify_url="https://certificates.of-a-very-long-name-of-an-organisation.example.org/public/verify/" + NUMBER),
    ],
    ids=["plain", "short", "sparse", "long and revoked", "long", "unbroken name", "one long name", "long texts", "long address"],
)
def test_nothing_leaves_the_frame_and_nothing_collides(sheet: Sheet) -> None:
    found = list(words(printed(sheet)))
    assert found
    for west, north, east, south, word in found:
        assert FRAME[0] < west, word
        assert FRAME[1] < north, word
        assert east < FRAME[2], word
        assert south < FRAME[3], word
    for one, other in combinations(found, 2):
        across = min(one[2], other[2]) - max(one[0], other[0])
        down = min(one[3], other[3]) - max(one[1], other[1])
        assert across < 0.5 or down < 0.5, (one, other)


def test_the_name_is_the_largest_after_the_title_and_shrinks_only_as_it_must() -> None:
    def height(sheet: Sheet, word: str) -> float:
        return next(box[3] - box[1] for box in words(printed(sheet)) if box[4] == word)

    assert height(PLAIN, "Ғайратова") > 2 * height(PLAIN, "«Ота-оналар")
    assert height(PLAIN, "Ғайратова") > height(LONG, "Гулчеҳрахон") > height(PLAIN, "«Ота-оналар") * 1.5
