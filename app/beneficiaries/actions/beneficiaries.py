"""Registering people and correcting what is known of them."""

import uuid
from collections.abc import Sequence
from typing import Any

from sqlalchemy.exc import IntegrityError

from app.access.actor import Visit
from app.access.fetch import fetch, made_before
from app.access.guard import GuardedSession, require_writable
from app.beneficiaries.actions.candidates import Answer, compare_again, look_for_duplicates, possible_duplicates
from app.beneficiaries.actions.members import hold_people, refuse_ages
from app.beneficiaries.actions.standing import tell_standing
from app.beneficiaries.models import Beneficiary
from app.beneficiaries.naming import derived, rename
from app.beneficiaries.schemas.beneficiaries import BeneficiaryCreate, BeneficiaryUpdate, Person
from app.constraints import constraint_of
from app.database import uuid7
from app.phones import parse
from app.problems import IdTaken, Invalid, invalid

_NAME = frozenset({"surname", "given_name", "patronymic"})
_COMPARED = _NAME | {"birth_date", "birth_precision", "phone", "sex", "territory"}
_OF_STANDING = frozenset({"birth_date", "birth_precision", "deceased_on"})


def new_person(body: Person, *, by: Visit, territory: str) -> Beneficiary:
    """A person as a row of the actor's organization, not stored yet."""
    owner: dict[str, Any] = {"organization_id": by.actor.organization_id, "territory": territory}
    return Beneficiary(
        id=body.id or uuid7(),
        origin=body.origin(),
        surname=body.surname,
        given_name=body.given_name,
        patronymic=body.patronymic,
        sex=body.sex,
        birth_date=body.birth_date,
        birth_precision=body.birth_precision,
        phone_as_written=body.phone,
        phone_e164=body.phone and parse(body.phone),
        deceased_on=body.deceased_on,
        note=body.note,
        **owner,
        **derived(body.surname, body.given_name, body.patronymic),
    )


def flush_placed(db: GuardedSession, *, chosen: Sequence[str] = ("/id",)) -> None:
    """Flush rows of which nothing but the territory can refer to what does not exist. Asking for the place beforehand would cost every
    registration a statement for the sake of those few that fail. `chosen` lead to the ids of persons that the body chose. Raises Invalid,
    IdTaken.
    """
    try:
        db.flush()
    except IntegrityError as error:
        if constraint_of(error) == "pk_beneficiary":
            raise IdTaken(*chosen) from error
        if constraint_of(error).startswith("fk"):
            raise invalid("/territory", "unknown", "There is no such place.") from error
        raise


def register_beneficiary(db: GuardedSession, *, body: BeneficiaryCreate, by: Visit) -> tuple[Beneficiary, list[Answer], bool]:
    """(person, who may be the same, made before). Raises Invalid, IdTaken."""
    if before := made_before(db, Beneficiary, body.id, body.origin()):
        return before, possible_duplicates(db, [before.id]), True
    person = new_person(body, by=by, territory=body.territory)
    if faults := person.faults():
        raise Invalid(faults=faults)
    db.add(person)
    flush_placed(db)
    return person, look_for_duplicates(db, [person]), False


def update_beneficiary(
    db: GuardedSession, beneficiary_id: uuid.UUID, *, version: int, body: BeneficiaryUpdate
) -> tuple[Beneficiary, list[Answer]]:
    """(person, who may be the same by what was corrected); what follows from the name follows, and what a consent opened ends as the
    corrected dates say. Raises NotFound, Merged, WasForgotten, Stale, Invalid.
    """
    if _OF_STANDING & body.model_fields_set:
        # Whoever ties somebody to this person meanwhile goes by the day that is being corrected.
        hold_people(db, [beneficiary_id])
    person = fetch(db, Beneficiary, beneficiary_id, version=version)
    # Before anything is compared: whether a change would change nothing tells what a field holds.
    require_writable(db, person)
    values = body.model_dump(exclude_unset=True)
    if "phone" in values:
        person.phone_as_written = values.pop("phone")
        person.phone_e164 = parse(person.phone_as_written) if person.phone_as_written else None
    for name, value in values.items():
        setattr(person, name, value)
    if _NAME & values.keys():
        rename(person)
    if faults := person.faults():
        raise Invalid(faults=faults)
    flush_placed(db)
    if {"birth_date", "birth_precision"} & values.keys():
        # When all else holds: by a change that is refused anyway nobody is to find out the birth of somebody out of sight.
        refuse_ages(db, person)
    if _OF_STANDING & values.keys():
        tell_standing(db, [person.id])
    if not _COMPARED & body.model_fields_set:
        return person, []
    compare_again(db, person)
    return person, look_for_duplicates(db, [person])
