"""The examples of the contract are one story: its requests, sent one after the other with the ids that stand in them, all succeed."""

from typing import Any

from app.contract_examples.answers import ANSWERS
from app.contract_examples.scene import (
    ACCOUNT,
    BOY,
    BRANCH,
    CATEGORY,
    COMMITTEE,
    CONSENT,
    ENROLLMENT,
    ERASURE,
    FAMILY,
    FATHER,
    GIRL,
    GLASS,
    HOLD,
    IDENTIFIER,
    KINSHIP,
    MAHALLA,
    MOTHER,
    NGO,
    RECORD,
    RULE,
    SCHEME,
    SECOND_ENROLLMENT,
    SESSION,
    SPECIALIST,
    TRAINING,
    VENUE,
    key_of,
)
from tests.callers import Caller, Callers
from tests.house.writes import DOCUMENT, OPERATIONS

BODIES = {
    name: next(iter(media["examples"].values()))["$ref"].rpartition("/")[2]
    for name, (_, _, operation) in OPERATIONS.items()
    for media in operation.get("requestBody", {}).get("content", {}).values()
    if "examples" in media
}
"""The name of the example of each operation's body."""
MADE = ("_at", "_by", "version", "number", "members", "possible_duplicates")
"""Endings of fields whose values the service makes, or that hold some."""
Answer = dict[str, Any]


def _filled(address: str, path: tuple[str, ...]) -> str:
    for value in path:
        address = address.replace(address[address.index("{") : address.index("}") + 1], value, 1)
    return address


def _row(address: str) -> str:
    """The address at which the row that an operation changes is read."""
    readable = {known for method, known, _ in OPERATIONS.values() if method == "GET"}
    while address not in readable:
        address = address.rpartition("/")[0]
    return address


class Play:
    """Whoever sends the requests, and which operations' examples were sent."""

    def __init__(self, callers: Callers) -> None:
        self.callers = callers
        self.administrator = callers.administrator()
        self.sent: set[str] = set()

    def begin(self) -> None:
        """The two organizations are there: whoever plays in the rest is a member of one of them."""
        self.ngo = self.callers.make("ngo", "1733", organization_id=NGO)
        self.committee = self.callers.make("womens_committee", "1733", organization_id=COMMITTEE)

    def send(self, name: str, *path: str, by: Caller | None = None, **instead: Any) -> Answer:
        """Send an operation's example. What stands in it `instead` is an id that the service makes."""
        self.sent.add(name)
        answer = self.also(name, *path, by=by, **instead)
        if answer:
            assert answer.keys() == self.told(name).keys(), name
            moved = {field: value for field, value in ANSWERS.get(name, {}).items() if not field.endswith(MADE)}
            assert {field: answer[field] for field in moved} == moved, name
        return answer

    @staticmethod
    def told(name: str) -> Answer:
        """What the contract shows of an operation's answer."""
        responses = OPERATIONS[name][2]["responses"]
        content = responses.get("201", responses.get("200"))["content"]["application/json"]
        return dict(DOCUMENT["components"]["examples"][next(iter(content["examples"]))]["value"])

    def also(self, name: str, *path: str, by: Caller | None = None, **instead: Any) -> Answer:
        """The same with other values, because the story needs it."""
        by = by or self.ngo
        method, address, operation = OPERATIONS[name]
        headers = {}
        if any(one["name"] == "If-Match" for one in operation["parameters"]):
            row = by.get(_filled(_row(address), path))
            assert row.status_code == 200, f"{name}: {row.text}"
            headers = {"If-Match": f'"{row.json()["version"]}"'}
        body = {"json": DOCUMENT["components"]["examples"][BODIES[name]]["value"] | instead} if name in BODIES else {}
        answer = by.request(method, _filled(address, path), headers=headers, **body)
        assert answer.status_code in (200, 201, 204), f"{name}: {answer.text}"
        return dict(answer.json()) if answer.content else {}


def found(play: Play) -> None:
    """Partners and the people who log in."""
    by = play.administrator
    play.send("add_mahalla", by=by)
    play.send("create_organization", by=by)
    play.also("create_organization", by=by, id=COMMITTEE, kind="womens_committee")
    play.begin()
    play.send("create_account", by=by)
    tokens = play.send("log_in", by=by)
    account = Caller(by.client, by.account, tokens["access_token"])
    play.send("refresh_session", by=account, refresh_token=tokens["refresh_token"])
    play.send("change_password", by=account)
    play.send("update_account", ACCOUNT, by=by)
    client = play.send("create_service_client", by=by)
    [form] = OPERATIONS["get_client_token"][2]["requestBody"]["content"].values()
    token = by.client.post("/v1/oauth/token", data=form["example"] | {"client_secret": client["client_secret"]})
    assert token.json().keys() == play.told("get_client_token").keys()
    play.send("update_organization", NGO, by=by)
    play.send("update_mahalla", MAHALLA, by=by)
    play.send("create_specialist")
    play.send("update_specialist", SPECIALIST)
    play.send("create_venue")
    play.send("update_venue", VENUE)


