"""Reading certificates: who sees which, by what they are found, and how they are printed."""

import io
import uuid
import zipfile
from typing import Any

import pytest
import sqlalchemy as sa
from pypdf import PdfReader

from app.access.actor import visiting
from app.access.transaction import as_system, begin
from app.audit.models import AccessEntry
from app.audit.views import views
from app.certificates import pdf, sheets
from app.database import Database
from tests.callers import Caller, Callers
from tests.client import Client
from tests.factories.certificates import HULKAR, co_host, issue, make_certificate, make_course, mistyped, names, revoke, supersede

URL = "/v1/certificates"
NOBODY = uuid.UUID(int=0)


def ids(caller: Caller, **filters: str) -> list[str]:
    found = caller.get(URL, params=filters)
    assert found.status_code == 200, found.text
    return [one["id"] for one in found.json()["items"]]


def text_of(content: bytes) -> str:
    return " ".join(PdfReader(io.BytesIO(content)).pages[0].extract_text().split())


# --- who sees which ---------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("url", [URL, f"{URL}/{NOBODY}", f"{URL}/{NOBODY}.pdf", f"/v1/trainings/{NOBODY}/certificates.zip"])
def test_anonymous_reads_nothing(client: Client, url: str) -> None:
    assert client.get(url).status_code == 401


def sees(caller: Caller, certificate: dict[str, Any]) -> bool:
    """Whether the list, the row and the print say the same: all there, or nothing."""
    told = {
        certificate["id"] in ids(caller),
        caller.get(f"{URL}/{certificate['id']}").status_code == 200,
        caller.get(f"{URL}/{certificate['id']}.pdf").status_code == 200,
    }
    assert len(told) == 1
    return told.pop()


def test_each_sees_the_certificates_that_are_its_own(callers: Callers) -> None:
    ngo, host, state = callers.ngo(), callers.committee(), callers.state()
    course = make_course(ngo, HULKAR)
    co_host(course, host)
    of_parent = ngo.get(f"{URL}/{issue(ngo, course)[0]['certificate_id']}").json()
    of_specialist = make_certificate(ngo, ("Qodirova", "Gulchehra", None), specialists_of=uuid.UUID(state.organization_id))
    seen = {
        "ngo": ngo,
        "ngo_viewer": callers.ngo("1733", duty="viewer", organization_id=ngo.organization_id),
        "ngo_elsewhere": callers.ngo("1718", organization_id=ngo.organization_id),
        "other_ngo": callers.ngo(),
        "co_host": host,
        "committee": callers.committee(),
        "state": state,
        "other_state": callers.state(),
    }
    assert {name for name, caller in seen.items() if sees(caller, of_parent)} == {"ngo", "ngo_viewer", "co_host"}
    assert {name for name, caller in seen.items() if sees(caller, of_specialist)} == {"ngo", "ngo_viewer", "state"}


def test_what_is_not_there_is_not_found(callers: Callers) -> None:
    ngo = callers.ngo()
    for ending in ("", ".pdf"):
        assert ngo.get(f"{URL}/{NOBODY}{ending}").json()["code"] == "not_found"
        assert ngo.get(f"{URL}/nonsense{ending}").status_code == 422


def looks(caller: Caller) -> set[tuple[str, str, str, int]]:
    """(what was looked at, its id, through what, how often), as far as it is written down of a caller."""
    views.flush()
    with begin(as_system("test")) as db:
        mine = sa.select(AccessEntry).where(AccessEntry.actor_id == caller.account.id)
        return {(one.subject_type, str(one.subject_id), one.through, one.times) for one in db.execute(mine).scalars()}


@pytest.mark.parametrize(
    ("ending", "through"), [("/{id}", "get_certificate"), ("/{id}.pdf", "get_certificate_pdf"), ("", "list_certificates")]
)
def test_a_look_at_a_certificate_is_written_down(callers: Callers, ending: str, through: str) -> None:
    """Also where the reader may not see the holder's own row: the name stands on the certificate."""
    ngo, host = callers.ngo(), callers.committee()
    course = make_course(ngo, HULKAR)
    co_host(course, host)
    certificate = issue(ngo, course)[0]["certificate_id"]
    assert host.get(f"/v1/beneficiaries/{course.persons[0]}").status_code == 404
    assert host.get(URL + ending.format(id=certificate)).status_code == 200
    assert looks(host) == {("certificate", certificate, through, 1)}


