"""Whatever happens to families, in whatever order and by whomever: nobody is lost, nobody is in two of them, each with members has its one
head, no kinship contradicts itself, nothing is open but what a given consent covers, and every day is told as it was.
"""

from collections import Counter
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, precondition, rule, run_state_machine_as_test

from tests.beneficiaries.remembered import HERE, NATIONAL, PEOPLE, PLACES, THERE, Remembered
from tests.callers import Caller, Callers
from tests.factories.lives import FAMILIES, told

# A failure is told at once, with every step: to shrink one takes minutes, and steps are about what those before them made.
BOUNDS = settings(
    max_examples=16,
    phases=[Phase.generate],
    stateful_step_count=40,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
PICK = st.integers(0, 1000)
# Most commands speak of the present; a few of a day on which something else was the case, and those may be refused.
BACK = st.sampled_from([0, 0, 0, 0, 0, 40])
RELATION = st.sampled_from(["child", "sibling", "spouse", "grandchild", "parent", "not_related"])
PLACE = st.sampled_from(PLACES)
WHO = st.sampled_from([NATIONAL, HERE, NATIONAL, THERE])
KINSHIPS, CONSENTS, PAIRS = "/v1/kinships", "/v1/consents", "/v1/duplicate-candidates"
Family = dict[str, Any]


def there_are(name: str) -> Any:
    """What a command needs to be about anything."""
    return precondition(lambda self: getattr(self, name))


class Life(Remembered):
    """The commands."""

    def family(self, who: str, pick: int) -> tuple[Caller, Family | None]:
        """The caller, and one of the families that it sees, with the members that it sees."""
        self.last, caller = who, self.who[who]
        seen = self.seen_by(who)
        if not seen:
            return caller, None
        found = caller.get(f"{FAMILIES}/{seen[pick % len(seen)]}")
        assert found.status_code == 200, found.text
        return caller, dict(found.json())

    def row(self, url: str, pick: int, keys: list[str]) -> tuple[str, dict[str, Any]]:
        """The address of one of these rows, and the row as the whole country's manager sees it."""
        self.last, one = NATIONAL, f"{url}/{keys[pick % len(keys)]}"
        found = self.national.get(one)
        assert found.status_code == 200, found.text
        return one, found.json()

    def person(self, relationship: str) -> dict[str, Any]:
        """Heads and spouses are old, children young; each has a name and a birthday of its own, so that none is a duplicate."""
        number = next(self.numbers)
        years = {"child": 0, "grandchild": 0, "parent": 60}.get(relationship, 30)
        letters = "".join(chr(97 + int(digit)) for digit in f"{number:03d}")
        born = self.born - timedelta(days=365 * years) + timedelta(days=37 * number % 700)
        return {"surname": f"Q{letters}", "given_name": f"{letters.title()}", "sex": "female", "birth_date": born.isoformat()}

    def parts(self, family: Family, pick: int) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
        """The members in two parts, neither of them empty."""
        members = family["members"]
        bits = 1 + pick % (2 ** len(members) - 2)
        return [one for n, one in enumerate(members) if bits >> n & 1], [one for n, one in enumerate(members) if not bits >> n & 1]

    # --- families -----------------------------------------------------------------------------------------------------------
    @initialize()
    def begin(self) -> None:
        """A family in each place, and two people who belong to none, so that the first command has something to be about."""
        self.register(NATIONAL, ["spouse", "child", "child"], PLACES[0])
        self.register(NATIONAL, ["sibling", "child"], PLACES[1])
        self.register(NATIONAL, ["parent"], PLACES[2])
        self.register_somebody(NATIONAL, "child", PLACES[0])
        self.register_somebody(NATIONAL, "spouse", PLACES[2])
        # Some time ago, so that what is told of a former day can be about them.
        self.day += timedelta(days=60)

    @rule(who=WHO, relations=st.lists(RELATION, max_size=3), place=PLACE)
    def register(self, who: str, relations: list[str], place: str) -> None:
        self.last = who
        started = self.later().isoformat()
        members = [self.person(one) | {"relationship_to_head": one, "started_on": started} for one in ("head", *relations)]
        made = self.who[who].post(FAMILIES, {"territory": place, "members": members})
        if self.came("register", made):
            self.lies[made.json()["id"]] = place
            self.enter(made.json()["id"], made.json()["members"], set())

    @rule(who=WHO, relationship=RELATION, place=PLACE)
    def register_somebody(self, who: str, relationship: str, place: str) -> None:
        self.last = who
        made = self.who[who].post(PEOPLE, self.person(relationship) | {"territory": place})
        if self.came("register_somebody", made):
            self.people.append(made.json()["id"])

    @there_are("lies")
    @rule(who=WHO, pick=PICK, relationship=RELATION, someone=st.none() | PICK, back=st.sampled_from([0, 0, 40]))
    def add(self, who: str, pick: int, relationship: str, someone: int | None, back: int) -> None:
        caller, family = self.family(who, pick)
        if family is None:
            return
        day = self.later(back)
        body: dict[str, Any] = {"relationship_to_head": relationship if family["members"] else "head", "started_on": day.isoformat()}
        if someone is not None:
            # Whoever it is: somebody who belongs to a family already is refused.
            free = self.homeless() or self.people
            body["beneficiary_id"] = free[someone % len(free)]
        else:
            body["person"] = self.person(relationship)
        added = caller.post(f"{FAMILIES}/{family['id']}/members", body)
        if self.came("add", added):
            self.enter(family["id"], [{**added.json(), "membership_id": added.json()["id"], "id": added.json()["beneficiary_id"]}], set())

    @there_are("lies")
    @rule(who=WHO, pick=PICK, someone=PICK, back=BACK, reason=st.sampled_from(["death", "marriage", "entered_in_error", "other"]))
    def end(self, who: str, pick: int, someone: int, back: int, reason: str) -> None:
        caller, family = self.family(who, pick)
        if family is None or not family["members"]:
            return
        key, day = family["members"][someone % len(family["members"])]["membership_id"], self.later(back)
        one = f"{FAMILIES}/{family['id']}/memberships/{key}"
        version = caller.get(one).json()["version"]
        if self.came("end", caller.post(f"{one}/end", {"reason": reason, "ended_on": day.isoformat()}, version=version)):
            self.leave([key], day, counts=reason != "entered_in_error")

    @there_are("stays")
    @rule(pick=PICK, relationship=RELATION, days=st.sampled_from([-90, -9, 9]), what=st.sampled_from(["relationship", "start", "care"]))
    def correct_membership(self, pick: int, relationship: str, days: int, what: str) -> None:
        self.last = NATIONAL
        key = list(self.stays)[pick % len(self.stays)]
        stay = self.stays[key]
        one = f"{FAMILIES}/{stay.family}/memberships/{key}"
        found = self.national.get(one)
        if found.status_code != 200:
            return
        day = stay.started + timedelta(days=days)
        body = {"relationship": {"relationship_to_head": relationship}, "start": {"started_on": day.isoformat()}}
        body |= {"care": {"is_primary_caregiver": not found.json()["is_primary_caregiver"]}}
        changed = self.national.patch(one, body[what], version=found.json()["version"])
        if self.came("correct_membership", changed, unseen=True) and what == "start":
            self.stays[key] = replace(stay, started=day)

    @there_are("lies")
    @rule(who=WHO, pick=PICK, someone=PICK, relationship=RELATION, back=BACK)
    def change_head(self, who: str, pick: int, someone: int, relationship: str, back: int) -> None:
        caller, family = self.family(who, pick)
        if family is None or len(family["members"]) < 2:
            return
        head = family["members"][1 + someone % (len(family["members"]) - 1)]
        others = told(*((one["id"], relationship) for one in family["members"] if one is not head))
        body = {"beneficiary_id": head["id"], "relationships": others, "on": self.later(back).isoformat()}
        changed = caller.post(f"{FAMILIES}/{family['id']}/change-head", body, version=family["version"])
        if self.came("change_head", changed):
            assert changed.json()["members"][0]["id"] == head["id"]

    @there_are("lies")
    @rule(who=WHO, pick=PICK, bits=PICK, back=BACK)
    def change_caregivers(self, who: str, pick: int, bits: int, back: int) -> None:
        caller, family = self.family(who, pick)
        if family is None:
            return
        caring = {one["id"] for n, one in enumerate(family["members"]) if bits >> n & 1}
        one, day = f"{FAMILIES}/{family['id']}", self.later(back).isoformat()
        changed = caller.post(f"{one}/change-caregivers", {"caregivers": sorted(caring), "on": day}, version=family["version"])
        if self.came("change_caregivers", changed):
            # Whoever has died since cares no more today.
            dead = {one["id"] for one in changed.json()["members"] if one["deceased_on"]}
            for told_of, who_cares in ((changed, caring - dead), (self.national.get(one, params={"as_of": day}), caring)):
                assert {one["id"] for one in told_of.json()["members"] if one["is_primary_caregiver"]} == who_cares

    @there_are("lies")
    @rule(who=WHO, pick=PICK, place=PLACE, back=BACK, whole=st.booleans())
    def move(self, who: str, pick: int, place: str, back: int, whole: bool) -> None:
        """Or correct where it lies, as if it had always been there."""
        caller, family = self.family(who, pick)
        if family is None:
            return
        body = {"territory": place, "address": f"{next(self.numbers)}-uy"}
        one, day = f"{FAMILIES}/{family['id']}", self.later(back).isoformat()
        if whole:
            moved = self.came("move", caller.post(f"{one}/move", body | {"moved_on": day}, version=family["version"]))
        else:
            moved = self.came("correct_family", caller.patch(one, body, version=family["version"]))
        if moved:
            self.lies[family["id"]] = place

    @there_are("lies")
    @rule(who=WHO, pick=PICK, status=st.sampled_from(["dissolved", "active", "moved"]))
    def dissolve(self, who: str, pick: int, status: str) -> None:
        """An empty one; and sometimes it lives together again."""
        caller, family = self.family(who, pick)
        if family is not None:
            self.came("dissolve", caller.patch(f"{FAMILIES}/{family['id']}", {"status": status}, version=family["version"]))

    @there_are("lies")
    @rule(who=WHO, pick=PICK, bits=PICK, relationship=RELATION, back=BACK)
    def split(self, who: str, pick: int, bits: int, relationship: str, back: int) -> None:
        caller, family = self.family(who, pick)
        if family is None or len(family["members"]) < 2:
            return
        leaving, staying = self.parts(family, bits)
        members = told((leaving[0]["id"], "head"), *((one["id"], relationship) for one in leaving[1:]))
        day = self.later(back)
        body: dict[str, Any] = {"members": members, "on": day.isoformat()}
        if any(one["is_head"] for one in leaving):
            others = told(*((one["id"], relationship) for one in staying[1:]))
            body["remaining"] = {"beneficiary_id": staying[0]["id"], "relationships": others}
        made = caller.post(f"{FAMILIES}/{family['id']}/split", body, version=family["version"])
        if self.came("split", made):
            self.lies[made.json()["id"]] = self.lies[family["id"]]
            self.leave([one["membership_id"] for one in leaving], day)
            self.enter(made.json()["id"], made.json()["members"], set(self.stays))

    @there_are("lies")
    @rule(
        who=WHO,
        pick=PICK,
        other=PICK,
        relationship=st.sampled_from(["other_relative", "not_related", "other_relative", "child"]),
        back=BACK,
    )
    def merge(self, who: str, pick: int, other: int, relationship: str, back: int) -> None:
        caller, family = self.family(who, pick)
        # Sometimes with itself, which is refused.
        seen = [one for one in self.seen_by(who) if one not in self.merged and (family is None or one != family["id"] or other % 9 == 0)]
        if family is None or not seen:
            return
        into = seen[other % len(seen)]
        day, leaving = self.later(back), list(self.present(family["id"]))
        others = told(*((one["id"], relationship) for one in family["members"]))
        body = {"into": into, "relationships": others, "on": day.isoformat()}
        merged = caller.post(f"{FAMILIES}/{family['id']}/merge", body, version=family["version"])
        if self.came("merge", merged):
            self.merged[family["id"]] = into
            self.leave(leaving, day)
            self.enter(into, merged.json()["members"], set(self.stays))

    @there_are("lies")
    @rule(pick=PICK, days=st.integers(0, 60))
    def look_back(self, pick: int, days: int) -> None:
        self.was_so(list(self.lies)[pick % len(self.lies)], self.day - timedelta(days=days))

    # --- people -------------------------------------------------------------------------------------------------------------
    @there_are("people")
    @rule(who=WHO, pick=PICK, what=st.sampled_from(["death", "life", "older", "younger", "place"]), place=PLACE)
    def correct_person(self, who: str, pick: int, what: str, place: str) -> None:
        """What is known of one's birth, death and place changes, in whatever family one is."""
        self.last, caller, one = who, self.who[who], f"{PEOPLE}/{self.people[pick % len(self.people)]}"
        found = caller.get(one, follow_redirects=False)
        if found.status_code != 200:
            return
        born = date.fromisoformat(found.json()["birth_date"])
        days = {"older": -9 * 365, "younger": 9 * 365}.get(what, 0)
        body = {"death": {"deceased_on": self.day.isoformat()}, "life": {"deceased_on": None}, "place": {"territory": place}}
        changed = caller.patch(one, body.get(what, {"birth_date": str(born + timedelta(days=days))}), version=found.json()["version"])
        self.came(f"correct_person: {what}", changed)

    @there_are("people")
    @rule(who=WHO, pick=PICK, other=PICK, kind=st.sampled_from(["parent", "parent", "guardian", "spouse", "spouse"]), legal=st.booleans())
    def relate(self, who: str, pick: int, other: int, kind: str, legal: bool) -> None:
        self.last = who
        # Among few, so that one is related to another who is related to a third.
        few = self.people[:6]
        person, relative = few[pick % len(few)], few[other % len(few)]
        body = {"person_id": person, "relative_id": relative, "kind": kind, "is_legal": legal}
        made = self.who[who].post(KINSHIPS, body)
        if self.came(f"relate: {kind}", made):
            self.kin.append(made.json()["id"])

    @there_are("kin")
    @rule(pick=PICK)
    def end_kinship(self, pick: int) -> None:
        one, kinship = self.row(KINSHIPS, pick, self.kin)
        self.came("end_kinship", self.national.post(f"{one}/end", {}, version=kinship["version"]))

    @there_are("people")
    @rule(pick=PICK, other=PICK)
    def merge_people(self, pick: int, other: int) -> None:
        winner, free = self.people[pick % len(self.people)], self.homeless() or self.people
        loser = free[other % len(free)]
        pair = self.national.post(PAIRS, {"a_id": winner, "b_id": loser})
        if not self.came("report_pair", pair):
            return
        merged = self.national.post(f"{PAIRS}/{pair.json()['id']}/merge", {"winner_id": winner}, version=pair.json()["version"])
        if self.came("merge_people", merged):
            self.merges[merged.json()["id"]] = self.hand_over(loser, winner)

    @there_are("merges")
    @rule(pick=PICK)
    def undo(self, pick: int) -> None:
        one, merged = self.row("/v1/merges", pick, list(self.merges))
        if self.came("undo", self.national.post(f"{one}/undo", {}, version=merged["version"])):
            self.hand_back(merged["loser_id"], self.merges.pop(merged["id"]))

    # --- consents -----------------------------------------------------------------------------------------------------------
    @there_are("lies")
    @rule(who=WHO, pick=PICK, someone=PICK, role=st.booleans(), categories=st.sampled_from([["identity", "household"], ["identity"]]))
    def give(self, who: str, pick: int, someone: int, role: bool, categories: list[str]) -> None:
        caller, family = self.family(who, pick)
        if family is None or not family["members"]:
            return
        giver = family["members"][0 if someone % 3 else someone % len(family["members"])]
        recipient = {"kind": "womens_committee"} if role else {"organization_id": self.committee.organization_id}
        terms = {"purpose": "information_sharing", "recipients": [recipient], "categories": categories}
        body = {"family_id": family["id"], "given_by_id": giver["id"], "capacity": "caregiver", "giving": {"method": "written"}}
        made = caller.post(CONSENTS, body | terms)
        if self.came("give", made):
            self.consents.append(made.json()["id"])

    @there_are("consents")
    @rule(pick=PICK)
    def withdraw(self, pick: int) -> None:
        one, consent = self.row(CONSENTS, pick, self.consents)
        body = {"reason": "changed_mind", "withdrawn_by_id": consent["given_by_id"]}
        if self.came("withdraw", self.national.post(f"{one}/withdraw", body, version=consent["version"])):
            self.consents.remove(consent["id"])


EVERYTHING = {
    *(
        "register",
        "register_somebody",
        "add",
        "end",
        "correct_membership",
        "change_head",
        "change_caregivers",
        "move",
        "correct_family",
        "dissolve",
        "split",
    ),
    *("merge", "relate: parent", "relate: guardian", "relate: spouse", "end_kinship", "merge_people", "undo", "give", "withdraw"),
    *("correct_person: death", "correct_person: older", "correct_person: younger", "correct_person: place", "correct_person: life"),
}


@pytest.mark.slow
def test_the_life_of_families(callers: Callers) -> None:
    class Here(Life):
        pass

    Here.callers, Here.done, Here.refused = callers, Counter(), Counter()
    run_state_machine_as_test(Here, settings=BOUNDS)
    # What never happened was not tested.
    assert Here.done.keys() >= EVERYTHING, (EVERYTHING - Here.done.keys(), Here.done, Here.refused)
    assert Here.refused.keys() >= {"add", "end", "merge", "move", "relate: parent", "correct_person: younger"}, Here.refused
