"""Whom a consent covers, and who may give it.

A grown person is covered by nobody's consent but its own. A child is spoken for by a present caregiver of its family (the head, a primary
caregiver, or its parent) or by its legal guardian, and from ten years on it is asked too: its refusal counts. For the household, which is
the family's own row with its address and incomes, the head and the primary caregivers speak, and nobody else who lives there.
"""

import uuid
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import sqlalchemy as sa
from sqlalchemy import bindparam
from sqlmodel import col

from app.access.fetch import fetch, find, kept, read_anew, require_current
from app.access.guard import GuardedSession, prebuilt
from app.beneficiaries.actions.members import hold_people
from app.beneficiaries.models import Beneficiary, Family, FamilyMembership, full_years, is_adult
from app.consents.models import ASSENT_AGE, ChildAssent, Consent, ConsentCapacity, ConsentSubject, NotCoveredReason
from app.consents.schemas import Assent
from app.kinship.models import Kinship, KinshipKind
from app.problems import Fault, Invalid, invalid

_MEMBERS = prebuilt(
    kept(
        sa.select(Beneficiary, FamilyMembership)
        .join(FamilyMembership, col(FamilyMembership.beneficiary_id) == col(Beneficiary.id))
        .where(
            col(FamilyMembership.family_id) == bindparam("family_id"),
            col(FamilyMembership.ended_on).is_(None),
            # Of whoever was forgotten there is nothing that could be opened.
            col(Beneficiary.anonymized_at).is_(None),
        )
        .order_by(col(Beneficiary.id)),
        Beneficiary,
    ),
    "consent.members",
)
# Until the commit nobody corrects when one of them was born or died; and what was read before they were held is read again.
_HELD = prebuilt(
    sa.select(Beneficiary)
    .where(
        sa.or_(
            col(Beneficiary.id).in_(bindparam("people", expanding=True)),
            col(Beneficiary.id).in_(
                sa.select(col(FamilyMembership.beneficiary_id)).where(
                    col(FamilyMembership.family_id) == bindparam("family_id"), col(FamilyMembership.ended_on).is_(None)
                )
            ),
        )
    )
    .order_by(col(Beneficiary.id))
    .with_for_update(read=True),
    "consent.held",
)
_TRIES = 3
_OPEN = prebuilt(
    sa.select(FamilyMembership).where(
        col(FamilyMembership.beneficiary_id).in_(bindparam("people", expanding=True)), col(FamilyMembership.ended_on).is_(None)
    ),
    "consent.memberships",
)
_SUBJECTS = prebuilt(
    sa.select(ConsentSubject).where(col(ConsentSubject.consent_id) == bindparam("consent_id")), "consent_subject.of_consent"
)
_KIN = prebuilt(
    sa.select(col(Kinship.person_id), col(Kinship.relative_id), col(Kinship.kind), col(Kinship.is_legal)).where(
        col(Kinship.person_id).in_(bindparam("people", expanding=True)), col(Kinship.ended_on).is_(None)
    ),
    "consent.kin",
)
_NOT_ONE = {
    ConsentCapacity.CAREGIVER: (
        "not_a_caregiver",
        "Is no present caregiver: the head, a primary caregiver, or a parent by `/v1/kinships`.",
    ),
    ConsentCapacity.GUARDIAN: ("not_a_guardian", "Is not a legal guardian."),
}


@dataclass(slots=True)
class Person:
    """One person of whom is decided whether the consent covers it."""

    row: Beneficiary
    membership_id: uuid.UUID | None = None
    assent: ChildAssent | None = None
    reason: NotCoveredReason | None = None


def hold_bonds(db: GuardedSession, *, giver_id: uuid.UUID, beneficiary_id: uuid.UUID | None, family_id: uuid.UUID | None) -> None:
    """Until the commit nobody comes, leaves, ends a kinship or corrects a date by which the giver's word would count for others than was
    decided here: whoever does is either seen, or sees the consent. Called before the consent itself is held.
    """
    if family_id:
        find(db, Family, family_id, lock=True)
    people = [giver_id, *([beneficiary_id] if beneficiary_id else [])]
    hold_people(db, people)
    db.execute(_HELD, {"people": people, "family_id": family_id}, execution_options={"populate_existing": True}).scalars().all()


def giver_of(db: GuardedSession, consent: Consent, *, day: date) -> Beneficiary:
    """Who is asked. Raises Invalid for one who is not there, not alive or not of age."""
    giver = find(db, Beneficiary, consent.given_by_id, keep=True)
    if giver is None or giver.organization_id != consent.organization_id:
        raise invalid("/given_by_id", "unknown", "There is no such beneficiary.")
    if giver.deceased_on is not None:
        raise invalid("/given_by_id", "deceased", "Is deceased.")
    if not is_adult(giver, day):
        raise invalid("/given_by_id", "too_young", "Must be 18 or older; a caregiver or guardian speaks for a younger person.")
    return giver


def speaks_for_household(membership: FamilyMembership) -> bool:
    """Whether a member speaks for the family as a whole: for its own row, and for every child in it."""
    return membership.is_head or membership.is_primary_caregiver