def test_an_archive_is_a_look_at_each_of_its_certificates(callers: Callers) -> None:
    ngo = callers.ngo()
    course, reader = make_course(ngo, *names(3)), callers.ngo(organization_id=ngo.organization_id)
    issued = {one["certificate_id"] for one in issue(ngo, course)}
    assert reader.get(f"{course.url}.zip").status_code == 200
    assert looks(reader) == {("certificate", one, "get_training_certificates_zip", 1) for one in issued}


# --- finding ----------------------------------------------------------------------------------------------------------------
def test_found_by_activity_holder_and_state(callers: Callers) -> None:
    ngo, state = callers.ngo(), callers.state()
    one, two = make_certificate(ngo), revoke(ngo, make_certificate(ngo))
    three = make_certificate(ngo, ("Qodirova", "Gulchehra", None), specialists_of=uuid.UUID(state.organization_id))
    assert ids(ngo) == [three["id"], two["id"], one["id"]]
    assert ids(ngo, sort="created_at") == [one["id"], two["id"], three["id"]]
    assert ids(ngo, roster_id=two["roster_id"]) == [two["id"]]
    assert ids(ngo, beneficiary_id=one["beneficiary_id"]) == [one["id"]]
    assert ids(ngo, specialist_id=three["specialist_id"]) == [three["id"]]
    assert ids(ngo, status="revoked") == [two["id"]]
    assert ids(ngo, status="valid", sort="created_at") == [one["id"], three["id"]]
    assert ids(ngo, updated_since=two["updated_at"], status="revoked") == [two["id"]]
    assert ids(ngo, updated_since="2999-01-01T00:00:00Z") == []
    assert ids(ngo, issued_from=one["issued_on"], issued_until=one["issued_on"], limit="1") == [three["id"]]
    assert ids(ngo, issued_until="2001-01-01") == ids(ngo, issued_from="2999-01-01") == []


def test_found_by_the_training(callers: Callers) -> None:
    ngo = callers.ngo()
    one, two = make_course(ngo, *names(2)), make_course(ngo, HULKAR)
    of_one, of_two = ({outcome["certificate_id"] for outcome in issue(ngo, course)} for course in (one, two))
    assert set(ids(ngo, training_id=one.id)) == of_one
    assert set(ids(ngo, training_id=two.id)) == of_two
    assert set(ids(ngo, training_id=one.id, roster_id=one.roster_id, status="valid")) == of_one
    assert ids(ngo, training_id=one.id, roster_id=two.roster_id) == ids(ngo, training_id=str(NOBODY)) == []
    page = ngo.get(URL, params={"training_id": one.id, "limit": "1", "include": "total"}).json()
    assert page["total"] == 2
    rest = ids(ngo, training_id=one.id, limit="1", cursor=page["next"])
    assert {page["items"][0]["id"], *rest} == of_one
    other = ngo.get(URL, params={"training_id": two.id, "limit": "1", "cursor": page["next"]})
    assert (other.status_code, other.json()["code"]) == (400, "malformed")
    assert ids(callers.ngo(), training_id=one.id) == []


def test_those_of_a_training_are_read_off_its_index(callers: Callers, db: Database) -> None:
    ngo = callers.ngo()
    course = make_course(ngo, *names(3))
    issue(ngo, course)
    make_certificate(ngo)
    found: list[tuple[str, Any]] = []

    def note(_connection: object, _cursor: object, statement: str, parameters: Any, *_: object) -> None:
        if "FROM certificate" in statement:
            found.append((statement, parameters))

    sa.event.listen(db.engine, "before_cursor_execute", note)
    assert len(ids(ngo, training_id=course.id)) == 3
    sa.event.remove(db.engine, "before_cursor_execute", note)
    ((statement, parameters),) = found
    with db.engine.connect() as connection:
        if not db.is_sqlite:
            # A table of four rows is read as a whole unless that is dear.
            connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
        explain = "EXPLAIN QUERY PLAN " if db.is_sqlite else "EXPLAIN "
        plan = " ".join(str(row) for row in connection.exec_driver_sql(explain + statement, parameters).all())
    assert "ix_certificate_roster_id" in plan, plan
    assert "sort" not in plan.lower(), plan
    assert "B-TREE" not in plan, plan


def test_found_by_the_number_in_any_form(callers: Callers) -> None:
    ngo = callers.ngo()
    wanted, _other = make_certificate(ngo), make_certificate(ngo)
    number = wanted["number"]
    for typed in (
        number,
        number.lower(),
        number.replace("-", ""),
        f"№ {number.replace('-', ' ')}",
        number.replace("0", "О").replace("1", "l"),
    ):
        assert ids(ngo, number=typed) == [wanted["id"]], typed


