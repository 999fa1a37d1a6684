"""What a consent opens, to whom, where and until when: through every way to a row, and nothing beside."""

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from app.access.grants import AccessGrant
from app.access.transaction import as_system, begin
from app.consents.actions.consents import expire_due
from app.database import now
from app.days import today
from app.worker import expire_consents
from tests.callers import Caller, Callers
from tests.factories.beneficiaries import ANDIJON, make_beneficiary, person_body
from tests.factories.consents import CONSENTS, assent, born, consent_body, given_consent, giving, household, make_consent, withdraw

PEOPLE, FAMILIES = "/v1/beneficiaries", "/v1/families"
Home = dict[str, Any]


def listed(caller: Caller, url: str, **params: Any) -> set[str]:
    found = caller.get(url, params={"include": "total", **params})
    assert found.status_code == 200, found.text
    items = {one["id"] for one in found.json()["items"]}
    # A total that counts more than is shown would be a hint.
    assert found.json()["total"] == len(items)
    assert found.json()["next"] is None
    return items


def people_seen(caller: Caller, home: Home) -> set[str]:
    """Which of the four are seen; every way to a person must agree."""
    family, people = home["family"]["id"], ("father", "mother", "girl", "boy")
    names = {home[one]["id"]: one for one in people}
    by_id = {one for one in people if caller.get(f"{PEOPLE}/{home[one]['id']}").status_code == 200}
    for one in set(people) - by_id:
        assert caller.get(f"{PEOPLE}/{home[one]['id']}").status_code == 404
        assert caller.get(f"{PEOPLE}/{home[one]['id']}/consent-coverage").status_code == 404
    assert {names[key] for key in listed(caller, PEOPLE)} == by_id
    assert {names[key] for key in listed(caller, PEOPLE, q="karim", sort="name")} == by_id & {"father", "girl", "boy"}
    for word, found in (("dilnoza", {"girl"}), ("йўлдошева зуҳра", {"mother"}), ("sardor", {"boy"})):
        assert {names[key] for key in listed(caller, PEOPLE, q=word)} == by_id & found, word
    in_family = listed(caller, PEOPLE, family_id=family)
    assert {names[key] for key in in_family} == (by_id if caller.get(f"{FAMILIES}/{family}").status_code == 200 else set())
    return by_id


def family_seen(caller: Caller, home: Home) -> bool:
    """Whether the family is seen; every way to it must agree."""
    family = home["family"]
    ways = {
        caller.get(f"{FAMILIES}/{family['id']}").status_code == 200,
        caller.get(f"{FAMILIES}/{family['id']}/memberships").status_code == 200,
        caller.get(f"{FAMILIES}/{family['id']}/consent-coverage").status_code == 200,
        listed(caller, FAMILIES) == {family["id"]},
        listed(caller, FAMILIES, number=family["number"]) == {family["id"]},
        listed(caller, FAMILIES, status="active") == {family["id"]},
    }
    assert len(ways) == 1
    return ways.pop()


def sees_nothing(caller: Caller, home: Home) -> bool:
    """Neither a row nor a hint."""
    for url in (PEOPLE, FAMILIES, CONSENTS):
        assert listed(caller, url) == set()
    for one in ("mother", "girl"):
        assert listed(caller, FAMILIES, beneficiary_id=home[one]["id"]) == set()
        assert listed(caller, CONSENTS, beneficiary_id=home[one]["id"]) == set()
    return not family_seen(caller, home) and people_seen(caller, home) == set()


@pytest.fixture(params=["committee", "state"])
def partner(request: pytest.FixtureRequest, callers: Callers) -> Caller:
    """One that depends on consents, of Khorezm."""
    made: Caller = getattr(callers, request.param)("1733")
    return made


def test_without_a_consent_there_is_not_a_hint(callers: Callers, partner: Caller) -> None:
    ngo = callers.ngo("1733")
    home = household(ngo)
    assert sees_nothing(partner, home)
    # Neither one that is only asked for nor one for another purpose opens anything.
    make_consent(ngo, home, to=partner)
    for purpose in ("data_processing", "services", "photo", "public_name"):
        given_consent(ngo, home, to=partner, purpose=purpose)
    assert sees_nothing(partner, home)


