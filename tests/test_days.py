"""The calendar day is Tashkent's: at eight in the evening in Greenwich it is tomorrow there."""

from collections.abc import Callable
from datetime import UTC, date, datetime, tzinfo

import pytest

from app import days
from tests.callers import Callers
from tests.factories.beneficiaries import beneficiary_body

Clock = Callable[[int], None]
THIS, NEXT = date(2026, 3, 14), date(2026, 3, 15)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """Set the clock to this hour of 14 March 2026 in Greenwich."""

    def put(hour: int) -> None:
        class Then(datetime):
            @classmethod
            def now(cls, tz: tzinfo | None = None) -> datetime:
                return datetime(2026, 3, 14, hour, tzinfo=UTC).astimezone(tz)

        monkeypatch.setattr(days, "datetime", Then)

    return put


def test_a_day_begins_at_midnight_in_tashkent(clock: Clock) -> None:
    clock(18)
    assert days.today() == THIS
    clock(19)
    assert days.today() == NEXT
    assert days.begins(NEXT) == datetime(2026, 3, 14, 19, tzinfo=UTC)
    assert days.ends(THIS) == days.begins(NEXT)
    assert str(days.TASHKENT) == "Asia/Tashkent"


def test_a_child_can_be_registered_on_the_day_it_is_born(callers: Callers, clock: Clock) -> None:
    """And is as old as its birthday in Tashkent says."""
    ngo = callers.ngo()
    clock(18)
    refused = ngo.post("/v1/beneficiaries", beneficiary_body(birth_date=str(NEXT)))
    assert [fault["pointer"] for fault in refused.json()["errors"]] == ["/birth_date"]
    made = ngo.post("/v1/beneficiaries", beneficiary_body(birth_date="2020-03-15")).json()
    assert made["age"] == 5
    clock(19)
    assert ngo.post("/v1/beneficiaries", beneficiary_body(birth_date=str(NEXT))).status_code == 201
    assert ngo.get(f"/v1/beneficiaries/{made['id']}").json()["age"] == 6