def _kin_of(db: GuardedSession, speakers: Iterable[uuid.UUID]) -> set[tuple[ConsentCapacity, uuid.UUID, uuid.UUID]]:
    """(as what, speaker, child): whose parents they are, which a caregiver is, and whose guardians by law."""
    found = set()
    for speaker, relative, kind, is_legal in db.rows(_KIN, {"people": list(speakers)}):
        if kind == KinshipKind.PARENT:
            found.add((ConsentCapacity.CAREGIVER, speaker, relative))
        elif kind == KinshipKind.GUARDIAN and is_legal:
            found.add((ConsentCapacity.GUARDIAN, speaker, relative))
    return found


def _kin(db: GuardedSession, speaker_id: uuid.UUID, capacity: ConsentCapacity) -> set[uuid.UUID]:
    """Whose parent somebody is, or, as a guardian, whose guardian by law."""
    return {child for as_what, _, child in _kin_of(db, [speaker_id]) if as_what == capacity}


@dataclass(frozen=True, slots=True)
class Bonds:
    """To which families some people belong now, and what they are to children."""

    memberships: Mapping[uuid.UUID, FamilyMembership]
    kin: Collection[tuple[ConsentCapacity, uuid.UUID, uuid.UUID]]

    def may_speak(self, *, speaker_id: uuid.UUID, child_id: uuid.UUID, capacity: ConsentCapacity) -> bool:
        """Whether one of them may speak for another as a caregiver in the family of both, or as a guardian, wherever that one lives."""
        is_kin = (capacity, speaker_id, child_id) in self.kin
        if capacity != ConsentCapacity.CAREGIVER:
            return is_kin
        speaker, child = self.memberships.get(speaker_id), self.memberships.get(child_id)
        return (
            speaker is not None and child is not None and speaker.family_id == child.family_id and (speaks_for_household(speaker) or is_kin)
        )


def bonds(db: GuardedSession, *, speakers: Collection[uuid.UUID], children: Collection[uuid.UUID]) -> Bonds:
    """How these speakers and children belong together now."""
    open_ones = db.execute(_OPEN, {"people": list({*speakers, *children})}).scalars()
    return Bonds({one.beneficiary_id: one for one in open_ones}, _kin_of(db, speakers))


def may_speak(db: GuardedSession, *, speaker_id: uuid.UUID, child_id: uuid.UUID, capacity: ConsentCapacity) -> bool:
    """Whether somebody may speak for a child now."""
    found = bonds(db, speakers=[speaker_id], children=[child_id])
    return found.may_speak(speaker_id=speaker_id, child_id=child_id, capacity=capacity)


def may_speak_in(db: GuardedSession, *, speaker_id: uuid.UUID, family_id: uuid.UUID, children: set[uuid.UUID]) -> bool:
    """Whether somebody may speak now for a family, or for one of these children as a member of it or as a guardian."""
    own = next((one for one in db.execute(_OPEN, {"people": [speaker_id]}).scalars() if one.family_id == family_id), None)
    if own is not None and (speaks_for_household(own) or _kin(db, speaker_id, ConsentCapacity.CAREGIVER) & children):
        return True
    return bool(_kin(db, speaker_id, ConsentCapacity.GUARDIAN) & children)


def _of_person(db: GuardedSession, consent: Consent, giver: Beneficiary, day: date) -> list[Person]:
    subject = fetch(db, Beneficiary, consent.beneficiary_id or giver.id, keep=True)
    if subject.deceased_on is not None:
        raise invalid("/beneficiary_id", "deceased", "Is deceased.")
    if consent.capacity == ConsentCapacity.SELF:
        if giver.id != subject.id:
            raise invalid("/given_by_id", "not_the_subject", "Only the person itself gives it as `self`.")
        return [Person(subject)]
    if is_adult(subject, day):
        raise invalid("/capacity", "adult_speaks_for_self", "Is 18 or older: only the person itself can give it.")
    if not may_speak(db, speaker_id=giver.id, child_id=subject.id, capacity=consent.capacity):
        raise invalid("/given_by_id", *_NOT_ONE[consent.capacity])
    return [Person(subject)]


def _members(db: GuardedSession, consent: Consent) -> list[tuple[Beneficiary, FamilyMembership]]:
    """The family's present members by age, kept from being merged until the commit. Where one was merged while this waited, another row is
    the member now, so it is asked again. Raises Merged where that goes on.
    """
    found: list[tuple[Beneficiary, FamilyMembership]] = []
    for _ in range(_TRIES):
        rows = db.execute(_MEMBERS, {"family_id": consent.family_id}, execution_options=read_anew(db, Beneficiary, FamilyMembership)).all()
        found = [(person, membership) for person, membership in rows]
        if all(person.merged_into_id is None for person, _ in found):
            break
    for person, _ in found:
        require_current(db, person)
    return sorted(found, key=lambda one: (one[0].birth_date, one[0].id))


