"""Enrollment: places are counted, the waitlist moves up, and each participant stands once on a roster."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from app.access.transaction import as_system, begin
from app.audit.models import AccessEntry, AuditEntry
from app.audit.views import views
from app.bodies import MOST_KEYS
from app.database import Database, uuid7
from app.days import today
from app.participation import models
from tests.callers import Caller, Callers
from tests.client import Client
from tests.factories.participation import Body, cost, make_beneficiary, make_enrollment, make_specialist, rename_beneficiary, roster_counts
from tests.factories.trainings import URL, make_ongoing_training, make_open_training, make_training, move, read, training_body


def end(caller: Caller, training: Body, enrollment: Body, verb: str = "withdraw") -> Body:
    url = f"{URL}/{training['id']}/enrollments/{enrollment['id']}"
    ended = caller.post(f"{url}/{verb}", {"reason": "Moved to Tashkent"}, version=caller.get(url).json()["version"])
    assert ended.status_code == 200, ended.text
    return dict(ended.json())


def states(caller: Caller, training: Body) -> list[str]:
    return [row["status"] for row in caller.get(f"{URL}/{training['id']}/enrollments").json()["items"]]


def test_anonymous_reads_nothing(client: Client) -> None:
    assert client.get(f"{URL}/{uuid7()}/enrollments").status_code == 401
    assert client.post(f"{URL}/{uuid7()}/enrollments", json={}).status_code == 401


def test_a_beneficiary_and_a_specialist_are_enrolled_by_name(callers: Callers) -> None:
    ngo = callers.ngo()
    training = make_open_training(ngo)
    url = f"{URL}/{training['id']}/enrollments"
    beneficiary, specialist = make_beneficiary(ngo), make_specialist(callers.state())
    made = ngo.post(url, {"beneficiary_id": beneficiary})
    assert made.status_code == 201
    assert made.headers["location"] == f"{url}/{made.json()['id']}"
    assert made.json()["participant"] == {"kind": "beneficiary", "id": beneficiary, "name": "Karimova Nigora Alisher qizi"}
    assert made.json()["status"] == "confirmed"
    assert ngo.get(made.headers["location"]).json() == made.json()
    second = ngo.post(url, {"specialist_id": specialist}).json()
    assert second["participant"] == {"kind": "specialist", "id": specialist, "name": "Qodirova Gulchehra"}
    assert read(ngo, training)["counts"] == {"capacity": None, "seated": 2, "waitlisted": 0, "completed": 0}
    assert [row["id"] for row in ngo.get(url).json()["items"]] == [made.json()["id"], second["id"]]
    assert [row["id"] for row in ngo.get(f"{url}?q=қодирова").json()["items"]] == [second["id"]]
    assert [row["id"] for row in ngo.get(f"{url}?beneficiary_id={beneficiary}").json()["items"]] == [made.json()["id"]]
    assert ngo.get(f"{url}?specialist_id={beneficiary}").json()["items"] == []
    assert ngo.get(f"{url}?status=waitlisted&include=total").json() == {"items": [], "next": None, "total": 0, "total_is_capped": False}
    rename_beneficiary(beneficiary, "Yoʻldosheva")
    assert ngo.get(made.headers["location"]).json()["participant"]["name"] == "Yoʻldosheva Nigora Alisher qizi"


def test_what_is_wrong_is_named(callers: Callers) -> None:
    ngo = callers.ngo()
    url = f"{URL}/{make_open_training(ngo)['id']}/enrollments"
    foreign, own = make_beneficiary(callers.ngo()), make_beneficiary(ngo)
    for body, pointer, code in (
        ({"beneficiary_id": foreign}, "/beneficiary_id", "unknown"),
        ({"beneficiary_id": str(uuid7())}, "/beneficiary_id", "unknown"),
        ({"specialist_id": own}, "/specialist_id", "unknown"),
        ({}, "/beneficiary_id", "exactly_one"),
        ({"beneficiary_id": own, "specialist_id": make_specialist(ngo)}, "/beneficiary_id", "exactly_one"),
    ):
        refused = ngo.post(url, body)
        assert (refused.status_code, refused.json()["errors"][0]["pointer"], refused.json()["errors"][0]["code"]) == (422, pointer, code)
    for body in ({"beneficiary_id": 7}, {"beneficiary_id": own, "status": "confirmed"}, {"beneficiary_id": "x"}):
        assert ngo.post(url, body).status_code == 422
    assert ngo.get(url).json()["items"] == []


def test_nobody_stands_on_a_roster_twice_but_may_come_back(callers: Callers) -> None:
    ngo = callers.ngo()
    training = make_open_training(ngo)
    url = f"{URL}/{training['id']}/enrollments"
    for body in ({"beneficiary_id": make_beneficiary(ngo)}, {"specialist_id": make_specialist(ngo)}):
        first = make_enrollment(ngo, training["id"], **body)
        refused = ngo.post(url, body)
        assert (refused.status_code, refused.json()["code"]) == (409, "already_enrolled")
        end(ngo, training, first)
        assert ngo.post(url, body).status_code == 201
    assert read(ngo, training)["counts"]["seated"] == 2


def test_the_same_create_again_is_recognized(callers: Callers) -> None:
    ngo = callers.ngo()
    one, other = make_open_training(ngo, capacity=1, has_waitlist=False), make_open_training(ngo)
    body = {"id": str(uuid7()), "beneficiary_id": make_beneficiary(ngo)}
    # The second finds the roster full, by its own first.
    assert [ngo.post(f"{URL}/{one['id']}/enrollments", body).status_code for _ in range(2)] == [201, 200]
    assert ngo.post(f"{URL}/{one['id']}/enrollments", {**body, "beneficiary_id": make_beneficiary(ngo)}).json()["code"] == "id_taken"
    assert ngo.post(f"{URL}/{other['id']}/enrollments", body).json()["code"] == "id_taken"
    keyed = [ngo.post(f"{URL}/{other['id']}/enrollments", {"beneficiary_id": body["beneficiary_id"]}, key="once") for _ in range(2)]
    assert keyed[0].json() == keyed[1].json()
    assert keyed[1].headers["idempotent-replayed"] == "true"
    assert read(ngo, other)["counts"]["seated"] == 1


def test_a_full_roster_keeps_a_waitlist_that_moves_up(callers: Callers) -> None:
    ngo = callers.ngo()
    training = make_open_training(ngo, capacity=2)
    rows = [make_enrollment(ngo, training["id"]) for _ in range(5)]
    assert [row["status"] for row in rows] == ["confirmed", "confirmed", "waitlisted", "waitlisted", "waitlisted"]
    assert read(ngo, training)["counts"] == {"capacity": 2, "seated": 2, "waitlisted": 3, "completed": 0}
    ended = end(ngo, training, rows[0])
    assert (ended["status"], ended["reason"]) == ("withdrawn", "Moved to Tashkent")
    assert states(ngo, training) == ["withdrawn", "confirmed", "confirmed", "waitlisted", "waitlisted"]
    end(ngo, training, rows[3])
    end(ngo, training, rows[1], "reject")
    assert states(ngo, training) == ["withdrawn", "rejected", "confirmed", "withdrawn", "confirmed"]
    assert read(ngo, training)["counts"] == {"capacity": 2, "seated": 2, "waitlisted": 0, "completed": 0}
    assert roster_counts(training["roster_id"]) == ((2, 0, 0), {"withdrawn": 2, "rejected": 1, "confirmed": 2})


def test_moving_up_is_in_the_trail_without_a_name(callers: Callers) -> None:
    ngo = callers.ngo()
    training = make_open_training(ngo, capacity=1)
    first, second = (make_enrollment(ngo, training["id"]) for _ in range(2))
    end(ngo, training, first)
    with begin(as_system("test")) as db:
        found = db.execute(sa.select(AuditEntry).where(AuditEntry.action == "enrollment.updated")).scalars().all()
        entries = {str(entry.subject_id): entry for entry in found}
        assert entries[second["id"]].changes["status"] == {"before": "waitlisted", "after": "confirmed"}
        assert entries[first["id"]].changes["reason"]["after"] == "***"
        assert entries[first["id"]].request_id == entries[second["id"]].request_id
        assert "Karimova" not in str([entry.changes for entry in found])


def test_capacity_raised_moves_up_and_never_falls_below_those_seated(callers: Callers) -> None:
    ngo = callers.ngo()
    training = make_open_training(ngo, capacity=1)
    for _ in range(4):
        make_enrollment(ngo, training["id"])
    url = f"{URL}/{training['id']}"
    raised = ngo.patch(url, {"capacity": 3}, version=2)
    assert (raised.status_code, raised.json()["version"]) == (200, 3)
    assert raised.json()["counts"] == {"capacity": 3, "seated": 3, "waitlisted": 1, "completed": 0}
    assert states(ngo, training) == ["confirmed", "confirmed", "confirmed", "waitlisted"]
    lowered = ngo.patch(url, {"capacity": 2}, version=3)
    assert (lowered.status_code, lowered.json()["code"]) == (409, "capacity_below_seated")
    assert ngo.patch(url, {"capacity": None}, version=3).json()["counts"] == {
        "capacity": None,
        "seated": 4,
        "waitlisted": 0,
        "completed": 0,
    }
    assert ngo.patch(url, {"capacity": 4}, version=4).status_code == 200


def test_a_full_roster_without_a_waitlist_refuses(callers: Callers) -> None:
    ngo = callers.ngo()
    training = make_open_training(ngo, capacity=1, has_waitlist=False)
    make_enrollment(ngo, training["id"])
    refused = ngo.post(f"{URL}/{training['id']}/enrollments", {"beneficiary_id": make_beneficiary(ngo)})
    assert (refused.status_code, refused.json()["code"]) == (409, "roster_full")
    assert read(ngo, training)["counts"] == {"capacity": 1, "seated": 1, "waitlisted": 0, "completed": 0}


def test_enrollment_is_open_from_publishing_to_the_end(callers: Callers) -> None:
    ngo = callers.ngo()
    training = make_training(ngo)
    url, body = f"{URL}/{training['id']}/enrollments", {"beneficiary_id": make_beneficiary(ngo)}
    assert ngo.post(url, body).json()["code"] == "enrollment_closed"
    move(ngo, training, "publish")
    move(ngo, training, "start")
    enrollment = make_enrollment(ngo, training["id"], **body)
    move(ngo, training, "complete")
    assert ngo.post(url, {"beneficiary_id": make_beneficiary(ngo)}).json()["code"] == "enrollment_closed"
    version = ngo.get(f"{url}/{enrollment['id']}").json()["version"]
    late = ngo.post(f"{url}/{enrollment['id']}/withdraw", {"reason": "Late"}, version=version)
    assert (late.status_code, late.json()["code"]) == (409, "wrong_state")


@pytest.mark.parametrize(
    ("opens", "closes", "status"), [(0, 0, 201), (-3, 3, 201), (1, 3, 409), (-3, -1, 409), (None, -1, 409), (1, None, 409)]
)
def test_enrollment_has_its_days(callers: Callers, opens: int | None, closes: int | None, status: int) -> None:
    ngo = callers.ngo()
    days = {
        name: (today() + timedelta(days=shift)).isoformat()
        for name, shift in (("enrollment_opens_on", opens), ("enrollment_closes_on", closes))
        if shift is not None
    }
    training = make_open_training(ngo, **days)
    assert ngo.post(f"{URL}/{training['id']}/enrollments", {"beneficiary_id": make_beneficiary(ngo)}).status_code == status


def test_an_enrollment_ends_once_and_with_its_version(callers: Callers) -> None:
    ngo = callers.ngo()
    training = make_ongoing_training(ngo)
    row = make_enrollment(ngo, training["id"])
    url = f"{URL}/{training['id']}/enrollments/{row['id']}/withdraw"
    assert ngo.post(url, {"reason": "Moved"}).status_code == 428
    assert ngo.post(url, {"reason": "Moved"}, version=2).status_code == 412
    assert ngo.post(url, {}, version=1).json()["errors"][0]["pointer"] == "/reason"
    assert ngo.post(url, {"reason": "Moved"}, version=1).status_code == 200
    again = ngo.post(url, {"reason": "Moved"}, version=2)
    assert (again.status_code, again.json()["code"]) == (409, "wrong_state")
    assert read(ngo, training)["counts"]["seated"] == 0


def test_partners_see_counts_and_no_names(callers: Callers) -> None:
    ngo = callers.ngo()
    training = make_open_training(ngo)
    row = make_enrollment(ngo, training["id"])
    url = f"{URL}/{training['id']}/enrollments"
    for partner in (callers.committee(), callers.state(), callers.ngo()):
        assert partner.get(url).json() == {"items": [], "next": None}
        assert partner.get(f"{url}/{row['id']}").status_code == 404
        assert partner.get(f"{URL}/{training['id']}/completions").json()["items"] == []
        assert read(partner, training)["counts"]["seated"] == 1
    for partner in (callers.committee(), callers.state()):
        assert partner.post(url, {"beneficiary_id": make_beneficiary(ngo)}).status_code == 403
        assert partner.post(f"{url}/{row['id']}/withdraw", {"reason": "x"}, version=1).status_code == 403
    assert callers.committee("1718").get(url).status_code == 404


def test_a_viewer_of_the_ngo_reads_and_does_not_enroll(callers: Callers) -> None:
    ngo = callers.ngo()
    training = make_open_training(ngo)
    row = make_enrollment(ngo, training["id"])
    viewer = callers.ngo(duty="viewer", organization_id=ngo.organization_id)
    assert viewer.get(f"{URL}/{training['id']}/enrollments").json()["items"] == [row]
    refused = viewer.post(f"{URL}/{training['id']}/enrollments", {"beneficiary_id": make_beneficiary(ngo)})
    assert (refused.status_code, refused.json()["code"]) == (403, "forbidden")


def test_another_organization_enrolls_nobody(callers: Callers) -> None:
    ngo, other = callers.ngo(), callers.ngo()
    training = make_open_training(ngo)
    refused = other.post(f"{URL}/{training['id']}/enrollments", {"beneficiary_id": make_beneficiary(other)})
    assert (refused.status_code, refused.json()["code"]) == (403, "out_of_scope")
    assert read(ngo, training)["counts"]["seated"] == 0


def test_a_co_hosting_committee_sees_the_names_as_they_were_at_enrollment(callers: Callers) -> None:
    ngo, committee = callers.ngo(), callers.committee("1718")
    training = make_open_training(ngo)
    beneficiary = make_beneficiary(ngo)
    row = make_enrollment(ngo, training["id"], beneficiary_id=beneficiary)
    url = f"{URL}/{training['id']}/enrollments"
    assert committee.get(url).status_code == 404
    assert ngo.put(f"{URL}/{training['id']}/co-hosts", {"organization_ids": [committee.organization_id]}, version=2).status_code == 200
    assert committee.get(url).json()["items"] == [row]
    rename_beneficiary(beneficiary, "Yoʻldosheva")
    assert ngo.get(url).json()["items"][0]["participant"]["name"] == "Yoʻldosheva Nigora Alisher qizi"
    # The committee may not see the family's own record, so it has the name of that day.
    assert committee.get(url).json()["items"] == [row]
    assert committee.get(f"{URL}/{training['id']}/completions").json()["items"][0]["participant"] == row["participant"]
    assert ngo.put(f"{URL}/{training['id']}/co-hosts", {"organization_ids": []}, version=3).json()["co_host_ids"] == []
    assert committee.get(url).status_code == 404


def test_a_partner_sees_its_own_specialists_alone(callers: Callers) -> None:
    ngo, state = callers.ngo(), callers.state()
    training = make_open_training(ngo)
    make_enrollment(ngo, training["id"])
    own = make_enrollment(ngo, training["id"], specialist_id=make_specialist(state))
    make_enrollment(ngo, training["id"], specialist_id=make_specialist(callers.state()))
    assert state.get(f"{URL}/{training['id']}/enrollments").json()["items"] == [own]
    assert [one["enrollment_id"] for one in state.get(f"{URL}/{training['id']}/completions").json()["items"]] == [own["id"]]


def test_who_looked_is_recorded_for_the_person_too(callers: Callers, db: Database) -> None:
    ngo = callers.ngo()
    training = make_open_training(ngo)
    beneficiary = make_beneficiary(ngo)
    row = make_enrollment(ngo, training["id"], beneficiary_id=beneficiary)
    viewer = callers.ngo(duty="viewer", organization_id=ngo.organization_id)
    viewer.get(f"{URL}/{training['id']}/enrollments")
    views.flush()
    with db.engine.connect() as connection:
        seen = connection.execute(
            sa.text("SELECT subject_type, CAST(subject_id AS VARCHAR(36)) FROM access_entry WHERE actor_id = :actor"),
            {"actor": viewer.account.id if not db.is_sqlite else viewer.account.id.hex},
        ).all()
    assert {(kind, key.replace("-", "")) for kind, key in seen} == {
        ("enrollment", row["id"].replace("-", "")),
        ("beneficiary", beneficiary.replace("-", "")),
    }


def test_a_name_on_the_roster_is_a_look_though_the_person_is_not_open(callers: Callers, db: Database) -> None:
    ngo, host = callers.ngo(), callers.committee()
    training = make_open_training(ngo)
    set_to = {"organization_ids": [host.organization_id]}
    assert ngo.put(f"{URL}/{training['id']}/co-hosts", set_to, version=read(ngo, training)["version"]).status_code == 200
    beneficiary = make_beneficiary(ngo, "Qodirova")
    enrollment = make_enrollment(ngo, training["id"], beneficiary_id=beneficiary)
    assert host.get(f"/v1/beneficiaries/{beneficiary}").status_code == 404
    (row,) = host.get(f"{URL}/{training['id']}/enrollments").json()["items"]
    assert "Qodirova" in row["participant"]["name"]
    views.flush()
    with begin(as_system("test")) as session:
        mine = sa.select(AccessEntry).where(AccessEntry.actor_id == host.account.id, AccessEntry.subject_type == "enrollment")
        (entry,) = session.execute(mine).scalars()
    assert (str(entry.subject_id), entry.through, entry.times) == (enrollment["id"], "list_training_enrollments", 1)


def test_a_list_costs_two_statements(callers: Callers, statements: list[str]) -> None:
    ngo = callers.ngo()
    training = make_open_training(ngo)
    for count in (1, 4):
        for _ in range(count):
            make_enrollment(ngo, training["id"])
        ngo.get(f"{URL}/{training['id']}/enrollments")
        statements.clear()
        assert len(ngo.get(f"{URL}/{training['id']}/enrollments").json()["items"]) >= count
        assert cost(statements) == 2, statements


def test_a_roster_holds_as_many_as_a_sheet_of_attendance(callers: Callers, monkeypatch: pytest.MonkeyPatch) -> None:
    """A body holds 1,000 keys, two for each participant on the sheet: who came later could never be noted as present."""
    ngo = callers.ngo()
    refused = ngo.post(URL, training_body(capacity=models.MOST_PLACES + 1))
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "/capacity")
    assert 2 * models.MOST_PLACES + 1 <= MOST_KEYS
    assert read(ngo, make_training(ngo, capacity=models.MOST_PLACES))["counts"]["capacity"] == models.MOST_PLACES
    monkeypatch.setattr(models, "MOST_PLACES", 1)
    training = make_open_training(ngo)
    assert [make_enrollment(ngo, training["id"])["status"] for _ in range(2)] == ["confirmed", "waitlisted"]
    # Without a limit of its own the next one moves up when a place is free, and not before.
    first, second = ngo.get(f"{URL}/{training['id']}/enrollments").json()["items"]
    assert read(ngo, training)["counts"] == {"capacity": None, "seated": 1, "waitlisted": 1, "completed": 0}
    end(ngo, training, first)
    assert ngo.get(f"{URL}/{training['id']}/enrollments/{second['id']}").json()["status"] == "confirmed"
