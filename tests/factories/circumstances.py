"""Circumstances, recorded over HTTP."""

from typing import Any

from tests.callers import Caller

Body = dict[str, Any]
FUNCTIONING = {"seeing": "no_difficulty", "hearing": "some_difficulty", "walking": "a_lot_of_difficulty", "self_care": None}
HEALTH = {
    **FUNCTIONING,
    "remembering": "no_difficulty",
    "communicating": "no_difficulty",
    "functioning_assessed_on": "2020-02-03",
    "disability_status": "child_with_disability",
    "chronic_conditions": "Qandli diabet",
    "polyclinic": "2-poliklinika",
    "immunization_up_to_date": False,
}
SCHOOLING = {"school_status": "in_school", "school": "12-maktab", "grade": 7, "school_since": "2019-09-02"}
PAPERS = {"citizenship": "UZ", "missing_documents": ["id_card", "disability_certificate"], "papers_note": "Ariza topshirilgan"}
WHOLE = {**HEALTH, **SCHOOLING, **PAPERS}
"""Everything that can be told of the girl of `factories.beneficiaries`."""


def url_of(person: Body) -> str:
    """Where a person's circumstances are."""
    return f"/v1/beneficiaries/{person['id']}/circumstances"


def make_circumstances(caller: Caller, person: Body, **other: Any) -> Body:
    """All of it, recorded for the first time."""
    made = caller.put(url_of(person), WHOLE | other, version=0)
    assert made.status_code == 201, made.text
    return dict(made.json())
