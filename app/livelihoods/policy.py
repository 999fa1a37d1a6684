"""Incomes go with their family: who sees it sees them, for partners through the category `household`; who registered it writes them."""

from app.access.declare import FieldRule, declare
from app.access.grants import INTERNAL
from app.access.permissions import ANYONE, STAFF, permission
from app.beneficiaries.models import Family
from app.beneficiaries.policy import following
from app.livelihoods.models import IncomeMonth, IncomeRecord

READ = permission("livelihoods:read", "Read what families live on.", ngo=ANYONE, womens_committee=ANYONE, state_partner=ANYONE)
WRITE = permission("livelihoods:write", "Record what families live on.", ngo=STAFF, womens_committee=STAFF)

declare(IncomeMonth, rows=following(IncomeMonth.family_id, Family), conceal=frozenset({"territory"}))
declare(
    IncomeRecord,
    rows=following(IncomeRecord.family_id, Family),
    fields={"note": FieldRule(INTERNAL)},
    conceal=frozenset({"territory", "source", "amount", "note"}),
)
