"""Sessions of a roster: numbered, dated, kept within their own roster."""

import pytest

from app.database import uuid7
from tests.callers import Callers
from tests.client import Client, pointers
from tests.factories.participation import make_enrollment, make_session, put_sheet, session_body
from tests.factories.trainings import URL, make_open_training, make_training, move


def test_anonymous_reads_nothing(client: Client) -> None:
    assert client.get(f"{URL}/{uuid7()}/sessions").status_code == 401
    assert client.post(f"{URL}/{uuid7()}/sessions", json=session_body()).status_code == 401


def test_a_session_gets_the_next_number(callers: Callers) -> None:
    ngo = callers.ngo()
    url = f"{URL}/{make_training(ngo)['id']}/sessions"
    made = ngo.post(url, session_body(facilitators=["Oʻktam Rahimov"], mandatory=True))
    assert made.status_code == 201
    assert made.headers["location"] == f"{url}/{made.json()['id']}"
    assert made.headers["etag"] == '"1"'
    assert (made.json()["number"], made.json()["starts_at"], made.json()["mandatory"]) == (1, "2019-10-01T04:00:00Z", True)
    assert ngo.post(url, session_body(3, number=7)).json()["number"] == 7
    assert ngo.post(url, session_body(2)).json()["number"] == 8
    assert ngo.post(url, session_body(2, number=7)).json()["code"] == "already_exists"
    assert [row["number"] for row in ngo.get(url).json()["items"]] == [1, 7, 8]
    page = ngo.get(f"{url}?limit=1&sort=-number").json()
    assert [row["number"] for row in page["items"]] == [8]
    assert [row["number"] for row in ngo.get(url, params={"limit": 2, "sort": "-number", "cursor": page["next"]}).json()["items"]] == [7, 1]


def test_the_same_create_again_is_recognized(callers: Callers) -> None:
    ngo = callers.ngo()
    url, other = (f"{URL}/{make_training(ngo)['id']}/sessions" for _ in range(2))
    body = session_body(id=str(uuid7()))
    assert [ngo.post(url, body).status_code for _ in range(2)] == [201, 200]
    assert ngo.post(url, {**body, "topic": "Another"}).json()["code"] == "id_taken"
    # The same body under another roster is another create.
    assert ngo.post(other, body).json()["code"] == "id_taken"


def test_another_organization_has_not_made_it(callers: Callers) -> None:
    """It sees the session and sends the same body; the row is none of its own."""
    ngo, other = callers.ngo(), callers.ngo()
    url, body = f"{URL}/{make_open_training(ngo)['id']}/sessions", session_body(id=str(uuid7()))
    assert ngo.post(url, body).status_code == 201
    assert [row["id"] for row in other.get(url).json()["items"]] == [body["id"]]
    assert other.post(url, body).json()["code"] == "id_taken"
    assert other.post(url, session_body()).json()["code"] == "out_of_scope"
    keyed = [ngo.post(url, session_body(2), key="second") for _ in range(2)]
    assert keyed[0].json() == keyed[1].json()
    assert keyed[1].headers["idempotent-replayed"] == "true"


def test_what_is_wrong_is_named(callers: Callers) -> None:
    ngo = callers.ngo()
    url = f"{URL}/{make_training(ngo)['id']}/sessions"
    for body, pointer in (
        (session_body(ends_at="2019-10-01T09:00:00+05:00"), "/ends_at"),
        (session_body(starts_at="2019-10-01T09:00:00"), "/starts_at"),
        (session_body(starts_at=0), "/starts_at"),
        (session_body(number=0), "/number"),
        (session_body(mandatory=1), "/mandatory"),
        (session_body(room="7"), "/room"),
        (session_body(facilitators=["a\u202eb"]), "/facilitators/0"),
    ):
        refused = ngo.post(url, body)
        assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, pointer), body
    assert ngo.get(url).json()["items"] == []


def test_a_session_is_changed_and_taken_back_with_its_version(callers: Callers) -> None:
    ngo = callers.ngo()
    training = make_open_training(ngo)
    session = make_session(ngo, training["id"])
    url = f"{URL}/{training['id']}/sessions/{session['id']}"
    assert ngo.patch(url, {"topic": "Another"}).status_code == 428
    changed = ngo.patch(url, {"topic": None, "mandatory": True}, version=1)
    assert (changed.status_code, changed.json()["topic"], changed.json()["mandatory"], changed.headers["etag"]) == (200, None, True, '"2"')
    assert ngo.patch(url, {"topic": "Another"}, version=1).status_code == 412
    assert ngo.patch(url, {"mandatory": None}, version=2).json()["errors"][0]["pointer"] == "/mandatory"
    assert ngo.patch(url, {"ends_at": "2019-09-01T00:00:00Z"}, version=2).json()["errors"][0]["pointer"] == "/ends_at"
    assert ngo.get(url, headers={"If-None-Match": '"2"'}).status_code == 304
    assert ngo.delete(url).status_code == 428
    assert ngo.delete(url, version=1).status_code == 412
    enrollment = make_enrollment(ngo, training["id"])
    put_sheet(ngo, training["id"], session, {enrollment["id"]: "absent"})
    assert ngo.delete(url, version=3).json()["code"] == "session_has_attendance"
    put_sheet(ngo, training["id"], session, {})
    assert ngo.delete(url, version=4).status_code == 204
    assert ngo.get(url).status_code == 404


