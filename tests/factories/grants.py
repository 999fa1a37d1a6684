"""Grants, made as rows: what a consent or a broken glass leaves behind."""

import uuid
from datetime import timedelta
from typing import Any

from app.access.grants import FOREVER, AccessGrant, DataCategory, GrantSource, bits_of
from app.access.transaction import as_system, begin
from app.database import now
from tests.callers import Caller


def grant(owner: Caller, grantee: str, *categories: DataCategory, **other: Any) -> AccessGrant:
    """An open grant on a person (`beneficiary_id`) or a family (`family_id`), unless `opens_at` and `closes_at` say otherwise."""
    for name in ("beneficiary_id", "family_id", "membership_id"):
        if name in other:
            other[name] = uuid.UUID(str(other[name]))
    known = {"opens_at": now() - timedelta(hours=1), "closes_at": FOREVER, "source": GrantSource.CONSENT, "source_id": uuid.uuid4()}
    made = AccessGrant(organization_id=uuid.UUID(owner.organization_id), grantee=grantee, categories=bits_of(categories), **(known | other))
    with begin(as_system("test")) as db:
        db.add(made)
    return made
