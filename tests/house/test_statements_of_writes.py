"""How many statements every operation that writes runs: a number that grows by itself is a query in a loop."""

import pytest

from app.database import Database
from app.identity.revocations import revocations
from tests.callers import Callers
from tests.factories.participation import cost
from tests.house.writes import APART, OPERATIONS, WRITES, World

TABLE = {
    "create_account": 5,
    "update_account": 4,
    "disable_account": 4,
    "enable_account": 4,
    "create_service_client": 5,
    "rotate_client_secret": 4,
    "disable_service_client": 4,
    "enable_service_client": 4,
    "add_mahalla": 6,
    "update_mahalla": 6,
    "create_organization": 5,
    "update_organization": 6,
    "create_specialist": 5,
    "update_specialist": 6,
    "create_venue": 5,
    "update_venue": 6,
    "register_family": 11,
    "update_family": 6,
    "change_head": 20,
    "change_caregivers": 15,
    "move_family": 24,
    "split_family": 24,
    "merge_family": 28,
    "add_member": 10,
    "update_membership": 11,
    "end_membership": 13,
    # One of them asks which of those who may be the same its author sees; where nobody is found, it is not asked.
    "register_beneficiary": 9,
    "update_beneficiary": 5,
    "record_kinship": 7,
    "update_kinship": 9,
    "end_kinship": 8,
    "put_incomes": 11,
    "put_circumstances": 6,
    "update_circumstances": 6,
    "add_vulnerability_scheme": 4,
    "update_vulnerability_scheme": 6,
    "add_vulnerability_category": 5,
    "update_vulnerability_category": 6,
    "record_vulnerability": 8,
    "update_vulnerability_record": 9,
    "end_vulnerability_record": 5,
    "add_identifier": 10,
    "look_up_identifier": 4,
    "update_identifier": 5,
    "end_identifier": 7,
    "request_consent": 16,
    "update_consent": 20,
    "give_consent": 23,
    "refuse_consent": 7,
    "withdraw_consent": 17,
    "renew_consent": 36,
    "break_glass": 9,
    "break_glass_by_number": 11,
    "close_break_glass_access": 9,
    "review_break_glass_access": 4,
    "report_headcount": 9,
    "create_training": 10,
    "update_training": 9,
    "set_training_co_hosts": 13,
    "publish_training": 12,
    "start_training": 9,
    "complete_training": 17,
    "cancel_training": 12,
    "add_training_session": 7,
    "update_training_session": 9,
    "remove_training_session": 7,
    "enroll_in_training": 10,
    "withdraw_training_enrollment": 11,
    "reject_training_enrollment": 11,
    "put_training_attendance": 13,
    "record_training_test_results": 7,
    "issue_certificates": 21,
    "revoke_certificate": 6,
    "report_duplicate_candidate": 7,
    "tell_distinct": 5,
    "defer_duplicate_candidate": 5,
    "merge_duplicate_candidate": 37,
    "undo_merge": 29,
    "add_retention_rule": 4,
    "update_retention_rule": 6,
    "place_legal_hold": 5,
    "release_legal_hold": 5,
    "request_erasure": 5,
    "approve_erasure": 47,
    "refuse_erasure": 6,
}
ON_POSTGRESQL = {
    "add_mahalla": 1,
    "change_head": 1,
    "change_caregivers": 2,
    "split_family": 2,
    "merge_family": 3,
    "add_member": 1,
    "end_membership": 1,
    "register_beneficiary": 1,
    "record_kinship": 3,
    "update_kinship": 2,
    "end_kinship": 2,
    "add_identifier": 2,
    "update_consent": 1,
    "give_consent": 1,
    "renew_consent": 1,
    "break_glass": 1,
    "break_glass_by_number": 1,
    "report_duplicate_candidate": 1,
    "merge_duplicate_candidate": 2,
    "undo_merge": 2,
}
"""So many more, where a lock by name is asked for, or fewer."""


def test_every_operation_that_writes_has_its_count() -> None:
    writes = {name for name, (method, _, _) in OPERATIONS.items() if method != "GET"}
    assert TABLE.keys() == WRITES.keys()
    assert not TABLE.keys() & APART.keys()
    assert writes == TABLE.keys() | APART.keys(), "count what it costs, or say why not"


@pytest.mark.parametrize("name", TABLE)
def test_an_operation_runs_what_the_table_says(db: Database, callers: Callers, statements: list[str], name: str) -> None:
    write = WRITES[name](World(callers))
    # What is asked once a process or every few seconds is no part of a request.
    write.by.get("/v1/me")
    revocations.load(0.0)
    statements.clear()
    response = write.send(name)
    assert response.status_code in (200, 201, 204), response.text
    expected = TABLE[name] + (0 if db.is_sqlite else ON_POSTGRESQL.get(name, 0))
    assert cost(statements) == expected, "\n".join(statements)
