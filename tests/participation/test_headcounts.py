"""What was reported without names: kept with its source, over several activities together, beside the named records that win."""

import uuid

import pytest

from app.access.transaction import as_system, begin
from app.database import uuid7
from app.participation.models import ReportedHeadcount, ReportedHeadcountRoster
from tests.callers import Callers
from tests.client import Client
from tests.factories.participation import make_enrollment
from tests.factories.trainings import URL as TRAININGS
from tests.factories.trainings import make_open_training, make_training, read

URL = "/v1/reported-headcounts"


def test_anonymous_reads_nothing(client: Client) -> None:
    assert client.get(URL).status_code == 401
    assert client.get(f"{URL}/{uuid7()}").status_code == 401
    assert client.post(URL, json={}).status_code == 401


def test_a_total_over_several_activities_is_shown_with_each_and_never_split(callers: Callers) -> None:
    ngo = callers.ngo()
    trainings = [make_open_training(ngo, territory=territory) for territory in ("1733230", "1733401", "1718")]
    body = {
        "roster_ids": [training["roster_id"] for training in trainings],
        "participants": 97,
        "certificates": 97,
        "audience": "parents",
        "source": "Final report, 2020",
    }
    made = ngo.post(URL, body)
    assert made.status_code == 201
    assert made.headers["location"] == f"{URL}/{made.json()['id']}"
    assert {name: made.json()[name] for name in body} == body
    assert (made.json()["territory"], made.json()["organization_id"]) == ("17", ngo.organization_id)
    assert ngo.get(made.headers["location"]).json() == made.json()
    reported = {name: made.json()[name] for name in ("participants", "certificates", "audience", "source")}
    for training in trainings:
        found = read(ngo, training)
        assert found["reported"] == [{**reported, "headcount_id": made.json()["id"], "activities": 3}]
        assert found["participants"] == {"count": None, "basis": "reported"}
    listed = ngo.get(TRAININGS).json()["items"]
    assert [len(row["reported"]) for row in listed] == [1, 1, 1]
    assert ngo.get(f"{URL}?roster_id={trainings[0]['roster_id']}").json()["items"] == [made.json()]
    assert ngo.get(f"{URL}?roster_id={uuid7()}").json()["items"] == []


def test_named_records_win_and_both_are_shown(callers: Callers) -> None:
    ngo = callers.ngo()
    training = make_open_training(ngo)
    assert read(ngo, training)["participants"] == {"count": None, "basis": "not_recorded"}
    assert ngo.post(URL, {"roster_ids": [training["roster_id"]], "participants": 20, "source": "Letter"}).status_code == 201
    assert read(ngo, training)["participants"] == {"count": 20, "basis": "reported"}
    make_enrollment(ngo, training["id"])
    found = read(ngo, training)
    assert found["participants"] == {"count": 1, "basis": "named"}
    assert [one["participants"] for one in found["reported"]] == [20]


@pytest.mark.parametrize(
    ("territories", "common"),
    [(["1733230"], "1733230"), (["1733230", "1733401"], "1733"), (["1733230", "1733"], "1733"), (["1733", "1718"], "17")],
)
def test_it_lies_in_the_smallest_place_that_holds_all(callers: Callers, territories: list[str], common: str) -> None:
    ngo = callers.ngo()
    rosters = [make_open_training(ngo, territory=territory)["roster_id"] for territory in territories]
    assert ngo.post(URL, {"roster_ids": rosters, "participants": 5, "source": "Letter"}).json()["territory"] == common


