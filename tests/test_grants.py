"""A grant opens a row, category by category, to whom it names, where and while it is open, and nothing beyond."""

import uuid
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlmodel import col

from app.access import fields
from app.access.actor import Visit
from app.access.declare import DECLARED
from app.access.fields import UncoveredFields, coverage
from app.access.grants import (
    BITS,
    EVERYTHING,
    FOREVER,
    INTERNAL,
    AccessGrant,
    DataCategory,
    bits_of,
    categories_of,
    to_account,
    to_organization,
    to_role,
)
from app.access.transaction import as_system, begin
from app.beneficiaries.models import Beneficiary
from app.database import now
from app.problems import Problem
from tests.callers import Caller, Callers
from tests.factories.beneficiaries import father, make_beneficiary, make_family
from tests.factories.grants import grant

PEOPLE, FAMILIES = "/v1/beneficiaries", "/v1/families"
IDENTITY, CONTACT, HOUSEHOLD = DataCategory.IDENTITY, DataCategory.CONTACT, DataCategory.HOUSEHOLD


def sees(caller: Caller, person: dict[str, Any]) -> bool:
    """Whether every way leads to the person, or none."""
    total = caller.get(PEOPLE, params={"include": "total"}).json()
    ways = {
        caller.get(f"{PEOPLE}/{person['id']}").status_code == 200,
        person["id"] in caller.get(PEOPLE).text,
        person["id"] in caller.get(PEOPLE, params={"q": person["given_name"]}).text,
        total["total"] == 1,
    }
    assert len(ways) == 1
    return ways.pop()


@pytest.mark.parametrize("kind", ["committee", "state"])
def test_a_grant_opens_a_person_to_the_one_that_it_names(callers: Callers, kind: str) -> None:
    ngo, make = callers.ngo("17"), getattr(callers, kind)
    partner, colleague = make("1733"), make("1733")
    person = make_beneficiary(ngo)
    assert not sees(partner, person)
    grant(ngo, to_organization(partner.organization_id), IDENTITY, beneficiary_id=person["id"])
    assert sees(partner, person)
    assert not sees(colleague, person)
    assert sees(make("1733230", organization_id=partner.organization_id), person)
    assert not sees(make("1718", organization_id=partner.organization_id), person)
    assert not sees(make("1733217", organization_id=partner.organization_id), person)


def test_a_grant_to_a_kind_opens_to_each_of_it_in_its_own_territory(callers: Callers) -> None:
    ngo = callers.ngo("17")
    person = make_beneficiary(ngo)
    grant(ngo, to_role("womens_committee"), IDENTITY, beneficiary_id=person["id"])
    assert sees(callers.committee("1733"), person)
    assert not sees(callers.committee("1718"), person)
    assert not sees(callers.state("1733"), person)
    assert not sees(callers.ngo("1733"), person)


def test_a_grant_to_an_account_opens_to_it_alone(callers: Callers) -> None:
    ngo, partner = callers.ngo("17"), callers.state("1733")
    person = make_beneficiary(ngo)
    grant(ngo, to_account(partner.account.id), IDENTITY, beneficiary_id=person["id"])
    assert sees(partner, person)
    assert not sees(callers.state("1733", organization_id=partner.organization_id), person)


@pytest.mark.parametrize(
    ("opens", "closes", "open_now"),
    [
        (timedelta(hours=-1), timedelta(hours=1), True),
        (timedelta(hours=1), timedelta(hours=2), False),
        (timedelta(hours=-2), timedelta(hours=-1), False),
    ],
)
def test_a_grant_opens_from_when_until_when(callers: Callers, opens: timedelta, closes: timedelta, open_now: bool) -> None:
    ngo, partner = callers.ngo("17"), callers.committee("1733")
    person = make_beneficiary(ngo)
    times = {"opens_at": now() + opens, "closes_at": now() + closes}
    grant(ngo, to_organization(partner.organization_id), IDENTITY, beneficiary_id=person["id"], **times)
    assert sees(partner, person) == open_now


def test_a_closed_grant_opens_nothing_and_stays_on_record(callers: Callers) -> None:
    ngo, partner = callers.ngo("17"), callers.committee("1733")
    person = make_beneficiary(ngo)
    made = grant(ngo, to_organization(partner.organization_id), IDENTITY, beneficiary_id=person["id"])
    later = grant(ngo, to_organization(partner.organization_id), IDENTITY, beneficiary_id=person["id"], opens_at=now() + timedelta(days=1))
    assert sees(partner, person)
    with begin(as_system("test")) as db:
        for one in db.execute(sa.select(AccessGrant)).scalars():
            one.close()
    assert not sees(partner, person)
    with begin(as_system("test")) as db:
        rows = {one.id: one for one in db.execute(sa.select(AccessGrant)).scalars()}
    assert rows[made.id].opens_at < rows[made.id].closes_at <= now()
    assert rows[later.id].opens_at == rows[later.id].closes_at