@pytest.mark.parametrize("typed", ["12345", "0000-0000-0001", "' OR 1=1 --", "<script>"])
def test_a_mistyped_number_is_named(callers: Callers, typed: str) -> None:
    refused = callers.ngo().get(URL, params={"number": typed})
    assert refused.status_code == 422
    assert [(fault["place"], fault["pointer"], fault["code"]) for fault in refused.json()["errors"]] == [("query", "/number", "mistyped")]
    assert typed not in refused.text


@pytest.mark.parametrize(
    ("query", "pointer"),
    [
        ("status=gone", "/status"),
        ("issued_from=0", "/issued_from"),
        ("roster_id=7", "/roster_id"),
        ("training_id=7", "/training_id"),
        ("title=x", "/title"),
        ("number=", "/number"),
    ],
)
def test_wrong_filters_are_named(callers: Callers, query: str, pointer: str) -> None:
    refused = callers.ngo().get(f"{URL}?{query}")
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["pointer"] == pointer


def test_pages_hold_all_once(callers: Callers) -> None:
    ngo = callers.ngo()
    issue(ngo, make_course(ngo, *names(7)))
    found, cursor = [], {}
    while True:
        page = ngo.get(URL, params={"limit": "3", **cursor}).json()
        found += [one["id"] for one in page["items"]]
        if not page["next"]:
            break
        cursor = {"cursor": page["next"]}
    assert len(found) == len(set(found)) == 7


def test_a_row_has_an_etag(callers: Callers) -> None:
    ngo = callers.ngo()
    url = f"{URL}/{make_certificate(ngo)['id']}"
    assert ngo.get(url).headers["etag"] == '"1"'
    assert ngo.get(url, headers={"If-None-Match": '"1"'}).status_code == 304


# --- the print --------------------------------------------------------------------------------------------------------------
def test_the_print_has_the_facts(callers: Callers) -> None:
    ngo = callers.ngo()
    certificate = make_certificate(ngo, signers=[{"name": "Nilufar Kamalova", "post": "Loyiha menejeri"}])
    answer = ngo.get(f"{URL}/{certificate['id']}.pdf")
    assert answer.headers["content-type"] == "application/pdf"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["content-disposition"] == f'attachment; filename="{certificate["number"]}.pdf"'
    printed = text_of(answer.content)
    day = "{2}.{1}.{0}".format(*certificate["issued_on"].split("-"))
    for fact in (
        "Ғайратова Ҳулкар",
        "Gʻayratova Hulkar",
        "Родительские навыки",
        "16",
        "октябрь 2019",
        "Шовот",
        "Nilufar Kamalova",
        day,
        certificate["number"],
    ):
        assert fact in printed, fact
    assert f"himoya.example/v/{certificate['number']}" in printed
    assert "REVOKED" not in printed
    assert "SPECIMEN" not in printed


def test_the_same_certificate_is_the_same_bytes(callers: Callers) -> None:
    ngo = callers.ngo()
    url = f"{URL}/{make_certificate(ngo)['id']}.pdf"
    first, again = ngo.get(url), ngo.get(url)
    assert first.content == again.content
    assert first.headers["etag"] == again.headers["etag"]
    for anything in ("*", f"*, {first.headers['etag']}"):
        assert ngo.get(url, headers={"If-None-Match": anything}).status_code == 304
    for nothing in ("", '"x"', ","):
        assert ngo.get(url, headers={"If-None-Match": nothing}).status_code == 200
    unchanged = ngo.get(url, headers={"If-None-Match": f'"x", W/{first.headers["etag"]}'})
    assert (unchanged.status_code, unchanged.content) == (304, b"")


def test_what_is_void_says_so_on_paper(callers: Callers) -> None:
    ngo = callers.ngo()
    certificate, other = make_certificate(ngo), make_certificate(ngo)
    url = f"{URL}/{certificate['id']}.pdf"
    before = ngo.get(url)
    revoke(ngo, certificate)
    after = ngo.get(url, headers={"If-None-Match": before.headers["etag"]})
    assert after.status_code == 200
    assert "REVOKED" in text_of(after.content)
    supersede(other, certificate)
    assert "REVOKED" in text_of(ngo.get(f"{URL}/{other['id']}.pdf").content)


def test_an_invented_person_gets_a_specimen(callers: Callers) -> None:
    ngo = callers.ngo()
    certificate = make_certificate(ngo, is_synthetic=True)
    assert "SPECIMEN" in text_of(ngo.get(f"{URL}/{certificate['id']}.pdf").content)


def test_what_cannot_be_printed_is_explained(callers: Callers) -> None:
    ngo = callers.ngo()
    refused = ngo.get(f"{URL}/{make_certificate(ngo, ('李', 'Hulkar', None))['id']}.pdf")
    assert (refused.status_code, refused.json()["code"]) == (409, "not_printable")
    assert refused.json()["detail"] == "Not printed, the holder: a character in it has no form on paper."
    assert "李" not in refused.text


