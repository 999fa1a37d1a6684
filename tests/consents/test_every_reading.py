"""Every operation that reads of families and people, asked by everybody whom a consent can or cannot let in: before it is given, with each
category of it, and after it is withdrawn. A new operation fails by name until it is said what opens it.
"""

from dataclasses import dataclass, field
from typing import Any

import pytest

from app import features
from app.access.declare import DECLARED
from app.access.grants import BITS, DataCategory
from app.beneficiaries.history import FamilyResidence
from app.beneficiaries.models import Beneficiary, Family, FamilyMembership
from app.circumstances.models import Circumstances
from app.consents.models import Consent
from app.identifiers.models import Identifier
from app.kinship.models import Kinship
from app.livelihoods.models import IncomeMonth, IncomeRecord
from app.vulnerability.loading import load_schemes
from app.vulnerability.models import VulnerabilityRecord
from tests.callers import Caller, Callers
from tests.factories.circumstances import make_circumstances
from tests.factories.consents import given_consent, household, withdraw
from tests.factories.identifiers import make_identifier
from tests.factories.kinship import make_kinship
from tests.factories.vulnerability import make_record
from tests.personal import operations

features.policies()
Home = dict[str, Any]
Categories = frozenset[str]
ALL = frozenset(one.value for one in DataCategory)
IDENTITY, HOUSEHOLD, VULNERABILITY, DOCUMENTS = "identity", "household", "vulnerability", "documents"
READS = {one["operationId"]: (name.partition(" ")[2], one) for name, one in operations().items() if name.startswith("GET ")}


@dataclass(frozen=True, slots=True)
class Opened:
    """An operation that a consent opens: by all categories of one of `by`; its rows are of `model`, whose fields may be `called` else.
    By what is `told` in each row anyway it may be asked for.
    """

    by: tuple[set[str], ...]
    model: Any
    called: dict[str, str] = field(default_factory=dict)
    told: frozenset[str] = frozenset()


_PERSON = Opened(({IDENTITY},), Beneficiary, {"phone_as_written": "phone"})
_FAMILY = Opened(({HOUSEHOLD},), Family)
_INCOMES = Opened(({HOUSEHOLD},), IncomeMonth)
_CIRCUMSTANCES = Opened(({IDENTITY, "health"}, {IDENTITY, "education"}, {IDENTITY, DOCUMENTS}), Circumstances)
_RECORD = Opened(({IDENTITY, VULNERABILITY},), VulnerabilityRecord)
_CONSENT = Opened(({IDENTITY}, {HOUSEHOLD}), Consent, told=frozenset({"family_id"}))
OPENED = {
    "list_beneficiaries": _PERSON,
    "get_beneficiary": _PERSON,
    "get_beneficiary_consent_coverage": Opened(({IDENTITY},), None),
    "list_families": _FAMILY,
    "get_family": _FAMILY,
    "get_family_consent_coverage": Opened(({HOUSEHOLD},), None),
    "list_residences": Opened(({HOUSEHOLD},), FamilyResidence),
    "list_memberships": Opened(({HOUSEHOLD, IDENTITY},), FamilyMembership),
    "get_membership": Opened(({HOUSEHOLD, IDENTITY},), FamilyMembership),
    "list_kinships": Opened(({IDENTITY},), Kinship),
    "get_kinship": Opened(({IDENTITY},), Kinship),
    "list_incomes": _INCOMES,
    "get_incomes": _INCOMES,
    "get_per_capita_income": Opened(({HOUSEHOLD},), None),
    "list_circumstances": _CIRCUMSTANCES,
    "get_circumstances": _CIRCUMSTANCES,
    "list_vulnerability_records": Opened(({IDENTITY, VULNERABILITY}, {HOUSEHOLD, VULNERABILITY}), VulnerabilityRecord),
    "get_vulnerability_record": _RECORD,
    "list_identifiers": Opened(({IDENTITY, DOCUMENTS},), Identifier),
    "get_identifier": Opened(({IDENTITY, DOCUMENTS},), Identifier),
    "list_consents": _CONSENT,
    "get_consent": _CONSENT,
}
CLOSED = {
    "get_consent_form": "the organization's own paper",
    **dict.fromkeys(
        ("list_beneficiary_accesses", "list_family_accesses", "get_beneficiary_accesses_pdf", "get_family_accesses_pdf"),
        "managers are told who looked at their own people",
    ),
    **dict.fromkeys(("list_duplicate_candidates", "list_merges"), "a doubt of the organization itself"),
    **dict.fromkeys(("list_legal_holds", "list_erasure_requests"), "the organization's own business"),
    "list_break_glass_accesses": "those who opened it and those whose people it was",
}
"""What no consent opens, asked for all the same."""
ELSEWHERE = {
    **dict.fromkeys(
        ("get_duplicate_candidate", "get_merge", "get_legal_hold", "get_erasure_request", "get_break_glass_access"),
        "one row of a list that is closed: tests/house/test_whatever.py asks for it as a stranger",
    ),
    **dict.fromkeys(
        ("list_training_enrollments", "get_training_enrollment", "get_training_attendance", "list_training_test_results"),
        "goes with the activity and its organization: tests/participation",
    ),
    **dict.fromkeys(
        ("list_training_completions", "get_training_certificates_zip", "list_certificates", "get_certificate", "get_certificate_pdf"),
        "goes with the activity and its organization: tests/certificates",
    ),
    "verify_certificate": "whoever holds the paper: tests/certificates/test_verifying.py",
    **dict.fromkeys(("list_audit_entries", "get_alerts"), "of one's own organization alone: tests/audit, tests/oversight"),
}
OF_NO_PERSON = {
    *("get_me", "list_accounts", "get_account", "list_service_clients", "get_service_client", "get_key_set", "get_server_metadata"),
    *(
        "list_places",
        "get_place",
        "list_organizations",
        "get_organization",
        "list_specialists",
        "get_specialist",
        "list_venues",
        "get_venue",
    ),
    *("list_vulnerability_schemes", "get_vulnerability_scheme", "list_vulnerability_categories", "get_vulnerability_category"),
    *("list_consent_notices", "list_reported_headcounts", "get_reported_headcount", "list_trainings", "get_training"),
    *("list_training_sessions", "get_training_session", "list_retention_rules", "get_retention_rule", "list_retention_runs"),
    *("get_retention_run", "get_vocabulary", "is_alive", "is_ready"),
}


