"""What the answer of one operation shows otherwise than other answers of its kind: most often, the state into which it moved the row."""

from typing import Any

from app.contract_examples.people import MEMBERS, POSSIBLE
from app.contract_examples.scene import (
    ACCOUNT,
    BRANCH,
    COMMITTEE,
    CONSENT,
    MOTHER,
    SHOVOT,
    TWIN,
    URGANCH,
    VIEWER,
    at,
    key_of,
)


def _moved(moment: str, version: int = 2, /, **other: Any) -> dict[str, Any]:
    """A row that was changed once more."""
    return {"updated_at": moment, "version": version, **other}


_NOBODY_YET = {"seated": 0, "waitlisted": 0, "completed": 0, "capacity": 30}
_CONFIRMED = {"seated": 2, "waitlisted": 0, "completed": 0, "capacity": 30}
_NOT_HELD = {"participants": {"count": None, "basis": "not_recorded"}, "co_host_ids": []}
_HELD_BY_BOTH = {**_NOT_HELD, "co_host_ids": [COMMITTEE]}
_NOT_GIVEN = {"method": None, "witness": None, "given_on": None, "given_at": None, "valid_from": None}
_PLANNED, _FEBRUARY, _MARCH, _APRIL = "2026-02-16T09:00:00Z", "2026-02-17T05:00:00Z", "2026-03-20T11:15:00Z", "2026-04-03T08:00:00Z"
_SPLIT = {
    "id": BRANCH,
    **at("2026-04-10T06:00:00Z"),
    "number": "9R2D-7XKM",
    "territory": SHOVOT,
    "address": "Namunaviy koʻchasi 9",
    "members": [
        {**MEMBERS[1], "membership_id": key_of("membership of the mother's own"), "relationship_to_head": "head", "is_head": True},
        {**MEMBERS[3], "membership_id": key_of("membership of the boy with her")},
    ],
    "size": None,
}
_NEW_HEAD = [
    {**MEMBERS[1], "relationship_to_head": "head", "is_head": True},
    {**MEMBERS[0], "relationship_to_head": "spouse", "is_head": False},
    *MEMBERS[2:],
]
_DECIDED = {"decided_by": VIEWER, "decided_at": _MARCH}

