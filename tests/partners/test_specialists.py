"""Specialists: every partner reads the directory, each organization keeps its own people."""

import uuid

import pytest

from app.database import uuid7
from tests.callers import Caller, Callers
from tests.client import Client, pointers
from tests.factories.partners import make_specialist, specialist_body

URL = "/v1/specialists"


def surnames(caller: Caller, **filters: str) -> list[str]:
    return [row["surname"] for row in caller.get(URL, params=filters).json()["items"]]


def test_anonymous_gets_nothing(client: Client) -> None:
    for method, url in (("GET", URL), ("POST", URL), ("GET", f"{URL}/{uuid7()}"), ("PATCH", f"{URL}/{uuid7()}")):
        assert client.request(method, url, json=None if method == "GET" else {}).status_code == 401


def test_it_is_made_in_ones_own_organization(callers: Callers) -> None:
    committee = callers.committee()
    made = committee.post(URL, specialist_body())
    assert made.status_code == 201
    assert made.headers["location"] == f"{URL}/{made.json()['id']}"
    assert made.headers["etag"] == '"1"'
    expected = {**specialist_body(), "phone_e164": "+998781409727", "organization_id": committee.organization_id, "active_until": None}
    assert expected.items() <= made.json().items()
    assert made.json()["is_synthetic"] is False
    assert committee.get(made.headers["location"]).json() == made.json()
    assert pointers(committee.post(URL, specialist_body(organization_id=committee.organization_id))) == ["/organization_id"]


@pytest.mark.parametrize(
    ("role", "duty", "status"),
    [
        ("ngo", "manager", 201),
        ("ngo", "specialist", 201),
        ("ngo", "viewer", 403),
        ("committee", "manager", 201),
        ("committee", "specialist", 403),
        ("committee", "viewer", 403),
        ("state", "manager", 201),
        ("state", "specialist", 403),
        ("state", "viewer", 403),
    ],
)
def test_who_keeps_specialists(callers: Callers, role: str, duty: str, status: int) -> None:
    caller = getattr(callers, role)(duty=duty)
    assert caller.post(URL, specialist_body()).status_code == status
    own = make_specialist(callers.make(caller.account.role, organization_id=caller.organization_id))
    changed = caller.patch(f"{URL}/{own['id']}", {"post": "Психолог"}, version=1)
    assert changed.status_code == (200 if status == 201 else 403)
    if status == 403:
        assert changed.json()["code"] == "forbidden"


@pytest.mark.parametrize("role", ["ngo", "committee", "state", "administrator"])
def test_others_read_it_and_cannot_change_it(callers: Callers, role: str) -> None:
    one = make_specialist(callers.committee())
    other = getattr(callers, role)()
    url = f"{URL}/{one['id']}"
    assert other.get(url).json() == one
    assert one["id"] in [row["id"] for row in other.get(URL).json()["items"]]
    refused = other.patch(url, {"post": "Психолог"}, version=1)
    assert (refused.status_code, refused.json()["code"]) == (403, "out_of_scope")
    assert other.get(url).json() == one


@pytest.mark.parametrize(
    "q", ["Қодирова", "qodirova", "Kodirova", "Кодирова", "гулчехра", "Gulchehra Qodirova", "oʻktamovna", "uktamovna qod"]
)
def test_it_is_found_in_any_script(callers: Callers, q: str) -> None:
    ngo = callers.ngo()
    make_specialist(ngo)
    make_specialist(ngo, surname="Xolmatov", given_name="Jasur", patronymic=None)
    found = surnames(callers.state(), q=q)
    assert found == ["Қодирова"]


def test_what_it_is_not_called_does_not_find_it(callers: Callers) -> None:
    ngo = callers.ngo()
    make_specialist(ngo)
    for q in ("Ижтимоий", "sos.example", "781409727", "%", "___"):
        assert surnames(ngo, q=q) == []


def test_it_is_found_by_organization_place_and_day(callers: Callers) -> None:
    ngo, committee = callers.ngo(), callers.committee()
    make_specialist(ngo, surname="Akbarova", territory="1733230", active_until="2020-03-31")
    make_specialist(ngo, surname="Boboyev", territory="1718")
    make_specialist(committee, surname="Davlatova", territory="1733")
    state = callers.state("1718")
    assert surnames(state) == ["Akbarova", "Boboyev", "Davlatova"]
    assert surnames(state, sort="-surname") == ["Davlatova", "Boboyev", "Akbarova"]
    assert surnames(state, sort="-created_at") == ["Davlatova", "Boboyev", "Akbarova"]
    assert surnames(state, organization_id=ngo.organization_id) == ["Akbarova", "Boboyev"]
    assert surnames(state, organization_id=str(uuid7())) == []
    assert surnames(state, territory="1733") == ["Akbarova", "Davlatova"]
    assert surnames(state, territory="1733230") == ["Akbarova"]
    assert surnames(state, on="2020-03-31") == ["Akbarova", "Boboyev", "Davlatova"]
    assert surnames(state, on="2020-04-01") == ["Boboyev", "Davlatova"]
    assert surnames(state, organization_id=ngo.organization_id, territory="17", on="2020-04-01", q="boboev") == ["Boboyev"]


