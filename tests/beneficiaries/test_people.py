"""Registering people and correcting what is known of them."""

import uuid
from datetime import date, timedelta

import pytest
import sqlalchemy as sa

from app.audit.models import AuditEntry
from app.beneficiaries.models import full_years
from app.database import Database
from app.days import today
from tests.callers import Callers
from tests.client import Client, pointers
from tests.factories.beneficiaries import SHOVOT, URGANCH, beneficiary_body, make_beneficiary

URL = "/v1/beneficiaries"
TODAY = today()
KEYS = ("strict_key", "loose_key", "skeleton_key", "search", "name_latin", "name_cyrillic", "origin")


def test_anonymous_gets_nowhere(client: Client) -> None:
    one = f"{URL}/{uuid.uuid4()}"
    assert client.get(URL).status_code == 401
    assert client.get(one).status_code == 401
    assert client.post(URL, json=beneficiary_body()).status_code == 401
    assert client.patch(one, json={}).status_code == 401


def test_who_has_no_permission_is_refused(callers: Callers) -> None:
    person = make_beneficiary(callers.ngo("1733"))
    state = callers.state("1733")
    assert state.get(URL).json()["items"] == []
    assert state.get(f"{URL}/{person['id']}").status_code == 404
    assert state.post(URL, beneficiary_body()).status_code == 403
    viewer = callers.ngo("1733", duty="viewer")
    assert viewer.get(URL).status_code == 200
    assert viewer.post(URL, beneficiary_body()).status_code == 403
    assert viewer.patch(f"{URL}/{person['id']}", {}, version=1).status_code == 403


def test_a_person_is_registered_and_read(callers: Callers) -> None:
    ngo = callers.ngo("1733")
    made = ngo.post(URL, beneficiary_body(phone="90 123-45-67", note="Keladi"))
    assert made.status_code == 201
    person = made.json()
    assert made.headers["location"] == f"{URL}/{person['id']}"
    assert made.headers["etag"] == '"1"'
    assert made.headers["cache-control"] == "no-store"
    assert person["names"] == {"latin": "Yoʻldosheva Dilnoza Karim qizi", "cyrillic": "Йўлдошева Дилноза Карим қизи"}
    assert (person["surname"], person["given_name"], person["patronymic"]) == ("Йўлдошева", "Дилноза", "Карим қизи")
    assert (person["phone"], person["phone_e164"]) == ("90 123-45-67", "+998901234567")
    assert (person["organization_id"], person["territory"]) == (ngo.organization_id, SHOVOT)
    assert person["age"] == full_years(date(2012, 5, 17), "day", TODAY)
    assert not person["is_synthetic"]
    assert not set(KEYS) & person.keys()
    read = ngo.get(f"{URL}/{person['id']}")
    assert person.pop("possible_duplicates") == []
    assert read.json() == person
    assert read.headers["etag"] == '"1"'
    # The age changes on a birthday, without a new version.
    assert ngo.get(f"{URL}/{person['id']}", headers={"If-None-Match": '"1"'}).json() == person
    assert ngo.get(URL).json()["items"] == [person]


@pytest.mark.parametrize(
    ("born", "precision", "until", "years"),
    [
        ((2012, 5, 17), "day", (2022, 5, 16), 9),
        ((2012, 5, 17), "day", (2022, 5, 17), 10),
        ((2012, 2, 29), "day", (2021, 2, 28), 8),
        ((2012, 2, 29), "day", (2021, 3, 1), 9),
        ((2012, 6, 1), "month", (2022, 6, 29), 9),
        ((2012, 6, 1), "month", (2022, 6, 30), 10),
        ((2012, 1, 1), "year", (2022, 12, 30), 9),
        ((2012, 1, 1), "year", (2022, 12, 31), 10),
        ((2022, 1, 1), "year", (2022, 3, 1), 0),
    ],
)
def test_age_is_the_least_it_can_be(born: tuple[int, ...], precision: str, until: tuple[int, ...], years: int) -> None:
    assert full_years(date(*born), precision, date(*until)) == years


def test_age_ends_with_death(callers: Callers) -> None:
    person = make_beneficiary(callers.ngo(), birth_date="1940-01-01", birth_precision="year", deceased_on="2001-06-01")
    assert person["age"] == 60


