"""Who may speak for whom follows from who lives with whom, who is whose kin, and how old people are. The rooms above that build on it are
told in the transaction in which it changes, since this room cannot know them.
"""

import uuid
from collections.abc import Callable, Collection, Iterable

from app.access.guard import GuardedSession
from app.beneficiaries.models import Beneficiary
from app.problems import Fault

Hearer = Callable[[GuardedSession, Collection[uuid.UUID]], None]
HEARERS: list[Hearer] = []
"""Called with (session, persons) when the change is flushed. `features` names the modules that put themselves here."""

Judge = Callable[[GuardedSession, Beneficiary], Iterable[Fault]]
JUDGES: list[Judge] = []
"""Asked of a person whose birth was corrected, or to whom another row's kin came: what contradicts itself now."""


def tell_standing(db: GuardedSession, people: Iterable[uuid.UUID]) -> None:
    """Tell that of these persons the family, the kin, the date of birth or of death is another one now, or that they were forgotten.

    Where it is the family or the kin, whoever changes it has called `hold_people` before.
    """
    concerned = frozenset(people)
    db.flush()
    for hear in HEARERS:
        hear(db, concerned)
