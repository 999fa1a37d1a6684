"""Adding rules and changing them."""

import uuid
from pathlib import Path

import sqlalchemy as sa
import yaml
from sqlmodel import col

from app.access.fetch import fetch, made_before
from app.access.guard import GuardedSession, prebuilt
from app.access.transaction import as_system, begin
from app.constraints import refuse
from app.database import uuid7
from app.problems import AlreadyExists
from app.retention.models import RetentionAction, RetentionBasis, RetentionRule
from app.retention.schemas import RetentionRuleCreate, RetentionRuleUpdate

SOURCE = Path(__file__).parent.parent / "rules.yaml"
_CODES = prebuilt(sa.select(col(RetentionRule.code)), "retention_rule.codes")
refuse("uq_retention_rule_code", AlreadyExists)


def load_rules() -> int:
    """Add the rules of `rules.yaml` that are missing; answers how many. What an administrator changed stays as it is."""
    with begin(as_system("load_retention_rules")) as db:
        known = {row[0] for row in db.rows(_CODES)}
        found = [one for one in yaml.safe_load(SOURCE.read_text(encoding="utf-8")) if one["code"] not in known]
        for one in found:
            kinds = {"basis": RetentionBasis(one["basis"]), "action": RetentionAction(one["action"])}
            db.add(RetentionRule(**{**one, **kinds}))
        return len(found)


def add_rule(db: GuardedSession, *, body: RetentionRuleCreate) -> tuple[RetentionRule, bool]:
    """(rule, made before). Raises AlreadyExists for a taken code, IdTaken."""
    if before := made_before(db, RetentionRule, body.id, body.origin()):
        return before, True
    rule = RetentionRule(id=body.id or uuid7(), origin=body.origin(), **body.model_dump(exclude={"id"}))
    db.add(rule)
    db.flush()
    return rule, False


def update_rule(db: GuardedSession, rule_id: uuid.UUID, *, version: int, body: RetentionRuleUpdate) -> RetentionRule:
    """Change a rule. Raises NotFound, Stale."""
    rule = fetch(db, RetentionRule, rule_id, version=version)
    for name, value in body.model_dump(exclude_unset=True).items():
        setattr(rule, name, value)
    db.flush()
    return rule
