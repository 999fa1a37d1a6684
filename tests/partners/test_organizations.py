"""Organizations: every partner reads the directory, an administrator keeps it; phones stay as written, circles are refused."""

import uuid

import httpx2 as httpx
import pytest

from app.database import uuid7
from tests.callers import Caller, Callers
from tests.client import Client, pointers
from tests.factories.partners import make_organization, make_specialist, organization_body
from tests.racing import together

URL = "/v1/organizations"


def patch(administrator: Caller, one: dict[str, object], body: dict[str, object]) -> httpx.Response:
    version = administrator.get(f"{URL}/{one['id']}").json()["version"]
    return administrator.patch(f"{URL}/{one['id']}", body, version=version)


def test_anonymous_gets_nothing(client: Client) -> None:
    for method, url in (("GET", URL), ("POST", URL), ("GET", f"{URL}/{uuid7()}"), ("PATCH", f"{URL}/{uuid7()}")):
        answer = client.request(method, url, json=None if method == "GET" else {})
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize("duty", ["manager", "specialist", "viewer"])
@pytest.mark.parametrize("role", ["ngo", "committee", "state"])
def test_every_partner_reads_the_directory_and_its_contacts(callers: Callers, role: str, duty: str) -> None:
    one = make_organization(callers)
    caller = getattr(callers, role)(duty=duty)
    assert caller.get(f"{URL}/{one['id']}").json()["contacts"] == one["contacts"]
    assert one["id"] in [row["id"] for row in caller.get(URL).json()["items"]]


@pytest.mark.parametrize("role", ["ngo", "committee", "state"])
def test_only_an_administrator_writes(callers: Callers, role: str) -> None:
    one = make_organization(callers)
    caller = getattr(callers, role)()
    for answer in (caller.post(URL, organization_body()), caller.patch(f"{URL}/{one['id']}", {"territory": "1733"}, version=1)):
        assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")
    own = caller.get(f"{URL}/{caller.organization_id}").json()
    assert caller.patch(f"{URL}/{own['id']}", {"territory": "1718"}, version=1).status_code == 403
    assert caller.get(f"{URL}/{own['id']}").json() == own


def test_the_published_record_is_kept_as_it_is(callers: Callers) -> None:
    administrator = callers.administrator()
    contact = {
        "name": "Нилуфар Камалова",
        "post": "Лойиҳа менеждери",
        "phone": "(+78) 140-97-27",
        "emails": ["nilufarxon.kamalova@sos.example", "uzb.euproject@sos.example"],
    }
    names = {"uz_cyrl": "SOS Ўзбекистон Болалар маҳаллалари уюшмаси", "en": "Association “SOS Children's Villages of Uzbekistan”"}
    body = {"kind": "ngo", "names": names, "territory": "17", "contacts": [contact], "valid_from": "2018-01-01"}
    made = administrator.post(URL, body)
    assert made.status_code == 201
    assert made.headers["location"] == f"{URL}/{made.json()['id']}"
    assert made.headers["etag"] == '"1"'
    assert made.json()["contacts"] == [{**contact, "phone_e164": "+998781409727"}]
    assert made.json()["names"] == {"uz_latn": None, "uz_cyrl": names["uz_cyrl"], "ru": None, "en": names["en"]}
    assert administrator.get(made.headers["location"]).json() == made.json()
    assert make_organization(callers)["contacts"][0]["phone_e164"] == "+998712394042"


def test_a_phone_that_cannot_be_read_is_kept_and_said_to_be_unread(callers: Callers) -> None:
    contacts = [{"phone": "ички 105"}, {"name": "Қабулхона"}, {"emails": ["info@wcu.example"]}]
    one = make_organization(callers, contacts=contacts)
    assert [(row["phone"], row["phone_e164"]) for row in one["contacts"]] == [("ички 105", None), (None, None), (None, None)]
    assert [row["emails"] for row in one["contacts"]] == [[], [], ["info@wcu.example"]]


@pytest.mark.parametrize("q", ["Хотин-қизлар", "xotin qizlar", "Xotin-qizlar qoʻmitasi", "qomita", "women", "КОМИТА", "committee uzb"])
def test_it_is_found_in_any_script(callers: Callers, q: str) -> None:
    one = make_organization(callers)
    found = callers.state().get(URL, params={"q": q}).json()["items"]
    assert [row["id"] for row in found if row["names"]["en"]] == [one["id"]]


def test_what_it_is_not_called_does_not_find_it(callers: Callers) -> None:
    make_organization(callers)
    state = callers.state()
    for q in ("Самарқанд", "%", "_", "Маматюсупов"):
        assert state.get(URL, params={"q": q}).json()["items"] == []