def test_nothing_is_printed_while_a_connection_is_held(callers: Callers, monkeypatch: pytest.MonkeyPatch) -> None:
    ngo = callers.ngo()
    course = make_course(ngo, *names(2))
    certificate = issue(ngo, course)[0]["certificate_id"]
    press, acting = pdf.render, []

    def watched(*given: Any, **named: Any) -> bytes:
        acting.append(visiting.get(None))
        return press(*given, **named)

    monkeypatch.setattr(sheets.pdf, "render", watched)
    ngo.get(f"{URL}/{certificate}.pdf")
    ngo.get(f"{course.url}.zip")
    # A visit is what every statement needs; it ends with the connection.
    assert acting == [None] * 3


# --- the archive ------------------------------------------------------------------------------------------------------------
def unpacked(content: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(content)) as file:
        assert file.testzip() is None
        return {name: file.read(name) for name in file.namelist()}


def test_all_valid_certificates_of_a_training(callers: Callers) -> None:
    ngo = callers.ngo()
    course = make_course(ngo, *names(4), absent=1)
    issued = [ngo.get(f"{URL}/{one['certificate_id']}").json() for one in issue(ngo, course)[:3]]
    revoke(ngo, issued[0])
    make_certificate(ngo)
    answer = ngo.get(f"{course.url}.zip")
    assert answer.headers["content-type"] == "application/zip"
    assert answer.headers["content-disposition"] == f'attachment; filename="certificates-{course.id}.zip"'
    found = unpacked(answer.content)
    assert list(found) == sorted(f"{one['number']}.pdf" for one in issued[1:])
    for one in issued[1:]:
        assert found[f"{one['number']}.pdf"] == ngo.get(f"{URL}/{one['id']}.pdf").content
    assert ngo.get(f"{course.url}.zip").content == answer.content


def test_one_that_cannot_be_printed_keeps_nothing_back(callers: Callers) -> None:
    ngo = callers.ngo()
    course = make_course(ngo, HULKAR, ("李", "Hulkar", None))
    by_person = {one["participant"]["id"]: one["certificate_id"] for one in issue(ngo, course)}
    good, bad = (ngo.get(f"{URL}/{by_person[person]}").json()["number"] for person in course.persons)
    found = unpacked(ngo.get(f"{course.url}.zip").content)
    assert list(found) == [f"{good}.pdf", "not-printed.txt"]
    assert found["not-printed.txt"].decode() == f"{bad}: Not printed, the holder: a character in it has no form on paper.\n"


def test_an_archive_of_nothing_is_empty(callers: Callers) -> None:
    ngo = callers.ngo()
    assert unpacked(ngo.get(f"{make_course(ngo).url}.zip").content) == {}


def test_an_archive_holds_what_the_caller_may_see(callers: Callers) -> None:
    ngo, state = callers.ngo(), callers.state()
    course = make_course(ngo, ("Qodirova", "Gulchehra", None), specialists_of=uuid.UUID(state.organization_id))
    issue(ngo, course)
    assert len(unpacked(state.get(f"{course.url}.zip").content)) == 1
    assert unpacked(callers.state().get(f"{course.url}.zip").content) == {}
    assert callers.state("1718").get(f"{course.url}.zip").status_code == 404
    assert ngo.get(f"/v1/trainings/{NOBODY}/certificates.zip").status_code == 404


def test_reads_take_a_statement_each(callers: Callers, statements: list[str]) -> None:
    ngo = callers.ngo()
    certificate = make_certificate(ngo)
    for url in (URL, f"{URL}/{certificate['id']}", f"{URL}/{certificate['id']}.pdf"):
        ngo.get(url)
        statements.clear()
        ngo.get(url)
        assert len([text for text in statements if "FROM certificate" in text]) == 1
        assert len([text for text in statements if "access_entry" not in text]) == 1, statements


def test_a_swap_of_neighbors_is_never_another_certificate(callers: Callers) -> None:
    number = make_certificate(callers.ngo())["number"]
    assert callers.ngo().get(URL, params={"number": mistyped(number)}).status_code == 422


def test_the_contract_has_the_headers_of_a_pdf(callers: Callers) -> None:
    contract = callers.ngo().get("/openapi.json").json()
    answer = contract["paths"]["/v1/certificates/{certificate_id}.pdf"]["get"]["responses"]["200"]
    assert {"ETag", "Content-Disposition"} <= answer["headers"].keys()