def test_a_canceled_training_keeps_its_sessions_as_they_are(callers: Callers) -> None:
    ngo = callers.ngo()
    training = make_training(ngo)
    session = make_session(ngo, training["id"])
    move(ngo, training, "cancel", {"reason": "No room"})
    url = f"{URL}/{training['id']}/sessions"
    for refused in (
        ngo.post(url, session_body(2)),
        ngo.patch(f"{url}/{session['id']}", {"topic": "Another"}, version=1),
        ngo.delete(f"{url}/{session['id']}", version=1),
    ):
        assert (refused.status_code, refused.json()["code"]) == (409, "wrong_state")


def test_paths_do_not_cross_rosters(callers: Callers) -> None:
    ngo = callers.ngo()
    one, other = make_open_training(ngo), make_open_training(ngo)
    session = make_session(ngo, one["id"])
    enrollment = make_enrollment(ngo, one["id"])
    wrong = f"{URL}/{other['id']}/sessions/{session['id']}"
    assert ngo.get(wrong).status_code == 404
    assert ngo.patch(wrong, {"topic": "Another"}, version=1).status_code == 404
    assert ngo.delete(wrong, version=1).status_code == 404
    assert ngo.get(f"{wrong}/attendance").status_code == 404
    assert ngo.put(f"{wrong}/attendance", {"items": []}, version=1).status_code == 404
    wrong = f"{URL}/{other['id']}/enrollments/{enrollment['id']}"
    assert ngo.get(wrong).status_code == 404
    for verb in ("withdraw", "reject"):
        assert ngo.post(f"{wrong}/{verb}", {"reason": "Moved"}, version=1).status_code == 404
    assert ngo.get(f"{URL}/{one['id']}/sessions/{session['id']}").json() == session


@pytest.mark.parametrize("role", ["committee", "state"])
def test_partners_read_the_sessions_of_what_is_announced_and_change_none(callers: Callers, role: str) -> None:
    ngo, partner = callers.ngo(), getattr(callers, role)()
    training = make_training(ngo)
    session = make_session(ngo, training["id"])
    url = f"{URL}/{training['id']}/sessions"
    assert partner.get(url).status_code == 404
    move(ngo, training, "publish")
    assert partner.get(url).json()["items"] == [session]
    assert getattr(callers, role)("1718").get(url).status_code == 404
    assert partner.post(url, session_body(2)).status_code == 403
    assert partner.patch(f"{url}/{session['id']}", {"topic": "Another"}, version=1).status_code == 403
    assert partner.delete(f"{url}/{session['id']}", version=1).status_code == 403


def test_another_organization_of_the_same_kind_changes_nothing(callers: Callers) -> None:
    ngo, other = callers.ngo(), callers.ngo()
    training = make_open_training(ngo)
    session = make_session(ngo, training["id"])
    url = f"{URL}/{training['id']}/sessions"
    for refused in (
        other.post(url, session_body(2)),
        other.patch(f"{url}/{session['id']}", {"topic": "Another"}, version=1),
        other.delete(f"{url}/{session['id']}", version=1),
    ):
        assert (refused.status_code, refused.json()["code"]) == (403, "out_of_scope")
    assert ngo.get(url).json()["items"] == [session]


def test_a_session_that_was_attended_has_begun(callers: Callers) -> None:
    ngo = callers.ngo()
    training = make_open_training(ngo)["id"]
    url = f"{URL}/{training}/sessions"
    session, enrollment = make_session(ngo, training), make_enrollment(ngo, training)
    put_sheet(ngo, training, session, {enrollment["id"]: "present"})
    ahead = {"starts_at": "2999-01-01T09:00:00Z", "ends_at": "2999-01-01T11:00:00Z"}
    now = ngo.get(f"{url}/{session['id']}").json()
    refused = ngo.patch(f"{url}/{session['id']}", ahead, version=now["version"])
    assert (pointers(refused), refused.json()["errors"][0]["code"]) == (["/starts_at"], "ahead")
    other = make_session(ngo, training, 2)
    assert ngo.patch(f"{url}/{other['id']}", ahead, version=other["version"]).status_code == 200, "nobody was noted there"


def test_numbers_come_to_an_end(callers: Callers) -> None:
    ngo = callers.ngo()
    url = f"{URL}/{make_training(ngo)['id']}/sessions"
    assert ngo.post(url, session_body(number=999)).status_code == 201
    refused = ngo.post(url, session_body(2))
    assert (pointers(refused), refused.json()["errors"][0]["code"]) == (["/number"], "exhausted")
