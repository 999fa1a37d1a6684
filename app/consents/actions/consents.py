"""Asking for consents, and what families say to it."""

import uuid
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy import bindparam
from sqlmodel import col

from app.access.actor import Visit
from app.access.fetch import fetch, find, made_before
from app.access.grants import bits_of
from app.access.guard import GuardedSession, prebuilt, require_writable
from app.beneficiaries.actions.members import keep_people, words_about
from app.beneficiaries.models import Beneficiary, Family, is_adult
from app.consents import notice
from app.consents.actions.grants import close_grants, open_grants, speaks_until
from app.consents.actions.subjects import Person, decide, hold_bonds, may_speak, may_speak_in, settle, subjects_of
from app.consents.models import Consent, ConsentCapacity, ConsentPurpose, ConsentRecipient, ConsentStatus, WithdrawalReason
from app.consents.schemas import ConsentCreate, ConsentRefuse, ConsentRenew, ConsentUpdate, ConsentWithdraw, Giving, Recipient
from app.constraints import refuse
from app.database import uuid7
from app.days import today
from app.partners.models import Organization
from app.problems import Fault, Invalid, WrongState, invalid

_TERMS = ("purpose", "given_by_id", "capacity", "valid_from", "valid_until", "note")
_BATCH = 200
_RECIPIENTS = prebuilt(
    sa.select(ConsentRecipient).where(col(ConsentRecipient.consent_id) == bindparam("consent_id")), "consent_recipient.of_consent"
)
_ORGANIZATIONS = prebuilt(
    sa.select(Organization).where(col(Organization.id).in_(bindparam("ids", expanding=True))), "consent.recipient_organizations"
)
_DUE = prebuilt(
    sa.select(Consent)
    .where(col(Consent.status) == ConsentStatus.GIVEN, col(Consent.last_day) < bindparam("day", type_=sa.Date()))
    .order_by(col(Consent.id))
    .limit(_BATCH)
    .with_for_update(skip_locked=True),
    "consent.due",
)
refuse("uq_consent_renews_id", lambda: WrongState("It is renewed already."))


def request_consent(db: GuardedSession, *, body: ConsentCreate, by: Visit) -> tuple[Consent, bool]:
    """(consent, made before); given at once if the body says how. Raises Invalid, IdTaken, OutOfScope."""
    if before := made_before(db, Consent, body.id, body.origin()):
        return before, True
    if body.giving:
        # Before the persons' rows are kept: a merge holds them in this order.
        hold_bonds(db, giver_id=body.given_by_id, beneficiary_id=body.beneficiary_id, family_id=body.family_id)
    subject = _subject(db, body, by=by)
    consent = Consent(
        id=body.id or uuid7(),
        origin=body.origin(),
        organization_id=subject.organization_id,
        beneficiary_id=body.beneficiary_id,
        family_id=body.family_id,
        categories=bits_of(body.categories),
        notice_version=_version(body.notice_version),
        **body.model_dump(include=set(_TERMS)),
    )
    _store(db, consent, recipients=body.recipients, giving=body.giving, at="/giving")
    return consent, False


def _subject(db: GuardedSession, body: ConsentCreate, *, by: Visit) -> Beneficiary | Family:
    if (body.beneficiary_id is None) == (body.family_id is None):
        raise invalid("/beneficiary_id", "one_of_two", "Give either beneficiary_id or family_id.")
    found: Beneficiary | Family | None
    if body.beneficiary_id is not None:
        found, at = find(db, Beneficiary, body.beneficiary_id, keep=True), "/beneficiary_id"
    else:
        # Whoever gives it at once decides about the members too, so it is held as `_held` holds it.
        found, at = find(db, Family, body.family_id or uuid.UUID(int=0), lock=bool(body.giving), keep=True), "/family_id"
    # One that others registered may be seen through their consents, but they are the ones to ask.
    if found is None or found.organization_id != by.actor.organization_id:
        raise invalid(at, "unknown", "There is no such row.")
    return found


