"""What happens to a person between being found and being forgotten, and who is told that forgetting was asked for."""

from typing import Any

import pytest

from app.database import Database
from app.retention.actions import running
from app.retention.actions.running import run_retention
from app.retention.routes import erasures
from tests.callers import Callers
from tests.factories.consents import given_consent, household
from tests.factories.duplicates import make_twice, merge

URL, PEOPLE = "/v1/erasure-requests", "/v1/beneficiaries"


def body(person: dict[str, Any]) -> dict[str, Any]:
    return {"beneficiary_id": person["id"], "asked_by": "caregiver", "asked_on": "2024-01-01"}


@pytest.mark.postgresql
def test_a_merge_meanwhile_lets_the_run_go_on(callers: Callers, db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """On PostgreSQL: SQLite has one writer at a time, so that nothing comes between there."""
    ngo = callers.ngo("17")
    first, second, pair = make_twice(ngo)
    monkeypatch.setattr(erasures.running, "carry_out", lambda _id: False)
    made = ngo.post(URL, body(second)).json()
    assert ngo.post(f"{URL}/{made['id']}/approve", version=1).status_code == 200
    real, merged = running.hold_subject, []

    def hold(session: Any, person: Any) -> None:
        if not merged:
            merged.append(merge(ngo, pair, first))
        real(session, person)

    monkeypatch.setattr(running, "hold_subject", hold)
    counts = run_retention()["erasure_requests"]
    assert (counts["due"], counts["failed"], counts["anonymized"]) == (1, 1, 0)
    assert run_retention()["erasure_requests"]["anonymized"] == 1
    assert ngo.get(f"{PEOPLE}/{first['id']}").json()["surname"] == "—"


def test_a_partner_does_not_learn_that_it_was_asked_for(callers: Callers) -> None:
    ngo, committee = callers.ngo("1733"), callers.committee("1733")
    home = household(ngo)
    given_consent(ngo, home, to=committee)
    assert ngo.post(URL, body(home["girl"])).status_code == 201
    for child in ("girl", "boy"):
        assert committee.get(f"{PEOPLE}/{home[child]['id']}").status_code == 200
        refused = committee.post(URL, body(home[child]))
        assert (refused.status_code, refused.json()["code"]) == (403, "out_of_scope"), child
