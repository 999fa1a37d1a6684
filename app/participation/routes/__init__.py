"""HTTP of rosters. An activity's own routes take theirs from `roster_routes`; what was reported without names stands alone."""

from typing import Any

from fastapi import APIRouter

from app.participation.queries import RosterOwner
from app.participation.routes import enrollments, headcounts, records, sessions

router = headcounts.router


def roster_routes(model: Any, noun: str) -> APIRouter:
    """The routes below one activity: `/{noun_id}/sessions`, `/enrollments`, `/test-results`, `/completions`.

    `model` has `id` and `roster_id`; `noun` names it in addresses and operations, such as `study_tour`. Who may not see the activity
    gets 404 on each of them, and so does everybody for a row of another roster.
    """
    owner = RosterOwner(model, noun)
    found = APIRouter(prefix=f"/{{{noun}_id}}")
    for part in (sessions, enrollments, records):
        found.include_router(part.routes(owner))
    return found
