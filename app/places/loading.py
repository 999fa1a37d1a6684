"""Loads the country, its regions and districts from `places.csv`; what is there already stays as it is."""

import csv
from datetime import date
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlmodel import col

from app.access.guard import prebuilt
from app.access.transaction import as_system, begin
from app.places.models import Level, Place
from app.places.naming import search_of
from app.schemas import Precision

SOURCE = Path(__file__).with_name("places.csv")
_KNOWN = prebuilt(sa.select(col(Place.soato)), "place.codes")


def load_places() -> int:
    """Add the places of the file that are missing; answers how many. Safe to repeat."""
    with begin(as_system("load_places")) as db:
        known = {row[0] for row in db.rows(_KNOWN)}
        added = 0
        with SOURCE.open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                if row["soato"] not in known:
                    db.add(_place(row))
                    # The file is ordered from the country down, and a place needs its parent to be there.
                    db.flush()
                    added += 1
        return added


def _place(row: dict[str, str]) -> Place:
    names: dict[str, Any] = {name: row[name] or None for name in ("name_uz_latn", "name_uz_cyrl", "name_ru", "name_en")}
    return Place(
        soato=row["soato"],
        level=Level(row["level"]),
        parent_soato=row["parent_soato"] or None,
        iso_3166_2=row["iso_3166_2"] or None,
        valid_from=date(int(row["valid_from"]), 1, 1) if row["valid_from"] else None,
        # The list gives the year of a reform and no day.
        valid_from_precision=Precision.YEAR if row["valid_from"] else Precision.DAY,
        search=search_of(names.values(), []),
        **names,
    )
