"""Issuing: an outcome for everybody, nothing twice, and what was printed stays."""

import uuid
from typing import Any

import pytest
import sqlalchemy as sa
from sqlmodel import SQLModel

from app.access.actor import visiting
from app.access.transaction import as_system, begin
from app.audit.models import AuditEntry
from app.beneficiaries.models import Beneficiary
from app.certificates import pdf
from app.certificates.models import Certificate
from app.partners.models import Organization
from app.trainings.models import Training
from tests.callers import Caller, Callers
from tests.client import Client
from tests.factories.certificates import HULKAR, Course, Name, issue, make_certificate, make_course, names, revoke
from tests.factories.participation import make_beneficiary, make_enrollment, make_session, put_sheet
from tests.factories.trainings import make_ongoing_training, move


def change(model: type[SQLModel], key: str, **values: Any) -> None:
    """A row is corrected later."""
    with begin(as_system("test")) as db:
        row = db.execute(sa.select(model).where(model.id == uuid.UUID(key))).scalar_one()
        for name, value in values.items():
            setattr(row, name, value)


def outcomes(caller: Caller, course: Course, *, dry_run: bool = False) -> dict[str, dict[str, Any]]:
    """By enrollment."""
    answer = caller.post(course.url, {"dry_run": dry_run})
    assert answer.status_code == 200, answer.text
    assert answer.json()["dry_run"] is dry_run
    found = {one["enrollment_id"]: one for one in answer.json()["outcomes"]}
    for kind, count in answer.json()["counts"].items():
        assert count == sum(one["outcome"] == kind for one in found.values())
    assert list(found) == course.enrollments
    return found


def get(caller: Caller, certificate_id: str) -> dict[str, Any]:
    found = caller.get(f"/v1/certificates/{certificate_id}")
    assert found.status_code == 200, found.text
    return dict(found.json())


# --- who may ----------------------------------------------------------------------------------------------------------------
def test_anonymous_issues_nothing(client: Client) -> None:
    assert client.post(f"/v1/trainings/{uuid.uuid4()}/certificates", json={"dry_run": True}).status_code == 401


def test_only_staff_of_the_ngo_issues(callers: Callers) -> None:
    ngo = callers.ngo()
    course = make_course(ngo)
    for caller in (callers.committee(), callers.state(), callers.ngo(duty="viewer", organization_id=ngo.organization_id)):
        for dry_run in (True, False):
            assert caller.post(course.url, {"dry_run": dry_run}).status_code == 403
    specialist = callers.ngo("1733", duty="specialist", organization_id=ngo.organization_id)
    assert specialist.post(course.url, {"dry_run": False}).json()["counts"]["issued"] == 1


def test_a_training_out_of_sight_is_not_found(callers: Callers) -> None:
    ngo = callers.ngo()
    elsewhere = callers.ngo("1718", organization_id=ngo.organization_id)
    course = make_course(ngo)
    assert elsewhere.post(course.url, {"dry_run": True}).status_code == 404
    assert ngo.post(f"/v1/trainings/{uuid.uuid4()}/certificates", {"dry_run": True}).status_code == 404


@pytest.mark.parametrize("dry_run", [True, False])
def test_another_organizations_training_can_be_seen_but_not_certified(callers: Callers, dry_run: bool) -> None:
    owner, other = callers.ngo(), callers.ngo()
    course = make_course(owner)
    refused = other.post(course.url, {"dry_run": dry_run})
    assert (refused.status_code, refused.json()["code"]) == (403, "out_of_scope")
    assert owner.get("/v1/certificates").json()["items"] == []


@pytest.mark.parametrize("body", [{}, {"dry_run": None}, {"dry_run": "true"}, {"dry_run": 0}])
def test_nobody_issues_by_accident(callers: Callers, body: dict[str, Any]) -> None:
    ngo = callers.ngo()
    refused = ngo.post(make_course(ngo).url, body)
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["pointer"] == "/dry_run"


