"""HTTP of the rules and of what they did."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response

from app.access.transaction import begin, reading
from app.answers import IfMatch, IfNoneMatch, answer, answer_if_changed, answer_page, created
from app.identity.door import Caller, allow
from app.listing import Page
from app.problems import AlreadyExists, IdTaken, Invalid, NotFound, Stale, problems
from app.retention import policy, queries
from app.retention.actions import rules as actions
from app.retention.schemas import (
    RetentionRuleCreate,
    RetentionRuleListing,
    RetentionRuleRead,
    RetentionRuleUpdate,
    RetentionRunListing,
    RetentionRunRead,
)
from app.schemas import Id

router = APIRouter(prefix="/v1", tags=["retention"])
RuleId = Annotated[Id, Path(description="The rule.")]
RunId = Annotated[Id, Path(description="The run.")]
_CREATE = problems(AlreadyExists, IdTaken, Invalid)
_UPDATE = problems(NotFound, Stale, Invalid)


@router.get("/retention-rules", response_model=Page[RetentionRuleRead], dependencies=[allow(policy.RULES_READ)])
def list_retention_rules(caller: Caller, listing: Annotated[RetentionRuleListing, Query()], request: Request) -> Response:
    """How long people's data are kept, and what happens then."""
    with reading(caller) as db:
        return answer_page(request, queries.rules(db, listing))


@router.post(
    "/retention-rules", response_model=RetentionRuleRead, status_code=201, dependencies=[allow(policy.RULES_WRITE)], responses=_CREATE
)
def add_retention_rule(caller: Caller, body: RetentionRuleCreate) -> Response:
    """Add a rule; it acts from the next run on."""
    with begin(caller) as db:
        rule, again = actions.add_rule(db, body=body)
        return created(queries.rule(db, rule.id), f"/v1/retention-rules/{rule.id}", again=again)


@router.get(
    "/retention-rules/{rule_id}", response_model=RetentionRuleRead, dependencies=[allow(policy.RULES_READ)], responses=problems(NotFound)
)
def get_retention_rule(caller: Caller, rule_id: RuleId, known: IfNoneMatch) -> Response:
    """One rule."""
    with reading(caller) as db:
        return answer_if_changed(known, queries.rule(db, rule_id))


@router.patch("/retention-rules/{rule_id}", response_model=RetentionRuleRead, dependencies=[allow(policy.RULES_WRITE)], responses=_UPDATE)
def update_retention_rule(caller: Caller, rule_id: RuleId, version: IfMatch, body: RetentionRuleUpdate) -> Response:
    """Change how long, or what; `is_active: false` puts a rule to rest. What is forgotten does not come back."""
    with begin(caller) as db:
        actions.update_rule(db, rule_id, version=version, body=body)
        return answer(queries.rule(db, rule_id))


@router.get("/retention-runs", response_model=Page[RetentionRunRead], dependencies=[allow(policy.RUNS_READ)])
def list_retention_runs(caller: Caller, listing: Annotated[RetentionRunListing, Query()], request: Request) -> Response:
    """What each run of the rules found and did. They run once a day, and by `python -m app retention run`."""
    with reading(caller) as db:
        return answer_page(request, queries.runs(db, listing))


@router.get(
    "/retention-runs/{run_id}", response_model=RetentionRunRead, dependencies=[allow(policy.RUNS_READ)], responses=problems(NotFound)
)
def get_retention_run(caller: Caller, run_id: RunId, known: IfNoneMatch) -> Response:
    """One run."""
    with reading(caller) as db:
        return answer_if_changed(known, queries.run(db, run_id))
