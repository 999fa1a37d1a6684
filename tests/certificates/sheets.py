"""Sheets to print, and ways to read what was printed."""

import subprocess
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from io import BytesIO
from pathlib import Path

from pypdf import PdfReader

from app.certificates.pdf import Sheet, Signer, render
from tests.tools import tool

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


def pages_text(pdf: bytes) -> str:
    """All text as a reader copies it, lines joined."""
    return " ".join(" ".join(page.extract_text() for page in PdfReader(BytesIO(pdf)).pages).split())


def text_of(sheet: Sheet) -> str:
    return pages_text(printed(sheet))


def poppler_text(pdf: bytes, *options: str) -> str:
    command = [tool("pdftotext", package="poppler-utils"), *options, "-", "-"]
    return subprocess.run(command, input=pdf, capture_output=True, check=True).stdout.decode()