def test_an_unknown_field_is_refused(callers: Callers) -> None:
    ngo = callers.ngo()
    refused = ngo.post(make_course(ngo).url, {"dry_run": False, "all": True})
    assert refused.json()["errors"][0]["pointer"] == "/all"
    assert ngo.get("/v1/certificates").json()["items"] == []


# --- what comes out ---------------------------------------------------------------------------------------------------------
def test_a_dry_run_says_what_would_happen_and_writes_nothing(callers: Callers, statements: list[str]) -> None:
    ngo = callers.ngo()
    course = make_course(ngo, *names(3), absent=1)
    statements.clear()
    found = list(outcomes(ngo, course, dry_run=True).values())
    assert [one["outcome"] for one in found] == ["issued", "issued", "not_eligible"]
    assert [one["certificate_id"] for one in found] == [None, None, None]
    # Who looked is written by a thread of its own, whenever it comes round.
    assert [text for text in statements if not text.startswith(("SELECT", "BEGIN")) and "access_entry" not in text] == []
    assert ngo.get("/v1/certificates").json()["items"] == []


def test_each_enrollment_gets_its_outcome_and_its_reasons(callers: Callers) -> None:
    ngo = callers.ngo()
    course = make_course(ngo, *names(3), absent=1)
    first, second, third = outcomes(ngo, course).values()
    assert (first["outcome"], first["reasons"]) == (second["outcome"], second["reasons"]) == ("issued", [])
    assert first["certificate_id"] != second["certificate_id"]
    assert third["certificate_id"] is None
    assert third["reasons"] == [{"code": "attendance_too_low", "details": {"required_percent": 80, "attended_percent": 0}}]
    assert first["participant"] == {"kind": "beneficiary", "id": course.persons[0], "name": "Karimaava Nigora Alisher qizi"}


@pytest.mark.parametrize(
    ("name", "fault"),
    [
        (("محمد", "Ali", None), "no_form_on_paper"),
        (("王", "Mei", None), "no_form_on_paper"),
        (("W" * 80, "W" * 80, "W" * 80), "too_long"),
    ],
)
def test_issuing_warns_of_what_cannot_be_printed(callers: Callers, name: Name, fault: str) -> None:
    ngo = callers.ngo()
    course = make_course(ngo, HULKAR, name)
    for dry_run in (True, False):
        good, bad = outcomes(ngo, course, dry_run=dry_run).values()
        assert (good["outcome"], good["warnings"]) == ("issued", [])
        assert (bad["outcome"], bad["warnings"]) == ("issued", [{"code": "not_printable", "details": {"part": "holder", "fault": fault}}])
    refused = ngo.get(f"/v1/certificates/{bad['certificate_id']}.pdf")
    assert (
        refused.json()["detail"]
        == {
            "no_form_on_paper": "Not printed, the holder: a character in it has no form on paper.",
            "too_long": "Not printed, the holder: too long to be legible.",
        }[fault]
    )
    assert ngo.get(f"/v1/certificates/{good['certificate_id']}.pdf").status_code == 200


def test_what_all_share_is_a_warning_for_each_who_gets_one(callers: Callers) -> None:
    ngo = callers.ngo()
    course = make_course(ngo, *names(3), absent=1, title_en="A title 王")
    found = [one["warnings"] for one in outcomes(ngo, course, dry_run=True).values()]
    warning = {"code": "not_printable", "details": {"part": "title", "fault": "no_form_on_paper"}}
    assert found == [[warning], [warning], []]


def test_where_room_is_scarce_each_name_is_tried(callers: Callers) -> None:
    ngo = callers.ngo()
    long = "уйлар " * 48
    titles = dict.fromkeys(("title_uz_latn", "title_uz_cyrl", "title_ru", "title_en"), long)
    wide = ("W" * 24, "W" * 24, None)
    course = make_course(ngo, ("Li", "An", None), wide, **titles)
    change(Organization, ngo.organization_id, name_en="Ж" * 20)
    answers = outcomes(ngo, course).values()
    for one in answers:
        printed = ngo.get(f"/v1/certificates/{one['certificate_id']}.pdf").status_code
        assert printed == (409 if one["warnings"] else 200)


