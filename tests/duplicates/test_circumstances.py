"""What is known of the loser is not lost: what the winner has nothing of goes over, and what both have is named."""

from typing import Any

import pytest

from app.circumstances.models import HEALTH, PAPERS, SCHOOLING
from app.duplicates.filling import PARTS
from app.vulnerability.loading import load_schemes
from tests.callers import Caller, Callers
from tests.factories import circumstances
from tests.factories.circumstances import FUNCTIONING, make_circumstances, url_of
from tests.factories.duplicates import PAIRS, Body, make_twice, merge, side_of, undo
from tests.factories.kinship import make_kinship, make_parent
from tests.factories.vulnerability import RECORDS, make_record

ASKED = {**FUNCTIONING, "functioning_assessed_on": "2020-02-03"}


@pytest.fixture
def ngo(callers: Callers) -> Caller:
    return callers.ngo()


def record(caller: Caller, person: Body, **values: Any) -> None:
    made = caller.put(url_of(person), values, version=0)
    assert made.status_code == 201, made.text


def known(caller: Caller, person: Body) -> Body:
    """What is known of somebody, without versions and moments, and without what was not asked."""
    found = caller.get(url_of(person)).json()
    told = {name: found[name] for name in (*HEALTH, *SCHOOLING, *PAPERS)}
    return {name: value for name, value in told.items() if value not in (None, [])}


def test_every_column_belongs_to_a_part() -> None:
    assert sorted(column for columns in PARTS.values() for column in columns) == sorted((*HEALTH, *SCHOOLING, *PAPERS))


def test_what_the_winner_has_nothing_of_goes_over(ngo: Caller) -> None:
    first, second, pair = make_twice(ngo)
    record(ngo, first, **circumstances.SCHOOLING)
    record(ngo, second, **ASKED, immunization_up_to_date=False, missing_documents=["passport"], chronic_conditions="Qandli diabet")
    before = known(ngo, first), known(ngo, second)
    made = merge(ngo, pair, first)
    theirs = side_of(pair, second)
    parts = ("functioning", "immunization_up_to_date", "missing_documents", "chronic_conditions")
    assert made["choices"] == dict.fromkeys(parts, theirs)
    assert not PARTS.keys() & set(made["left_behind"])
    assert made["stayed"] == [{"table": "circumstances", "rows": 1}]
    assert not [one for one in made["moved"] if one["table"] == "circumstances"]
    assert known(ngo, first) == before[0] | before[1]
    assert undo(ngo, made).status_code == 200
    assert (known(ngo, first), known(ngo, second)) == before


def test_what_both_have_is_named(ngo: Caller) -> None:
    first, second, pair = make_twice(ngo)
    record(ngo, first, school_status="in_school", school="12-maktab", polyclinic="2-poliklinika", citizenship="UZ", **ASKED)
    record(ngo, second, school_status="in_school", school="30-maktab", polyclinic="2-poliklinika", citizenship="RU", grade=7)
    before = known(ngo, first)
    made = merge(ngo, pair, first)
    assert [one for one in made["left_behind"] if one in PARTS] == ["schooling", "citizenship"], "what is equal is not left behind"
    assert ngo.get(f"/v1/merges/{made['id']}").json()["left_behind"] == made["left_behind"]
    assert known(ngo, first) == before, "a class of one school does not go with the name of another"
    assert "30-maktab" not in ngo.get("/v1/audit-entries?limit=200").text


def test_field_by_field(ngo: Caller) -> None:
    first, second, pair = make_twice(ngo)
    record(ngo, first, school="12-maktab", school_status="in_school", polyclinic="2-poliklinika", papers_note="Ariza")
    record(ngo, second, school="30-maktab", school_status="in_school", chronic_conditions="Astma", citizenship="UZ", **ASKED)
    before = known(ngo, first), known(ngo, second)
    mine, theirs = side_of(pair, first), side_of(pair, second)
    fields = {"schooling": theirs, "polyclinic": theirs, "chronic_conditions": mine, "functioning": mine}
    made = merge(ngo, pair, first, fields=fields)
    assert made["choices"] == fields | {"citizenship": theirs}
    assert not PARTS.keys() & set(made["left_behind"]), "what was chosen was not forgotten"
    assert known(ngo, first) == {"school": "30-maktab", "school_status": "in_school", "papers_note": "Ariza", "citizenship": "UZ"}
    assert undo(ngo, made).status_code == 200
    assert (known(ngo, first), known(ngo, second)) == before


