"""The certificate as PDF: what is on it, and that it can be read, searched, scanned, archived and printed the same again."""

import hashlib
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from io import BytesIO
from itertools import combinations
from pathlib import Path

import pytest
from pypdf import PdfReader

from app.certificates.pdf import Sheet, Signer, TextTooLong, UnprintableText, render

ROOT = Path(__file__).parents[2]
ISSUED_AT = datetime(2019, 10, 14, 9, 30, tzinfo=UTC)
NUMBER, URL = "7K3M9QXR2H04", "https://himoya.example/v/7K3M9QXR2H04"
# Inside the inner line of the border, in points; the specimen's plates lie on the border itself.
FRAME = (44, 44, 798, 551)
PLAIN = Sheet(
    number=NUMBER,
    verify_url=URL,
    issuer={
        "uz_cyrl": "SOS Ўзбекистон Болалар маҳаллалари уюшмаси",
        "uz_latn": "SOS Oʻzbekiston Bolalar mahallalari uyushmasi",
        "ru": "Ассоциация «SOS Детские деревни Узбекистана»",
        "en": "Association “SOS Children's Villages of Uzbekistan”",
    },
    title={
        "uz_cyrl": "Ота-оналар кўникмалари",
        "uz_latn": "Ota-onalar koʻnikmalari",
        "ru": "Родительские навыки",
        "en": "Parenting skills",
    },
    issued_on="14.10.2019",
    holder_cyrl="Ғайратова Ҳулкар Қўчқор қизи",
    holder_latn="Gʻayratova Hulkar Qoʻchqor qizi",
    hours=16,
    dates={"uz_cyrl": "2019 йил октябрь", "uz_latn": "2019-yil oktabr", "ru": "октябрь 2019 г.", "en": "October 2019"},
    place={"uz_cyrl": "Шовот тумани", "uz_latn": "Shovot tumani", "ru": "Шаватский район", "en": "Shovot district"},
    signers=(Signer("Нилуфар Камалова", "Лойиҳа менежери"), Signer("Бунёдбек Маматюсупов", "Миллий/ҳудудий қотиба")),
)
LONG = replace(
    PLAIN,
    # Seventy characters in each script.
    holder_cyrl="Абдураҳмонова-Муҳаммадрасулова Гулчеҳрахон Абдуқаҳҳорхўжа Зайниддин қи",
    holder_latn="Abdurahmonova-Muhammadrasulova Gulchehraxon Abduqahhorxoʻja Gʻayrat qi",
    issuer={
        "uz_cyrl": "Ўзбекистон Республикаси Вазирлар Маҳкамаси ҳузуридаги Ижтимоий ҳимоя миллий агентлигининг Хоразм вилояти маркази",
        "uz_latn": "Oʻzbekiston Respublikasi Vazirlar Mahkamasi huzuridagi Ijtimoiy himoya milliy agentligining Xorazm viloyati markazi",
        "ru": "Центр Хорезмской области Национального агентства социальной защиты при Кабинете Министров Республики Узбекистан",
        "en": "Centre of Khorezm Region, National Agency for Social Protection under the Cabinet of Ministers of Uzbekistan",
    },
    title={
        "uz_cyrl": "Ижтимоий ҳимояга муҳтож бўлган оилалар ва болалар билан ишлашни ташкил этиш ҳамда идоралараро ҳамкорлик",
        "uz_latn": "Ijtimoiy himoyaga muhtoj boʻlgan oilalar va bolalar bilan ishlashni tashkil etish hamda idoralararo hamkorlik",
        "ru": "Организация работы с семьями и детьми, нуждающимися в социальной защите, и межведомственное сотрудничество",
        "en": "Organising work with families and children in need of social protection, and interagency cooperation",
    },
    hours=Decimal("22.5"),
    signers=(*PLAIN.signers, Signer("Абдуқаҳҳорова Муҳаббат Ҳакимжоновна", "Хоразм вилояти ҳокимлиги бошқармаси бошлиғи ўринбосари")),
    status="revoked",
    revoked_on="12.03.2020",
    synthetic=True,
)
SHORT = replace(PLAIN, holder_cyrl="Ли Ан", holder_latn="Li An", hours=None, signers=PLAIN.signers[:1])
SPARSE = Sheet(
    number=NUMBER, verify_url=URL, issuer={"en": "SOS"}, title={"ru": "Родительские навыки"}, issued_on="14.10.2019", holder_latn="Li An"
)


def printed(sheet: Sheet) -> bytes:
    return render(sheet, issued_at=ISSUED_AT)


def tool(name: str, package: str) -> str:
    """A program of the machine. Where it is missing, the summary of the run says what was not checked, and what to install."""
    if found := shutil.which(name):
        return found
    pytest.skip(f"NOT CHECKED for want of `{name}`: install Debian's {package}")


def pages_text(pdf: bytes) -> str:
    """All text as a reader copies it, lines joined."""
    return " ".join(" ".join(page.extract_text() for page in PdfReader(BytesIO(pdf)).pages).split())


def text_of(sheet: Sheet) -> str:
    return pages_text(printed(sheet))


def poppler_text(pdf: bytes, *options: str) -> str:
    command = [tool("pdftotext", "poppler-utils"), *options, "-", "-"]
    return subprocess.run(command, input=pdf, capture_output=True, check=True).stdout.decode()


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
    zbarimg, pdftoppm = tool("zbarimg", "zbar-tools"), tool("pdftoppm", "poppler-utils")
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
        (replace(PLAIN, place={"ru": bad}), "facts"),
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
