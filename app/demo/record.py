"""The project's published record, as it stands in `record.yaml`."""

from datetime import date
from pathlib import Path
from typing import Any

import yaml

from app.partners.schemas import ContactWrite, OrganizationCreate
from app.schemas import Names, Precision

SOURCE = Path(__file__).with_name("record.yaml")
PUBLISHED = "The project's own published record, February to October 2019"


def read() -> dict[str, Any]:
    """The whole record."""
    found: dict[str, Any] = yaml.safe_load(SOURCE.read_text(encoding="utf-8"))
    return found


def organizations(record: dict[str, Any]) -> dict[str, OrganizationCreate]:
    """The organizations by key; phones as they are written there."""
    return {one["key"]: _organization(one) for one in record["organizations"]}


def _organization(one: dict[str, Any]) -> OrganizationCreate:
    contact = one["contact"]
    contacts = [
        ContactWrite(name=contact["name_uz_cyrl"], post=contact["post_en"], phone=contact["phone_as_written"], emails=contact["emails"])
    ]
    return OrganizationCreate(kind=one["role"], names=Names(**one["name"]), territory="17", contacts=contacts)


def trainings(record: dict[str, Any]) -> list[dict[str, Any]]:
    """The five trainings, in their order."""
    return [one for one in record["activities"] if one["kind"] == "training"]


def total(record: dict[str, Any]) -> dict[str, Any]:
    """What was reported of the trainings together."""
    found: dict[str, Any] = next(one for one in record["activities"] if one["key"] == "trainings_total")
    return found


def month(written: dict[str, Any]) -> tuple[date, Precision]:
    """A date that is known to the month: its first day, and how exactly it is known."""
    year, number = written["value"].split("-")
    return date(int(year), int(number), 1), Precision(written["precision"])
