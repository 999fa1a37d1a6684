"""Rules are data: everybody who works reads them, an administrator changes them."""

from typing import Any

import sqlalchemy as sa

from app.access.transaction import as_system, begin
from app.retention.actions.rules import load_rules
from app.retention.models import RetentionRule
from tests.callers import Caller, Callers
from tests.client import Client

URL, RUNS = "/v1/retention-rules", "/v1/retention-runs"
BODY = {"code": "short", "basis": "closure", "months": 12, "action": "anonymize", "reason": "A pilot of one year."}


def make(caller: Caller, **other: Any) -> dict[str, Any]:
    made = caller.post(URL, BODY | other)
    assert made.status_code == 201, made.text
    return dict(made.json())


def test_nobody_comes_in_without_a_token(client: Client) -> None:
    for answer in (
        client.get(URL),
        client.post(URL, json=BODY),
        client.get(f"{URL}/{'0' * 8}-0000-7000-8000-{'0' * 12}"),
        client.get(RUNS),
    ):
        assert answer.status_code == 401


def test_the_administrator_alone_changes_them(callers: Callers) -> None:
    rule = make(callers.administrator())
    one = f"{URL}/{rule['id']}"
    for caller in (callers.ngo(), callers.committee(), callers.state()):
        assert caller.post(URL, BODY).status_code == 403
        assert caller.patch(one, {"months": 6}, version=1).status_code == 403
        assert caller.get(RUNS).status_code == 403
        assert caller.get(one).json() == rule
    assert callers.ngo(duty="viewer").get(URL).status_code == 403


def test_a_rule_is_added_and_changed(callers: Callers) -> None:
    administrator = callers.administrator()
    rule = make(administrator)
    assert rule["is_active"] is True
    one = f"{URL}/{rule['id']}"
    assert administrator.post(URL, BODY).json()["code"] == "already_exists"
    assert administrator.patch(one, {"months": 6}).status_code == 428
    changed = administrator.patch(one, {"months": 6, "is_active": False}, version=1)
    assert (changed.status_code, changed.json()["months"], changed.json()["is_active"]) == (200, 6, False)
    assert administrator.patch(one, {"months": 7}, version=1).status_code == 412
    assert [item["code"] for item in administrator.get(URL).json()["items"]] == ["short"]


def test_bad_rules_are_refused(callers: Callers) -> None:
    administrator = callers.administrator()
    for wrong, pointer in (
        ({"months": 0}, "/months"),
        ({"months": "12"}, "/months"),
        ({"basis": "whim"}, "/basis"),
        ({"action": "forget"}, "/action"),
        ({"code": "Not a code"}, "/code"),
        ({"reason": ""}, "/reason"),
        ({"extra": 1}, "/extra"),
    ):
        refused = administrator.post(URL, BODY | wrong)
        assert refused.status_code == 422, wrong
        assert [fault["pointer"] for fault in refused.json()["errors"]] == [pointer]
    rule = make(administrator)
    assert administrator.patch(f"{URL}/{rule['id']}", {"months": None}, version=1).status_code == 422
    assert administrator.post(URL, BODY | {"code": "other"}, key="k").status_code == 201
    replay = administrator.post(URL, BODY | {"code": "other"}, key="k")
    assert replay.headers["Idempotent-Replayed"] == "true"


def test_the_files_rules_are_loaded_once_and_stay_as_they_were_changed(callers: Callers) -> None:
    administrator = callers.administrator()
    assert load_rules() == 2
    rule = next(one for one in administrator.get(URL).json()["items"] if one["code"] == "after_closure")
    administrator.patch(f"{URL}/{rule['id']}", {"months": 24}, version=1)
    assert load_rules() == 0
    with begin(as_system("test")) as db:
        assert {one.code: one.months for one in db.execute(sa.select(RetentionRule)).scalars()} == {
            "after_closure": 24,
            "without_activity": 84,
        }
