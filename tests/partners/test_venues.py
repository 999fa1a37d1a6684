"""Venues: every partner reads them, each organization keeps its own."""

import pytest

from app import listing
from app.database import uuid7
from app.partners import queries
from tests.callers import Callers
from tests.client import Client, pointers
from tests.factories.partners import make_venue, venue_body

URL = "/v1/venues"


def test_anonymous_gets_nothing(client: Client) -> None:
    for method, url in (("GET", URL), ("POST", URL), ("GET", f"{URL}/{uuid7()}"), ("PATCH", f"{URL}/{uuid7()}")):
        assert client.request(method, url, json=None if method == "GET" else {}).status_code == 401


def test_it_is_made_in_ones_own_organization_wherever_it_stands(callers: Callers) -> None:
    committee = callers.committee("1718")
    made = committee.post(URL, venue_body())
    assert made.status_code == 201
    assert made.headers["location"] == f"{URL}/{made.json()['id']}"
    names = {"uz_latn": None, "uz_cyrl": "SOS Болалар маҳаллалари ижтимоий маркази", "ru": None, "en": None}
    expected = {"organization_id": committee.organization_id, "territory": "1733217", "address": "Марказий кўча 1", "names": names}
    assert expected.items() <= made.json().items()
    assert committee.get(made.headers["location"]).json() == made.json()


@pytest.mark.parametrize(
    ("role", "duty", "status"),
    [
        ("ngo", "manager", 201),
        ("ngo", "specialist", 201),
        ("ngo", "viewer", 403),
        ("committee", "manager", 201),
        ("committee", "specialist", 403),
        ("state", "manager", 403),
    ],
)
def test_who_keeps_venues(callers: Callers, role: str, duty: str, status: int) -> None:
    assert getattr(callers, role)(duty=duty).post(URL, venue_body()).status_code == status


@pytest.mark.parametrize(
    ("role", "code"), [("ngo", "out_of_scope"), ("committee", "out_of_scope"), ("administrator", "out_of_scope"), ("state", "forbidden")]
)
def test_others_read_it_and_cannot_change_it(callers: Callers, role: str, code: str) -> None:
    one = make_venue(callers.ngo())
    other = getattr(callers, role)()
    url = f"{URL}/{one['id']}"
    assert other.get(url).json() == one
    refused = other.patch(url, {"address": None}, version=1)
    assert (refused.status_code, refused.json()["code"]) == (403, code)
    assert other.get(url).json() == one


def test_it_is_found_by_name_in_any_script_organization_and_place(callers: Callers) -> None:
    ngo, committee = callers.ngo(), callers.committee()
    urgench = make_venue(ngo)["id"]
    samarkand = make_venue(committee, names={"uz_latn": "Mahalla markazi", "ru": "Центр махалли"}, territory="1718")["id"]
    state = callers.state()

    def ids(**filters: str) -> list[str]:
        return [row["id"] for row in state.get(URL, params=filters).json()["items"]]

    assert ids() == [urgench, samarkand]
    assert ids(sort="-created_at") == [samarkand, urgench]
    assert ids(q="ijtimoiy markaz") == ids(q="ижтимоий") == [urgench]
    assert ids(q="марказ") == sorted([urgench, samarkand], reverse=True)
    assert ids(q="марказ", sort="created_at") == [urgench, samarkand]
    assert ids(q="tsentr") == [samarkand]
    assert ids(organization_id=committee.organization_id) == ids(territory="1718") == [samarkand]
    assert ids(territory="1733") == ids(territory="1733217", organization_id=ngo.organization_id, q="sos") == [urgench]
    assert ids(territory="1726") == []


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"names": {}}, "/names"),
        ({"names": None}, "/names"),
        ({"names": {"en": ""}}, "/names/en"),
        ({"territory": "1733999"}, "/territory"),
        ({"territory": None}, "/territory"),
        ({"address": "x" * 301}, "/address"),
        ({"organization_id": str(uuid7())}, "/organization_id"),
    ],
)
def test_what_is_wrong_is_named_and_nothing_is_stored(callers: Callers, change: dict[str, object], pointer: str) -> None:
    ngo = callers.ngo()
    assert pointers(ngo.post(URL, venue_body(**change))) == [pointer]
    assert ngo.get(URL).json()["items"] == []


def test_it_is_changed_field_by_field(callers: Callers) -> None:
    ngo = callers.ngo()
    one = make_venue(ngo)
    url = f"{URL}/{one['id']}"
    changed = ngo.patch(url, {"names": {"en": "Social center"}, "territory": "1733401", "address": None}, version=1)
    assert changed.status_code == 200
    expected = {"names": {**one["names"], "en": "Social center"}, "territory": "1733401", "address": None, "version": 2}
    assert changed.json() == {**one, **expected, "updated_at": changed.json()["updated_at"]}
    assert [row["id"] for row in ngo.get(URL, params={"q": "social center"}).json()["items"]] == [one["id"]]
    assert pointers(ngo.patch(url, {"names": {"en": None, "uz_cyrl": None}}, version=2)) == ["/names"]
    assert pointers(ngo.patch(url, {"territory": "1733999"}, version=2)) == ["/territory"]
    assert pointers(ngo.patch(url, {"names": None}, version=2)) == ["/names"]
    assert ngo.get(url).json() == changed.json()


def test_a_change_needs_the_version_that_was_read(callers: Callers) -> None:
    ngo = callers.ngo()
    url = f"{URL}/{make_venue(ngo)['id']}"
    assert ngo.patch(url, {"address": None}).status_code == 428
    assert ngo.patch(url, {"address": None}, version=1).status_code == 200
    assert ngo.patch(url, {"address": "Янги кўча"}, version=1).status_code == 412
    assert ngo.patch(f"{URL}/{uuid7()}", {"address": None}, version=1).status_code == 404
    assert ngo.get(f"{URL}/{uuid7()}").status_code == 404


def test_the_same_create_again_is_the_same_row(callers: Callers) -> None:
    ngo = callers.ngo()
    body = venue_body(id=str(uuid7()))
    first, again = ngo.post(URL, body), ngo.post(URL, body)
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json()
    assert ngo.post(URL, {**body, "address": None}).json()["code"] == "id_taken"
    assert callers.committee().post(URL, body).json()["code"] == "id_taken"
    keyed = [ngo.post(URL, venue_body(), key="k1").json()["id"] for _ in range(2)]
    assert keyed[0] == keyed[1]
    assert ngo.get(f"{URL}?include=total").json()["total"] == 2


def test_a_list_with_more_forms_than_are_kept_still_answers(callers: Callers, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listing, "_SHAPES", 0)
    monkeypatch.setattr(queries._VENUES, "_built", {})
    ngo = callers.ngo()
    made = sorted((make_venue(ngo)["id"] for _ in range(2)), reverse=True)
    first = ngo.get(URL, params={"q": "ижтимоий", "limit": "1", "include": "total"}).json()
    assert ([row["id"] for row in first["items"]], first["total"]) == (made[:1], 2)
    second = ngo.get(URL, params={"q": "ижтимоий", "limit": "1", "cursor": first["next"]}).json()
    assert [row["id"] for row in second["items"]] == made[1:]
    assert queries._VENUES._built == {}