def test_without_the_category_that_opens_the_row_nothing_is_opened(callers: Callers) -> None:
    ngo, partner = callers.ngo("17"), callers.committee("1733")
    person, family = make_beneficiary(ngo), make_family(ngo)
    others = [one for one in DataCategory if one not in (IDENTITY, HOUSEHOLD)]
    grant(ngo, to_organization(partner.organization_id), *others, HOUSEHOLD, beneficiary_id=person["id"])
    grant(ngo, to_organization(partner.organization_id), *others, IDENTITY, family_id=family["id"])
    assert partner.get(f"{PEOPLE}/{person['id']}").status_code == 404
    assert partner.get(f"{FAMILIES}/{family['id']}").status_code == 404


@pytest.mark.parametrize("kind", ["committee", "state"])
def test_a_field_is_there_only_if_its_category_is_open(callers: Callers, kind: str) -> None:
    ngo, partner = callers.ngo("17"), getattr(callers, kind)("1733")
    mine = to_organization(partner.organization_id)
    person = make_beneficiary(ngo, phone="90 123-45-67", note="Ichki")
    one, many = f"{PEOPLE}/{person['id']}", PEOPLE
    grant(ngo, mine, IDENTITY, beneficiary_id=person["id"])
    hidden = {"phone", "phone_e164", "note"}
    for shown in (partner.get(one).json(), partner.get(many).json()["items"][0]):
        assert person.keys() - shown.keys() - {"possible_duplicates"} == hidden
        assert shown.items() <= person.items()
    # A second grant adds to what the first one opens; the internal note stays inside whatever is opened.
    grant(ngo, mine, *DataCategory, beneficiary_id=person["id"])
    for shown in (partner.get(one).json(), partner.get(many).json()["items"][0]):
        assert person.keys() - shown.keys() - {"possible_duplicates"} == {"note"}
        assert shown["phone_e164"] == "+998901234567"


def test_a_family_shows_its_address_only_with_contact_and_its_members_only_if_open(callers: Callers) -> None:
    ngo, partner = callers.ngo("17"), callers.committee("1733")
    mine = to_organization(partner.organization_id)
    family = make_family(ngo, note="Ichki")
    child = next(one for one in family["members"] if one["relationship_to_head"] == "child")
    grant(ngo, mine, HOUSEHOLD, family_id=family["id"])
    shown = partner.get(f"{FAMILIES}/{family['id']}").json()
    assert family.keys() - shown.keys() == {"address", "note", "merged_into_id"}
    assert shown["members"] == []
    assert partner.get(f"{FAMILIES}/{family['id']}/memberships").json()["items"] == []
    assert partner.get(FAMILIES, params={"q": "dilnoza"}).json()["items"] == []
    grant(ngo, mine, CONTACT, family_id=family["id"])
    grant(ngo, mine, IDENTITY, beneficiary_id=child["id"])
    shown = partner.get(f"{FAMILIES}/{family['id']}").json()
    assert shown["address"] == family["address"]
    assert [one["id"] for one in shown["members"]] == [child["id"]]
    (membership,) = partner.get(f"{FAMILIES}/{family['id']}/memberships").json()["items"]
    assert membership["beneficiary_id"] == child["id"]
    assert "end_reason" not in membership
    assert [one["id"] for one in partner.get(FAMILIES, params={"q": "dilnoza"}).json()["items"]] == [family["id"]]


def test_what_was_opened_is_not_to_be_changed(callers: Callers) -> None:
    ngo, partner = callers.ngo("17"), callers.committee("1733")
    person = make_beneficiary(ngo, phone="90 123-45-67")
    grant(ngo, to_organization(partner.organization_id), *DataCategory, beneficiary_id=person["id"])
    refused = partner.patch(f"{PEOPLE}/{person['id']}", {"sex": "male"}, version=1)
    assert (refused.status_code, refused.json()["code"]) == (403, "out_of_scope")
    assert ngo.get(f"{PEOPLE}/{person['id']}").json()["sex"] == "female"


def test_a_change_that_would_change_nothing_tells_nothing(callers: Callers) -> None:
    ngo, partner = callers.ngo("17"), callers.committee("1733")
    person, family = make_beneficiary(ngo, phone="90 123-45-67"), make_family(ngo)
    mine = to_organization(partner.organization_id)
    grant(ngo, mine, IDENTITY, beneficiary_id=person["id"])
    grant(ngo, mine, HOUSEHOLD, family_id=family["id"])
    for guess in ("90 123-45-67", "90 123-45-68"):
        assert partner.patch(f"{PEOPLE}/{person['id']}", {"phone": guess}, version=1).status_code == 403
    for guess in (family["address"], "Boshqa koʻcha 1"):
        assert partner.patch(f"{FAMILIES}/{family['id']}", {"address": guess}, version=1).status_code == 403
        body = {"territory": family["territory"], "address": guess, "moved_on": "2026-01-31"}
        assert partner.post(f"{FAMILIES}/{family['id']}/move", body, version=1).status_code == 403