def test_a_consent_opens_the_family_and_those_it_covers(callers: Callers, partner: Caller) -> None:
    ngo = callers.ngo("1733")
    home, other = household(ngo), household(ngo)
    consent = given_consent(ngo, home, to=partner)
    assert {one["beneficiary_id"] for one in consent["covers"]} == {home[one]["id"] for one in ("mother", "girl", "boy")}
    assert [(one["beneficiary_id"], one["reason"]) for one in consent["not_covered"]] == [(home["father"]["id"], "adult_speaks_for_self")]
    assert people_seen(partner, home) == {"mother", "girl", "boy"}
    assert family_seen(partner, home)
    family = partner.get(f"{FAMILIES}/{home['family']['id']}").json()
    assert [one["id"] for one in family["members"]] == [home[one]["id"] for one in ("mother", "girl", "boy")]
    assert (family["address"], "note" in family) == ("Guliston koʻchasi 4", False)
    assert home["father"]["id"] not in partner.get(f"{FAMILIES}/{home['family']['id']}/memberships").text
    father = f"{FAMILIES}/{home['family']['id']}/memberships/{home['father']['membership_id']}"
    assert partner.get(father).status_code == 404
    assert not partner.get(f"{FAMILIES}/{other['family']['id']}").is_success
    # His own word opens his own row.
    given_consent(
        ngo,
        home,
        to=partner,
        beneficiary_id=home["father"]["id"],
        given_by_id=home["father"]["id"],
        capacity="self",
        giving={"method": "verbal"},
    )
    assert people_seen(partner, home) == {"father", "mother", "girl", "boy"}


@pytest.mark.parametrize("categories", [["identity"], ["identity", "contact"], ["household"], ["household", "contact"], ["health"]])
def test_it_opens_what_it_names_and_no_more(callers: Callers, partner: Caller, categories: list[str]) -> None:
    ngo = callers.ngo("1733")
    home = household(ngo)
    given_consent(ngo, home, to=partner, categories=categories)
    assert people_seen(partner, home) == ({"mother", "girl", "boy"} if "identity" in categories else set())
    assert family_seen(partner, home) == ("household" in categories)
    if "identity" in categories:
        for girl in (partner.get(f"{PEOPLE}/{home['girl']['id']}").json(), partner.get(PEOPLE, params={"q": "dilnoza"}).json()["items"][0]):
            assert ("phone" in girl) == ("phone_e164" in girl) == ("contact" in categories)
            assert "note" not in girl
    if "household" in categories:
        family = partner.get(f"{FAMILIES}/{home['family']['id']}").json()
        assert family["members"] == []
        assert ("address" in family) == ("contact" in categories)


def test_several_consents_add_up(callers: Callers, partner: Caller) -> None:
    ngo = callers.ngo("1733")
    home = household(ngo)
    first = given_consent(ngo, home, to=partner, categories=["identity"])
    second = given_consent(ngo, home, to=partner, categories=["contact"])
    girl = f"{PEOPLE}/{home['girl']['id']}"
    assert partner.get(girl).json()["phone"] == "90 123-45-67"
    assert withdraw(ngo, second, home).status_code == 200
    assert "phone" not in partner.get(girl).json()
    assert withdraw(ngo, first, home).status_code == 200
    assert sees_nothing(partner, home)


def test_only_the_named_organization_is_let_in(callers: Callers, partner: Caller) -> None:
    ngo = callers.ngo("1733")
    home = household(ngo)
    given_consent(ngo, home, to=partner)
    kind = partner.account.role
    for stranger in (callers.make(kind, "1733"), callers.ngo("1733"), callers.committee("17"), callers.state("17")):
        assert sees_nothing(stranger, home)
    colleague = callers.make(kind, "1733", organization_id=partner.organization_id, duty="viewer")
    assert people_seen(colleague, home) == {"mother", "girl", "boy"}