def test_the_directory_comes_in_pages_by_surname(callers: Callers) -> None:
    ngo = callers.ngo()
    for surname in ("Davlatova", "Akbarova", "Boboyev", "Boboyev"):
        make_specialist(ngo, surname=surname)
    for sort, expected in (
        ("surname", ["Akbarova", "Boboyev", "Boboyev", "Davlatova"]),
        ("-surname", ["Davlatova", "Boboyev", "Boboyev", "Akbarova"]),
    ):
        found, url, seen = [], f"{URL}?limit=1&sort={sort}", set()
        while url:
            page = ngo.get(url)
            found += [row["surname"] for row in page.json()["items"]]
            seen |= {row["id"] for row in page.json()["items"]}
            url = page.headers.get("link", "").partition(">")[0].removeprefix("<")
        assert found == expected
        assert len(seen) == 4


@pytest.mark.parametrize("filters", ["organization_id=5", "territory=99", "on=yesterday", "q=", "sort=post", "surname=A"])
def test_a_filter_that_makes_no_sense_is_refused(callers: Callers, filters: str) -> None:
    assert pointers(callers.ngo().get(f"{URL}?{filters}")) == [f"/{filters.partition('=')[0]}"]


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"surname": None}, "/surname"),
        ({"surname": ""}, "/surname"),
        ({"surname": "x" * 81}, "/surname"),
        ({"given_name": 5}, "/given_name"),
        ({"patronymic": "two\nlines"}, "/patronymic"),
        ({"surname": "a\u202eb"}, "/surname"),
        ({"post": "x" * 201}, "/post"),
        ({"territory": "1733999"}, "/territory"),
        ({"territory": None}, "/territory"),
        ({"phone": "1" * 41}, "/phone"),
        ({"phone": ""}, "/phone"),
        ({"email": "none"}, "/email"),
        ({"active_until": "2020-13-01"}, "/active_until"),
        ({"phone_e164": "+998712394042"}, "/phone_e164"),
        ({"is_synthetic": True}, "/is_synthetic"),
        ({"account_id": str(uuid.UUID(int=5))}, "/account_id"),
    ],
)
def test_what_is_wrong_is_named_and_nothing_is_stored(callers: Callers, change: dict[str, object], pointer: str) -> None:
    ngo = callers.ngo()
    assert pointers(ngo.post(URL, specialist_body(**change))) == [pointer]
    assert surnames(ngo) == []
    one = make_specialist(ngo)
    assert pointers(ngo.patch(f"{URL}/{one['id']}", change, version=1)) == [pointer]
    assert ngo.get(f"{URL}/{one['id']}").json() == one


def test_a_field_that_is_needed_is_named(callers: Callers) -> None:
    assert pointers(callers.ngo().post(URL, {})) == ["/surname", "/given_name", "/territory"]


@pytest.mark.parametrize(("written", "form"), [("(+71) 239-40-42", "+998712394042"), ("ички 105", None), ("239-40-42", None)])
def test_a_phone_is_kept_as_written_whether_it_can_be_read_or_not(callers: Callers, written: str, form: str | None) -> None:
    made = make_specialist(callers.ngo(), phone=written)
    assert (made["phone"], made["phone_e164"]) == (written, form)


def test_it_is_changed_field_by_field(callers: Callers) -> None:
    ngo = callers.ngo()
    one = make_specialist(ngo)
    url = f"{URL}/{one['id']}"
    changed = ngo.patch(url, {"surname": "Юсупова", "phone": "90 123 45 67", "active_until": "2020-06-30"}, version=1)
    assert changed.status_code == 200
    expected = {"surname": "Юсупова", "phone": "90 123 45 67", "phone_e164": "+998901234567", "active_until": "2020-06-30", "version": 2}
    assert changed.json() == {**one, **expected, "updated_at": changed.json()["updated_at"]}
    assert surnames(ngo, q="yusupova gulchehra") == ["Юсупова"]
    assert surnames(ngo, q="qodirova") == []
    emptied = ngo.patch(url, {"patronymic": None, "post": None, "phone": None, "email": None, "active_until": None}, version=2)
    assert {name: emptied.json()[name] for name in ("patronymic", "post", "phone", "phone_e164", "email", "active_until")} == dict.fromkeys(
        ("patronymic", "post", "phone", "phone_e164", "email", "active_until")
    )
    assert surnames(ngo, q="oʻktamovna") == []