def test_who_is_seen_by_consent_is_not_taken_into_another_family(callers: Callers) -> None:
    ngo, partner = callers.ngo("17"), callers.committee("1733")
    person, own = make_beneficiary(ngo), make_family(partner)
    grant(ngo, to_organization(partner.organization_id), *DataCategory, beneficiary_id=person["id"])
    body = {"beneficiary_id": person["id"], "relationship_to_head": "other_relative"}
    refused = partner.post(f"{FAMILIES}/{own['id']}/members", body)
    assert (refused.status_code, refused.json()["code"]) == (403, "out_of_scope")


def test_a_family_that_everybody_left_is_closed_to_partners(callers: Callers) -> None:
    ngo, partner = callers.ngo("17"), callers.committee("1733")
    head = father()
    family = make_family(ngo, members=[head])
    grant(ngo, to_organization(partner.organization_id), *DataCategory, family_id=family["id"])
    shown = partner.get(f"{FAMILIES}/{family['id']}").json()
    assert "merged_into_id" in family
    assert "merged_into_id" not in shown
    ended = f"{FAMILIES}/{family['id']}/memberships/{family['members'][0]['membership_id']}/end"
    assert ngo.post(ended, {"reason": "moved_away"}, version=1).status_code == 200
    assert partner.get(f"{FAMILIES}/{family['id']}").status_code == 404


def test_a_family_that_joined_another_is_closed_to_partners(callers: Callers) -> None:
    ngo, partner = callers.ngo("17"), callers.committee("1733")
    family, into = make_family(ngo, members=[]), make_family(ngo)
    grant(ngo, to_organization(partner.organization_id), *DataCategory, family_id=family["id"])
    assert partner.get(f"{FAMILIES}/{family['id']}").status_code == 200
    merged = ngo.post(f"{FAMILIES}/{family['id']}/merge", {"into": into["id"], "relationships": [], "on": "2026-01-31"}, version=1)
    assert merged.status_code == 200, merged.text
    assert partner.get(f"{FAMILIES}/{family['id']}").status_code == 404


def test_one_organization_does_not_write_grants_on_anothers_rows(callers: Callers) -> None:
    ngo, partner = callers.ngo("17"), callers.committee("1733")
    person = make_beneficiary(ngo)
    made = grant(ngo, to_organization(partner.organization_id), IDENTITY, beneficiary_id=person["id"])
    actor = partner_actor(partner)

    def widened() -> None:
        with begin(Visit(actor)) as db:
            found = db.execute(sa.select(AccessGrant).where(col(AccessGrant.id) == made.id)).scalar_one()
            found.categories = EVERYTHING

    with pytest.raises(Problem) as refused:
        widened()
    assert refused.value.code == "out_of_scope"


def partner_actor(caller: Caller) -> Any:
    from app.identity.door import actor_of

    return actor_of(caller.token)


def test_a_statement_that_shows_such_a_field_says_what_is_open(callers: Callers) -> None:
    person = make_beneficiary(callers.ngo("17"))
    actor = partner_actor(callers.ngo("17"))
    shown = sa.select(Beneficiary.id, Beneficiary.phone_as_written)  # type: ignore[call-overload]
    row = (uuid.UUID(person["id"]), "90 123-45-67")
    with pytest.raises(UncoveredFields):
        fields.conceal(shown, [row], actor)
    covered = shown.add_columns(coverage(Beneficiary, beneficiary=Beneficiary.id))
    assert fields.conceal(covered, [(*row, EVERYTHING)], actor) == [(*row, EVERYTHING)]


def test_a_list_is_not_filtered_by_a_field_that_is_hidden_in_some_row(callers: Callers) -> None:
    from app.access.actor import visiting

    for caller, refused in ((callers.ngo("17"), False), (callers.committee("17"), True), (callers.state("17"), True)):
        token = visiting.set(Visit(partner_actor(caller)))
        try:
            fields.require_shown(Beneficiary, "surname")
            if refused:
                with pytest.raises(fields.FieldConcealed):
                    fields.require_shown(Beneficiary, "phone_e164")
            else:
                fields.require_shown(Beneficiary, "phone_e164")
        finally:
            visiting.reset(token)


def test_categories_are_kept_as_a_sum_of_bits() -> None:
    assert bits_of(DataCategory) < INTERNAL < EVERYTHING
    assert INTERNAL & bits_of(DataCategory) == 0
    assert all(EVERYTHING & bit for bit in (*BITS.values(), INTERNAL))
    assert categories_of(bits_of([CONTACT, IDENTITY])) == [IDENTITY, CONTACT]
    assert bits_of([CONTACT, CONTACT]) == BITS[CONTACT]
    # Every rule speaks of a category that exists, or of the inside.
    known = {0, INTERNAL, *BITS.values()}
    assert {rule.category for one in DECLARED.values() for rule in one.fields.values()} <= known
    assert FOREVER.tzinfo is not None
