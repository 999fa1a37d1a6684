"""Certificates in a batch: how many PDFs a core prints in a second."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from app.certificates.number import new_number
from app.certificates.pdf import Sheet, Signer, render
from app.uzbek.scripts import in_both_scripts
from tests.bench.names import people

_ISSUED = datetime(2019, 10, 14, 9, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Batch:
    """`cpu` and `wall` in seconds for all sheets, `size` in bytes of one PDF on average."""

    count: int
    cpu: float
    wall: float
    size: float

    @property
    def rate(self) -> float:
        """PDFs a second and core: by the time of the processor, whatever else the machine does."""
        return self.count / self.cpu


def _sheets(count: int) -> Iterator[Sheet]:
    for person in people(count, seed=97):
        latin, cyrillic = in_both_scripts(" ".join(part for part in (person.surname, person.given_name, person.patronymic) if part))
        number = new_number()
        yield Sheet(
            number=number,
            verify_url=f"https://himoya.example/v/{number}",
            issuer={
                "uz_latn": "Oʻzbekiston SOS Bolalar mahallalari uyushmasi",
                "uz_cyrl": "Ўзбекистон SOS Болалар маҳаллалари уюшмаси",
                "ru": "Ассоциация «SOS Детские деревни Узбекистана»",
                "en": "Association “SOS Children's Villages of Uzbekistan”",
            },
            title={
                "uz_latn": "Ota-onalar uchun trening",
                "uz_cyrl": "Ота-оналар учун тренинг",
                "ru": "Тренинг для родителей",
                "en": "Training for parents",
            },
            issued_on="14.10.2019",
            holder_latn=latin,
            holder_cyrl=cyrillic,
            hours=16,
            dates={"uz_latn": "2019-yil oktabr", "uz_cyrl": "2019 йил октябрь", "ru": "октябрь 2019 года", "en": "October 2019"},
            place={"uz_latn": "Urganch", "uz_cyrl": "Урганч", "ru": "Ургенч", "en": "Urgench"},
            signers=(Signer("D. Karimova", "Direktor"), Signer("A. Rahimov", "Trener")),
            synthetic=True,
        )


def print_batch(count: int) -> Batch:
    """Render so many different sheets in this process; the first ones, which load fonts and the template, are not counted."""
    *sheets, first, second = _sheets(count + 2)
    for sheet in (first, second):
        render(sheet, issued_at=_ISSUED)
    cpu, wall, size = time.process_time(), time.perf_counter(), 0
    for sheet in sheets:
        size += len(render(sheet, issued_at=_ISSUED))
    return Batch(count, time.process_time() - cpu, time.perf_counter() - wall, size / count)
