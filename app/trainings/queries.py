"""Reads of trainings."""

import uuid
from datetime import datetime
from types import SimpleNamespace
from typing import Any

import sqlalchemy as sa
from sqlalchemy import bindparam
from sqlmodel import col

from app.access.fetch import Single
from app.access.transaction import Rows
from app.listing import Found, Keyset, Sort, by_age, filters_of, territory_filters, territory_of
from app.participation.models import Roster
from app.participation.queries import ROSTER_COLUMNS, roster_parts
from app.search import by_relevance, found_by, strictly, words_of
from app.trainings.models import Training
from app.trainings.schemas import TrainingListing, TrainingRead

_COLUMNS = tuple(name for name in Training.model_fields if name not in ("search", "origin"))
_training = sa.select(
    *(getattr(Training, name) for name in _COLUMNS),
    *(getattr(Roster, name) for name in ROSTER_COLUMNS),
).join(Roster, col(Roster.id) == col(Training.roster_id))
_ONE = Single("training.one", _training, col(Training.id))
_CERTIFIED = Single("training.certified", sa.select(*(getattr(Training, name) for name in _COLUMNS)), col(Training.id))
_SINCE: sa.BindParameter[datetime] = bindparam("updated_since")
_TRAININGS = Keyset(
    "training.list",
    _training,
    key=Training.id,
    sorts={
        "starts_on": Sort(Training.starts_on),
        "-starts_on": Sort(Training.starts_on, descending=True),
        **by_age(Training),
        **by_relevance(strictly(Training.search)),
    },
    filters={
        "status": col(Training.status) == bindparam("status"),
        "organization_id": col(Training.organization_id) == bindparam("organization_id", type_=sa.Uuid()),
        "starts_from": col(Training.starts_on) >= bindparam("starts_from"),
        "starts_until": col(Training.starts_on) <= bindparam("starts_until"),
        # A place taken changes the counts that are shown, and with them the roster alone.
        "updated_since": (col(Training.updated_at) >= _SINCE) | (col(Roster.updated_at) >= _SINCE),
        **territory_filters(Training.territory),
        "words": found_by(Training),
    },
)
_FILTERS = ("status", "organization_id", "starts_from", "starts_until", "updated_since")


def training(db: Rows, key: uuid.UUID) -> dict[str, Any]:
    """One training; NotFound."""
    return _shaped(db, [_ONE.one(db, key)])[0]


def certified(db: Rows, key: uuid.UUID) -> SimpleNamespace:
    """The columns of one training, which its certificates are made of; NotFound."""
    return SimpleNamespace(**_CERTIFIED.one(db, key))


def trainings(db: Rows, listing: TrainingListing) -> Found:
    """A page of trainings."""
    found = _TRAININGS.page(db, listing, filters_of(listing, *_FILTERS) | territory_of(listing.territory) | words_of(listing.q))
    found.items = _shaped(db, found.items)
    return found


def _shaped(db: Rows, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    parts = roster_parts(db, rows)
    return [TrainingRead.shape(row, parts[row["roster_id"]]) for row in rows]