def test_it_is_found_by_kind_place_and_day(callers: Callers) -> None:
    region = make_organization(callers, territory="1733", valid_from="2019-01-01", valid_to="2020-03-31")
    district = make_organization(callers, territory="1733230", kind="state_partner")
    caller = callers.ngo()

    def ids(**filters: str) -> set[str]:
        items = caller.get(URL, params=filters).json()["items"]
        return {row["id"] for row in items} & {region["id"], district["id"]}

    assert ids() == {region["id"], district["id"]}
    assert ids(kind="state_partner") == {district["id"]}
    assert ids(kind="womens_committee") == {region["id"]}
    assert ids(territory="17") == ids(territory="1733") == {region["id"], district["id"]}
    assert ids(territory="1733230") == {district["id"]}
    assert ids(territory="1718") == set()
    assert ids(on="2018-12-31") == ids(on="2020-04-01") == {district["id"]}
    assert ids(on="2019-01-01") == ids(on="2020-03-31") == {region["id"], district["id"]}
    assert ids(on="2019-06-01", kind="womens_committee", territory="1733", q="қўмита") == {region["id"]}


def test_the_directory_comes_in_pages(callers: Callers) -> None:
    made = [make_organization(callers, territory="1733230")["id"] for _ in range(3)]
    caller = callers.state()
    first = caller.get(URL, params={"territory": "1733230", "limit": "2", "include": "total"})
    assert [row["id"] for row in first.json()["items"]] == made[:2]
    assert first.json()["total"] == 3
    second = caller.get(first.headers["link"].partition(">")[0].removeprefix("<"))
    assert second.status_code == 200, (first.headers["link"], second.text)
    assert [row["id"] for row in second.json()["items"]] == made[2:]
    assert second.json()["next"] is None
    other = caller.get(URL, params={"territory": "1733", "limit": "2", "cursor": first.json()["next"]})
    assert (other.status_code, other.json()["code"]) == (400, "malformed")


@pytest.mark.parametrize("filters", ["kind=club", "territory=99", "on=2019-02-30", "q=", "sort=name", "limit=0", "role=ngo"])
def test_a_filter_that_makes_no_sense_is_refused(callers: Callers, filters: str) -> None:
    answer = callers.ngo().get(f"{URL}?{filters}")
    assert pointers(answer) == [f"/{filters.partition('=')[0]}"]
    assert answer.json()["errors"][0]["place"] == "query"


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"kind": "club"}, "/kind"),
        ({"kind": None}, "/kind"),
        ({"names": {}}, "/names"),
        ({"names": {"en": " "}}, "/names/en"),
        ({"names": {"en": "x" * 301}}, "/names/en"),
        ({"names": {"fr": "Comité"}}, "/names/fr"),
        ({"names": {"en": "two\nlines"}}, "/names/en"),
        ({"names": {"en": "a\u202eb"}}, "/names/en"),
        ({"territory": "1733999"}, "/territory"),
        ({"territory": ""}, "/territory"),
        ({"territory": 1733}, "/territory"),
        ({"contacts": [{}]}, "/contacts/0"),
        ({"contacts": [{"name": "A"}, {"phone": "1" * 41}]}, "/contacts/1/phone"),
        ({"contacts": [{"phone": "71 239\n40 42"}]}, "/contacts/0/phone"),
        ({"contacts": [{"phone": 712394042}]}, "/contacts/0/phone"),
        ({"contacts": [{"emails": ["none"]}]}, "/contacts/0/emails/0"),
        ({"contacts": [{"name": "A", "phone_e164": "+998712394042"}]}, "/contacts/0/phone_e164"),
        ({"contacts": [{"name": "A"}] * 21}, "/contacts"),
        ({"parent_id": str(uuid.UUID(int=5))}, "/parent_id"),
        ({"parent_id": "5"}, "/parent_id"),
        ({"successor_id": str(uuid.UUID(int=5))}, "/successor_id"),
        ({"valid_from": "2020-02-30"}, "/valid_from"),
        ({"valid_from": "2020-02-02", "valid_to": "2020-02-01"}, "/valid_to"),
        ({"valid_to": True}, "/valid_to"),
        ({"search": "x"}, "/search"),
    ],
)
def test_what_is_wrong_is_named_and_nothing_is_stored(callers: Callers, change: dict[str, object], pointer: str) -> None:
    administrator = callers.administrator()
    before = administrator.get(f"{URL}?include=total").json()["total"]
    assert pointers(administrator.post(URL, organization_body(**change))) == [pointer]
    assert administrator.get(f"{URL}?include=total").json()["total"] == before


def test_the_same_create_again_is_the_same_row(callers: Callers) -> None:
    administrator = callers.administrator()
    body = organization_body(id=str(uuid7()))
    first, again = administrator.post(URL, body), administrator.post(URL, body)
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json()
    other = administrator.post(URL, {**body, "territory": "1733"})
    assert (other.status_code, other.json()["code"]) == (409, "id_taken")


