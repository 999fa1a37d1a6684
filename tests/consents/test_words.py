"""How long a giver's word counts: what it opened for a child closes when the child comes of age, by the date that is known now."""

from datetime import date, timedelta
from typing import Any

import pytest

from app.consents.models import comes_of_age
from app.database import now
from app.days import begins, today
from tests.callers import Caller, Callers
from tests.consents.words import FAMILIES, Home, about_girl, correct, grants, read, sees
from tests.factories.beneficiaries import daughter, father, make_family, mother
from tests.factories.consents import CONSENTS, born, given_consent, giving, household
from tests.factories.duplicates import PAIRS, merge, register, side_of, undo


@pytest.fixture
def ngo(callers: Callers) -> Caller:
    return callers.ngo("17")


@pytest.fixture
def partner(callers: Callers) -> Caller:
    return callers.committee("17")


@pytest.fixture
def home(ngo: Caller) -> Home:
    return household(ngo)


# --- the birth date is corrected ----------------------------------------------------------------------------------------------
def test_a_child_that_is_older_comes_of_age_earlier(ngo: Caller, partner: Caller, home: Home) -> None:
    alone, family = about_girl(ngo, home, partner), given_consent(ngo, home, to=partner)
    [mothers], [boys] = grants(family, home["mother"]), grants(family, home["boy"])
    older = date.fromisoformat(born(15, 10))
    correct(ngo, home["girl"], birth_date=str(older))
    of_age = comes_of_age(older, "day")
    for consent in (alone, family):
        assert [one.closes_at for one in grants(consent, home["girl"])] == [begins(of_age)]
    assert (read(ngo, alone)["last_day"], read(ngo, alone)["status"]) == (str(of_age - timedelta(days=1)), "given")
    # Nothing of the others is any shorter, nor is the consent about the family.
    assert [one.closes_at for one in (*grants(family, home["mother"]), *grants(family, home["boy"]))] == [mothers.closes_at, boys.closes_at]
    assert read(ngo, family) == family
    assert sees(partner, home["girl"], home["boy"], home["mother"]) == [True, True, True]


def test_a_child_that_is_none_is_closed_at_once(ngo: Caller, partner: Caller, home: Home) -> None:
    alone, family = about_girl(ngo, home, partner), given_consent(ngo, home, to=partner)
    assert sees(partner, home["girl"], home["boy"]) == [True, True]
    moment = now()
    grown = date.fromisoformat(born(19))
    correct(ngo, home["girl"], birth_date=str(grown))
    assert sees(partner, home["girl"], home["boy"]) == [False, True]
    for consent in (alone, family):
        for one in grants(consent, home["girl"]):
            # It was open until now, and that is what is told of it.
            assert one.opens_at < moment <= one.closes_at <= now()
    found = read(ngo, alone)
    assert (found["status"], found["last_day"]) == ("expired", str(comes_of_age(grown, "day") - timedelta(days=1)))
    assert read(ngo, family)["status"] == "given"


def test_the_precision_counts_as_well(ngo: Caller, partner: Caller) -> None:
    year = today().year - 13
    girl = daughter(birth_date=f"{year}-01-01", birth_precision="year")
    family = make_family(ngo, members=[father(), mother(), girl])
    home = {"family": family, **dict(zip(("father", "mother", "girl"), family["members"], strict=True))}
    consent = about_girl(ngo, home, partner)
    assert consent["last_day"] == f"{year + 18}-12-30"
    correct(ngo, home["girl"], birth_precision="month")
    assert read(ngo, consent)["last_day"] == f"{year + 18}-01-30"
    correct(ngo, home["girl"], birth_precision="day")
    assert read(ngo, consent)["last_day"] == f"{year + 17}-12-31"
    assert [one.closes_at for one in grants(consent)] == [begins(date(year + 18, 1, 1))]


@pytest.mark.parametrize("term", [None, 400])
def test_for_a_child_that_is_younger_nothing_is_prolonged(ngo: Caller, partner: Caller, home: Home, term: int | None) -> None:
    terms = {"valid_until": str(today() + timedelta(days=term))} if term else {}
    consent = about_girl(ngo, home, partner, **terms)
    before = [one.closes_at for one in grants(consent)]
    correct(ngo, home["girl"], birth_date=born(11))
    assert [one.closes_at for one in grants(consent)] == before
    assert read(ngo, consent) == consent
    # A date that was wrong twice does not bring back what it closed; the family is asked anew.
    correct(ngo, home["girl"], birth_date=born(19))
    correct(ngo, home["girl"], birth_date=born(13))
    assert sees(partner, home["girl"]) == [False]
    renewed = ngo.post(f"{CONSENTS}/{consent['id']}/renew", {"giving": giving(home)}, version=read(ngo, consent)["version"])
    assert renewed.status_code == 201, renewed.text
    assert sees(partner, home["girl"]) == [True]


