"""What is seen by a grant alone is refused to be written before anything of it is compared: no body, not even one that would change
nothing, is answered differently from another, or one could learn by trying what a field holds.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from app.access.grants import DataCategory, to_organization
from app.vulnerability.loading import load_schemes
from tests.callers import Caller, Callers
from tests.factories.beneficiaries import Body, make_family, person_body
from tests.factories.circumstances import WHOLE, make_circumstances
from tests.factories.consents import given_consent, giving, household
from tests.factories.grants import grant
from tests.factories.identifiers import PINFL, make_identifier, pinfl
from tests.factories.kinship import kinship_body, make_kinship
from tests.factories.lives import told
from tests.factories.vulnerability import category_id, make_record

DAY, OTHER_DAY = "2024-06-07", "2024-06-08"


@dataclass
class World:
    """A family of an NGO with all that can be known of it, all of which is open to a committee that a grant can open."""

    partner: Caller
    home: Body
    own: Body
    places: dict[str, str]
    rows: dict[str, Body]

    @property
    def family(self) -> str:
        """The address of the family."""
        return f"/v1/families/{self.home['family']['id']}"

    @property
    def girl(self) -> str:
        """The address of the girl."""
        return f"/v1/beneficiaries/{self.home['girl']['id']}"

    def post(self, verb: str, body: Body, of: str = "") -> Any:
        """Try a verb on a row that is open, or on the family."""
        url = f"{self.places[of]}/{verb}" if of else f"{self.family}/{verb}"
        return self.partner.post(url, body, version=self.version(of))

    def patch(self, body: Body, of: str = "") -> Any:
        """Try a correction."""
        return self.partner.patch(self.places[of] if of else self.family, body, version=self.version(of))

    def version(self, of: str) -> int:
        """Of a row as the committee sees it."""
        seen = self.partner.get(self.places[of] if of else self.family)
        assert seen.status_code == 200, seen.text
        return int(seen.json()["version"])


@pytest.fixture
def world(callers: Callers) -> World:
    load_schemes()
    ngo, partner = callers.ngo("1733"), callers.committee("1733")
    home = household(ngo)
    girl, family = home["girl"], f"/v1/families/{home['family']['id']}"
    body = {"person": person_body(given_name="Lola"), "relationship_to_head": "child", "started_on": "2020-01-01"}
    child = ngo.post(f"{family}/members", body).json()
    places, rows = {}, {}

    def keep(name: str, url: str, row: Body, end: Body | None = None) -> None:
        places[name], rows[name] = f"{url}/{row['id']}", row
        if end is not None:
            answered = ngo.post(f"{places[name]}/end", end, version=row["version"])
            assert answered.status_code == 200, answered.text

    memberships, kinships, records, identifiers = f"{family}/memberships", "/v1/kinships", "/v1/vulnerability-records", "/v1/identifiers"
    keep("membership", memberships, ngo.get(f"{memberships}/{girl['membership_id']}").json())
    keep("former membership", memberships, child, {"reason": "adopted", "ended_on": DAY})
    keep("kinship", kinships, make_kinship(ngo, home["mother"], girl, note="Eslatma"))
    keep("former kinship", kinships, make_kinship(ngo, home["father"], girl), {"ended_on": DAY})
    keep("record", records, make_record(ngo, girl, "child_with_disability"))
    keep("former record", records, make_record(ngo, girl, "orphan"), {"until": DAY})
    keep("identifier", identifiers, make_identifier(ngo, girl, issuer="IIB"))
    over = {"end_reason": "replaced", "ended_on": DAY}
    keep("former identifier", identifiers, make_identifier(ngo, girl, value=pinfl("6170512034002")), over)
    make_circumstances(ngo, girl)
    assert ngo.put(f"{family}/incomes/2026-01", {"sources": [{"source": "wages", "amount": 5}]}, version=0).is_success
    keep("consent", "/v1/consents", given_consent(ngo, home, to=partner))
    mine = to_organization(partner.organization_id)
    grant(ngo, mine, *DataCategory, family_id=home["family"]["id"])
    for one in (*(home[name]["id"] for name in ("father", "mother", "girl", "boy")), child["beneficiary_id"]):
        grant(ngo, mine, *DataCategory, beneficiary_id=one)
    return World(partner, home, make_family(partner), places, rows)


def incomes(one: World, *sources: tuple[str, int]) -> Any:
    body = {"sources": [{"source": source, "amount": amount} for source, amount in sources]}
    return one.partner.put(f"{one.family}/incomes/2026-01", body, version=1)


def with_head(one: World, name: str, *others: str) -> Any:
    relationships = told(*((one.home[other]["id"], "other_relative") for other in others))
    return one.post("change-head", {"beneficiary_id": one.home[name]["id"], "relationships": relationships})


def split(one: World, *names: str) -> Any:
    members = told(*zip((one.home[name]["id"] for name in names), ("head", "child", "child"), strict=False))
    return one.post("split", {"members": members, "on": "2022-02-01"})


def merged(one: World, *, into: Body, relationships: list[Body]) -> Any:
    return one.post("merge", {"into": into["id"], "relationships": relationships, "on": "2022-02-01"})


def taken_in(one: World, **body: Any) -> Any:
    return one.partner.post(f"{one.family}/members", {"relationship_to_head": "child", **body})


def kin(one: World, person: str, relative: str, **other: Any) -> Any:
    return one.partner.post("/v1/kinships", kinship_body(one.home[person], one.home[relative], **other))


def numbered(one: World, value: str) -> Any:
    return one.partner.post(f"{one.girl}/identifiers", {"kind": "pinfl", "value": value})


def recorded(one: World, category: str, **other: Any) -> Any:
    body = {"beneficiary_id": one.home["girl"]["id"], "category_id": category_id(one.partner, category), "since": "2024-05-06", **other}
    return one.partner.post("/v1/vulnerability-records", body)


TRIED: dict[str, list[Callable[[World], Any]]] = {
    "a person is corrected": [
        lambda one: one.partner.patch(one.girl, {}, version=1),
        lambda one: one.partner.patch(one.girl, {"birth_date": one.home["girl"]["birth_date"]}, version=1),
        lambda one: one.partner.patch(one.girl, {"birth_date": "2011-01-01"}, version=1),
    ],
    "a family is corrected": [
        lambda one: one.patch({}),
        lambda one: one.patch({"status": "active"}),
        lambda one: one.patch({"status": "dissolved"}),
    ],
    "a family moves": [
        lambda one: one.post("move", {"territory": "1733230", "address": "Guliston koʻchasi 4", "moved_on": "2026-01-31"}),
        lambda one: one.post("move", {"territory": "1733217", "moved_on": "2026-01-31"}),
    ],
    "a family splits": [
        lambda one: split(one, "mother", "girl"),
        lambda one: split(one, "girl"),
        lambda one: split(one, "father", "mother", "girl"),
        lambda one: one.post("split", {"members": told((one.own["members"][0]["id"], "head")), "on": "2022-02-01"}),
    ],
    "a family is merged": [
        lambda one: merged(one, into=one.own, relationships=[]),
        lambda one: merged(one, into=one.home["family"], relationships=[]),
        lambda one: merged(one, into=one.own, relationships=told((one.home["girl"]["id"], "child"))),
    ],
    "a family is merged into it": [
        lambda one: one.partner.post(
            f"/v1/families/{one.own['id']}/merge", {"into": one.home["family"]["id"], "relationships": [], "on": "2022-02-01"}, version=1
        ),
    ],
    "the head changes": [
        lambda one: with_head(one, "father"),
        lambda one: with_head(one, "mother"),
        lambda one: with_head(one, "mother", "father", "girl", "boy"),
    ],
    "the caregivers change": [
        lambda one: one.post("change-caregivers", {"caregivers": [one.home["mother"]["id"]]}),
        lambda one: one.post("change-caregivers", {"caregivers": []}),
        lambda one: one.post("change-caregivers", {"caregivers": [one.home["father"]["id"]], "on": "1970-01-01"}),
    ],
    "a member comes": [
        lambda one: taken_in(one, person=person_body()),
        lambda one: taken_in(one, beneficiary_id=one.home["girl"]["id"]),
        lambda one: taken_in(one, beneficiary_id=one.own["members"][0]["id"]),
    ],
    "a membership is corrected": [
        lambda one: one.patch({}, "membership"),
        lambda one: one.patch({"is_primary_caregiver": False}, "membership"),
        lambda one: one.patch({"relationship_to_head": "head"}, "membership"),
        lambda one: one.patch({"started_on": "1990-01-01"}, "membership"),
        lambda one: one.patch({"started_on": "2024-12-31"}, "former membership"),
    ],
    "a membership ends": [
        lambda one: one.post("end", {"reason": "adopted"}, "membership"),
        lambda one: one.post("end", {"reason": "split"}, "membership"),
        lambda one: one.post("end", {"reason": "adopted", "ended_on": DAY}, "former membership"),
        lambda one: one.post("end", {"reason": "marriage"}, "former membership"),
    ],
    "a kinship is recorded": [
        lambda one: kin(one, "mother", "girl"),
        lambda one: kin(one, "mother", "boy"),
        lambda one: kin(one, "girl", "mother"),
    ],
    "a kinship is corrected": [
        lambda one: one.patch({}, "kinship"),
        lambda one: one.patch({"note": "Eslatma"}, "kinship"),
        lambda one: one.patch({"note": "Boshqa"}, "kinship"),
        lambda one: one.patch({"started_on": "1990-01-01"}, "kinship"),
    ],
    "a kinship ends": [
        lambda one: one.post("end", {}, "kinship"),
        lambda one: one.post("end", {"ended_on": DAY}, "former kinship"),
        lambda one: one.post("end", {"ended_on": OTHER_DAY}, "former kinship"),
    ],
    "circumstances are recorded": [
        lambda one: one.partner.put(f"{one.girl}/circumstances", WHOLE, version=1),
        lambda one: one.partner.put(f"{one.girl}/circumstances", WHOLE, version=9),
        lambda one: one.partner.patch(f"{one.girl}/circumstances", {}, version=1),
        lambda one: one.partner.patch(f"{one.girl}/circumstances", {"school": "1-maktab"}, version=0),
    ],
    "incomes are recorded": [lambda one: incomes(one, ("wages", 5)), lambda one: incomes(one, ("wages", 6)), incomes],
    "a vulnerability is recorded": [
        lambda one: recorded(one, "child_with_disability"),
        lambda one: recorded(one, "neglected_child"),
    ],
    "a vulnerability is corrected": [
        lambda one: one.patch({}, "record"),
        lambda one: one.patch({"evidence": "Mahalla maʼlumotnomasi"}, "record"),
        lambda one: one.patch({"evidence": "Boshqa"}, "record"),
        lambda one: one.patch({"until": DAY}, "former record"),
    ],
    "a vulnerability ends": [
        lambda one: one.post("end", {}, "record"),
        lambda one: one.post("end", {"until": DAY}, "former record"),
        lambda one: one.post("end", {"until": OTHER_DAY}, "former record"),
        lambda one: one.post("end", {"until": "2020-01-01"}, "former record"),
    ],
    "a number is added": [lambda one: numbered(one, PINFL), lambda one: numbered(one, pinfl("6170512034003"))],
    "a number is corrected": [
        lambda one: one.patch({}, "identifier"),
        lambda one: one.patch({"issuer": "IIB"}, "identifier"),
        lambda one: one.patch({"issued_on": "1990-01-01"}, "identifier"),
    ],
    "a number ends": [
        lambda one: one.post("end", {"end_reason": "lost", "ended_on": DAY}, "identifier"),
        lambda one: one.post("end", {"end_reason": "replaced", "ended_on": DAY}, "former identifier"),
        lambda one: one.post("end", {"end_reason": "lost", "ended_on": OTHER_DAY}, "former identifier"),
    ],
    "a consent is changed": [
        lambda one: one.patch({}, "consent"),
        lambda one: one.patch({"note": None}, "consent"),
        lambda one: one.patch({"given_by_id": one.home["father"]["id"]}, "consent"),
    ],
    "a consent is given": [
        lambda one: one.post("give", giving(one.home), "consent"),
        lambda one: one.post("give", {"method": "written"}, "consent"),
    ],
    "a consent is refused": [
        lambda one: one.post("refuse", {}, "consent"),
        lambda one: one.post("refuse", {"note": "Hozir emas"}, "consent"),
    ],
    "a consent is withdrawn": [
        lambda one: one.post("withdraw", {"reason": "changed_mind", "withdrawn_by_id": one.home["mother"]["id"]}, "consent"),
        lambda one: one.post("withdraw", {"reason": "changed_mind", "withdrawn_by_id": one.home["boy"]["id"]}, "consent"),
        lambda one: one.post("withdraw", {"reason": "recorded_in_error"}, "consent"),
    ],
    "a consent is renewed": [
        lambda one: one.post("renew", {"giving": giving(one.home)}, "consent"),
        lambda one: one.post("renew", {"giving": {"method": "written"}}, "consent"),
        lambda one: one.post("renew", {"id": one.rows["consent"]["id"], "giving": giving(one.home)}, "consent"),
    ],
}


@pytest.mark.parametrize("tried", TRIED)
def test_whatever_is_tried_the_answer_is_the_same(world: World, tried: str) -> None:
    for attempt in TRIED[tried]:
        refused = attempt(world)
        assert (refused.status_code, refused.json()["code"]) == (403, "out_of_scope"), refused.text
        assert not refused.json().get("errors")
