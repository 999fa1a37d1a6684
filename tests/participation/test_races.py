"""Many at once: places are never given twice, nobody is lost, and the counts on the roster are what the rows say."""

import random
import uuid
from collections import Counter
from collections.abc import Callable

import pytest

from app.access.transaction import as_system, begin
from app.participation.actions import enrollments, rosters
from app.participation.models import RosterFull
from app.participation.queries import enrollments as listed
from app.participation.schemas import EnrollmentCreate, EnrollmentEnd, EnrollmentListing
from app.problems import Conflict, Stale
from tests.callers import Callers
from tests.factories.participation import make_beneficiary, make_enrollment, make_session, roster_counts
from tests.factories.trainings import URL, make_ongoing_training, make_open_training, read
from tests.racing import together


def at_once(count: int, work: Callable[[int], int]) -> Counter[int]:
    """How often each answer came, all workers starting together."""
    return Counter(together([lambda place=place: work(place) for place in range(count)]))


@pytest.mark.parametrize(("has_waitlist", "answers"), [(True, {201: 24}), (False, {201: 10, 409: 14})])
def test_24_at_once_for_10_places(callers: Callers, has_waitlist: bool, answers: dict[int, int]) -> None:
    ngo = callers.ngo()
    training = make_open_training(ngo, capacity=10, has_waitlist=has_waitlist)
    people = [make_beneficiary(ngo) for _ in range(24)]
    url = f"{URL}/{training['id']}/enrollments"
    assert at_once(24, lambda place: ngo.post(url, {"beneficiary_id": people[place]}).status_code) == answers
    waiting = 14 if has_waitlist else 0
    assert read(ngo, training)["counts"] == {"capacity": 10, "seated": 10, "waitlisted": waiting, "completed": 0}
    rows = {"confirmed": 10, "waitlisted": 14} if has_waitlist else {"confirmed": 10}
    assert roster_counts(training["roster_id"]) == ((10, waiting, 0), rows)


def test_one_person_24_times_at_once_has_one_place(callers: Callers) -> None:
    ngo = callers.ngo()
    training = make_open_training(ngo, capacity=10)
    person = make_beneficiary(ngo)
    answers = at_once(24, lambda _: ngo.post(f"{URL}/{training['id']}/enrollments", {"beneficiary_id": person}).status_code)
    assert answers == {201: 1, 409: 23}
    assert roster_counts(training["roster_id"]) == ((1, 0, 0), {"confirmed": 1})


def test_24_with_one_id_of_their_own_make_one_row(callers: Callers) -> None:
    ngo = callers.ngo()
    training = make_open_training(ngo, capacity=1, has_waitlist=False)
    body = {"id": str(uuid.uuid4()), "beneficiary_id": make_beneficiary(ngo)}
    answers = at_once(24, lambda _: ngo.post(f"{URL}/{training['id']}/enrollments", body).status_code)
    assert answers == {201: 1, 200: 23}
    assert roster_counts(training["roster_id"]) == ((1, 0, 0), {"confirmed": 1})


def test_of_16_with_one_version_one_puts_the_sheet(callers: Callers) -> None:
    ngo = callers.ngo()
    training = make_ongoing_training(ngo)
    session = make_session(ngo, training["id"])
    keys = [make_enrollment(ngo, training["id"])["id"] for _ in range(16)]
    url = f"{URL}/{training['id']}/sessions/{session['id']}/attendance"
    answers = at_once(
        16, lambda place: ngo.put(url, {"items": [{"enrollment_id": keys[place], "presence": "late"}]}, version=1).status_code
    )
    assert answers == {200: 1, 412: 15}
    assert (ngo.get(url).json()["version"], len(ngo.get(url).json()["items"])) == (2, 1)


def test_16_sessions_at_once_have_16_numbers(callers: Callers) -> None:
    ngo = callers.ngo()
    training = make_open_training(ngo)
    assert at_once(16, lambda place: make_session(ngo, training["id"], place + 1)["number"]) == dict.fromkeys(range(1, 17), 1)


@pytest.mark.parametrize("seed", range(4))
def test_whatever_happens_at_once_the_roster_holds(callers: Callers, seed: int) -> None:
    ngo = callers.ngo()
    training = make_open_training(ngo, capacity=5)
    roster_id = uuid.UUID(training["roster_id"])
    people = [uuid.UUID(make_beneficiary(ngo)) for _ in range(18)]
    unexpected: list[BaseException] = []

    def step(chance: random.Random) -> None:
        move = chance.choices(("enroll", "end", "capacity"), (5, 4, 1))[0]
        with begin(as_system("test")) as db:
            if move == "enroll":
                enrollments.enroll(db, roster_id, body=EnrollmentCreate(beneficiary_id=chance.choice(people)))
            elif move == "end":
                rows = listed(db, roster_id, EnrollmentListing(limit=200)).items
                rows = [row for row in rows if row["status"] in ("confirmed", "waitlisted")]
                if rows:
                    row = chance.choice(rows)
                    verb = chance.choice((enrollments.withdraw, enrollments.reject))
                    verb(db, roster_id, row["id"], version=row["version"], body=EnrollmentEnd(reason="Left"))
            else:
                rosters.change_roster(db, roster_id, values={"capacity": chance.randint(3, 9)})

    def worker(place: int) -> int:
        chance = random.Random(f"{seed}/{place}")
        for _ in range(12):
            try:
                step(chance)
            except (Stale, Conflict):
                pass
            except BaseException as error:  # noqa: BLE001 – kept, and shown by the assertion below.
                unexpected.append(error)
        return 0

    at_once(6, worker)
    assert unexpected == []
    (seated, waitlisted, completed), rows = roster_counts(training["roster_id"])
    counts = read(ngo, training)["counts"]
    assert (seated, waitlisted, completed) == (rows.get("confirmed", 0), rows.get("waitlisted", 0), 0)
    assert counts == {"capacity": counts["capacity"], "seated": seated, "waitlisted": waitlisted, "completed": 0}
    assert seated <= counts["capacity"]
    # Nobody waits while a place is free, and who came first sits first.
    assert waitlisted == 0 or seated == counts["capacity"]
    items = ngo.get(f"{URL}/{training['id']}/enrollments?limit=200").json()["items"]
    live = [row["participant"]["id"] for row in items if row["status"] in ("confirmed", "waitlisted")]
    assert len(live) == len(set(live))
    in_order = [row["status"] for row in items if row["status"] in ("confirmed", "waitlisted")]
    assert in_order == sorted(in_order)


def test_the_database_itself_holds_the_capacity(callers: Callers) -> None:
    ngo = callers.ngo()
    training = make_open_training(ngo, capacity=1)
    make_enrollment(ngo, training["id"])

    def seat_another() -> None:
        with begin(as_system("test")) as db:
            rosters.lock(db, uuid.UUID(training["roster_id"])).seated = 2

    with pytest.raises(RosterFull):
        seat_another()
    assert read(ngo, training)["counts"]["seated"] == 1
