"""Who looked at a person, or at a family and its members, as a PDF for the family to keep: A4, tagged and archival, in plain words.

Staff are named by function, not by name: the family has to know which organizations looked and why, and whom to ask; the names of those who
did their work are for the managers, who have them at `GET /v1/beneficiaries/{id}/accesses` and answer for them. `report.typ` beside this
file is the design and the fixed words.
"""

import uuid
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

from app.access.transaction import Rows
from app.database import now
from app.days import TASHKENT, begins, ends, today
from app.languages import Language, date_text, label, nearest
from app.oversight.looks import FAMILY, PERSON, Looks, Seen, Subject, Viewers, newest, own
from app.oversight.rows import BEARING, Member, Row, members_of
from app.oversight.schemas import GroundKind
from app.paper import Press, UnprintableText, in_figures, printable
from app.problems import Conflict, Fault, Invalid

MOST_LOOKS = 20_000
"""The newest entries that are gathered; where there are more, the report says where it begins."""
MOST_LINES = 300
"""Lines that are printed day by day; a longer report is told month by month."""
_A_YEAR = timedelta(days=365)
_PRESS = Press(Path(__file__).with_name("report.typ"))
_CYRILLIC = frozenset({Language.UZ_CYRL, Language.RU})


class ReportNotPrintable(Conflict):
    """`detail` names a text that has a character without a form on paper; correct it and print again."""

    code, title = "report_not_printable", "Conflicts with the stored state"


@dataclass(frozen=True, slots=True)
class Report:
    """What is printed: whose looks, at whom, between which days, and when it was made. With a family its members are told of, each for the
    time in which it was one.
    """

    subject: Subject
    key: uuid.UUID
    name: Mapping[bool, str]
    members: Sequence[Member]
    since: date
    until: date
    looks: Looks
    viewers: Viewers
    made_at: datetime


def gathered(db: Rows, subject: Subject, key: uuid.UUID, *, since: date | None, until: date | None, owner: uuid.UUID | None) -> Report:
    """Who looked at a person or family of the caller's own organization, and as what. Raises NotFound, Invalid."""
    last = until or today()
    first = since or last - _A_YEAR
    if first > last:
        raise Invalid(faults=[Fault("/since", "after_until", "Lies after until.", "query")])
    _, *called = own(db, subject, key)
    members = members_of(db, key) if subject is FAMILY else []
    found, known = newest(db, subject, key, members, since=begins(first), until=ends(last), owner=owner, most=MOST_LOOKS + 1)
    # A family is called by its number in any script.
    name = {in_cyrillic: str(called[in_cyrillic and len(called) > 1]) for in_cyrillic in (False, True)}
    return Report(subject, key, name, members, first, last, found, known, now())


class _Line(NamedTuple):
    day: date
    organization: str
    who: str
    what: tuple[str, str, str]
    why: tuple[tuple[str, str, str], ...]


def printed(report: Report, language: Language) -> bytes:
    """The report in one language. Raises ReportNotPrintable."""
    try:
        return _PRESS.print(_facts(report, language), made_at=report.made_at)
    except UnprintableText as error:
        raise ReportNotPrintable(error.told) from error


def _facts(report: Report, language: Language) -> dict[str, Any]:
    """What the template reads; each text is checked under the name of its field."""
    looks = report.looks
    seen, is_cut = looks.seen[:MOST_LOOKS], len(looks.seen) > MOST_LOOKS
    first = max(report.since, _day(seen[-1])) if is_cut else report.since
    told = _told(report, seen, language)
    precision, lines = "day", _lines(report, told, language)
    if len(lines) > MOST_LINES:
        precision, lines = "month", _lines(report, told, language, by_month=True)
    return {
        "language": str(language),
        "is_family": report.subject is FAMILY,
        "name": printable(report.name[language in _CYRILLIC], "name"),
        "members": [[_name(one, language), *(in_figures(day) if day else "" for day in one[-2:])] for one in report.members],
        "organization": _organization(looks.names_of(looks.owner), language),
        "from": date_text(first, "day", language),
        "until": date_text(report.until, "day", language),
        "made_on": date_text(report.made_at.astimezone(TASHKENT).date(), "day", language),
        "is_cut": is_cut,
        "organizations": len({one.organization_id for one, _ in told}),
        "times": sum(lines.values()),
        "lines": [
            [
                in_figures(line.day) if precision == "day" else date_text(line.day, precision, language),
                line.organization,
                line.who,
                list(line.what),
                str(times),
                [list(why) for why in line.why],
            ]
            for line, times in sorted(lines.items(), key=lambda item: (-item[0].day.toordinal(), item[0][1:]))
        ],
    }