def test_what_says_nothing_of_the_age_changes_nothing(ngo: Caller, partner: Caller, home: Home) -> None:
    consent = about_girl(ngo, home, partner)
    correct(ngo, home["girl"], phone="90 123-45-68", note="Eslatma")
    correct(ngo, home["girl"], birth_date=home["girl"]["birth_date"])
    assert read(ngo, consent) == consent
    assert sees(partner, home["girl"]) == [True]


def test_a_day_that_is_still_to_come_stays_shut(ngo: Caller, partner: Caller, home: Home) -> None:
    consent = about_girl(ngo, home, partner, valid_from=str(today() + timedelta(days=5)))
    correct(ngo, home["girl"], birth_date=born(19))
    assert [one.opens_at == one.closes_at for one in grants(consent)] == [True]


def test_a_giver_who_turns_out_to_be_a_child_has_spoken_for_nobody(ngo: Caller, partner: Caller, home: Home) -> None:
    correct(ngo, home["mother"], birth_date=born(30))
    alone, family = about_girl(ngo, home, partner), given_consent(ngo, home, to=partner)
    own = given_consent(
        ngo,
        home,
        to=partner,
        beneficiary_id=home["mother"]["id"],
        given_by_id=home["mother"]["id"],
        capacity="self",
        giving={"method": "verbal"},
    )
    correct(ngo, home["mother"], birth_date=born(17))
    assert sees(partner, home["mother"], home["girl"], home["boy"]) == [False, False, False]
    assert partner.get(f"{FAMILIES}/{home['family']['id']}").status_code == 404
    assert {read(ngo, one)["status"] for one in (alone, family, own)} == {"expired"}


# --- two rows are one person --------------------------------------------------------------------------------------------------
def twice(ngo: Caller, home: Home, birth_date: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """(a second row of the girl with another birth date, the pair)."""
    second = register(ngo, surname="Yuldasheva", birth_date=birth_date)
    return second, ngo.post(PAIRS, {"a_id": home["girl"]["id"], "b_id": second["id"]}).json()


def test_a_merge_that_takes_the_other_birth_date(ngo: Caller, partner: Caller, home: Home) -> None:
    consent = about_girl(ngo, home, partner)
    older = born(16, 3)
    second, pair = twice(ngo, home, older)
    made = merge(ngo, pair, home["girl"], fields={"birth_date": side_of(pair, second)})
    of_age = comes_of_age(date.fromisoformat(older), "day")
    assert [one.closes_at for one in grants(consent)] == [begins(of_age)]
    assert read(ngo, consent)["last_day"] == str(of_age - timedelta(days=1))
    # Taken apart again she is younger, which prolongs nothing; nor is what the merge itself shortened a change that stands in its way.
    assert undo(ngo, made).status_code == 200
    assert [one.closes_at for one in grants(consent)] == [begins(of_age)]
    assert sees(partner, home["girl"]) == [True]


def test_a_merge_into_the_other_row_that_is_of_age(ngo: Caller, partner: Caller, home: Home) -> None:
    consent = about_girl(ngo, home, partner)
    second, pair = twice(ngo, home, born(20))
    made = merge(ngo, pair, second)
    assert sees(partner, second) == [False]
    assert read(ngo, consent)["status"] == "expired"
    undone = undo(ngo, made)
    assert undone.status_code == 200, undone.text
    assert sees(partner, second, home["girl"]) == [False, False]


def test_it_costs_the_same_however_many_consents_there_are(ngo: Caller, partner: Caller, statements: list[str]) -> None:
    counts, home = [], household(ngo)
    for more, age in ((1, 14), (4, 15)):
        for _ in range(more):
            about_girl(ngo, home, partner)
        statements.clear()
        correct(ngo, home["girl"], birth_date=born(age))
        counts.append(len([one for one in statements if one.startswith("SELECT") and "access_entry" not in one]))
    assert counts[0] == counts[1]