def _version(given: str | None) -> str:
    if given is None:
        return notice.current(today()).version
    if given not in notice.NOTICES:
        raise invalid("/notice_version", "unknown", "There is no such notice.")
    if notice.NOTICES[given].valid_from > today():
        raise invalid("/notice_version", "not_in_use", f"Is in use from {notice.NOTICES[given].valid_from} on.")
    return given


def _store(db: GuardedSession, consent: Consent, *, recipients: Sequence[Recipient], giving: Giving | None, at: str) -> None:
    """A new consent with all that belongs to it; given, if it is said how."""
    _terms_hold(consent, recipients=len(recipients))
    _check_recipients(db, consent, recipients)
    people = decide(db, consent, day=today())
    db.add(consent)
    db.flush()
    db.add_all(_rows(consent, recipients))
    if giving is None:
        settle(db, consent, people, day=today())
    else:
        _give(db, consent, people, giving=giving, at=at)
    db.flush()


def _rows(consent: Consent, recipients: Sequence[Recipient]) -> list[ConsentRecipient]:
    return [ConsentRecipient(consent_id=consent.id, organization_id=one.organization_id, kind=one.kind) for one in recipients]


def _terms_hold(consent: Consent, *, recipients: int) -> None:
    faults = []
    if consent.valid_from and consent.valid_until and consent.valid_until < consent.valid_from:
        faults.append(Fault("/valid_until", "before_start", "Lies before valid_from."))
    if consent.purpose == ConsentPurpose.INFORMATION_SHARING:
        if not recipients:
            faults.append(Fault("/recipients", "missing", "Sharing information needs one recipient at least."))
        if not consent.categories:
            faults.append(Fault("/categories", "missing", "Sharing information needs one category at least."))
    if faults:
        raise Invalid(faults=faults)


def _check_recipients(db: GuardedSession, consent: Consent, recipients: Sequence[Recipient]) -> None:
    """Raises Invalid for a recipient that cannot be one."""
    ids = {one.organization_id for one in recipients if one.organization_id}
    known = {one.id: one for one in db.execute(_ORGANIZATIONS, {"ids": list(ids)}).scalars()} if ids else {}
    faults, day, seen = [], today(), set()
    for place, one in enumerate(recipients):
        at = f"/recipients/{place}"
        if (one.organization_id, one.kind) in seen:
            faults.append(Fault(at, "repeated", "Stands here twice."))
        seen.add((one.organization_id, one.kind))
        if one.organization_id is None:
            continue
        found = known.get(one.organization_id)
        if found is None:
            faults.append(Fault(f"{at}/organization_id", "unknown", "There is no such organization."))
        elif found.id == consent.organization_id:
            faults.append(Fault(f"{at}/organization_id", "own_organization", "The organization that asks sees it anyway."))
        elif found.kind not in ("womens_committee", "state_partner"):
            faults.append(Fault(f"{at}/organization_id", "wrong_kind", "Must be of the Women's Committee or a state partner."))
        elif (found.valid_from or day) > day or (found.valid_to or day) < day:
            faults.append(Fault(f"{at}/organization_id", "not_in_force", "This organization does not exist today."))
    if faults:
        raise Invalid(faults=faults)


def _held(db: GuardedSession, consent_id: uuid.UUID, version: int, *, by: uuid.UUID | None = None, settles: bool = False) -> Consent:
    """One's own consent, held until the commit. Before it those of whom it speaks, since a merge holds persons first and then their
    consents: `by`, whom it is to name, and where it `settles` whom it covers the family, the person and the giver.

    Raises NotFound, OutOfScope for one that merely lets the caller in, Stale, Merged, WasForgotten.
    """
    if by or settles:
        _hold_subjects(db, fetch(db, Consent, consent_id, version=version), by=by, settles=settles)
    consent = fetch(db, Consent, consent_id, lock=True, version=version)
    require_writable(db, consent)
    return consent


def _hold_subjects(db: GuardedSession, consent: Consent, *, by: uuid.UUID | None, settles: bool) -> None:
    require_writable(db, consent)
    if settles:
        # Where it, or one that follows it, is given, first held is what decides whose word counts.
        hold_bonds(db, giver_id=by or consent.given_by_id, beneficiary_id=consent.beneficiary_id, family_id=consent.family_id)
    keep_people(db, {one for one in (by, *((consent.beneficiary_id, consent.given_by_id) if settles else ())) if one})


