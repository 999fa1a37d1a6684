"""What the invented families agreed to: some let the Women's Committee of their region see them, some the state partner too, most nobody.

So a partner's account sees something, and it can be seen that it does not see the rest.
"""

import sqlalchemy as sa
from sqlmodel import col

from app.access.actor import Actor, Visit
from app.access.guard import GuardedSession, prebuilt
from app.beneficiaries.models import Beneficiary, Family, FamilyMembership, full_years
from app.consents.actions.consents import request_consent
from app.consents.models import ASSENT_AGE
from app.consents.schemas import ConsentCreate
from app.days import today

EVERY = 3
"""Every third family agrees."""
_MEMBERS = prebuilt(
    sa.select(
        col(Family.id),
        col(Beneficiary.id),
        col(FamilyMembership.is_head),
        col(Beneficiary.birth_date),
        col(Beneficiary.birth_precision),
    )
    .join(FamilyMembership, col(FamilyMembership.family_id) == col(Family.id))
    .join(Beneficiary, col(Beneficiary.id) == col(FamilyMembership.beneficiary_id))
    .order_by(col(Family.id), col(FamilyMembership.is_head).desc(), col(Beneficiary.id)),
    "demo.members",
)
_TERMS = (
    (["womens_committee"], ["identity", "household"]),
    (["womens_committee", "state_partner"], ["identity", "contact", "household", "education"]),
)


def load(db: GuardedSession, manager: Actor) -> int:
    """Record the consents, as the NGO's manager would; answers how many."""
    families: dict[str, list[tuple[str, bool, int]]] = {}
    for family, person, is_head, born, precision in db.rows(_MEMBERS):
        families.setdefault(str(family), []).append((str(person), is_head, full_years(born, precision, today())))
    agreeing = list(families.items())[::EVERY]
    for number, (family_id, members) in enumerate(agreeing):
        kinds, categories = _TERMS[number % len(_TERMS)]
        asked = [person for person, is_head, age in members if not is_head and ASSENT_AGE <= age < 18]  # noqa: PLR2004 – of age.
        body = {
            "family_id": family_id,
            "purpose": "information_sharing",
            "recipients": [{"kind": kind} for kind in kinds],
            "categories": categories,
            "given_by_id": members[0][0],
            "capacity": "caregiver",
            "note": "Namuna (synthetic)",
            "giving": {"method": "written", "assents": [{"beneficiary_id": person, "assent": "given"} for person in asked]},
        }
        request_consent(db, body=ConsentCreate.model_validate(body), by=Visit(manager))
    return len(agreeing)