def test_every_reading_is_told_of() -> None:
    """And every table with fields of a category of their own is read by one of those that are tried."""
    told = [*OPENED, *CLOSED, *ELSEWHERE, *OF_NO_PERSON]
    assert sorted(told) == sorted(set(told))
    assert READS.keys() - set(told) == set(), "say what opens it"
    assert set(told) - READS.keys() == set()
    in_parts = {model for model, declared in DECLARED.items() if declared.fields and any(rows.in_parts for rows in declared.rows.values())}
    # What the month of incomes is made of.
    assert in_parts == {one.model for one in OPENED.values() if one.model and DECLARED[one.model].fields} | {IncomeRecord}


class World:
    """A family of whom everything is known, and how each operation asks for it."""

    def __init__(self, callers: Callers) -> None:
        load_schemes()
        self.ngo = callers.ngo("17")
        self.home = household(self.ngo, note="Quiet people")
        girl, family = self.home["girl"], self.home["family"]
        make_circumstances(self.ngo, girl)
        self.ids = {
            "beneficiary_id": girl["id"],
            "family_id": family["id"],
            "membership_id": girl["membership_id"],
            "identifier_id": make_identifier(self.ngo, girl, kind="project_number", value="P-7261")["id"],
            "kinship_id": make_kinship(self.ngo, self.home["mother"], girl, note="Told by the school")["id"],
            "record_id": make_record(self.ngo, girl, "child_with_disability")["id"],
            "month": "2026-01",
        }
        make_record(self.ngo, family, "low_income_family")
        income = {"sources": [{"source": "wages", "amount": 1_200_000, "note": "Seasonal"}]}
        assert self.ngo.put(f"/v1/families/{family['id']}/incomes/2026-01", income, version=0).status_code == 201
        self.consent: dict[str, Any] = {}

    def give(self, categories: Categories, *to: Caller) -> None:
        recipients = [{"organization_id": one.organization_id} for one in to]
        self.consent = given_consent(self.ngo, self.home, recipients=recipients, categories=sorted(categories), note="On Monday")
        self.ids["consent_id"] = self.consent["id"]

    def withdraw(self) -> None:
        assert withdraw(self.ngo, self.consent, self.home).status_code == 200

    def asked(self, name: str) -> list[tuple[str, dict[str, str]]]:
        """The address, and what is asked there: everything, and what a filter or a search would find."""
        path, operation = READS[name]
        for key, value in self.ids.items():
            path = path.replace("{" + key + "}", value)
        known = {one["name"] for one in operation.get("parameters", ()) if one["in"] == "query"}
        if "include" not in known:
            return [(path, {})]
        filters = [{key: self.ids[key]} for key in ("beneficiary_id", "family_id") if key in known]
        searches = [{"q": "dilnoza"}] if "q" in known else []
        return [(path, {"include": "total", "limit": "50", **one}) for one in ({}, *filters, *searches)]

    def rows(self, reader: Caller, name: str) -> list[list[dict[str, Any]]]:
        """The rows of each answer. What is not to be seen is 404, or nothing, without a total that hints at it."""
        found = []
        for path, params in self.asked(name):
            answer = reader.get(path, params=params)
            assert answer.status_code in (200, 403, 404), (name, answer.text)
            if answer.status_code != 200 or answer.headers["content-type"] != "application/json":
                found.append([{}] if answer.status_code == 200 else [])
            elif "include" in params:
                body = answer.json()
                assert body["total"] == len(body["items"]), (name, params)
                assert body["next"] is None
                found.append(body["items"])
            else:
                found.append([answer.json()])
        return found


