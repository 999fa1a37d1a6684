"""People who can be enrolled, made as rows, and what hangs on a roster, made over HTTP."""

import uuid
from datetime import date
from typing import Any

import sqlalchemy as sa

from app.access.transaction import as_system, begin
from app.beneficiaries.models import Beneficiary, Sex
from app.participation import models
from app.partners.models import Specialist
from app.uzbek.keys import search_text
from tests.callers import Caller
from tests.planted import all_planted

Body = dict[str, Any]


def make_beneficiary(caller: Caller, surname: str = "Karimova", given_name: str = "Nigora", *, territory: str = "1733230") -> str:
    """A beneficiary of the caller's organization; the id."""
    names = all_planted({"surname": surname, "given_name": given_name, "patronymic": "Alisher qizi"})
    with begin(as_system("test")) as db:
        row = Beneficiary(
            organization_id=uuid.UUID(caller.organization_id),
            territory=territory,
            **names,
            search=search_text(*names.values()),
            sex=Sex.FEMALE,
            birth_date=date(1990, 5, 17),
        )
        db.add(row)
    return str(row.id)


def make_specialist(caller: Caller, surname: str = "Qodirova", given_name: str = "Gulchehra", *, territory: str = "1733230") -> str:
    """A specialist of the caller's organization; the id."""
    with begin(as_system("test")) as db:
        row = Specialist(
            organization_id=uuid.UUID(caller.organization_id),
            territory=territory,
            **all_planted({"surname": surname, "given_name": given_name}),
            search=search_text(surname, given_name),
        )
        db.add(row)
    return str(row.id)


def rename_beneficiary(beneficiary_id: str, surname: str) -> None:
    """The person's record is corrected."""
    with begin(as_system("test")) as db:
        row = db.execute(sa.select(Beneficiary).where(Beneficiary.id == uuid.UUID(beneficiary_id))).scalar_one()
        row.surname = surname


def roster_counts(roster_id: str) -> tuple[tuple[int, int, int], dict[str, int]]:
    """((seated, waitlisted, completed) as the roster counts them, enrollments by status as they are)."""
    with begin(as_system("test")) as db:
        roster = db.execute(sa.select(models.Roster).where(models.Roster.id == uuid.UUID(roster_id))).scalar_one()
        by_status = sa.select(models.Enrollment.status, sa.func.count()).where(models.Enrollment.roster_id == roster.id)
        found = {str(status): count for status, count in db.execute(by_status.group_by(models.Enrollment.status)).all()}
        return (roster.seated, roster.waitlisted, roster.completed), found


_APART = (
    *("BEGIN", "INSERT INTO access_entry", "SELECT login_session.", "SELECT account.", "SELECT service_client.", "COPY access_entry"),
    # Which organizations do not exist today.
    "SELECT organization.id \nFROM organization \nWHERE NOT ",
)


def cost(statements: list[str]) -> int:
    """How many statements the work itself took: views are written, and accounts looked up again, now and then beside it."""
    return len([one for one in statements if not one.startswith(_APART)])


def session_body(day: int = 1, **other: Any) -> Body:
    """A morning in October 2019."""
    return {
        "starts_at": f"2019-10-{day:02}T09:00:00+05:00",
        "ends_at": f"2019-10-{day:02}T12:00:00+05:00",
        "topic": "Positive parenting",
        **other,
    }


def make_session(caller: Caller, training_id: str, day: int = 1, **other: Any) -> Body:
    """A session of a training."""
    made = caller.post(f"/v1/trainings/{training_id}/sessions", session_body(day, **other))
    assert made.status_code == 201, made.text
    return dict(made.json())


def make_enrollment(caller: Caller, training_id: str, **other: Any) -> Body:
    """An enrollment in a training, of a new beneficiary unless someone is named."""
    body = other or {"beneficiary_id": make_beneficiary(caller)}
    made = caller.post(f"/v1/trainings/{training_id}/enrollments", body)
    assert made.status_code == 201, made.text
    return dict(made.json())


def put_sheet(caller: Caller, training_id: str, session: Body, sheet: dict[str, str]) -> Body:
    """The sheet of a session, by enrollment; answers it. The session's version is the one it has now."""
    url = f"/v1/trainings/{training_id}/sessions/{session['id']}"
    items = [{"enrollment_id": key, "presence": presence} for key, presence in sheet.items()]
    put = caller.put(f"{url}/attendance", {"items": items}, version=caller.get(url).json()["version"])
    assert put.status_code == 200, put.text
    return dict(put.json())


def record_results(caller: Caller, training_id: str, scores: dict[str, int], kind: str = "post") -> None:
    """Test results by enrollment."""
    items = [{"enrollment_id": key, "kind": kind, "score": score} for key, score in scores.items()]
    put = caller.post(f"/v1/trainings/{training_id}/test-results", {"items": items})
    assert put.status_code == 200, put.text