def _of_family(db: GuardedSession, consent: Consent, giver: Beneficiary, day: date) -> list[Person]:
    members = _members(db, consent)
    own = next((membership for person, membership in members if person.id == giver.id), None)
    if own is None:
        raise invalid("/given_by_id", "not_a_member", "Is not a present member of the family.")
    if consent.capacity == ConsentCapacity.SELF:
        if not own.is_head:
            raise invalid("/given_by_id", "not_the_head", "As `self` the head of the family gives it.")
        in_care: set[uuid.UUID] = set()
    else:
        in_care = _in_care(db, own, consent.capacity, (person.id for person, _ in members))
        # A parent or guardian of one child speaks in the family for that child. The parent of a grown member speaks for nobody there.
        if not speaks_for_household(own):
            in_care -= {person.id for person, _ in members if is_adult(person, day)}
        if not in_care:
            raise invalid("/given_by_id", *_NOT_ONE[consent.capacity])
    consent.covers_household = speaks_for_household(own)
    return [
        Person(person, membership.id, reason=_not_covered(person, consent=consent, in_care=in_care, day=day))
        for person, membership in members
    ]


def _not_covered(person: Beneficiary, *, consent: Consent, in_care: set[uuid.UUID], day: date) -> NotCoveredReason | None:
    """Why the giver's word does not count for a member of the family."""
    if person.deceased_on is not None:
        return NotCoveredReason.DECEASED
    if person.organization_id != consent.organization_id:
        return NotCoveredReason.REGISTERED_ELSEWHERE
    if person.id == consent.given_by_id:
        return None
    if is_adult(person, day):
        return NotCoveredReason.ADULT_SPEAKS_FOR_SELF
    return None if person.id in in_care else NotCoveredReason.NOT_IN_GIVERS_CARE


def _in_care(db: GuardedSession, own: FamilyMembership, capacity: ConsentCapacity, members: Iterable[uuid.UUID]) -> set[uuid.UUID]:
    """The members for whom the giver, who is one of them, may speak."""
    if capacity == ConsentCapacity.CAREGIVER and speaks_for_household(own):
        return set(members)
    return set(members) & _kin(db, own.beneficiary_id, capacity)


def _ask(children: Sequence[Person], *, about_family: bool, assents: Sequence[Assent], day: date, at: str) -> None:
    """Note what each child said. Raises Invalid where one of ten or older was not asked, and where the one child it is about refused."""
    said: Mapping[uuid.UUID, ChildAssent] = {one.beneficiary_id: one.assent for one in assents}
    known = {one.row.id for one in children}
    faults = [
        Fault(f"{at}/assents/{place}/beneficiary_id", "unknown", "Must be a child whom this consent is to cover, and each once.")
        for place, one in enumerate(assents)
        if one.beneficiary_id not in known or one.beneficiary_id in {other.beneficiary_id for other in assents[:place]}
    ]
    for one in children:
        old_enough = full_years(one.row.birth_date, one.row.birth_precision, day) >= ASSENT_AGE
        one.assent = said.get(one.row.id, None if old_enough else ChildAssent.NOT_ASKED_YOUNG_AGE)
        if old_enough and one.assent in (None, ChildAssent.NOT_ASKED_YOUNG_AGE):
            faults.append(Fault(f"{at}/assents", "child_not_asked", f"A child of {ASSENT_AGE} or older must be asked."))
        if one.assent == ChildAssent.REFUSED:
            one.reason = NotCoveredReason.CHILD_REFUSED
            if not about_family:
                faults.append(Fault(f"{at}/assents", "child_refused", "The child refused: the consent cannot be given for it."))
    if faults:
        raise Invalid(faults=faults[:200])


def decide(db: GuardedSession, consent: Consent, *, day: date) -> list[Person]:
    """Decide whom the consent covers, and note whether the household. Raises Invalid for a giver who may not give it."""
    giver = giver_of(db, consent, day=day)
    return _of_family(db, consent, giver, day) if consent.family_id else _of_person(db, consent, giver, day)


def settle(
    db: GuardedSession, consent: Consent, people: list[Person], *, day: date, assents: Sequence[Assent] | None = None, at: str = ""
) -> list[Person]:
    """Keep what was decided of these people anew; answers those whom the consent covers. Without `assents` the children are not asked yet.

    Raises Invalid, its pointers below `at` where they lie in the giving.
    """
    if assents is not None:
        children = [one for one in people if one.reason is None and one.row.id != consent.given_by_id]
        _ask(children, about_family=consent.family_id is not None, assents=assents, day=day, at=at)
    for former in subjects_of(db, consent):
        db.delete(former)
    # The former ones go first: the database admits a person once a consent.
    db.flush()
    db.add_all(
        ConsentSubject(
            consent_id=consent.id,
            beneficiary_id=one.row.id,
            membership_id=one.membership_id,
            child_assent=one.assent,
            reason=one.reason,
        )
        for one in people
    )
    return [one for one in people if one.reason is None]


def subjects_of(db: GuardedSession, consent: Consent) -> list[ConsentSubject]:
    """Those of whom was decided, as they are kept."""
    return list(db.execute(_SUBJECTS, {"consent_id": consent.id}).scalars())
