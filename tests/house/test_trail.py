"""Whoever uses the rooms, the command line too, leaves a trail."""

import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import inspect

from app import changes, features

ROOT = Path(__file__).parent.parent.parent


def test_the_policies_bring_the_trail_along() -> None:
    """In a process of its own, since this one has imported the routes, which bring it along as well."""
    code = (
        "from app import changes, features; from app.access import guard; features.policies(); "
        "print(len(changes.WRITERS), len(guard.WATCHERS), 'app.main' in __import__('sys').modules)"
    )
    run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert run.stdout.split() == ["1", "1", "False"]


FREE = {
    "access_grant": {"grantee", "categories", "source", "source_id", "opens_at", "closes_at"},
    "attendance": {"territory"},
    "beneficiary": {"is_synthetic", "anonymized_at", "merged_into_id"},
    "certificate": {
        *("territory", "number", "kind", "template_version", "issued_on", "status", "revoked_at", "revocation_category", "is_synthetic")
    },
    "circumstances": set(),
    "duplicate_candidate": {"status", "decided_by", "decided_at", "reopened_at"},
    "enrollment": {"territory", "status", "status_at"},
    "family": {"status", "is_synthetic", "anonymized_at", "merged_into_id"},
    "family_membership": set(),
    "family_residence": set(),
    "former_care": set(),
    "former_relationship": set(),
    "identifier": {"kind", "key_version", "ended_on", "end_reason"},
    "income_month": {"month"},
    "income_record": {"month"},
    "kinship": set(),
    "roster_session": {"territory", "number", "starts_at", "ends_at", "topic", "mandatory"},
    "specialist": {"territory", "post", "active_until", "is_synthetic"},
    "test_result": {"territory", "kind"},
    "vulnerability_record": set(),
}
"""What the trail shows of rows about people, beside the ids of other rows. The territory of an activity's rows is the activity's."""


@pytest.mark.parametrize("table", FREE)
def test_the_trail_shows_nothing_of_people(table: str) -> None:
    """A manager reads the trail of the whole organization, whatever the own territory; so what the rows say is not to be read there."""
    features.policies()
    (model,) = (model for model in changes.CONCEALED if model.__tablename__ == table)
    columns = inspect(model).columns
    telling = {column.name for column in columns if column.name == "territory" or not column.foreign_keys}
    assert telling - changes.CONCEALED[model] - changes.HOUSEKEEPING == FREE[table]