def register(play: Play) -> None:
    """The family, and what is known of it."""
    family = play.send("register_family")
    assert [one["id"] for one in family["members"]] == [FATHER, MOTHER, GIRL, BOY]
    play.send("update_family", FAMILY)
    play.send("update_beneficiary", GIRL)
    play.send("record_kinship")
    play.send("update_kinship", KINSHIP)
    play.send("end_kinship", KINSHIP)
    play.send("put_incomes", FAMILY, "2026-01")
    play.send("put_circumstances", GIRL)
    play.send("update_circumstances", GIRL)
    play.send("add_vulnerability_scheme", by=play.administrator)
    play.send("add_vulnerability_category", by=play.administrator)
    play.send("update_vulnerability_category", CATEGORY, by=play.administrator)
    play.send("record_vulnerability")
    play.send("update_vulnerability_record", RECORD)
    play.send("end_vulnerability_record", RECORD)
    play.send("update_vulnerability_scheme", SCHEME, by=play.administrator)
    assert play.send("add_identifier", GIRL)["warnings"] == []
    assert [one["beneficiary_id"] for one in play.send("look_up_identifier")["items"]] == [GIRL]
    play.send("update_identifier", IDENTIFIER)


def agree(play: Play) -> None:
    """An emergency while nobody agreed to anything, then consents."""
    seen = play.send("break_glass_by_number", by=play.committee)
    assert seen["beneficiary_id"] == GIRL
    play.also("close_break_glass_access", seen["id"], by=play.committee)
    play.send("break_glass", GIRL, by=play.committee)
    play.send("review_break_glass_access", GLASS)
    given = play.send("request_consent")
    assert (given["status"], given["id"]) == ("given", CONSENT)
    assert {one["beneficiary_id"] for one in given["covers"]} == {MOTHER, GIRL, BOY}
    renewed = play.send("renew_consent", CONSENT)
    play.send("withdraw_consent", renewed["id"])
    asked = {name: play.also("request_consent", id=key_of(name), giving=None)["id"] for name in ("give", "refuse")}
    play.send("update_consent", asked["give"])
    play.send("give_consent", asked["give"])
    play.send("refuse_consent", asked["refuse"])


def train(play: Play) -> None:
    """A training from its plan to its certificates."""
    roster = play.send("create_training")["roster_id"]
    play.send("update_training", TRAINING)
    play.send("set_training_co_hosts", TRAINING)
    play.send("add_training_session", TRAINING)
    play.send("update_training_session", TRAINING, SESSION)
    play.also("publish_training", TRAINING)
    play.send("enroll_in_training", TRAINING)
    play.also("enroll_in_training", TRAINING, id=SECOND_ENROLLMENT, beneficiary_id=FATHER)
    for name in ("withdraw_training_enrollment", "reject_training_enrollment"):
        play.also("enroll_in_training", TRAINING, id=key_of(name), beneficiary_id=GIRL)
        play.send(name, TRAINING, key_of(name))
    play.also("start_training", TRAINING)
    play.send("put_training_attendance", TRAINING, SESSION)
    play.send("record_training_test_results", TRAINING)
    play.also("complete_training", TRAINING)
    named = {ENROLLMENT, SECOND_ENROLLMENT}
    tried = play.send("issue_certificates", TRAINING)["outcomes"]
    assert [one for one in tried if one["enrollment_id"] in named] == play.told("issue_certificates")["outcomes"]
    completions = play.ngo.get(f"/v1/trainings/{TRAINING}/completions").json()["items"]
    assert [one for one in completions if one["enrollment_id"] in named] == play.told("list_training_completions")["items"]
    issued = play.also("issue_certificates", TRAINING, dry_run=False)
    [key] = [one["certificate_id"] for one in issued["outcomes"] if one["certificate_id"]]
    number = play.ngo.get(f"/v1/certificates/{key}").json()["number"]
    assert play.send("check_surname", number)["matches"]
    play.send("revoke_certificate", key)
    play.send("report_headcount", roster_ids=[roster])
    play.also("create_training", id=key_of("canceled"), capacity=30)
    play.send("cancel_training", key_of("canceled"))


def sort_out(play: Play) -> None:
    """The girl was registered twice."""
    [pair] = play.send("register_beneficiary")["possible_duplicates"]
    [told] = play.told("register_beneficiary")["possible_duplicates"]
    assert pair | {"candidate_id": told["candidate_id"]} == told
    play.send("defer_duplicate_candidate", pair["candidate_id"])
    merged = play.send("merge_duplicate_candidate", pair["candidate_id"])
    play.send("undo_merge", merged["id"])
    play.send("tell_distinct", pair["candidate_id"])
    play.also("register_beneficiary", id=key_of("another"), given_name="Бошқа", birth_date="2001-01-01")
    play.send("report_duplicate_candidate", b_id=key_of("another"))


def live_on(play: Play) -> None:
    """The family moves, parts and comes together again."""
    play.send("move_family", FAMILY)
    play.send("split_family", FAMILY)
    play.send("merge_family", BRANCH)
    play.send("change_head", FAMILY)
    play.send("change_caregivers", FAMILY)
    play.send("add_member", FAMILY)
    members = {one["id"]: one["membership_id"] for one in play.ngo.get(f"/v1/families/{FAMILY}").json()["members"]}
    play.send("update_membership", FAMILY, members[GIRL])
    play.send("end_membership", FAMILY, members[GIRL])


def forget(play: Play) -> None:
    """How long data are kept."""
    play.send("end_identifier", IDENTIFIER)
    play.send("add_retention_rule", by=play.administrator)
    play.send("update_retention_rule", RULE, by=play.administrator)
    play.send("place_legal_hold")
    play.send("release_legal_hold", HOLD)
    play.send("request_erasure")
    play.send("refuse_erasure", ERASURE)


def test_every_example_of_a_request_succeeds(callers: Callers) -> None:
    play = Play(callers)
    for act in (found, register, agree, train, sort_out, live_on, forget):
        act(play)
    assert play.sent == BODIES.keys(), "send it in one of the acts"
