"""What a test remembers of families, whatever happened to them, and what must hold of the service's rows and answers because of it."""

from collections import Counter, defaultdict
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import combinations, count, pairwise
from typing import Any

import sqlalchemy as sa
from hypothesis.stateful import RuleBasedStateMachine, invariant
from sqlmodel import col

from app.access.grants import BITS, AccessGrant, DataCategory, GrantSource
from app.access.transaction import as_system, begin
from app.beneficiaries.history import FamilyResidence, FormerCare, FormerRelationship
from app.beneficiaries.models import OLDER, YOUNGER, Beneficiary, Family, FamilyMembership, may_be_elder
from app.consents.models import Consent, ConsentStatus, ConsentSubject
from app.database import now
from app.days import today
from app.kinship.models import Kinship, KinshipKind
from tests.callers import Caller, Callers
from tests.factories.beneficiaries import ANDIJON, SHOVOT, URGANCH
from tests.factories.lives import FAMILIES

PEOPLE = "/v1/beneficiaries"
PLACES = (SHOVOT, URGANCH, ANDIJON)
NATIONAL, HERE, THERE = "national", "of Shovot", "of Andijon"
REGION = "1733"
"""Where the committee works."""
ALL = {"limit": 200, "include": "total"}

MODELS = (
    Beneficiary,
    Family,
    FamilyMembership,
    FormerCare,
    FormerRelationship,
    FamilyResidence,
    Kinship,
    Consent,
    ConsentSubject,
    AccessGrant,
)
Found = dict[Any, list[Any]]


@dataclass(frozen=True, slots=True)
class Stay:
    """That somebody belongs to a family, and since and until when; `counts` is false of what was entered in error."""

    family: str
    person: str
    started: date
    ended: date | None = None
    counts: bool = True

    def holds_on(self, day: date) -> bool:
        """The day of the end is the first one without."""
        return self.counts and self.started <= day and (self.ended is None or day < self.ended)