def test_sheets_are_tried_while_no_connection_is_held(callers: Callers, monkeypatch: pytest.MonkeyPatch) -> None:
    press, acting = pdf.render, []

    def watched(*given: Any, **named: Any) -> bytes:
        acting.append(visiting.get(None))
        return press(*given, **named)

    monkeypatch.setattr(pdf, "render", watched)
    ngo = callers.ngo()
    outcomes(ngo, make_course(ngo, *names(5)), dry_run=True)
    # One sheet serves for all plain names.
    assert acting == [None]


def test_the_whole_road_over_http(callers: Callers) -> None:
    ngo = callers.ngo()
    training = make_ongoing_training(ngo, capacity=2, completion_rule={"min_attendance_percent": 50})
    session = make_session(ngo, training["id"], mandatory=True)
    came, missed, waits = (make_enrollment(ngo, training["id"]) for _ in range(3))
    left = make_enrollment(ngo, training["id"], beneficiary_id=make_beneficiary(ngo, "Rasulova"))
    gone = ngo.post(f"/v1/trainings/{training['id']}/enrollments/{left['id']}/withdraw", {"reason": "Moved away."}, version=left["version"])
    assert gone.status_code == 200, gone.text
    put_sheet(ngo, training["id"], session, {came["id"]: "late", missed["id"]: "excused"})
    url = f"/v1/trainings/{training['id']}/certificates"

    early = ngo.post(url, {"dry_run": False}).json()
    assert early["counts"] == {"issued": 0, "already_issued": 0, "not_eligible": 4}
    assert all(one["reasons"][0] == {"code": "training_not_completed", "details": {"status": "ongoing"}} for one in early["outcomes"])

    move(ngo, training, "complete")
    answer = ngo.post(url, {"dry_run": False}).json()
    found = {one["enrollment_id"]: (one["outcome"], [reason["code"] for reason in one["reasons"]]) for one in answer["outcomes"]}
    assert found == {
        came["id"]: ("issued", []),
        missed["id"]: ("not_eligible", ["attendance_too_low", "mandatory_session_missed"]),
        waits["id"]: ("not_eligible", ["not_seated"]),
        left["id"]: ("not_eligible", ["not_seated"]),
    }
    certificate = get(ngo, answer["outcomes"][0]["certificate_id"])
    assert certificate["starts_on"] == {"date": "2019-10-01", "precision": "month"}
    assert certificate["hours"] == 24


@pytest.mark.parametrize("status", ["draft", "published", "ongoing", "canceled"])
def test_nobody_gets_one_before_the_training_is_completed(callers: Callers, status: str) -> None:
    ngo = callers.ngo()
    course = make_course(ngo, *names(2), absent=1, status=status)
    complete, absent = outcomes(ngo, course).values()
    blocked = {"code": "training_not_completed", "details": {"status": status}}
    assert (complete["outcome"], complete["reasons"]) == ("not_eligible", [blocked])
    assert [reason["code"] for reason in absent["reasons"]] == ["training_not_completed", "attendance_too_low"]


def test_again_gives_the_same_and_nothing_new(callers: Callers) -> None:
    ngo = callers.ngo()
    course = make_course(ngo, *names(3), absent=1)
    first = outcomes(ngo, course)
    for dry_run in (False, True):
        again = outcomes(ngo, course, dry_run=dry_run)
        assert [one["outcome"] for one in again.values()] == ["already_issued", "already_issued", "not_eligible"]
        assert {key: one["certificate_id"] for key, one in again.items()} == {key: one["certificate_id"] for key, one in first.items()}
    assert ngo.get("/v1/certificates?include=total").json()["total"] == 2


