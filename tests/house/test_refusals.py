"""What every operation refuses: each must be seen to, whoever wrote it and whatever its own tests look at.

That a stranger is refused everywhere is told by `test_doors`, that every body is closed by `test_contract`; what stands here is sent.
"""

from typing import Any

import pytest

from app.access.actor import Duty, Role
from app.access.permissions import PERMISSIONS
from app.database import uuid7
from tests.callers import Caller, Callers
from tests.factories.duplicates import PAIRS, merge, register
from tests.house.writes import APART, DOCUMENT, OPERATIONS, UNKNOWN, WRITES, World, Write

NOBODY_ELSES = {
    name for name in WRITES if OPERATIONS[name][2]["x-permission"]["name"] in {key for key, one in PERMISSIONS.items() if one.administrator}
}
"""What administrators keep, all of them together."""
SEEN_BY_OTHERS = dict.fromkeys(
    [
        *("update_specialist", "update_venue", "update_training", "set_training_co_hosts", "start_training", "complete_training"),
        *("cancel_training", "add_training_session", "update_training_session", "remove_training_session", "issue_certificates"),
    ],
    (403, "out_of_scope"),
) | dict.fromkeys(("enroll_in_training", "put_training_attendance", "record_training_test_results"), (422, "invalid"))
"""Changes of what another organization of the territory reads, so that it is no secret that the row is there; whoever is named in them is
unknown to it.
"""
OPEN_TO_OTHERS = {"break_glass": "it is there for those who may not see the person"}
NOT_KEPT = {
    "look_up_identifier": (200, "it changes nothing, and is done again"),
    "approve_erasure": (410, "the answer is forgotten with the person"),
}
"""What the same key answers the second time where no answer is kept."""


def names_of(name: str, place: str) -> list[str]:
    return [one["name"] for one in OPERATIONS[name][2].get("parameters", ()) if one["in"] == place]