@pytest.mark.parametrize(
    ("changed", "pointer"),
    [
        ({"birth_date": (TODAY + timedelta(days=2)).isoformat()}, "/birth_date"),
        ({"birth_date": "1899-12-31"}, "/birth_date"),
        ({"birth_date": "2012-02-30"}, "/birth_date"),
        ({"birth_date": "2012-W10-1"}, "/birth_date"),
        ({"birth_date": 0}, "/birth_date"),
        ({"birth_date": True}, "/birth_date"),
        ({"birth_date": None}, "/birth_date"),
        ({"birth_date": "2012-05-17", "birth_precision": "month"}, "/birth_date"),
        ({"birth_date": "2012-05-01", "birth_precision": "year"}, "/birth_date"),
        ({"birth_precision": "hour"}, "/birth_precision"),
        ({"deceased_on": "2012-05-16"}, "/deceased_on"),
        ({"deceased_on": (TODAY + timedelta(days=2)).isoformat()}, "/deceased_on"),
        ({"sex": "f"}, "/sex"),
        ({"surname": ""}, "/surname"),
        ({"surname": "  "}, "/surname"),
        ({"surname": "--"}, "/surname"),
        ({"surname": "a" * 81}, "/surname"),
        ({"surname": "Ali\nyev"}, "/surname"),
        ({"surname": ["Aliyev"]}, "/surname"),
        ({"given_name": "\u202eazonliD"}, "/given_name"),
        ({"given_name": "Dil\x00noza"}, "/given_name"),
        ({"phone": "9" * 41}, "/phone"),
        ({"territory": "1733999"}, "/territory"),
        ({"territory": "1733230-0099"}, "/territory"),
        ({"territory": "1733"}, "/territory"),
        ({"territory": "33"}, "/territory"),
        ({"organization_id": str(uuid.uuid4())}, "/organization_id"),
        ({"is_synthetic": True}, "/is_synthetic"),
        ({"id": "1"}, "/id"),
    ],
)
def test_what_is_wrong_is_named_and_nothing_is_stored(callers: Callers, changed: dict[str, object], pointer: str) -> None:
    ngo = callers.ngo()
    assert pointers(ngo.post(URL, beneficiary_body(**changed))) == [pointer]
    assert ngo.get(URL).json()["items"] == []


def test_all_faults_are_told_at_once_without_the_values(callers: Callers) -> None:
    refused = callers.ngo().post(URL, beneficiary_body(sex="SECRET", birth_date="SECRET", surname="SECRET" * 20))
    assert pointers(refused) == ["/surname", "/sex", "/birth_date"]
    assert "SECRET" not in refused.text


def test_a_body_that_is_no_proper_json_is_refused(callers: Callers) -> None:
    ngo, kind = callers.ngo(), {"Content-Type": "application/json"}
    text = '{"surname": "A", "given_name": "B", "sex": "male", "birth_date": "2012-05-17", "territory": "1733230"'
    assert ngo.post(URL, content=(text + ', "surname": "C"}').encode(), headers=kind).json()["code"] == "malformed"
    assert ngo.post(URL, content=text.encode(), headers=kind).status_code == 400
    assert ngo.post(URL, {f"k{n}": 0 for n in range(1001)}).status_code == 400
    assert ngo.post(URL, content=b"[]", headers=kind).status_code in (415, 422)
    assert ngo.post(URL, content=b"surname=A", headers={"Content-Type": "application/x-www-form-urlencoded"}).status_code == 415
    assert ngo.post(URL, content=b'{"surname": "' + b"a" * 1_100_000 + b'"}', headers=kind).status_code == 413
    assert ngo.get(URL).json()["items"] == []


@pytest.mark.parametrize("part", ["щ" * 80, "王" * 80, "𐌰" * 80], ids=["cyrillic", "chinese", "gothic"])
def test_the_longest_names_fit(callers: Callers, part: str) -> None:
    ngo = callers.ngo()
    person = make_beneficiary(ngo, surname=part, given_name=part, patronymic=part)
    assert ngo.get(f"{URL}/{person['id']}").json()["surname"] == part
    assert [one["id"] for one in ngo.get(URL, params={"q": part[:10]}).json()["items"]] == [person["id"]]
    # The cursor of a list by name holds the key, so it must fit as well.
    make_beneficiary(ngo, surname=part, given_name=part, patronymic=part)
    first = ngo.get(URL, params={"sort": "name", "limit": 1}).json()
    second = ngo.get(URL, params={"sort": "name", "limit": 1, "cursor": first["next"]})
    assert second.status_code == 200, second.text
    assert second.json()["items"][0]["id"] != first["items"][0]["id"]


def test_a_key_replays_the_first_answer(callers: Callers) -> None:
    ngo = callers.ngo()
    first = ngo.post(URL, beneficiary_body(), key="one")
    again = ngo.post(URL, beneficiary_body(), key="one")
    assert (again.status_code, again.json(), again.headers["etag"]) == (201, first.json(), '"1"')
    assert again.headers["idempotent-replayed"] == "true"
    assert ngo.post(URL, beneficiary_body(sex="male"), key="one").json()["code"] == "idempotency_key_reused"
    # A refusal is not kept, so its key is free.
    assert ngo.post(URL, beneficiary_body(territory="1733999"), key="two").status_code == 422
    assert ngo.post(URL, beneficiary_body(), key="two").status_code == 201
    assert len(ngo.get(URL).json()["items"]) == 2


def test_an_id_of_ones_own_can_be_sent_again(callers: Callers) -> None:
    ngo, chosen = callers.ngo(), str(uuid.uuid4())
    made = ngo.post(URL, beneficiary_body(id=chosen))
    assert (made.status_code, made.json()["id"]) == (201, chosen)
    again = ngo.post(URL, beneficiary_body(id=chosen))
    assert (again.status_code, again.json()) == (200, made.json())
    assert ngo.post(URL, beneficiary_body(id=chosen, sex="male")).json()["code"] == "id_taken"
    stranger = callers.ngo().post(URL, beneficiary_body(id=chosen))
    assert (stranger.status_code, stranger.json()["code"]) == (409, "id_taken")