ANSWERS: dict[str, dict[str, Any]] = {
    "disable_account": _moved(_MARCH, disabled_at=_MARCH),
    "update_account": _moved(_MARCH, duty="specialist", territory=SHOVOT),
    "disable_service_client": _moved(_MARCH, disabled_at=_MARCH),
    # The family.
    "update_family": _moved(_MARCH, housing="with_relatives", size=5),
    "change_head": _moved(_MARCH, members=_NEW_HEAD),
    "change_caregivers": _moved(
        "2026-06-15T05:00:00Z", members=[_NEW_HEAD[0], {**_NEW_HEAD[1], "is_primary_caregiver": True}, *MEMBERS[2:]]
    ),
    "move_family": _moved(_APRIL, territory=URGANCH, address="Namunaviy koʻchasi 7"),
    "split_family": _SPLIT,
    "merge_family": _moved("2026-05-02T06:00:00Z"),
    "update_membership": _moved(_MARCH, relationship_to_head="stepchild"),
    "end_membership": _moved(_MARCH, ended_on="2026-03-20", end_reason="moved_away", end_note="Oʻqishga ketdi"),
    "register_beneficiary": {
        **at("2026-03-05T09:15:00Z"),
        "id": TWIN,
        "territory": SHOVOT,
        "surname": "Namunaviy",
        "given_name": "Dilnoza",
        "patronymic": "Karim qizi",
        "possible_duplicates": [POSSIBLE],
    },
    "update_beneficiary": _moved(_FEBRUARY),
    "end_kinship": _moved(_MARCH, ended_on="2026-03-20"),
    "end_identifier": _moved(_MARCH, ended_on="2026-03-20", end_reason="entered_in_error"),
    "end_vulnerability_record": _moved("2026-05-02T06:00:00Z", until="2026-04-30"),
    "update_vulnerability_scheme": _moved(_MARCH, valid_to="2030-12-31"),
    # Consents.
    "update_consent": _moved(_FEBRUARY, **_NOT_GIVEN, status="requested", categories=["identity", "household"], last_day=None),
    "refuse_consent": _moved(_FEBRUARY, **_NOT_GIVEN, status="refused", status_at=_FEBRUARY, refusal_note="Oila oʻylab koʻradi"),
    "withdraw_consent": _moved(
        _MARCH, status="withdrawn", status_at=_MARCH, withdrawn_at=_MARCH, withdrawn_by_id=MOTHER, withdrawal_reason="changed_mind"
    ),
    "renew_consent": {
        **at("2026-03-01T07:00:00Z"),
        "id": key_of("renewed consent"),
        "renews_id": CONSENT,
        "valid_from": "2026-03-01",
        "valid_until": "2039-12-31",
        "given_on": "2026-03-01",
        "given_at": "2026-03-01T07:00:00Z",
        "status_at": "2026-03-01T07:00:00Z",
        "categories": ["identity", "contact"],
    },
    # Emergencies.
    "close_break_glass_access": _moved("2026-03-14T19:30:00Z", closes_at="2026-03-14T19:30:00Z", closed_by=VIEWER),
    "review_break_glass_access": _moved(
        _MARCH, reviewed_at=_MARCH, reviewed_by=ACCOUNT, verdict="justified", review_note="Bola yolgʻiz edi, ona kasalxonada"
    ),
    # Trainings.
    "create_training": {
        **at(_PLANNED),
        "version": 1,
        **_NOT_HELD,
        "status": "draft",
        "status_at": _PLANNED,
        "counts": {**_NOBODY_YET, "capacity": 25},
    },
    "update_training": _moved(_FEBRUARY, **_NOT_HELD, status="draft", status_at=_PLANNED, counts=_NOBODY_YET),
    "set_training_co_hosts": _moved(_FEBRUARY, **_HELD_BY_BOTH, status="draft", status_at=_PLANNED, counts=_NOBODY_YET),
    "publish_training": _moved(_FEBRUARY, 3, **_HELD_BY_BOTH, status="published", status_at=_FEBRUARY, counts=_NOBODY_YET),
    "start_training": _moved("2026-03-10T03:50:00Z", 4, status="ongoing", status_at="2026-03-10T03:50:00Z", counts=_CONFIRMED),
    "cancel_training": _moved(
        _FEBRUARY, 4, **_NOT_HELD, status="canceled", status_at=_FEBRUARY, counts=_NOBODY_YET, cancel_reason="Zal taʼmirda"
    ),
    "update_training_session": _moved(_FEBRUARY, topic="Bola huquqlari va muloqot"),
    "withdraw_training_enrollment": _moved(
        "2026-03-05T06:00:00Z", status="withdrawn", status_at="2026-03-05T06:00:00Z", reason="Boshqa tumanga koʻchdi"
    ),
    "reject_training_enrollment": _moved(
        "2026-03-05T06:00:00Z", status="rejected", status_at="2026-03-05T06:00:00Z", reason="Boshqa tumanga koʻchdi"
    ),
    "revoke_certificate": _moved(
        _MARCH, status="revoked", revoked_at=_MARCH, revocation_category="wrong_details", revocation_reason="Familiya xato yozilgan"
    ),
    # Registered twice.
    "tell_distinct": _moved(_MARCH, **_DECIDED, status="distinct", note="Egizaklar"),
    "defer_duplicate_candidate": _moved(_MARCH, **_DECIDED, status="deferred", note="Egizaklar"),
    "undo_merge": _moved(_MARCH, undone_by=VIEWER, undone_at=_MARCH),
    # How long data are kept.
    "update_retention_rule": _moved(_MARCH, months=72, reason="Buxgalteriya qoidasi"),
    "release_legal_hold": _moved(_APRIL, released_at=_APRIL, release_reason="Hujjatlar sudga yuborildi"),
    "approve_erasure": _moved(_APRIL, 3, status="done", decided_at=_APRIL, decided_by=ACCOUNT, done_at=_APRIL),
    "refuse_erasure": _moved(
        _APRIL, status="refused", decided_at=_APRIL, decided_by=ACCOUNT, refusal_reason="Sud ishi tugaguncha saqlanadi"
    ),
}
"""By the operation's name; the rest is as in every answer of that kind."""