def refused(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


@pytest.mark.sqlite
def test_a_door_opens_to_those_who_have_the_permission_and_to_nobody_else(callers: Callers) -> None:
    """Every operation, every role, every duty. Whoever comes in is refused later, since there is neither such a row nor such a body."""
    guarded = {name: one for name, (_, _, one) in OPERATIONS.items() if "security" in one and name != "log_out"}
    assert len(guarded) > 100
    wrong = []
    for role in Role:
        for duty in Duty:
            caller = callers.make(role.value, duty=duty.value)
            for name, operation in guarded.items():
                permission = PERMISSIONS[operation["x-permission"]["name"]]
                answer = Write(caller, (UNKNOWN,) * len(names_of(name, "path"))).send(name)
                if (answer.status_code == 403) != (duty not in permission.duties[role.value]):
                    wrong.append(f"{name}, {role} {duty}: {answer.status_code}")
                if answer.status_code == 403:
                    assert answer.json()["code"] == "forbidden", name
    assert not wrong, "\n".join(wrong)


def another(callers: Callers, caller: Caller) -> Caller:
    """Somebody of the same role and duty in the same territory, of another organization."""
    account = caller.account
    return callers.make(account.role, account.territory, duty=account.duty)


@pytest.mark.parametrize("name", WRITES)
def test_a_write_is_refused_where_it_must_be(callers: Callers, name: str) -> None:
    """One after the other, of one request that succeeds at the end: nothing of what was refused is left."""
    write = WRITES[name](World(callers))
    path, headers = names_of(name, "path"), names_of(name, "header")
    if path and name not in NOBODY_ELSES | OPEN_TO_OTHERS.keys():
        assert refused(write.but(by=another(callers, write.by)).send(name)) == SEEN_BY_OTHERS.get(name, (404, "not_found"))
    for place, parameter in enumerate(path):
        if parameter != "month":
            unknown = "1733230-9998" if parameter == "soato" else UNKNOWN
            values = (*write.path[:place], unknown, *write.path[place + 1 :])
            assert refused(write.but(path=values).send(name)) == (404, "not_found"), parameter
    if "If-Match" in headers:
        assert write.version is not None
        assert refused(write.but(version=None).send(name)) == (428, "version_required")
        assert refused(write.but(version=write.version + 7).send(name)) == (412, "stale")
    if "application/json" in OPERATIONS[name][2].get("requestBody", {}).get("content", {}):
        answer = write.but(body={**write.body, "x": 1}).send(name)
        assert (answer.status_code, [one["pointer"] for one in answer.json()["errors"]]) == (422, ["/x"])
    made = write.send(name, **({"Idempotency-Key": "one"} if "Idempotency-Key" in headers else {}))
    assert made.status_code in (200, 201, 204), made.text
    if "Idempotency-Key" in headers:
        again = write.send(name, **{"Idempotency-Key": "one"})
        assert "idempotent-replayed" not in made.headers
        if name in NOT_KEPT:
            assert (again.status_code, "idempotent-replayed" in again.headers) == (NOT_KEPT[name][0], False)
        else:
            assert (again.status_code, again.content, "idempotent-replayed" in again.headers) == (made.status_code, made.content, True)


MOVES = [name for name in WRITES if OPERATIONS[name][0] == "POST" and "If-Match" in names_of(name, "header")]
AGAIN = {
    "rotate_client_secret": (200, ""),
    "defer_duplicate_candidate": (200, ""),
    "merge_family": (409, "merged"),
} | dict.fromkeys(("change_head", "change_caregivers", "move_family", "split_family"), (422, "invalid"))
"""What a second time answers where it is no wrong state: what may be done again, and what says of a member or a place that it is so."""


@pytest.mark.parametrize("name", MOVES)
def test_a_move_is_made_once(callers: Callers, name: str) -> None:
    """Again, with the version that it has now: it is not in that state any more."""
    write = WRITES[name](World(callers))
    assert write.send(name).status_code in (200, 201)
    row = next(key for key, (method, address, _) in OPERATIONS.items() if method == "GET" and address == _row_of(name))
    now = write.but(version=None, body=None).send(row).json()
    again = write.but(version=now["version"]).send(name)
    assert (again.status_code, again.json().get("code", "")) == AGAIN.get(name, (409, "wrong_state"))


def _row_of(move: str) -> str:
    """The address of the row that is moved."""
    return OPERATIONS[move][1].rpartition("/")[0]


def body_of(name: str) -> dict[str, Any]:
    """The schema of an operation's body, where it has one."""
    content = OPERATIONS[name][2].get("requestBody", {}).get("content", {}).get("application/json", {})
    return dict(DOCUMENT["components"]["schemas"][content["schema"]["$ref"].rpartition("/")[2]]) if content else {}


CREATES = [name for name in WRITES if "id" in body_of(name).get("properties", ()) and "If-Match" not in names_of(name, "header")]


@pytest.mark.parametrize("name", CREATES)
def test_what_is_made_again_with_the_same_id_is_there_once(callers: Callers, name: str) -> None:
    """Without a key, as a client does that lost the answer and its key; an id that stands for something else is taken."""
    write = WRITES[name](World(callers))
    write = write.but(body={**write.body, "id": str(uuid7())})
    made, again = write.send(name), write.send(name)
    assert (made.status_code, again.status_code) == (201, 200), again.text
    assert again.json()["id"] == made.json()["id"] == write.body["id"]


ABOUT_A_PERSON = {
    "update_beneficiary",
    "add_member",
    "record_kinship",
    "put_circumstances",
    "record_vulnerability",
    "add_identifier",
    "report_duplicate_candidate",
    "place_legal_hold",
    "request_erasure",
}
"""Operations that name a person who has nothing yet."""


@pytest.mark.parametrize("name", sorted(ABOUT_A_PERSON))
def test_nothing_is_written_about_whoever_was_merged(callers: Callers, name: str) -> None:
    """It would hang on a row that nobody sees; the one that stands is named."""
    world = World(callers)
    write = WRITES[name](world)
    loser = world.person["id"]
    winner = register(world.ngo, surname="Boshqa", given_name="Odam")
    pair = world.ngo.post(PAIRS, {"a_id": winner["id"], "b_id": loser}).json()
    merge(world.ngo, pair, winner)
    answer = write.send(name)
    assert refused(answer) == (409, "merged")
    assert answer.json()["merged_into_id"] == winner["id"]


def test_every_operation_is_seen_to() -> None:
    """What reads is seen to by `test_whatever`."""
    writes = {name for name, (method, _, _) in OPERATIONS.items() if method != "GET"}
    assert not APART.keys() & WRITES.keys()
    assert writes == WRITES.keys() | APART.keys(), "give it a request that succeeds, or say why not"
    assert {"add_mahalla", "update_retention_rule"} <= NOBODY_ELSES
    assert SEEN_BY_OTHERS.keys() | OPEN_TO_OTHERS.keys() | NOT_KEPT.keys() | AGAIN.keys() <= WRITES.keys()
