"""What ends a command that could not do its work: the exit status and one line, never a traceback of what is no fault of ours."""

from sqlalchemy.exc import OperationalError

from app.cli.opening import Unusable


def told(error: Exception) -> tuple[int, str] | None:
    """2 and a line for what was given and cannot be used, 1 and a line for what is refused; None for a fault of the program."""
    from app.identifiers.keys import KeysUnusable
    from app.problems import Problem

    if isinstance(error, Problem):
        if isinstance(error.__cause__, OperationalError):
            return _no_database(error.__cause__)
        return 1, error.detail or error.title
    if isinstance(error, OperationalError):
        return _no_database(error)
    if isinstance(error, Unusable | KeysUnusable):
        return 2, str(error)
    if isinstance(error, OSError):
        return 2, f"{error.filename}: {error.strerror}." if error.filename else str(error)
    return None


def _no_database(error: OperationalError) -> tuple[int, str]:
    return 2, f"DATABASE_URL: the database does not answer: {' '.join(str(error.orig).split())}"