def fields_wrong(one: Opened, rows: list[dict[str, Any]], categories: Categories | None) -> list[str]:
    """Fields that are there and should not be, or the other way round; `categories` is None for whoever registered the family."""
    if one.model is None:
        return []
    opened = sum(BITS[DataCategory(name)] for name in categories or ())
    wrong = []
    for name, rule in DECLARED[one.model].fields.items():
        shown = one.called.get(name, name)
        may = categories is None or rule.category == 0 or bool(rule.category & opened)
        if NAMES_SHOWN[one.model].get(shown, True):
            wrong += [f"{shown} {'absent' if may else 'shown'}" for row in rows if (shown in row) != may]
    return wrong


NAMES_SHOWN: dict[Any, dict[str, bool]] = {
    Identifier: {"ciphertext": False},
    **{
        model: {}
        for model in (Beneficiary, FamilyMembership, FamilyResidence, Kinship, Circumstances, Consent, IncomeMonth, VulnerabilityRecord)
    },
    # Absent from every answer where nothing was merged into another, unless the reader sees that one too.
    Family: {"merged_into_id": False},
}
"""Fields of tables that answers show under no name of their own."""


ASKS = {"q": IDENTITY, "beneficiary_id": IDENTITY, "family_id": HOUSEHOLD}


def check(world: World, reader: Caller, categories: Categories | None) -> list[str]:
    """What a reader is shown beside what a consent to these categories opens; None for whoever registered the family."""
    wrong = []
    for name, one in OPENED.items():
        for (_, params), rows in zip(world.asked(name), world.rows(reader, name), strict=True):
            # Neither a name nor an id leads to what is open, but for those who may see whose it is.
            asks = {category for key, category in ASKS.items() if key in params.keys() - one.told}
            may = categories is None or any(by | asks <= categories for by in one.by)
            asked = f"{name} {params.get('q', '')}{[key for key in params if key.endswith('_id')]}, {sorted(categories or ())}"
            if bool(rows) != may:
                wrong.append(f"{asked}: {'nothing' if may else 'something'} is shown")
            wrong += [f"{asked}: {fault}" for fault in fields_wrong(one, rows, categories)]
    if categories is not None:
        wrong += [f"{name}: something is shown" for name in CLOSED if any(world.rows(reader, name))]
    return wrong


BASE = frozenset({IDENTITY, HOUSEHOLD})
STATES = [*(frozenset({one}) for one in sorted(ALL)), BASE, *(BASE | {one} for one in sorted(ALL - BASE)), ALL]
NOTHING: Categories = frozenset()


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["committee", "state"])
def test_a_partner_is_shown_what_the_consent_opens_while_it_lasts(callers: Callers, kind: str) -> None:
    world = World(callers)
    partner = getattr(callers, kind)("1733")
    world.give(ALL, callers.state())
    wrong = check(world, partner, NOTHING)
    for categories in STATES:
        world.give(categories, partner)
        wrong += check(world, partner, categories)
        world.withdraw()
        wrong += [
            f"withdrawn: {name}" for name in ("list_beneficiaries", "list_families", "list_consents") if any(world.rows(partner, name))
        ]
    assert not wrong, "\n".join(wrong)
    assert not check(world, partner, NOTHING), "withdrawing closes everything at once"


@pytest.mark.slow
def test_whom_the_consent_does_not_reach_is_shown_nothing(callers: Callers) -> None:
    """Another organization, another part of the country, an NGO to whom it cannot open anything; before, while and after."""
    world, named = World(callers), (callers.committee("1733"), callers.state("1733"))
    elsewhere = [callers.make(one.account.role, "1703", organization_id=one.organization_id) for one in named]
    strangers = [*elsewhere, callers.committee("1733"), callers.state("1733"), callers.ngo("1733")]
    own = callers.ngo("1733", organization_id=world.ngo.organization_id)
    own_elsewhere = callers.ngo("1703", organization_id=world.ngo.organization_id)
    world.give(ALL, *named)
    wrong = [fault for one in (*strangers, own_elsewhere) for fault in check(world, one, NOTHING)]
    wrong += check(world, own, None)
    world.withdraw()
    wrong += [fault for one in (*strangers, *named, own_elsewhere) for fault in check(world, one, NOTHING)]
    # What the organization itself may see does not depend on anybody's consent.
    assert not wrong + check(world, own, None), "\n".join(wrong)