def test_what_is_wrong_is_named(callers: Callers) -> None:
    ngo = callers.ngo()
    known, draft = make_open_training(ngo)["roster_id"], make_training(callers.ngo())["roster_id"]
    body = {"roster_ids": [known, draft, str(uuid7()), known], "participants": 5, "source": "Letter"}
    assert [(fault["pointer"], fault["code"]) for fault in ngo.post(URL, body).json()["errors"]] == [
        ("/roster_ids/1", "unknown"),
        ("/roster_ids/2", "unknown"),
        ("/roster_ids/3", "repeated"),
    ]
    good = {**body, "roster_ids": [known]}
    for wrong, pointer in (
        ({"participants": -1}, "/participants"),
        ({"participants": True}, "/participants"),
        ({"certificates": -1}, "/certificates"),
        ({"source": " "}, "/source"),
        ({"roster_ids": []}, "/roster_ids"),
        ({"territory": "17"}, "/territory"),
    ):
        refused = ngo.post(URL, {**good, **wrong})
        assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, pointer)
    assert ngo.get(URL).json()["items"] == []


def test_a_draft_is_not_reported_on(callers: Callers) -> None:
    """Partners who see the total would be told that there is a draft."""
    ngo = callers.ngo()
    body = {"roster_ids": [make_open_training(ngo)["roster_id"], make_training(ngo)["roster_id"]], "participants": 97, "source": "Letter"}
    refused = ngo.post(URL, body)
    assert (refused.status_code, [(fault["pointer"], fault["code"]) for fault in refused.json()["errors"]]) == (
        422,
        [("/roster_ids/1", "draft")],
    )
    assert ngo.get(URL).json()["items"] == []


def test_a_total_is_never_taken_for_the_number_of_those_that_one_sees(callers: Callers) -> None:
    ngo = callers.ngo()
    seen, unseen = make_open_training(ngo), make_training(ngo)
    with begin(as_system("test")) as db:
        place = {"organization_id": uuid.UUID(ngo.organization_id), "territory": "1733230"}
        total = ReportedHeadcount(participants=97, source="Letter", **place)
        db.add(total)
        db.flush()
        db.add_all(ReportedHeadcountRoster(headcount_id=total.id, roster_id=uuid.UUID(one["roster_id"])) for one in (seen, unseen))
    for reader in (callers.state(), callers.committee(), ngo):
        found = read(reader, seen)
        assert [one["activities"] for one in found["reported"]] == [2]
        assert found["participants"] == {"count": None, "basis": "reported"}


def test_the_same_create_again_is_recognized(callers: Callers) -> None:
    ngo = callers.ngo()
    body = {"id": str(uuid7()), "roster_ids": [make_open_training(ngo)["roster_id"]], "participants": 5, "source": "Letter"}
    assert [ngo.post(URL, body).status_code for _ in range(2)] == [201, 200]
    assert ngo.post(URL, {**body, "participants": 6}).json()["code"] == "id_taken"
    other = callers.ngo()
    assert other.get(f"{URL}/{body['id']}").status_code == 200
    assert other.post(URL, body).json()["code"] == "id_taken", "read by all, made by one"
    assert len(ngo.get(URL).json()["items"]) == 1


def test_partners_read_what_lies_in_their_territory_and_report_nothing(callers: Callers) -> None:
    ngo = callers.ngo()
    here, there = make_open_training(ngo), make_open_training(ngo, territory="1718")
    local, wide = (
        ngo.post(URL, {"roster_ids": rosters, "participants": 5, "source": "Letter"}).json()
        for rosters in ([here["roster_id"]], [here["roster_id"], there["roster_id"]])
    )
    for partner in (callers.committee(), callers.state()):
        assert partner.get(URL).json()["items"] == [local]
        assert partner.get(f"{URL}/{wide['id']}").status_code == 404
        assert [one["headcount_id"] for one in read(partner, here)["reported"]] == [local["id"]]
        assert partner.post(URL, {"roster_ids": [here["roster_id"]], "participants": 5, "source": "Letter"}).status_code == 403
    assert callers.committee("17").get(f"{URL}/{wide['id']}").json() == wide


def test_another_organization_reports_nothing_of_ours(callers: Callers) -> None:
    ngo, other = callers.ngo(), callers.ngo()
    training = make_open_training(ngo)
    refused = other.post(URL, {"roster_ids": [training["roster_id"]], "participants": 5, "source": "Letter"})
    assert (refused.status_code, refused.json()["code"]) == (403, "out_of_scope")
    assert read(ngo, training)["reported"] == []
