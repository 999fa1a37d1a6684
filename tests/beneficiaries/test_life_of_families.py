"""Whatever happens to families, in whatever order: nobody is lost, nobody is in two of them, and each with members has its one head."""

from collections import Counter, defaultdict
from datetime import date, timedelta
from itertools import combinations, count, pairwise
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test
from sqlmodel import col

from app.access.grants import AccessGrant, DataCategory, to_role
from app.access.transaction import as_system, begin
from app.beneficiaries.history import FamilyResidence, FormerCare
from app.beneficiaries.models import Beneficiary, Family, FamilyMembership
from app.database import now
from tests.callers import Callers
from tests.factories.beneficiaries import ANDIJON, SHOVOT, URGANCH
from tests.factories.grants import grant
from tests.factories.lives import FAMILIES, told

BOUNDS = settings(
    max_examples=8,
    stateful_step_count=25,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
PLACES = (SHOVOT, URGANCH, ANDIJON)
PICK = st.integers(0, 1000)
# Most commands speak of the present; a few of a day on which something else was the case, and those may be refused.
BACK = st.sampled_from([0, 0, 0, 0, 0, 40])
RELATION = st.sampled_from(["child", "sibling", "spouse", "grandchild", "not_related"])


class Life(RuleBasedStateMachine):
    """`home` is where everybody should be: person → family, None for those who left and belong to none."""

    callers: Callers
    done: Counter[str]
    refused: Counter[str]

    def __init__(self) -> None:
        super().__init__()
        self.ngo = self.callers.ngo()
        self.home: dict[str, str | None] = {}
        self.families: list[str] = []
        self.merged: dict[str, str] = {}
        self.day = date(2020, 1, 1)
        self.numbers = count()

    # --- what is there ------------------------------------------------------------------------------------------------------
    def family(self, pick: int) -> dict[str, Any]:
        found = self.ngo.get(f"{FAMILIES}/{self.families[pick % len(self.families)]}")
        assert found.status_code == 200, found.text
        return dict(found.json())

    def person(self, relationship: str) -> dict[str, Any]:
        """Heads and spouses are old, children young; each has a name and a birthday of its own, so that none is a duplicate."""
        number = next(self.numbers)
        year = 2000 if relationship in ("child", "grandchild") else 1950
        letters = "".join(chr(97 + int(digit)) for digit in f"{number:03d}")
        born = date(year, 1, 1) + timedelta(days=37 * number % 3000)
        return {"surname": f"Q{letters}", "given_name": f"{letters.title()}", "sex": "female", "birth_date": born.isoformat()}

    def later(self, back: int) -> str:
        self.day += timedelta(days=1)
        return (self.day - timedelta(days=back)).isoformat()

    def came(self, command: str, response: Any) -> bool:
        """Whether a command was carried out; a refusal must leave everything as it was, which the invariants check."""
        assert response.status_code in (200, 201, 409, 422), response.text
        ok = bool(response.status_code < 300)
        (self.done if ok else self.refused)[command] += 1
        return ok

    def split_up(self, family: dict[str, Any], pick: int) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
        """The members in two parts, neither of them empty."""
        members = family["members"]
        bits = 1 + pick % (2 ** len(members) - 2)
        return [one for n, one in enumerate(members) if bits >> n & 1], [one for n, one in enumerate(members) if not bits >> n & 1]

    # --- what happens -------------------------------------------------------------------------------------------------------
    @rule(relations=st.lists(RELATION, max_size=3), place=st.sampled_from(PLACES))
    def register(self, relations: list[str], place: str) -> None:
        members = [self.person(one) | {"relationship_to_head": one, "started_on": self.later(0)} for one in ("head", *relations)]
        made = self.ngo.post(FAMILIES, {"territory": place, "members": members})
        if self.came("register", made):
            self.families.append(made.json()["id"])
            self.home |= {one["id"]: made.json()["id"] for one in made.json()["members"]}

    @precondition(lambda self: self.families)
    @rule(pick=PICK, relationship=RELATION, known=st.booleans(), someone=PICK, back=BACK)
    def add(self, pick: int, relationship: str, known: bool, someone: int, back: int) -> None:
        family = self.family(pick)
        body: dict[str, Any] = {"relationship_to_head": relationship if family["members"] else "head"}
        body["started_on"] = self.later(back)
        people = sorted(self.home)
        if known:
            # Whoever it is: somebody who belongs to a family already is refused.
            free = [one for one in people if self.home[one] is None] or people
            body["beneficiary_id"] = free[someone % len(free)]
        else:
            body["person"] = self.person(relationship)
        added = self.ngo.post(f"{FAMILIES}/{family['id']}/members", body)
        if self.came("add", added):
            self.home[added.json()["beneficiary_id"]] = family["id"]

    @precondition(lambda self: self.families)
    @rule(pick=PICK, someone=st.just(0) | PICK, back=BACK, reason=st.sampled_from(["death", "marriage", "entered_in_error", "other"]))
    def end(self, pick: int, someone: int, back: int, reason: str) -> None:
        family = self.family(pick)
        if not family["members"]:
            return
        member = family["members"][someone % len(family["members"])]
        one = f"{FAMILIES}/{family['id']}/memberships/{member['membership_id']}"
        version = self.ngo.get(one).json()["version"]
        if self.came("end", self.ngo.post(f"{one}/end", {"reason": reason, "ended_on": self.later(back)}, version=version)):
            self.home[member["id"]] = None

    @precondition(lambda self: self.families)
    @rule(pick=PICK, someone=PICK, relationship=RELATION, back=BACK)
    def change_head(self, pick: int, someone: int, relationship: str, back: int) -> None:
        family = self.family(pick)
        if len(family["members"]) < 2:
            return
        head = family["members"][1 + someone % (len(family["members"]) - 1)]
        others = told(*((one["id"], relationship) for one in family["members"] if one is not head))
        body = {"beneficiary_id": head["id"], "relationships": others, "on": self.later(back)}
        changed = self.ngo.post(f"{FAMILIES}/{family['id']}/change-head", body, version=family["version"])
        if self.came("change_head", changed):
            assert changed.json()["members"][0]["id"] == head["id"]

    @precondition(lambda self: self.families)
    @rule(pick=PICK, bits=PICK, back=BACK)
    def change_caregivers(self, pick: int, bits: int, back: int) -> None:
        family = self.family(pick)
        caring = [one["id"] for n, one in enumerate(family["members"]) if bits >> n & 1]
        day = self.later(back)
        changed = self.ngo.post(
            f"{FAMILIES}/{family['id']}/change-caregivers", {"caregivers": caring, "on": day}, version=family["version"]
        )
        if self.came("change_caregivers", changed):
            assert {one["id"] for one in changed.json()["members"] if one["is_primary_caregiver"]} == {*caring}
            was = self.ngo.get(f"{FAMILIES}/{family['id']}", params={"as_of": day}).json()
            assert {one["id"] for one in was["members"] if one["is_primary_caregiver"]} == {*caring}

    @precondition(lambda self: self.families)
    @rule(pick=PICK, place=st.sampled_from(PLACES), back=BACK)
    def move(self, pick: int, place: str, back: int) -> None:
        family = self.family(pick)
        body = {"territory": place, "address": f"{next(self.numbers)}-uy", "moved_on": self.later(back)}
        self.came("move", self.ngo.post(f"{FAMILIES}/{family['id']}/move", body, version=family["version"]))

    @precondition(lambda self: self.families)
    @rule(pick=PICK, bits=PICK, relationship=RELATION, back=BACK)
    def split(self, pick: int, bits: int, relationship: str, back: int) -> None:
        family = self.family(pick)
        if len(family["members"]) < 2:
            return
        leaving, staying = self.split_up(family, bits)
        members = told((leaving[0]["id"], "head"), *((one["id"], relationship) for one in leaving[1:]))
        body: dict[str, Any] = {"members": members, "on": self.later(back)}
        if any(one["is_head"] for one in leaving):
            others = told(*((one["id"], relationship) for one in staying[1:]))
            body["remaining"] = {"beneficiary_id": staying[0]["id"], "relationships": others}
        made = self.ngo.post(f"{FAMILIES}/{family['id']}/split", body, version=family["version"])
        if self.came("split", made):
            self.families.append(made.json()["id"])
            self.home |= {one["id"]: made.json()["id"] for one in leaving}

    @precondition(lambda self: self.families)
    @rule(pick=PICK, other=PICK, relationship=RELATION, back=BACK)
    def merge(self, pick: int, other: int, relationship: str, back: int) -> None:
        family, into = self.family(pick), self.family(other)
        others = told(*((one["id"], relationship) for one in family["members"]))
        body = {"into": into["id"], "relationships": others, "on": self.later(back)}
        if self.came("merge", self.ngo.post(f"{FAMILIES}/{family['id']}/merge", body, version=family["version"])):
            self.merged[family["id"]] = into["id"]
            self.home |= {one["id"]: into["id"] for one in family["members"]}

    @precondition(lambda self: self.families)
    @rule(pick=PICK, someone=PICK)
    def open_to_partners(self, pick: int, someone: int) -> None:
        family = self.family(pick)
        if family["members"]:
            member = family["members"][someone % len(family["members"])]
            through = {"beneficiary_id": member["id"], "membership_id": member["membership_id"]}
            grant(self.ngo, to_role("state_partner"), DataCategory.IDENTITY, **through)
            self.done["grant"] += 1

    # --- what must hold whatever happened -------------------------------------------------------------------------------------
    def rows(self, model: Any) -> list[Any]:
        with begin(as_system("test")) as db:
            mine = col(model.organization_id) == self.ngo.account.organization_id
            return list(db.execute(sa.select(model).where(mine)).scalars())

    @invariant()
    def everybody_is_where_they_should_be(self) -> None:
        memberships = self.rows(FamilyMembership)
        present = {str(one.beneficiary_id): str(one.family_id) for one in memberships if one.ended_on is None}
        assert present == {person: family for person, family in self.home.items() if family is not None}
        assert {str(person.id) for person in self.rows(Beneficiary)} == self.home.keys()
        assert self.home.keys() == {str(one.beneficiary_id) for one in memberships}
        self.one_head_a_family(memberships)
        self.no_overlap(memberships, "beneficiary_id")
        ended = {one.id for one in memberships if one.ended_on is not None}
        assert not [one for one in self.rows(AccessGrant) if one.membership_id in ended and one.closes_at > now()]

    @invariant()
    def stretches_of_care_follow_each_other(self) -> None:
        memberships = {one.id: one for one in self.rows(FamilyMembership)}
        stretches: defaultdict[Any, list[FormerCare]] = defaultdict(list)
        for one in sorted(self.rows(FormerCare), key=lambda one: one.ended_on):
            stretches[one.membership_id].append(one)
        for key, found in stretches.items():
            membership = memberships[key]
            assert [one.started_on for one in found] == [None, *(one.ended_on for one in found[:-1])]
            said = [*(one.is_primary_caregiver for one in found), membership.is_primary_caregiver]
            assert all(one != other for one, other in pairwise(said))
            assert membership.started_on is None or membership.started_on < found[0].ended_on
            assert membership.ended_on is None or found[-1].ended_on < membership.ended_on

    def one_head_a_family(self, memberships: list[Any]) -> None:
        heads: defaultdict[Any, list[bool]] = defaultdict(list)
        for one in memberships:
            if one.ended_on is None:
                heads[one.family_id].append(one.is_head)
        assert {sum(found) for found in heads.values()} <= {1}

    def no_overlap(self, rows: list[Any], of: str) -> None:
        periods: defaultdict[Any, list[tuple[date, date]]] = defaultdict(list)
        for one in rows:
            if getattr(one, "end_reason", None) != "entered_in_error":
                periods[getattr(one, of)].append((one.started_on or date.min, one.ended_on or date.max))
        for found in periods.values():
            assert sum(end == date.max for _, end in found) <= 1
            assert not [(a, b) for a, b in combinations(found, 2) if max(a[0], b[0]) < min(a[1], b[1])]

    @invariant()
    def everybody_lives_somewhere(self) -> None:
        families, residences = self.rows(Family), self.rows(FamilyResidence)
        self.no_overlap(residences, "family_id")
        homes = {one.family_id: (one.territory, one.address) for one in residences if one.ended_on is None}
        assert homes == {one.id: (one.territory, one.address) for one in families if one.merged_into_id is None}
        assert {str(one.id): str(one.merged_into_id) for one in families if one.merged_into_id is not None} == self.merged
        assert {one.status for one in families if one.merged_into_id is not None} <= {"dissolved"}
        lies = {one.id: one.territory for one in families}
        assert all(lies[one.family_id] == one.territory for one in self.rows(FamilyMembership))

    def teardown(self) -> None:
        """Today's family is the family of today, and of every day on which something happened somebody was in one at most."""
        for family in self.families:
            one = f"{FAMILIES}/{family}"
            now_, today = (self.ngo.get(one, params=params).json() for params in ({}, {"as_of": self.day.isoformat()}))
            told_of = ("id", "relationship_to_head", "is_primary_caregiver")
            assert [[m[name] for name in told_of] for m in now_["members"]] == [[m[name] for name in told_of] for m in today["members"]]
        for days in range(1, 40, 13):
            day = (self.day - timedelta(days=days)).isoformat()
            members = [self.ngo.get(f"{FAMILIES}/{family}", params={"as_of": day}).json()["members"] for family in self.families]
            seen = Counter(one["id"] for found in members for one in found)
            assert not [person for person, times in seen.items() if times > 1]
            # Heads of the past are told by what was kept of them.
            assert {sum(one["is_head"] for one in found) for found in members if found} <= {0, 1}


@pytest.mark.slow
def test_the_life_of_families(callers: Callers) -> None:
    class Here(Life):
        pass

    Here.callers, Here.done, Here.refused = callers, Counter(), Counter()
    run_state_machine_as_test(Here, settings=BOUNDS)
    # What never happened was not tested.
    assert {*Here.done} == {"register", "add", "end", "change_head", "change_caregivers", "move", "split", "merge", "grant"}, Here.done
    assert {*Here.refused} >= {"add", "end", "merge"}, Here.refused