def test_only_within_the_partners_territory(callers: Callers, partner: Caller) -> None:
    ngo = callers.ngo("17")
    home = household(ngo)
    given_consent(ngo, home, to=partner)
    kind, mine = partner.account.role, partner.organization_id
    for level in ("17", "1733", "1733230"):
        assert people_seen(callers.make(kind, level, organization_id=mine), home) == {"mother", "girl", "boy"}, level
    for level in ("1703", "1733217", ANDIJON):
        assert sees_nothing(callers.make(kind, level, organization_id=mine), home), level
    # A family that moves away takes its consent along.
    family = home["family"]
    for one in ("mother", "girl", "boy"):
        version = ngo.get(f"{PEOPLE}/{home[one]['id']}").json()["version"]
        assert ngo.patch(f"{PEOPLE}/{home[one]['id']}", {"territory": ANDIJON}, version=version).status_code == 200
    moved = ngo.get(f"{FAMILIES}/{family['id']}").json()
    assert ngo.patch(f"{FAMILIES}/{family['id']}", {"territory": ANDIJON}, version=moved["version"]).status_code == 200
    assert sees_nothing(partner, home)


def test_a_kind_is_every_organization_of_it_in_its_territory(callers: Callers, partner: Caller) -> None:
    ngo = callers.ngo("1733")
    home = household(ngo)
    kind = partner.account.role
    other = {"womens_committee": "state_partner", "state_partner": "womens_committee"}[kind]
    given_consent(ngo, home, recipients=[{"kind": kind}])
    assert people_seen(partner, home) == {"mother", "girl", "boy"}
    assert people_seen(callers.make(kind, "1733"), home) == {"mother", "girl", "boy"}
    assert sees_nothing(callers.make(kind, "1703"), home)
    assert sees_nothing(callers.make(other, "1733"), home)
    assert sees_nothing(callers.ngo("1733"), home)


def test_a_partner_reads_and_never_writes(callers: Callers, partner: Caller) -> None:
    ngo = callers.ngo("1733")
    home = household(ngo)
    consent = given_consent(ngo, home, to=partner)
    girl, family, mine = (f"{PEOPLE}/{home['girl']['id']}", f"{FAMILIES}/{home['family']['id']}", f"{CONSENTS}/{consent['id']}")
    for refused in (
        partner.patch(girl, {"sex": "male"}, version=1),
        partner.patch(family, {"size": 9}, version=1),
        withdraw(partner, consent, home),
        partner.post(f"{mine}/refuse", {}, version=consent["version"]),
        partner.post(f"{mine}/give", giving(home), version=consent["version"]),
        partner.patch(mine, {"note": "x"}, version=consent["version"]),
        partner.post(f"{mine}/renew", {"giving": giving(home)}, version=consent["version"]),
    ):
        assert refused.status_code == 403, refused.text
    assert partner.post(CONSENTS, consent_body(home, to=callers.state())).status_code in (403, 422)
    assert ngo.get(mine).json() == consent


# --- when ------------------------------------------------------------------------------------------------------------------
def test_withdrawing_closes_at_once(callers: Callers, partner: Caller) -> None:
    ngo = callers.ngo("1733")
    home = household(ngo)
    consent = given_consent(ngo, home, to=partner)
    assert family_seen(partner, home)
    assert withdraw(ngo, consent, home).json()["status"] == "withdrawn"
    assert sees_nothing(partner, home)
    assert ngo.get(f"{FAMILIES}/{home['family']['id']}/consent-coverage").json()["opened"] == []


def test_it_opens_on_its_first_day(callers: Callers, partner: Caller) -> None:
    ngo = callers.ngo("1733")
    home = household(ngo)
    tomorrow = str(today() + timedelta(days=1))
    consent = given_consent(ngo, home, to=partner, valid_from=tomorrow)
    assert consent["status"] == "given"
    assert sees_nothing(partner, home)
    shift(opens_at=now() - timedelta(seconds=1))
    assert people_seen(partner, home) == {"mother", "girl", "boy"}


def test_it_closes_after_its_last_day(callers: Callers, partner: Caller) -> None:
    ngo = callers.ngo("1733")
    home = household(ngo)
    given_consent(ngo, home, to=partner, valid_until=str(today()))
    assert people_seen(partner, home) == {"mother", "girl", "boy"}
    shift(opens_at=now() - timedelta(days=2), closes_at=now() - timedelta(seconds=1))
    assert sees_nothing(partner, home)


def test_one_that_was_over_before_it_was_recorded_opens_nothing(callers: Callers, partner: Caller) -> None:
    ngo = callers.ngo("1733")
    home = household(ngo)
    past = str(today() - timedelta(days=9))
    consent = given_consent(ngo, home, to=partner, valid_until=str(today() - timedelta(days=1)), giving=giving(home, given_on=past))
    assert consent["status"] == "expired"
    assert sees_nothing(partner, home)


