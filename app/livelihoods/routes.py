"""HTTP of what families live on."""

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import Field

from app.access.guard import OutOfScope
from app.access.transaction import begin, reading
from app.answers import IfMatch, answer, answer_page
from app.beneficiaries.models import Merged, WasForgotten
from app.days import today
from app.identity.door import Caller, allow
from app.listing import Page
from app.livelihoods import actions, policy, queries
from app.livelihoods.schemas import MONTH, IncomeMonthListing, IncomeMonthPut, IncomeMonthRead, PerCapitaIncomeRead
from app.problems import Invalid, NotFound, Stale, problems
from app.schemas import Id, PastDate

router = APIRouter(prefix="/v1/families/{family_id}", tags=["livelihoods"])
FamilyId = Annotated[Id, Path(description="The family.")]
InMonth = Annotated[str, Path(pattern=MONTH, max_length=7, description="The month.", examples=["2026-01"])]
OnDay = Annotated[Annotated[PastDate, Field(description="For this day; today if it is left out.", examples=["2026-03-15"])] | None, Query()]
_PUT = problems(NotFound, Merged, WasForgotten, Stale, Invalid, OutOfScope)


def _first_day(month: str) -> date:
    return date.fromisoformat(f"{month}-01")


@router.get("/incomes", response_model=Page[IncomeMonthRead], dependencies=[allow(policy.READ)], responses=problems(NotFound))
def list_incomes(caller: Caller, family_id: FamilyId, listing: Annotated[IncomeMonthListing, Query()], request: Request) -> Response:
    """What a family lived on, month by month. It is recorded that the caller looked at the family."""
    with reading(caller) as db:
        return answer_page(request, queries.income_months(db, family_id, listing))


@router.get("/incomes/{month}", response_model=IncomeMonthRead, dependencies=[allow(policy.READ)], responses=problems(NotFound))
def get_incomes(caller: Caller, family_id: FamilyId, month: InMonth) -> Response:
    """What a family lived on in one month. Before anything was recorded it is an empty record of version 0, so that it is filled in as any
    other is changed: by its `ETag`.
    """
    with reading(caller) as db:
        return answer(queries.income_month(db, family_id, _first_day(month)))


@router.put(
    "/incomes/{month}",
    response_model=IncomeMonthRead,
    dependencies=[allow(policy.WRITE)],
    responses={201: {"model": IncomeMonthRead, "description": "Recorded for the first time."}, **_PUT},
)
def put_incomes(caller: Caller, family_id: FamilyId, month: InMonth, version: IfMatch, body: IncomeMonthPut) -> Response:
    """Record all incomes of a month; a source that is left out is taken away, and an empty list says that there was no income. The first
    time, `If-Match` is `"0"`. What is there in the same words already is left as it is, so that the request can be repeated.
    """
    with begin(caller) as db:
        first = actions.put_incomes(db, family_id, _first_day(month), version=version, body=body)
        shown = queries.income_month(db, family_id, _first_day(month))
        return answer(shown, 201, location=f"/v1/families/{family_id}/incomes/{month}") if first else answer(shown)


@router.get(
    "/per-capita-income", response_model=PerCapitaIncomeRead, dependencies=[allow(policy.READ)], responses=problems(NotFound, Invalid)
)
def get_per_capita_income(caller: Caller, family_id: FamilyId, on: OnDay = None) -> Response:
    """A family's income per head, by the rule that was in force on the day: the income of the three months before, divided by the members
    of that day and by three. The rule is named, dated and sourced in the answer. Where the household's size as the family tells it is
    another number than the members who are registered, `size_differs` says so, and the income by either number is told.
    """
    with reading(caller) as db:
        return answer(queries.per_capita_income(db, family_id, on or today(), by=caller))
