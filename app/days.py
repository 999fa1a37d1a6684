"""Calendar days where the service is used: a day begins at midnight in Uzbekistan, wherever the machine stands."""

from datetime import UTC, date, datetime, time, timedelta, timezone

# Uzbekistan has had one time of day and no summer time since 1992; a fixed offset needs no table of zones on the machine.
TASHKENT = timezone(timedelta(hours=5), "Asia/Tashkent")


def today() -> date:
    """The calendar day of this moment."""
    return datetime.now(TASHKENT).date()


def begins(day: date) -> datetime:
    """The moment at which a day begins, in UTC."""
    return datetime.combine(day, time(), TASHKENT).astimezone(UTC)


def ends(day: date) -> datetime:
    """The moment at which a day is over, in UTC: when the next one begins."""
    return begins(day + timedelta(days=1))
