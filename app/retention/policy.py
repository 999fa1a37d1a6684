"""The administrator keeps the rules; an organization's managers decide about its own people."""

from typing import Any

from app.access.actor import ADMINISTRATOR, Role
from app.access.declare import Criterion, Rows, both, declare, everything, nothing, organization_is, same_for_all, within
from app.access.permissions import MANAGERS, STAFF, permission
from app.beneficiaries.models import Beneficiary
from app.beneficiaries.policy import home_of
from app.retention.models import ErasureRequest, LegalHold, RetentionRule, RetentionRun

RULES_READ = permission("retention-rules:read", "Read how long data are kept.", ngo=STAFF, womens_committee=STAFF, state_partner=STAFF)
RULES_WRITE = permission("retention-rules:write", "Change how long data are kept.", administrator=True)
RUNS_READ = permission("retention-runs:read", "Read what the rules of retention did.", administrator=True)
HOLDS_READ = permission("legal-holds:read", "Read legal holds.", ngo=MANAGERS, womens_committee=MANAGERS)
HOLDS_WRITE = permission("legal-holds:write", "Place and release legal holds.", ngo=MANAGERS, womens_committee=MANAGERS)
REQUESTS_READ = permission("erasures:read", "Read who asked to be forgotten.", ngo=STAFF, womens_committee=STAFF)
REQUEST = permission("erasures:request", "Note that somebody asked to be forgotten.", ngo=STAFF, womens_committee=STAFF)
DECIDE = permission("erasures:decide", "Approve or refuse such a request.", ngo=MANAGERS, womens_committee=MANAGERS)

declare(RetentionRule, rows=same_for_all(Rows(everything, write=nothing)) | {ADMINISTRATOR: Rows(everything)})
declare(RetentionRun, rows={ADMINISTRATOR: Rows(everything, write=nothing)})


def _of_own_people(model: Any) -> Criterion:
    """Rows about people of one's own organization who live in the caller's territory today."""
    return both(organization_is(model.organization_id), within(home_of(Beneficiary, model.beneficiary_id)))


for _model in (LegalHold, ErasureRequest):
    declare(
        _model,
        rows=dict.fromkeys((Role.NGO, Role.WOMENS_COMMITTEE), Rows(_of_own_people(_model))),
        conceal=frozenset({"reason", "release_reason"} if _model is LegalHold else {"note", "refusal_reason"}),
    )