def test_what_was_corrected_afterwards_is_told_with_the_certificate(callers: Callers) -> None:
    ngo = callers.ngo()
    training = make_ongoing_training(ngo, completion_rule={"min_attendance_percent": 50})
    session, enrollment = make_session(ngo, training["id"]), make_enrollment(ngo, training["id"])
    put_sheet(ngo, training["id"], session, {enrollment["id"]: "present"})
    move(ngo, training, "complete")
    url = f"/v1/trainings/{training['id']}/certificates"
    issued = ngo.post(url, {"dry_run": False}).json()["outcomes"][0]
    put_sheet(ngo, training["id"], session, {enrollment["id"]: "absent"})
    again = ngo.post(url, {"dry_run": False}).json()["outcomes"][0]
    assert (again["outcome"], again["certificate_id"]) == ("already_issued", issued["certificate_id"])
    assert [reason["code"] for reason in again["reasons"]] == ["attendance_too_low"]


def test_the_same_key_replays_the_same_answer(callers: Callers) -> None:
    ngo = callers.ngo()
    course = make_course(ngo, *names(2))
    first = ngo.post(course.url, {"dry_run": False}, key="october")
    again = ngo.post(course.url, {"dry_run": False}, key="october")
    assert again.headers["idempotent-replayed"] == "true"
    assert again.json() == first.json()
    assert again.json()["counts"]["issued"] == 2
    assert ngo.post(course.url, {"dry_run": True}, key="october").json()["code"] == "idempotency_key_reused"


def test_as_many_statements_for_many_as_for_few(callers: Callers, statements: list[str]) -> None:
    ngo = callers.ngo()
    few, many = make_course(ngo, *names(2), absent=1), make_course(ngo, *names(60), absent=20)
    counts = []
    # The first run of each builds what later runs find built.
    for course in (make_course(ngo), few, many):
        statements.clear()
        issue(ngo, course)
        counts.append(len([text for text in statements if "access_entry" not in text]))
    assert counts[1] == counts[2]
    assert counts[1] <= 22


# --- what stands on it ------------------------------------------------------------------------------------------------------
def test_a_certificate_is_a_snapshot(callers: Callers) -> None:
    ngo = callers.ngo()
    signers = [{"name": "Nilufar Kamalova", "post": "Loyiha menejeri"}]
    course = make_course(ngo, signers=signers)
    certificate = get(ngo, issue(ngo, course)[0]["certificate_id"])
    assert certificate["holder_latin"] == "Gʻayratova Hulkar Qoʻchqor qizi"
    assert certificate["holder_cyrillic"] == "Ғайратова Ҳулкар Қўчқор қизи"
    assert certificate["title"]["ru"] == "Родительские навыки"
    assert certificate["place"]["uz_latn"] == "Shovot tumani"
    assert certificate["signers"] == signers
    assert certificate["template_version"] == 1
    assert certificate["is_synthetic"] is False
    assert certificate["verify_url"] == f"https://himoya.example/v/{certificate['number']}"

    change(Beneficiary, course.persons[0], surname="Karimova", is_synthetic=True)
    change(Training, course.id, title_ru="Другое", hours=99, signers=[], place=None)
    change(Organization, ngo.organization_id, name_en="Renamed")
    assert get(ngo, certificate["id"]) == certificate
    assert issue(ngo, course)[0]["certificate_id"] == certificate["id"]


def test_a_name_in_cyrillic_stays_as_it_was_entered(callers: Callers) -> None:
    certificate = make_certificate(callers.ngo(), ("Цой", "Эльвира", None))
    assert certificate["holder_cyrillic"] == "Цой Эльвира"
    assert certificate["holder_latin"] == "Soy Elvira"


def test_an_invented_person_is_marked(callers: Callers) -> None:
    assert make_certificate(callers.ngo(), is_synthetic=True)["is_synthetic"] is True


def test_a_specialist_gets_one_too(callers: Callers) -> None:
    ngo, state = callers.ngo(), callers.state()
    course = make_course(ngo, ("Qodirova", "Gulchehra", None), specialists_of=uuid.UUID(state.organization_id))
    outcome = issue(ngo, course)[0]
    assert outcome["participant"] == {"kind": "specialist", "id": course.persons[0], "name": "Qodirova Gulchehra"}
    certificate = get(ngo, outcome["certificate_id"])
    assert (certificate["specialist_id"], certificate["beneficiary_id"]) == (course.persons[0], None)