class Remembered(RuleBasedStateMachine):
    """Families of one organization, on which callers of the whole country and of two districts work, and which a committee sees by consent.

    `stays` are memberships by their ids, `lies` is where each family lies, `merged` which family went on for another, `people` everybody in
    the order of registration, `gone` who was found to be somebody else, by which of the `merges` of people and with which memberships,
    `consents` those given and not withdrawn.
    """

    callers: Callers
    done: Counter[str]
    refused: Counter[str]

    def __init__(self) -> None:
        super().__init__()
        # What another example opened to every committee is open to this one too.
        with begin(as_system("test")) as db:
            for grant in db.execute(sa.select(AccessGrant)).scalars():
                db.delete(grant)
        national = self.callers.ngo()
        district = {"organization_id": national.organization_id, "duty": "specialist"}
        self.who = {NATIONAL: national, HERE: self.callers.ngo(SHOVOT, **district), THERE: self.callers.ngo(ANDIJON, **district)}
        self.committee = self.callers.committee(REGION)
        self.stays: dict[str, Stay] = {}
        self.lies: dict[str, str] = {}
        self.merged: dict[str, str] = {}
        self.people: list[str] = []
        self.kin: list[str] = []
        self.merges: dict[str, list[str]] = {}
        self.gone: set[str] = set()
        self.consents: list[str] = []
        # Children are children for all that happens here, and younger than those who are asked to agree.
        self.born = today() - timedelta(days=9 * 365)
        self.day = today() - timedelta(days=7 * 365)
        self.numbers = count()
        self.last = NATIONAL

    # --- what is there ------------------------------------------------------------------------------------------------------
    @property
    def national(self) -> Caller:
        return self.who[NATIONAL]

    def present(self, family: str) -> dict[str, Stay]:
        return {key: one for key, one in self.stays.items() if one.family == family and one.ended is None}

    def homeless(self) -> list[str]:
        """Who belongs to no family, and is to be found."""
        at_home = {one.person for one in self.stays.values() if one.ended is None}
        return [str(one.id) for one in self.persons() if one.merged_into_id is None and str(one.id) not in at_home]

    def rows(self, model: Any, known: Any = None) -> list[Any]:
        """The organization's rows, as nobody's guard sees them."""
        mine = sa.true() if model is ConsentSubject else col(model.organization_id) == self.national.account.organization_id
        statement = sa.select(model).where(mine).order_by(col(model.id))
        if known is not None:
            return list(known.execute(statement).scalars())
        with begin(as_system("test")) as db:
            return list(db.execute(statement).scalars())

    def persons(self) -> list[Any]:
        return sorted(self.rows(Beneficiary), key=lambda one: self.people.index(str(one.id)))

    def seen_by(self, who: str) -> list[str]:
        """The families that lie where the caller works."""
        return [key for key, place in self.lies.items() if place.startswith(self.who[who].account.territory)]

    def later(self, back: int = 0) -> date:
        self.day += timedelta(days=1)
        return self.day - timedelta(days=back)

    def enter(self, family: str, members: list[dict[str, Any]], known: set[str]) -> None:
        """Remember the memberships that an answer shows and that are new."""
        for one in members:
            if one["membership_id"] not in known:
                self.stays[one["membership_id"]] = Stay(family, one["id"], date.fromisoformat(one["started_on"]))
                if one["id"] not in self.people:
                    self.people.append(one["id"])

    def leave(self, keys: list[str], day: date, *, counts: bool = True) -> None:
        for key in keys:
            self.stays[key] = replace(self.stays[key], ended=day, counts=counts)

    def hand_over(self, loser: str, winner: str) -> list[str]:
        """The memberships that went over; what stayed behind, where nobody sees it, says what is known already."""
        self.gone.add(loser)
        went = [str(one.id) for one in self.rows(FamilyMembership) if str(one.beneficiary_id) == winner]
        went = [key for key in went if self.stays[key].person == loser]
        for key in went:
            self.stays[key] = replace(self.stays[key], person=winner)
        known = [one for one in self.stays.values() if one.person == winner]
        for left in (one for one in self.stays.values() if one.person == loser):
            assert left.ended is not None
            assert any(left.started < (one.ended or date.max) and one.started < left.ended for one in known), left
        return went

    def hand_back(self, loser: str, went: list[str]) -> None:
        self.gone.remove(loser)
        for key in went:
            self.stays[key] = replace(self.stays[key], person=loser)

    def came(self, command: str, response: Any, *, unseen: bool = False) -> bool:
        """Whether a command was carried out; a refusal must leave everything as it was, which the invariants check. `unseen` may be what
        the caller does not see.
        """
        assert response.status_code in (200, 201, 403, 409, 422) or (unseen and response.status_code == 404), response.text
        ok = bool(response.status_code < 300)
        (self.done if ok else self.refused)[command] += 1
        return ok

    # --- what must hold whatever happened: in the rows --------------------------------------------------------------------------
    @invariant()
    def everything_holds(self) -> None:
        with begin(as_system("test")) as db:
            found = {model: self.rows(model, db) for model in MODELS}
        self.memberships_are_as_remembered(found)
        self.care_follows_care(found)
        self.kin_is_no_contradiction(found)
        self.everybody_lives_somewhere(found)
        self.open_is_what_a_given_consent_covers(found)
        self.everybody_sees_the_families_of_their_own_part()

    def memberships_are_as_remembered(self, rows: Found) -> None:
        found = {str(one.id): (str(one.family_id), str(one.beneficiary_id), one.started_on, one.ended_on) for one in rows[FamilyMembership]}
        assert found == {key: (one.family, one.person, one.started, one.ended) for key, one in self.stays.items()}
        assert {str(one.id) for one in rows[Beneficiary]} == set(self.people)
        open_ones = [one for one in rows[FamilyMembership] if one.ended_on is None]
        heads: defaultdict[Any, list[bool]] = defaultdict(list)
        for one in open_ones:
            heads[one.family_id].append(one.is_head)
            assert one.is_head == (one.relationship_to_head == "head")
        assert {sum(found) for found in heads.values()} <= {1}, "a family with members has one head"
        assert max(Counter(one.beneficiary_id for one in open_ones).values(), default=0) <= 1, "one open membership a person"
        self._no_overlap([one for one in rows[FamilyMembership] if one.end_reason != "entered_in_error"], "beneficiary_id")
        self._ages({one.id: one for one in rows[Beneficiary]}, open_ones)

    def care_follows_care(self, rows: Found) -> None:
        stretches: defaultdict[Any, list[FormerCare]] = defaultdict(list)
        for one in sorted(rows[FormerCare], key=lambda one: one.ended_on):
            stretches[one.membership_id].append(one)
        memberships = {one.id: one for one in rows[FamilyMembership]}
        for key, found in stretches.items():
            membership = memberships[key]
            assert [one.started_on for one in found] == [None, *(one.ended_on for one in found[:-1])]
            said = [*(one.is_primary_caregiver for one in found), membership.is_primary_caregiver]
            assert all(one != other for one, other in pairwise(said)), "what did not change is told once"
            assert membership.started_on is None or membership.started_on < found[0].ended_on
            assert membership.ended_on is None or found[-1].ended_on < membership.ended_on
        for former in rows[FormerRelationship]:
            began = former.started_on or memberships[former.membership_id].started_on
            assert began < former.ended_on, "whoever was something to the head was there"

    @staticmethod
    def _no_overlap(rows: list[Any], of: str) -> None:
        periods: defaultdict[Any, list[tuple[date, date]]] = defaultdict(list)
        for one in rows:
            periods[getattr(one, of)].append((one.started_on or date.min, one.ended_on or date.max))
        for found in periods.values():
            assert sum(end == date.max for _, end in found) <= 1
            assert not [(a, b) for a, b in combinations(found, 2) if max(a[0], b[0]) < min(a[1], b[1])], "nobody is in two at a time"

    @staticmethod
    def _ages(people: dict[Any, Any], open_ones: list[Any]) -> None:
        heads = {one.family_id: people[one.beneficiary_id] for one in open_ones if one.is_head}
        for one in open_ones:
            head, person = heads[one.family_id], people[one.beneficiary_id]
            assert one.relationship_to_head not in YOUNGER or may_be_elder(head, person), "a child is younger than the head"
            assert one.relationship_to_head not in OLDER or may_be_elder(person, head), "a parent is older than the head"
            assert one.started_on >= person.birth_date, "nobody came before birth"

    def kin_is_no_contradiction(self, rows: Found) -> None:
        people = {one.id: one for one in rows[Beneficiary]}
        above: defaultdict[Any, set[Any]] = defaultdict(set)
        for one in rows[Kinship]:
            if one.kind == KinshipKind.PARENT and one.ended_on is None:
                assert may_be_elder(people[one.person_id], people[one.relative_id]), "a child is younger than its parent"
                above[one.relative_id].add(one.person_id)
        for person in people:
            ancestors, wanted = set(), set(above[person])
            while wanted:
                ancestors |= wanted
                wanted = set().union(*(above[one] for one in wanted)) - ancestors
            assert person not in ancestors, "nobody is an ancestor of itself"

    def everybody_lives_somewhere(self, rows: Found) -> None:
        families, residences = rows[Family], rows[FamilyResidence]
        assert {str(one.id): one.territory for one in families} == self.lies
        self._no_overlap(residences, "family_id")
        homes = {one.family_id: (one.territory, one.address) for one in residences if one.ended_on is None}
        assert homes == {one.id: (one.territory, one.address) for one in families if one.merged_into_id is None}
        assert {str(one.id): str(one.merged_into_id) for one in families if one.merged_into_id is not None} == self.merged
        assert all(not self.present(str(one.id)) for one in families if one.status == "dissolved"), "nobody is in a dissolved family"
        assert {one.status for one in families if one.merged_into_id is not None} <= {"dissolved"}
        assert all(self.lies[str(one.family_id)] == one.territory for one in rows[FamilyMembership])

    def open_is_what_a_given_consent_covers(self, rows: Found) -> None:
        """And over HTTP the committee sees just that, in the part of the country where it works."""
        consents = {one.id: one for one in rows[Consent]}
        assert {str(key) for key, one in consents.items() if one.status == ConsentStatus.GIVEN} <= set(self.consents)
        subjects = {(one.consent_id, one.beneficiary_id): one for one in rows[ConsentSubject]}
        open_ones = [one for one in rows[AccessGrant] if one.opens_at <= now() < one.closes_at]
        for grant in open_ones:
            consent = consents[grant.source_id]
            assert grant.source == GrantSource.CONSENT
            assert consent.status_on(today()) == ConsentStatus.GIVEN
            assert grant.categories & ~consent.categories == 0
            # Whoever gave it is still there, in the family that it is about.
            assert str(consent.given_by_id) in {one.person for one in self.present(str(consent.family_id)).values()}
            if grant.family_id is not None:
                assert grant.family_id == consent.family_id
                assert str(grant.family_id) not in self.merged
            else:
                assert subjects[consent.id, grant.beneficiary_id].reason is None
                stay = self.stays[str(grant.membership_id)]
                assert (stay.ended, stay.person, stay.family) == (None, str(grant.beneficiary_id), str(consent.family_id))
        identity, household = BITS[DataCategory.IDENTITY], BITS[DataCategory.HOUSEHOLD]
        people = {one.id for one in rows[Beneficiary] if one.territory.startswith(REGION)}
        shown = {str(one.beneficiary_id) for one in open_ones if one.categories & identity and one.beneficiary_id in people}
        homes = {str(one.family_id) for one in open_ones if one.family_id and one.categories & household}
        assert self.listed(self.committee, PEOPLE) == shown
        assert self.listed(self.committee, FAMILIES) == {one for one in homes if self.lies[one].startswith(REGION)}

    # --- and over HTTP -------------------------------------------------------------------------------------------------------
    @staticmethod
    def listed(caller: Caller, url: str) -> set[str]:
        found = caller.get(url, params=ALL)
        assert found.status_code == 200, found.text
        items = [one["id"] for one in found.json()["items"]]
        assert found.json()["total"] == len(items) == len(set(items))
        return set(items)

    def everybody_sees_the_families_of_their_own_part(self) -> None:
        assert self.listed(self.who[self.last], FAMILIES) == set(self.seen_by(self.last))

    def was_so(self, family: str, day: date) -> None:
        """The family of a day is as it is remembered."""
        shown = self.national.get(f"{FAMILIES}/{family}", params={"as_of": day.isoformat()})
        assert shown.status_code == 200, shown.text
        members = shown.json()["members"]
        then = {
            key: one.person for key, one in self.stays.items() if one.family == family and one.holds_on(day) and one.person not in self.gone
        }
        assert {one["membership_id"]: one["id"] for one in members} == then, (f"{family} on {day}", shown.json(), then)
        assert sum(one["is_head"] for one in members) <= 1

    def teardown(self) -> None:
        """Every day on which something happened is told as it was, and today's family is the family of today."""
        for family in self.lies:
            one = f"{FAMILIES}/{family}"
            present, told = (self.national.get(one, params=params).json() for params in ({}, {"as_of": today().isoformat()}))
            names = ("id", "relationship_to_head", "is_primary_caregiver")
            assert [[m[name] for name in names] for m in present["members"]] == [[m[name] for name in names] for m in told["members"]]
            for days in range(0, 100, 19):
                self.was_so(family, self.day - timedelta(days=days))