def test_the_same_key_answers_the_same(callers: Callers) -> None:
    administrator = callers.administrator()
    first = administrator.post(URL, organization_body(), key="k1")
    again = administrator.post(URL, organization_body(), key="k1")
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json() == again.json()
    assert again.headers["idempotent-replayed"] == "true"
    assert administrator.post(URL, organization_body(territory="1733"), key="k1").json()["code"] == "idempotency_key_reused"


def test_it_is_changed_field_by_field(callers: Callers) -> None:
    administrator = callers.administrator()
    one = make_organization(callers)
    successor = make_organization(callers, names={"ru": "Комитет семьи и женщин"})
    changed = patch(
        administrator, one, {"names": {"ru": "Комитет женщин", "en": None}, "valid_to": "2022-03-01", "successor_id": successor["id"]}
    )
    assert changed.status_code == 200
    assert changed.headers["etag"] == '"2"'
    expected = {
        **one,
        "names": {"uz_latn": None, "uz_cyrl": "Ўзбекистон Хотин-қизлар қўмитаси", "ru": "Комитет женщин", "en": None},
        "valid_to": "2022-03-01",
        "successor_id": successor["id"],
        "version": 2,
        "updated_at": changed.json()["updated_at"],
    }
    assert changed.json() == expected
    found = administrator.get(URL, params={"q": "комитет женщин", "on": "2022-03-01", "sort": "created_at"}).json()["items"]
    assert [row["id"] for row in found] == [one["id"], successor["id"]]
    assert administrator.get(URL, params={"q": "women"}).json()["items"] == []
    emptied = patch(administrator, one, {"valid_to": None, "successor_id": None, "contacts": []})
    assert (emptied.json()["valid_to"], emptied.json()["successor_id"], emptied.json()["contacts"]) == (None, None, [])


def test_new_contacts_have_their_phones_read_again(callers: Callers) -> None:
    one = make_organization(callers)
    changed = patch(callers.administrator(), one, {"contacts": [{"phone": "90 123 45 67"}]})
    assert changed.json()["contacts"] == [
        {"name": None, "post": None, "phone": "90 123 45 67", "phone_e164": "+998901234567", "emails": []}
    ]


@pytest.mark.parametrize("field", ["kind", "names", "territory", "contacts"])
def test_what_is_needed_cannot_be_emptied(callers: Callers, field: str) -> None:
    one = make_organization(callers)
    assert pointers(patch(callers.administrator(), one, {field: None})) == [f"/{field}"]


def test_the_last_name_stays(callers: Callers) -> None:
    one = make_organization(callers, names={"en": "Committee"})
    administrator = callers.administrator()
    assert pointers(patch(administrator, one, {"names": {"en": None}})) == ["/names"]
    assert administrator.get(f"{URL}/{one['id']}").json() == one


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"territory": "1733999"}, "/territory"),
        ({"valid_from": "2021-01-01"}, "/valid_to"),
        ({"parent_id": str(uuid.UUID(int=5))}, "/parent_id"),
        ({"version": 3}, "/version"),
    ],
)
def test_a_change_that_cannot_be_is_refused(callers: Callers, change: dict[str, object], pointer: str) -> None:
    one = make_organization(callers, valid_to="2020-12-31")
    administrator = callers.administrator()
    assert pointers(patch(administrator, one, change)) == [pointer]
    assert administrator.get(f"{URL}/{one['id']}").json() == one


def test_a_change_needs_the_version_that_was_read(callers: Callers) -> None:
    one = make_organization(callers)
    administrator = callers.administrator()
    url = f"{URL}/{one['id']}"
    assert administrator.patch(url, {"territory": "1733"}).status_code == 428
    assert administrator.patch(url, {"territory": "1733"}, version=1).status_code == 200
    assert administrator.patch(url, {"territory": "1718"}, version=1).status_code == 412
    assert administrator.get(url).json()["territory"] == "1733"
    assert administrator.get(url, headers={"If-None-Match": '"2"'}).status_code == 304


def test_an_unknown_organization_is_not_found(callers: Callers) -> None:
    administrator = callers.administrator()
    assert administrator.get(f"{URL}/{uuid7()}").status_code == 404
    assert administrator.patch(f"{URL}/{uuid7()}", {"territory": "1733"}, version=1).status_code == 404
    assert pointers(administrator.get(f"{URL}/5")) == ["/organization_id"]


def test_nobody_is_its_own_successor_or_parent(callers: Callers) -> None:
    administrator = callers.administrator()
    one = make_organization(callers, valid_to="2020-12-31")
    for link in ("successor_id", "parent_id"):
        refused = patch(administrator, one, {link: one["id"]})
        assert pointers(refused) == [f"/{link}"]
        assert refused.json()["errors"][0]["code"] == "circle"
        own = str(uuid7())
        assert pointers(administrator.post(URL, organization_body(id=own, **{link: own}))) == [f"/{link}"]