def test_where_it_was_held_is_taken_from_the_venue_if_need_be(callers: Callers) -> None:
    from tests.factories.partners import make_venue

    ngo = callers.ngo()
    venue = uuid.UUID(make_venue(ngo)["id"])
    assert make_certificate(ngo, place=None, venue_id=venue)["place"]["uz_latn"] == "Urganch tumani"
    assert make_certificate(ngo, place=None)["place"] is None


# --- one item's failure is never another's ----------------------------------------------------------------------------------
def test_whom_one_may_not_see_keeps_nobody_back(callers: Callers) -> None:
    ngo = callers.ngo("1733")
    course = make_course(ngo, *names(2))
    change(Beneficiary, course.persons[0], territory="1718")
    moved, other = outcomes(ngo, course).values()
    assert (moved["outcome"], [reason["code"] for reason in moved["reasons"]]) == ("not_eligible", ["participant_not_visible"])
    assert other["outcome"] == "issued"
    everywhere = callers.ngo(organization_id=ngo.organization_id)
    assert [one["outcome"] for one in outcomes(everywhere, course).values()] == ["issued", "already_issued"]


def test_a_name_that_no_column_holds_keeps_nobody_back(callers: Callers) -> None:
    ngo = callers.ngo()
    # Each Щ is four letters in Latin.
    course = make_course(ngo, ("Щ" * 80, "Щ" * 80, "Щ" * 80), HULKAR)
    long, other = outcomes(ngo, course).values()
    assert (long["outcome"], long["reasons"]) == ("not_eligible", [{"code": "name_too_long", "details": {}}])
    assert other["outcome"] == "issued"


# --- after a revocation -----------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("category", ["issued_in_error", "wrong_person", "wrong_details"])
def test_a_wrong_one_is_revoked_and_issued_anew_as_things_stand_now(callers: Callers, category: str) -> None:
    ngo = callers.ngo()
    course = make_course(ngo)
    wrong = get(ngo, issue(ngo, course)[0]["certificate_id"])
    revoke(ngo, wrong, category)
    change(Beneficiary, course.persons[0], surname="Gʻayratovna")
    right = get(ngo, issue(ngo, course)[0]["certificate_id"])
    assert right["id"] != wrong["id"]
    assert right["number"] != wrong["number"]
    assert right["holder_latin"] == "Gʻayratovna Hulkar Qoʻchqor qizi"
    assert get(ngo, wrong["id"])["holder_latin"] == wrong["holder_latin"]
    assert issue(ngo, course)[0]["outcome"] == "already_issued"


@pytest.mark.parametrize("category", ["fraud", "holder_request"])
def test_what_was_revoked_for_good_is_not_issued_by_the_next_run(callers: Callers, category: str) -> None:
    ngo = callers.ngo()
    course = make_course(ngo)
    certificate = get(ngo, issue(ngo, course)[0]["certificate_id"])
    revoke(ngo, certificate, category)
    outcome = issue(ngo, course)[0]
    assert (outcome["outcome"], outcome["certificate_id"]) == ("not_eligible", None)
    assert outcome["reasons"] == [{"code": "revoked_for_good", "details": {"certificate_id": certificate["id"], "category": category}}]


# --- the trail --------------------------------------------------------------------------------------------------------------
def test_the_trail_tells_who_issued_and_hides_whose(callers: Callers) -> None:
    ngo = callers.ngo()
    certificate = make_certificate(ngo)
    with begin(as_system("test")) as db:
        entries = db.execute(sa.select(AuditEntry).where(AuditEntry.subject_id == uuid.UUID(certificate["id"]))).scalars().all()
        assert db.execute(sa.select(sa.func.count()).select_from(Certificate)).scalar_one() == 1
    assert [(entry.action, entry.actor_id) for entry in entries] == [("certificate.created", ngo.account.id)]
    for name in ("holder_latin", "holder_cyrillic", "surname", "snapshot"):
        assert entries[0].changes[name] == "***"
    assert "Hulkar" not in str(entries[0].changes)
