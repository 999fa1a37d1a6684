"""By a field that is not shown in every row no list is filtered or sorted."""

import uuid
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy import bindparam
from sqlalchemy.orm import aliased
from sqlmodel import col

from app.access.actor import Visit
from app.access.fields import FieldConcealed
from app.access.transaction import as_system, reading
from app.beneficiaries.models import Beneficiary, Family
from app.identity.actions.sessions import actor_of
from app.listing import Keyset, Listing, Sort, by_age
from tests.callers import Callers


class Notes(Listing):
    """A list that a room forgot to protect."""

    sort: str = "created_at"


_home = aliased(Family)
NOTES = Keyset(
    "test.notes",
    sa.select(Beneficiary.id, Beneficiary.created_at),  # type: ignore[call-overload]
    key=Beneficiary.id,
    sorts={**by_age(Beneficiary), "phone": Sort(Beneficiary.phone_e164)},
    filters={
        "surname": col(Beneficiary.surname) == bindparam("surname"),
        "phone": sa.func.lower(col(Beneficiary.phone_e164)) == bindparam("phone"),
        "address": sa.exists(sa.select(_home.id).where(_home.organization_id == Beneficiary.organization_id, _home.address != "")),  # type: ignore[call-overload]
    },
)


@pytest.mark.parametrize(("sort", "values"), [("phone", {}), ("created_at", {"phone": "+998"}), ("created_at", {"address": {}})])
def test_nobody_filters_or_sorts_by_what_is_not_shown_in_every_row(callers: Callers, sort: str, values: dict[str, Any]) -> None:
    """No list has to think of it: by its name, within a function, or of another table in a subquery."""
    for caller, refused in ((callers.ngo(), False), (callers.committee(), True), (callers.state(), True)):
        with reading(Visit(actor_of(caller.account, session=uuid.uuid4()))) as db:
            assert NOTES.page(db, Notes(), {"surname": "Karimova"}).items == []
            if refused:
                with pytest.raises(FieldConcealed):
                    NOTES.page(db, Notes(sort=sort), values)
            else:
                assert NOTES.page(db, Notes(sort=sort), values).items == []
    with reading(as_system("test")) as db:
        assert NOTES.page(db, Notes(sort=sort), values).items == []