def _recipients(db: GuardedSession, consent: Consent) -> list[ConsentRecipient]:
    return list(db.execute(_RECIPIENTS, {"consent_id": consent.id}).scalars())


def update_consent(db: GuardedSession, consent_id: uuid.UUID, *, version: int, body: ConsentUpdate) -> Consent:
    """Change the terms that are only asked for. Raises NotFound, OutOfScope, Stale, TermsFrozen, Merged, WasForgotten, Invalid."""
    values = body.model_dump(exclude_unset=True)
    consent = _held(db, consent_id, version, by=values.get("given_by_id"), settles=True)
    consent.must_be_open()
    for name in values.keys() & set(_TERMS):
        setattr(consent, name, values[name])
    people = decide(db, consent, day=today())
    if "categories" in values:
        consent.categories = bits_of(body.categories)
    if "notice_version" in values:
        consent.notice_version = _version(body.notice_version)
    former = _recipients(db, consent)
    _terms_hold(consent, recipients=len(body.recipients if "recipients" in values else former))
    if "recipients" in values:
        _check_recipients(db, consent, body.recipients)
        for one in former:
            db.delete(one)
        db.flush()
        db.add_all(_rows(consent, body.recipients))
        consent.touch()
    settle(db, consent, people, day=today())
    db.flush()
    return consent


def give_consent(db: GuardedSession, consent_id: uuid.UUID, *, version: int, body: Giving) -> Consent:
    """The family agreed: the terms are frozen, and the recipients are let in. Raises NotFound, OutOfScope, Stale, WrongState, Invalid."""
    consent = _held(db, consent_id, version, settles=True)
    _give(db, consent, None, giving=body, at="")
    db.flush()
    return consent


def _give(db: GuardedSession, consent: Consent, decided: list[Person] | None, *, giving: Giving, at: str) -> None:
    given_on = giving.given_on or today()
    # Nobody can have been told by a notice what it did not say yet.
    if given_on < (since := notice.NOTICES[consent.notice_version].valid_from):
        raise invalid(f"{at}/given_on", "before_notice", f"The notice {consent.notice_version} is in use from {since} on: ask anew by it.")
    consent.give(day=today(), given_on=given_on, method=giving.method, witness=giving.witness, last_day=consent.valid_until)
    if consent.valid_from and consent.valid_from < given_on:
        raise invalid("/valid_from", "before_given", "Lies before the day on which it was given.")
    if consent.valid_until and consent.valid_until < given_on:
        raise invalid("/valid_until", "before_given", "Lies before the day on which it was given.")
    # One that was only asked for is decided of anew, once it is sure that it can be given.
    decided = decide(db, consent, day=today()) if decided is None else decided
    people = settle(db, consent, decided, day=today(), assents=giving.assents, at=at)
    # A consent about a child alone ends with the giver's word for it; one about a family goes on for the others.
    if consent.beneficiary_id and (of_age := speaks_until(consent, people[0])):
        consent.last_day = min(consent.valid_until or date.max, of_age - timedelta(days=1))
    db.flush()
    open_grants(db, consent, people=people, recipients=_recipients(db, consent))


def refuse_consent(db: GuardedSession, consent_id: uuid.UUID, *, version: int, body: ConsentRefuse) -> Consent:
    """The family said no. Raises NotFound, OutOfScope, Stale, WrongState."""
    consent = _held(db, consent_id, version)
    consent.refuse(day=today(), note=_words(db, consent, body.note))
    db.flush()
    return consent


def withdraw_consent(db: GuardedSession, consent_id: uuid.UUID, *, version: int, body: ConsentWithdraw) -> Consent:
    """It holds no more: whoever was let in is shut out at once. Raises NotFound, OutOfScope, Stale, WrongState, Invalid."""
    consent = _held(db, consent_id, version, by=body.withdrawn_by_id)
    consent.withdraw(day=today(), by=body.withdrawn_by_id, reason=body.reason, note=_words(db, consent, body.note))
    if body.withdrawn_by_id is not None:
        _may_withdraw(db, consent, body.withdrawn_by_id)
    elif body.reason != WithdrawalReason.RECORDED_IN_ERROR:
        raise invalid("/withdrawn_by_id", "missing", "Must be told, except for `recorded_in_error`.")
    close_grants(db, consent)
    db.flush()
    return consent