@pytest.mark.parametrize("link", ["parent_id", "successor_id"])
def test_no_circle_is_closed_however_long(callers: Callers, link: str) -> None:
    administrator = callers.administrator()
    first = make_organization(callers)
    second = make_organization(callers, **{link: first["id"]})
    third = make_organization(callers, **{link: second["id"]})
    for later in (second, third):
        refused = patch(administrator, first, {link: later["id"]})
        assert pointers(refused) == [f"/{link}"]
        assert refused.json()["errors"][0]["code"] == "circle"
    # Two kinds of link do not make a circle between them, and a chain can be taken apart and put together the other way.
    other = {"parent_id": "successor_id", "successor_id": "parent_id"}[link]
    assert patch(administrator, first, {other: third["id"]}).status_code == 200
    assert patch(administrator, second, {link: None}).status_code == 200
    assert patch(administrator, first, {link: third["id"]}).status_code == 200


def test_of_two_who_would_close_a_circle_together_one_is_refused(callers: Callers) -> None:
    administrator = callers.administrator()
    one, other = make_organization(callers), make_organization(callers)

    def put_below(child: dict[str, object], parent: dict[str, object]) -> int:
        return int(administrator.patch(f"{URL}/{child['id']}", {"parent_id": parent["id"]}, version=1).status_code)

    assert sorted(together([lambda: put_below(one, other), lambda: put_below(other, one)])) == [200, 422]


def test_the_kind_is_put_right_only_before_there_is_an_account(callers: Callers) -> None:
    administrator = callers.administrator()
    one = make_organization(callers)
    assert patch(administrator, one, {"kind": "state_partner"}).json()["kind"] == "state_partner"
    callers.make("state_partner", organization_id=one["id"])
    refused = patch(administrator, one, {"kind": "womens_committee"})
    assert (refused.status_code, refused.json()["code"]) == (409, "kind_in_use")
    assert patch(administrator, one, {"kind": "state_partner", "territory": "1733"}).status_code == 200


def test_the_kind_stays_once_there_is_a_script(callers: Callers) -> None:
    administrator = callers.administrator()
    one = make_organization(callers, kind="ngo")
    client = {"name": "Script", "organization_id": one["id"], "territory": "17", "scopes": ["partners:read"]}
    assert administrator.post("/v1/service-clients", client).status_code == 201
    assert patch(administrator, one, {"kind": "state_partner"}).json()["code"] == "kind_in_use"


def test_the_trail_has_the_change_without_the_people(callers: Callers) -> None:
    administrator = callers.administrator()
    one = administrator.post(URL, organization_body()).json()
    patch(administrator, one, {"contacts": [{"phone": "90 123 45 67"}], "territory": "1733"})
    entries = administrator.get(f"/v1/audit-entries?subject={one['id']}").json()["items"]
    assert [entry["action"] for entry in entries] == ["organization.updated", "organization.created"]
    assert entries[0]["changes"] == {"contacts": {"before": "***", "after": "***"}, "territory": {"before": "17", "after": "1733"}}
    assert "Маматюсупов" not in str(entries)


def test_a_list_costs_one_statement(callers: Callers, statements: list[str]) -> None:
    for _ in range(3):
        make_organization(callers)
    caller = callers.state()
    assert caller.get(URL).status_code == 200
    statements.clear()
    assert len(caller.get(URL, params={"q": "қўмита", "kind": "womens_committee", "territory": "17"}).json()["items"]) == 3
    assert len([one for one in statements if "FROM organization" in one]) == 1


def test_every_combination_of_filters_is_answered(callers: Callers) -> None:
    make_organization(callers)
    caller = callers.ngo()
    filters = [("kind", "womens_committee"), ("territory", "17"), ("on", "2020-01-01"), ("q", "women committee of uzbekistan")]
    for chosen in range(2 ** len(filters)):
        params = dict(one for place, one in enumerate(filters) if chosen & 1 << place)
        for sort in ("created_at", "-created_at"):
            answer = caller.get(URL, params={**params, "sort": sort, "include": "total"})
            assert answer.status_code == 200
            assert answer.json()["total"] == len(answer.json()["items"]) >= 1


def test_a_specialist_keeps_its_organization_when_that_ends(callers: Callers) -> None:
    committee = callers.committee()
    made = make_specialist(committee)
    administrator = callers.administrator()
    own = administrator.get(f"{URL}/{committee.organization_id}").json()
    assert patch(administrator, own, {"valid_to": "2020-12-31"}).status_code == 200
    assert administrator.get(f"/v1/specialists/{made['id']}").json()["organization_id"] == committee.organization_id