def test_a_person_is_corrected_with_its_version(callers: Callers) -> None:
    ngo = callers.ngo("1733")
    person = make_beneficiary(ngo, phone="90 123-45-67")
    url = f"{URL}/{person['id']}"
    assert ngo.patch(url, {"sex": "male"}).status_code == 428
    assert ngo.request("PATCH", url, json={"sex": "male"}, headers={"If-Match": "1"}).status_code == 400
    changed = ngo.patch(url, {"surname": "Qodirova", "patronymic": None, "phone": None, "territory": URGANCH}, version=1)
    assert (changed.status_code, changed.headers["etag"]) == (200, '"2"')
    body = changed.json()
    assert body["names"] == {"latin": "Qodirova Dilnoza", "cyrillic": "Қодирова Дилноза"}
    assert (body["patronymic"], body["phone"], body["phone_e164"], body["territory"]) == (None, None, None, URGANCH)
    assert body["updated_at"] > person["updated_at"]
    assert body.pop("possible_duplicates") == []
    assert ngo.get(url).json() == body
    assert ngo.patch(url, {"sex": "male"}, version=1).status_code == 412
    assert ngo.get(URL, params={"q": "Кодирова"}).json()["items"] == [body]
    assert ngo.get(URL, params={"q": "Йўлдошева"}).json()["items"] == []


@pytest.mark.parametrize(
    ("changed", "pointer"),
    [
        ({"surname": None}, "/surname"),
        ({"sex": None}, "/sex"),
        ({"birth_date": None}, "/birth_date"),
        ({"birth_precision": None}, "/birth_precision"),
        ({"territory": None}, "/territory"),
        ({"territory": "1733999"}, "/territory"),
        ({"birth_precision": "month"}, "/birth_date"),
        ({"deceased_on": "2012-05-16"}, "/deceased_on"),
        ({"age": 7}, "/age"),
        ({"version": 1}, "/version"),
    ],
)
def test_a_wrong_correction_changes_nothing(callers: Callers, changed: dict[str, object], pointer: str) -> None:
    ngo = callers.ngo("1733")
    person = make_beneficiary(ngo)
    assert pointers(ngo.patch(f"{URL}/{person['id']}", changed, version=1)) == [pointer]
    assert ngo.get(f"{URL}/{person['id']}").json() == person


def test_the_trail_holds_no_personal_data(callers: Callers, db: Database) -> None:
    ngo = callers.ngo("1733")
    person = make_beneficiary(ngo, phone="90 123-45-67", note="Maxfiy")
    ngo.patch(f"{URL}/{person['id']}", {"surname": "Rahimova", "territory": URGANCH}, version=1)
    with db.engine.connect() as connection:
        entries = connection.execute(
            sa.select(AuditEntry.action, AuditEntry.changes).where(AuditEntry.subject_id == uuid.UUID(person["id"]))
        ).all()
    found = {entry.action: entry.changes for entry in entries}
    # Who manages in another region reads the trail too.
    assert found["beneficiary.updated"]["territory"] == {"before": "***", "after": "***"}
    assert found["beneficiary.updated"]["surname"] == {"before": "***", "after": "***"}
    for secret in ("female", SHOVOT, URGANCH, "Йўлдошева", "oldosheva", "Rahimova", "Рахимова", "2012-05-17", "901234567", "Maxfiy"):
        assert secret.lower() not in str(found).lower()


def test_what_is_asked_of_the_database(callers: Callers, statements: list[str]) -> None:
    """The hot paths: one statement a read; a create with a key claims, inserts, checks, audits and records."""
    ngo = callers.ngo("1733")
    person = make_beneficiary(ngo)

    def asked() -> list[str]:
        # Who is still logged in is asked every few seconds, whoever comes by; views are written by a thread of their own.
        passing = ("BEGIN", "INSERT INTO access_entry")
        found = [one for one in statements if not one.startswith(passing) and "generation_at" not in one and "login_session" not in one]
        statements.clear()
        return found

    asked()
    assert ngo.get(f"{URL}/{person['id']}").status_code == 200
    assert len(asked()) == 1
    assert ngo.get(URL).status_code == 200
    assert len(asked()) == 1
    assert ngo.get(URL, params={"q": "dilnoza yoldosheva", "territory": "1733", "sort": "name"}).status_code == 200
    assert len(asked()) == 1
    assert ngo.post(URL, beneficiary_body(phone="90 123-45-67", birth_date="1999-01-02"), key="one").status_code == 201
    verbs = [" ".join(one.split()[:3]) for one in asked()]
    assert verbs[0:2] == ["INSERT INTO idempotency", "INSERT INTO beneficiary"]
    assert verbs[2].startswith("SELECT count")
    assert verbs[3] == "INSERT INTO audit_entry"
    assert verbs[4].startswith("SELECT near.id"), "who may be the same"
    assert verbs[5:] == ["UPDATE idempotency SET"]