def test_what_the_loser_alone_has_goes_as_a_whole(ngo: Caller) -> None:
    first, second, pair = make_twice(ngo)
    make_circumstances(ngo, second)
    before = known(ngo, second)
    made = merge(ngo, pair, first, fields={"schooling": side_of(pair, first)})
    assert {"table": "circumstances", "rows": 1} in made["moved"]
    assert made["stayed"] == []
    assert not PARTS.keys() & set(made["left_behind"])
    assert known(ngo, first) == {name: value for name, value in before.items() if name not in SCHOOLING}
    assert undo(ngo, made).status_code == 200
    assert (known(ngo, first), known(ngo, second)) == ({}, before)


def test_what_was_corrected_since_is_named(ngo: Caller) -> None:
    first, second, pair = make_twice(ngo)
    record(ngo, first, **circumstances.SCHOOLING)
    record(ngo, second, polyclinic="2-poliklinika")
    made = merge(ngo, pair, first)
    version = ngo.get(url_of(first)).json()["version"]
    assert ngo.patch(url_of(first), {"polyclinic": "5-poliklinika"}, version=version).status_code == 200
    refused = undo(ngo, made)
    assert (refused.status_code, [one["code"] for one in refused.json()["errors"]]) == (409, ["circumstances"])
    assert "poliklinika" not in refused.text
    assert undo(ngo, made, changed="keep").status_code == 200
    assert known(ngo, first)["polyclinic"] == "5-poliklinika"
    assert known(ngo, second) == {"polyclinic": "2-poliklinika"}


def test_the_result_must_hold_together(ngo: Caller) -> None:
    """Asked when the one would have been too young for it, as the other's birth date has it."""
    first, second, pair = make_twice(ngo, birth_date="2010-05-17", patronymic="Karim qizi")
    record(ngo, second, **ASKED | {"functioning_assessed_on": "2015-06-01"}, school_since="2011-09-01", school="12-maktab")
    url = f"{PAIRS}/{pair['id']}/merge"
    refused = ngo.post(url, {"winner_id": first["id"]}, version=pair["version"])
    assert refused.status_code == 422
    assert {(one["pointer"], one["code"]) for one in refused.json()["errors"]} == {
        ("/fields/functioning", "too_young"),
        ("/fields/schooling", "before_birth"),
    }
    chosen = dict.fromkeys(("functioning", "schooling"), side_of(pair, first))
    merge(ngo, pair, first, fields=chosen)
    assert known(ngo, first) == {}


def test_the_fields_of_the_person_too(ngo: Caller) -> None:
    first, _, pair = make_twice(ngo, given_name="Дилноза", surname="Йўлдошева", phone="90 123-45-67", note="Eslatma")
    made = merge(ngo, pair, first, fields={"note": side_of(pair, first)})
    assert made["left_behind"] == ["phone"], "neither what is empty in the loser nor what was chosen"
    assert undo(ngo, made).status_code == 200
    (pair,) = ngo.get(PAIRS).json()["items"]
    assert merge(ngo, pair, first, absent="fill")["left_behind"] == []


def test_what_stayed_is_no_second_persons(ngo: Caller) -> None:
    """It stands in no list until the merge is undone."""
    load_schemes()
    first, second, pair = make_twice(ngo)
    mother = make_parent(ngo)
    for person in (first, second):
        make_circumstances(ngo, person)
        make_record(ngo, person, "child_with_disability")
        make_kinship(ngo, mother, person)
        added = ngo.post(f"/v1/beneficiaries/{person['id']}/identifiers", {"kind": "project_number", "value": "P-17"})
        assert added.status_code == 201
    (pair,) = ngo.get(PAIRS, params={"beneficiary_id": first["id"]}).json()["items"]

    def listed() -> list[list[str]]:
        paths = ("/v1/circumstances", RECORDS, "/v1/kinships")
        found = [[one.get("beneficiary_id") or one["relative"]["id"] for one in ngo.get(path).json()["items"]] for path in paths]
        looked_up = ngo.post("/v1/identifiers/lookup", {"kind": "project_number", "value": "P-17"}).json()["items"]
        return [sorted(one) for one in (*found, [one["beneficiary_id"] for one in looked_up])]

    both = sorted((first["id"], second["id"]))
    assert listed() == [both] * 4
    made = merge(ngo, pair, first)
    tables = ("circumstances", "identifier", "kinship", "vulnerability_record")
    assert made["stayed"] == [{"table": table, "rows": 1} for table in tables], "all of it is named"
    assert listed() == [[first["id"]]] * 4
    assert undo(ngo, made).status_code == 200
    assert listed() == [both] * 4


def test_whatever_is_no_field_is_refused(ngo: Caller) -> None:
    first, _, pair = make_twice(ngo)
    for fields, pointer in (({"school": "a"}, "/fields/school"), ({"schooling": "c"}, "/fields/schooling")):
        refused = ngo.post(f"{PAIRS}/{pair['id']}/merge", {"winner_id": first["id"], "fields": fields}, version=1)
        assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, pointer)