def shift(**moments: Any) -> None:
    """Other moments for every grant, as time would bring them."""
    with begin(as_system("test")) as db:
        for grant in db.execute(sa.select(AccessGrant)).scalars():
            for name, moment in moments.items():
                setattr(grant, name, moment)


def test_expiry_is_written_down(callers: Callers) -> None:
    ngo = callers.ngo("1733")
    home = household(ngo)
    past = str(today() - timedelta(days=9))
    over = given_consent(ngo, home, valid_until=str(today() - timedelta(days=1)), giving=giving(home, given_on=past))
    lasting = given_consent(ngo, home, valid_until=str(today()))
    assert expire_consents() == 1
    with begin(as_system("test")) as db:
        assert expire_due(db) == 0
    assert ngo.get(f"{CONSENTS}/{over['id']}").json() == {
        **ngo.get(f"{CONSENTS}/{over['id']}").json(),
        "status": "expired",
        "version": over["version"] + 1,
    }
    assert ngo.get(f"{CONSENTS}/{lasting['id']}").json() == lasting


def grants_of(person: str) -> list[AccessGrant]:
    with begin(as_system("test")) as db:
        return [one for one in db.execute(sa.select(AccessGrant)).scalars() if str(one.beneficiary_id) == person]


def test_what_a_caregiver_opened_closes_when_the_child_comes_of_age(callers: Callers) -> None:
    ngo, committee = callers.ngo("1733"), callers.committee("1733")
    home = household(ngo)
    consent = given_consent(ngo, home, to=committee)
    assert consent["last_day"] is None
    [girl], [mother] = grants_of(home["girl"]["id"]), grants_of(home["mother"]["id"])
    birthday = girl.closes_at + timedelta(hours=5)
    assert (birthday.year, birthday.hour) == (int(home["girl"]["birth_date"][:4]) + 18, 0)
    assert (birthday.month, birthday.day) in {(int(home["girl"]["birth_date"][5:7]), int(home["girl"]["birth_date"][8:])), (3, 1)}
    assert mother.closes_at.year == 9999
    # About the child alone, the consent itself is over then.
    alone = given_consent(ngo, home, to=committee, beneficiary_id=home["girl"]["id"])
    assert alone["last_day"] == str((birthday - timedelta(days=1)).date())


# --- families change -------------------------------------------------------------------------------------------------------
def test_a_newborn_is_not_covered_until_it_is_renewed(callers: Callers, partner: Caller) -> None:
    ngo = callers.ngo("1733")
    home = household(ngo)
    consent = given_consent(ngo, home, to=partner)
    baby = person_body(given_name="Лола", birth_date=born(0, 2))
    added = ngo.post(f"{FAMILIES}/{home['family']['id']}/members", {"person": baby, "relationship_to_head": "child"})
    assert added.status_code == 201, added.text
    url = f"{PEOPLE}/{added.json()['beneficiary_id']}"
    assert partner.get(url).status_code == 404
    assert people_seen(partner, home) == {"mother", "girl", "boy"}
    renewed = ngo.post(f"{CONSENTS}/{consent['id']}/renew", {"giving": giving(home)}, version=consent["version"])
    assert renewed.status_code == 201, renewed.text
    assert partner.get(url).status_code == 200
    assert len(renewed.json()["covers"]) == 4


def test_whoever_leaves_the_family_is_no_longer_seen(callers: Callers, partner: Caller) -> None:
    ngo = callers.ngo("1733")
    home = household(ngo)
    given_consent(ngo, home, to=partner)
    assert [str(one.membership_id) for one in grants_of(home["girl"]["id"])] == [home["girl"]["membership_id"]]
    membership = f"{FAMILIES}/{home['family']['id']}/memberships/{home['girl']['membership_id']}"
    left = ngo.post(f"{membership}/end", {"reason": "moved_away"}, version=1)
    assert left.status_code == 200, left.text
    assert people_seen(partner, home) == {"mother", "boy"}