def test_a_change_of_nothing_leaves_the_version(callers: Callers) -> None:
    ngo = callers.ngo()
    one = make_specialist(ngo)
    assert ngo.patch(f"{URL}/{one['id']}", {}, version=1).json() == one
    assert ngo.patch(f"{URL}/{one['id']}", {"surname": one["surname"]}, version=1).json() == one


def test_a_change_needs_the_version_that_was_read(callers: Callers) -> None:
    ngo = callers.ngo()
    url = f"{URL}/{make_specialist(ngo)['id']}"
    assert ngo.patch(url, {"post": "Психолог"}).status_code == 428
    assert ngo.patch(url, {"post": "Психолог"}, version=1).status_code == 200
    assert ngo.patch(url, {"post": "Шифокор"}, version=1).status_code == 412
    assert ngo.get(url).json()["post"] == "Психолог"
    assert ngo.get(url, headers={"If-None-Match": '"2"'}).status_code == 304


def test_an_unknown_specialist_is_not_found(callers: Callers) -> None:
    ngo = callers.ngo()
    assert ngo.get(f"{URL}/{uuid7()}").status_code == 404
    assert ngo.patch(f"{URL}/{uuid7()}", {"post": "Психолог"}, version=1).status_code == 404


def test_the_same_create_again_is_the_same_row(callers: Callers) -> None:
    ngo = callers.ngo()
    body = specialist_body(id=str(uuid7()))
    first, again = ngo.post(URL, body), ngo.post(URL, body)
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json()
    other = ngo.post(URL, {**body, "post": "Психолог"})
    assert (other.status_code, other.json()["code"]) == (409, "id_taken")
    assert surnames(ngo) == ["Қодирова"]


def test_an_equal_body_of_another_organization_is_not_the_same_create(callers: Callers) -> None:
    body = specialist_body(id=str(uuid7()))
    assert callers.ngo().post(URL, body).status_code == 201
    refused = callers.committee().post(URL, body)
    assert (refused.status_code, refused.json()["code"]) == (409, "id_taken")


def test_the_same_key_answers_the_same(callers: Callers) -> None:
    ngo = callers.ngo()
    first, again = (ngo.post(URL, specialist_body(), key="k1") for _ in range(2))
    assert first.json() == again.json()
    assert again.headers["idempotent-replayed"] == "true"
    assert surnames(ngo) == ["Қодирова"]
    assert ngo.post(URL, specialist_body(post="Психолог"), key="k1").json()["code"] == "idempotency_key_reused"


def test_a_long_name_of_foreign_letters_is_stored_and_found(callers: Callers) -> None:
    ngo = callers.ngo()
    name = "漢" * 80
    one = make_specialist(ngo, surname=name, given_name=name, patronymic=name)
    assert ngo.get(f"{URL}/{one['id']}").json()["patronymic"] == name
    assert surnames(ngo, q="漢漢") == [name]


def test_the_trail_has_the_change_without_the_person(callers: Callers) -> None:
    ngo = callers.ngo()
    one = make_specialist(ngo)
    ngo.patch(f"{URL}/{one['id']}", {"surname": "Юсупова", "phone": None, "post": "Психолог"}, version=1)
    entries = ngo.get(f"/v1/audit-entries?subject={one['id']}").json()["items"]
    assert [entry["action"] for entry in entries] == ["specialist.updated", "specialist.created"]
    assert entries[0]["changes"]["post"] == {"before": "Ижтимоий ходим", "after": "Психолог"}
    assert entries[0]["changes"]["surname"] == {"before": "***", "after": "***"}
    for written in ("Қодирова", "Юсупова", "qodirova", "yusupova", "140-97-27", "781409727", "g.qodirova"):
        assert written not in str(entries)


def test_a_list_costs_one_statement(callers: Callers, statements: list[str]) -> None:
    ngo = callers.ngo()
    for _ in range(3):
        make_specialist(ngo)
    assert ngo.get(URL).status_code == 200
    statements.clear()
    assert len(surnames(ngo, q="qodirova", territory="1733")) == 3
    assert len([one for one in statements if "FROM specialist" in one]) == 1


@pytest.mark.parametrize("name", ["---", "123", "...", "Кари\u00adмова", "Karimova\u200d"])
def test_a_name_is_one(callers: Callers, name: str) -> None:
    """The one rule of people's names: a letter, and nothing that cannot be seen."""
    ngo = callers.ngo()
    for field in ("surname", "given_name", "patronymic"):
        assert pointers(ngo.post(URL, specialist_body(**{field: name}))) == [f"/{field}"]
    made = make_specialist(ngo)
    assert pointers(ngo.patch(f"{URL}/{made['id']}", {"surname": name}, version=1)) == ["/surname"]
    assert ngo.patch(f"{URL}/{made['id']}", {"surname": "О-ʻ"}, version=1).status_code == 200