def _words(db: GuardedSession, consent: Consent, text: str | None) -> str | None:
    return words_about(db, [consent.beneficiary_id, consent.given_by_id], text)


def _may_withdraw(db: GuardedSession, consent: Consent, person_id: uuid.UUID) -> None:
    """Raises Invalid unless it is who gave it, who may speak for the subject now, or a covered person who has come of age."""
    person = find(db, Beneficiary, person_id, keep=True)
    if person is None or person.organization_id != consent.organization_id:
        raise invalid("/withdrawn_by_id", "unknown", "There is no such beneficiary.")
    if person.deceased_on is not None or not is_adult(person, today()):
        raise invalid("/withdrawn_by_id", "may_not_withdraw", "Must be alive and 18 or older.")
    if person.id == consent.given_by_id:
        return
    covered = {one.beneficiary_id for one in subjects_of(db, consent) if one.reason is None}
    if person.id in covered:
        return
    # Who gave it has spoken for itself: its own parent takes that back no more than it could have given it.
    covered.discard(consent.given_by_id)
    if consent.family_id and may_speak_in(db, speaker_id=person.id, family_id=consent.family_id, children=covered):
        return
    if consent.beneficiary_id and any(
        may_speak(db, speaker_id=person.id, child_id=consent.beneficiary_id, capacity=capacity)
        for capacity in (ConsentCapacity.CAREGIVER, ConsentCapacity.GUARDIAN)
        if consent.capacity != ConsentCapacity.SELF
    ):
        return
    raise invalid("/withdrawn_by_id", "may_not_withdraw", "Neither gave it nor may speak for whom it is about.")


def renew_consent(db: GuardedSession, consent_id: uuid.UUID, *, version: int, body: ConsentRenew) -> tuple[Consent, bool]:
    """(the consent that follows, made before). The former one's grants close and the new one's open in the same transaction; whoever
    belongs to the family now is covered. Raises NotFound, OutOfScope, Stale, WrongState, Invalid, IdTaken.
    """
    # Before anything is compared: whoever is let in through it learns nothing by trying.
    require_writable(db, fetch(db, Consent, consent_id))
    origin = body.origin(under=consent_id)
    if before := made_before(db, Consent, body.id, origin):
        return before, True
    given = body.model_dump(exclude_unset=True)
    former = _held(db, consent_id, version, by=given.get("given_by_id"), settles=True)
    former.renewed(day=today())
    close_grants(db, former)
    terms: dict[str, Any] = {name: given.get(name, getattr(former, name)) for name in ("given_by_id", "capacity")}
    consent = Consent(
        id=body.id or uuid7(),
        origin=origin,
        organization_id=former.organization_id,
        beneficiary_id=former.beneficiary_id,
        family_id=former.family_id,
        purpose=former.purpose,
        categories=bits_of(body.categories) if "categories" in given else former.categories,
        notice_version=_version(body.notice_version),
        valid_until=body.valid_until,
        note=body.note,
        renews_id=former.id,
        **terms,
    )
    recipients = body.recipients if "recipients" in given else _same(_recipients(db, former))
    _store(db, consent, recipients=recipients, giving=body.giving, at="/giving")
    return consent, False


def _same(recipients: Sequence[ConsentRecipient]) -> list[Recipient]:
    return [Recipient(organization_id=one.organization_id, kind=one.kind) for one in recipients]


def expire_due(db: GuardedSession) -> int:
    """Write down which consents' last days are over, some hundreds at a time; answers how many. What they opened is closed by its date."""
    due = list(db.execute(_DUE, {"day": today()}).scalars())
    for consent in due:
        consent.expire()
        close_grants(db, consent)
    db.flush()
    return len(due)