# --- who sees the consent itself -------------------------------------------------------------------------------------------
def test_a_partner_reads_the_consent_that_lets_it_in(callers: Callers, partner: Caller) -> None:
    ngo = callers.ngo("1733")
    home = household(ngo)
    both = [{"organization_id": partner.organization_id}, {"organization_id": callers.state().organization_id}]
    consent = given_consent(ngo, home, recipients=both, note="Tinch gaplashish kerak", giving=giving(home, witness="Gulnora opa"))
    url = f"{CONSENTS}/{consent['id']}"
    seen = partner.get(url).json()
    assert seen.keys() == consent.keys() - {
        "note",
        "given_by_id",
        "witness",
        "refusal_note",
        "withdrawn_by_id",
        "withdrawal_reason",
        "withdrawal_note",
    }
    assert (seen["status"], seen["categories"], seen["valid_from"]) == ("given", ["identity", "contact", "household"], str(today()))
    assert [one["organization_id"] for one in seen["recipients"]] == [partner.organization_id]
    assert {one["beneficiary_id"] for one in seen["covers"]} == {one["beneficiary_id"] for one in consent["covers"]}
    assert seen["not_covered"] == []
    assert listed(partner, CONSENTS, recipient=partner.organization_id) == {consent["id"]}
    assert listed(partner, CONSENTS, recipient=both[1]["organization_id"]) == set()
    assert listed(partner, CONSENTS, beneficiary_id=home["girl"]["id"]) == {consent["id"]}
    assert partner.get(f"{url}/form.pdf").status_code == 404
    coverage = partner.get(f"{FAMILIES}/{home['family']['id']}/consent-coverage").json()
    assert {one["organization_id"] for one in coverage["opened"]} == {partner.organization_id}
    for stranger in (
        callers.committee("1733"),
        callers.state("1733"),
        callers.ngo("1733"),
        callers.ngo("1703", organization_id=ngo.organization_id),
    ):
        assert stranger.get(url).status_code == 404
        assert listed(stranger, CONSENTS) == set()
    withdraw(ngo, consent, home)
    assert partner.get(url).status_code == 404


def test_who_may_see_what_right_now(callers: Callers) -> None:
    ngo, committee = callers.ngo("1733"), callers.committee("1733")
    home, url = household(ngo), f"{FAMILIES}/"
    first = given_consent(ngo, home, to=committee, categories=["identity", "household"])
    second = given_consent(ngo, home, beneficiary_id=home["girl"]["id"], recipients=[{"kind": "state_partner"}], categories=["health"])
    given_consent(ngo, home, to=committee, valid_from=str(today() + timedelta(days=3)))
    found = ngo.get(f"{url}{home['family']['id']}/consent-coverage").json()
    assert found["organization_id"] == ngo.organization_id
    shown = {
        (one["family_id"] or one["beneficiary_id"], one["organization_id"] or one["kind"], one["source_id"]) for one in found["opened"]
    }
    mine = [home["family"]["id"], *(home[one]["id"] for one in ("mother", "girl", "boy"))]
    assert shown == {*((one, committee.organization_id, first["id"]) for one in mine), (home["girl"]["id"], "state_partner", second["id"])}
    [health] = [one for one in found["opened"] if one["source_id"] == second["id"]]
    assert (health["categories"], health["source"], health["names"]["latin"].startswith("Yo")) == (["health"], "consent", True)
    girl = ngo.get(f"{PEOPLE}/{home['girl']['id']}/consent-coverage").json()["opened"]
    assert {one["source_id"] for one in girl} == {first["id"], second["id"]}
    assert ngo.get(f"{PEOPLE}/{home['father']['id']}/consent-coverage").json()["opened"] == []


def test_a_foreign_person_is_nobodys_to_open(callers: Callers) -> None:
    ngo, stranger = callers.ngo("1733"), callers.ngo("1733")
    home = household(ngo)
    foreign = make_beneficiary(stranger, birth_date=born(40))
    for body in (
        consent_body(home, given_by_id=foreign["id"]),
        consent_body(home, beneficiary_id=foreign["id"], given_by_id=home["mother"]["id"]),
    ):
        refused = ngo.post(CONSENTS, {**body, "giving": {"method": "written", "assents": assent(home)}})
        assert refused.status_code == 422
        assert refused.json()["errors"][0]["code"] == "unknown"
    assert stranger.post(CONSENTS, consent_body(home)).json()["errors"][0]["pointer"] == "/family_id"
