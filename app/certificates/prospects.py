"""Whether certificates can be printed, told before they are issued: the sheets they would have, and what stands in their way on paper."""

import re
import uuid
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from app.access.transaction import Rows
from app.certificates import grounds, pdf
from app.certificates.actions import LONGEST_HOLDER, Activity, Warnings, in_both, template_of
from app.certificates.models import CertificateStatus
from app.certificates.number import new_number
from app.certificates.pdf import Sheet
from app.certificates.queries import Print
from app.certificates.sheets import sheet_of
from app.certificates.snapshot import HolderName, Snapshot
from app.database import now
from app.days import today
from app.paper import TextTooLong, Unprintable

# Nearly all names: letters that every face of the sheet has, and so few of them that no name is larger on paper than the one below, which
# fills two lines at the largest size that two lines can have. Where that one finds room, they all do, and one sheet is tried for all.
_PLAIN = re.compile("[A-Za-zА-Яа-яЁёЎўҚқҒғҲҳ ʻʼ‘’'`-]{1,60}")
_LARGEST = (f"{'W' * 24} {'W' * 24}", f"{'W' * 24} {'W' * 23}")
_UNDATED = datetime(2000, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Prospects:
    """What the certificates of an activity would show: all that they share, and by enrollment the holder in Latin and in Cyrillic."""

    sheet: Sheet | None = None
    holders: dict[uuid.UUID, tuple[str, str]] = field(default_factory=dict)

    def warnings(self) -> Warnings:
        """Who could not have a PDF, and why; `{code, details}`. Tries sheets, 15 ms each, so no connection should be held meanwhile."""
        if self.sheet is None or not self.holders:
            return {}
        sheet, found = self.sheet, {}
        plain = {key for key, names in self.holders.items() if all(map(_PLAIN.fullmatch, names))}
        easy = plain if plain and _obstacle(sheet, _LARGEST) is None else set()
        known: dict[tuple[str, str], Unprintable | None] = {}
        for key, names in self.holders.items():
            if key not in easy:
                if names not in known:
                    known[names] = _obstacle(sheet, names)
                if obstacle := known[names]:
                    found[key] = _warning(obstacle)
        return found


def prospects_of(db: Rows, activity: Activity) -> Prospects:
    """Those of an activity; none while nobody gets a certificate yet."""
    if activity.blocked:
        return Prospects()
    nobody = HolderName(surname="-", given_name="-", patronymic=None)
    sheet = sheet_of(
        Print(
            id=activity.roster_id,
            version=1,
            created_at=now(),
            number=new_number(),
            status=CertificateStatus.VALID,
            revoked_at=None,
            issued_on=today(),
            holder_latin=nobody.surname,
            holder_cyrillic=nobody.surname,
            is_synthetic=False,
            snapshot=Snapshot.model_validate({**template_of(db, activity), "holder": nobody}),
        )
    )
    holders = {key: in_both(holder) for key, holder in grounds.holders(db, activity.roster_id).items()}
    return Prospects(sheet, {key: names for key, names in holders.items() if max(map(len, names)) <= LONGEST_HOLDER})


def _obstacle(sheet: Sheet, names: tuple[str, str]) -> Unprintable | None:
    try:
        pdf.render(replace(sheet, holder_latn=names[0], holder_cyrl=names[1]), issued_at=_UNDATED)
    except Unprintable as error:
        return error
    return None


def _warning(obstacle: Unprintable) -> dict[str, Any]:
    fault = "too_long" if isinstance(obstacle, TextTooLong) else "no_form_on_paper"
    return {"code": "not_printable", "details": {"part": obstacle.where, "fault": fault}}