def _told(report: Report, seen: Sequence[Seen], language: Language) -> list[tuple[Seen, str]]:
    """The looks of which the report tells, each with the member whom it was at; of a family's members none before they were, or after."""
    if report.subject is not FAMILY:
        return [(one, "") for one in seen]
    members: dict[uuid.UUID, list[Member]] = {}
    for member in report.members:
        members.setdefault(member.id, []).append(member)
    by_row: dict[tuple[str, uuid.UUID], list[Member]] = {}
    for row in report.looks.rows:
        by_row.setdefault((row.kind, row.id), []).extend(members.get(row.of, ()))
    told = []
    for one in seen:
        if one.subject_type == FAMILY.table:
            told.append((one, ""))
        elif (
            whose := next((member for member in by_row.get((one.subject_type, one.subject_id), ()) if member.belonged(one.at)), None)
        ) is not None:
            told.append((one, _name(whose, language)))
    return told


def _name(member: Member, language: Language) -> str:
    return printable(member.cyrillic if language in _CYRILLIC else member.latin, "members")


def _lines(report: Report, told: Sequence[tuple[Seen, str]], language: Language, *, by_month: bool = False) -> Counter[_Line]:
    """How often for each line. What one line says is one line, however many people and operations are behind it."""
    found: Counter[_Line] = Counter()
    rows: dict[tuple[str, uuid.UUID], Row] = {(row.kind, row.id): row for row in report.looks.rows}
    for one, whose in told:
        day = _day(one)
        line = _Line(
            day.replace(day=1) if by_month else day,
            _organization(report.looks.names_of(one.organization_id), language),
            _who(report, one, language),
            (*_what(one, rows[one.subject_type, one.subject_id]), whose),
            _why(report.looks, one, language),
        )
        found[line] += one.times
    return found


def _day(one: Seen) -> date:
    return one.at.astimezone(TASHKENT).date()


def _who(report: Report, one: Seen, language: Language) -> str:
    """The viewer's function; empty for a script."""
    if one.actor_kind == "client":
        return ""
    _, duty = report.viewers.get(one.actor_id, ("", None))
    return label("duty", duty, language) if duty else "–"


def _what(one: Seen, row: Row) -> tuple[str, str]:
    """(kind of the row, the day on which it was registered if it is another one of the person that was merged into this one)."""
    if one.subject_type != PERSON.table or row.id == row.of:
        return one.subject_type, ""
    return "merged", in_figures(row.created_at.astimezone(TASHKENT).date())


def _why(looks: Looks, one: Seen, language: Language) -> tuple[tuple[str, str, str], ...]:
    """(kind, its day or category, verdict) of each ground."""
    if looks.is_own(one):
        return ((GroundKind.OWN_ORGANIZATION.value, "", ""),)
    if one.subject_type in BEARING:
        return ((GroundKind.ACTIVITY.value, "", ""),)
    found = []
    for grant in looks.grants_of(one):
        if grant.break_glass_category:
            category = label("break_glass_category", grant.break_glass_category, language)
            found.append((GroundKind.BREAK_GLASS.value, category, grant.verdict or "open"))
        elif grant.consent_id:
            found.append((GroundKind.CONSENT.value, in_figures(grant.given_on) if grant.given_on else "", ""))
    return tuple(sorted(set(found)))


def _organization(names: Mapping[str, str | None] | None, language: Language) -> str:
    return printable(nearest(names or {}, language), "organization")
