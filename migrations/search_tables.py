"""How the words of a table's `search` column are found, on either database; what `app/search.py` asks stands on this.

PostgreSQL keeps a GIN index over the words of the column. SQLite keeps an FTS5 table `search_<table>` that three triggers follow.

A batch operation of Alembic on SQLite makes the table anew, and the triggers of the old one are gone with it. A migration that uses
`op.batch_alter_table` on a searched table therefore calls `restore_triggers("<table>")` after it; a house test sees when one is missing.
The index of PostgreSQL needs nothing of the kind. A new table with a `search` column calls `make` after it is created, and `drop` before it
is dropped.
"""

from alembic import op

SEARCHED = ("beneficiary", "organization", "place", "specialist", "training", "venue")

# Of the tables where many rows share a name, what a caller's rows have in common stands in the index too, so that rows of others are passed
# over there and never fetched.
_BESIDE = {"beneficiary": "organization_id, substr(territory, 1, 4)"}
# One word a token, apostrophe and number sign within; `=` marks the token that is the row's id, by which the triggers find it. Neither the
# places of words within a row nor their number are asked for, so neither is kept.
_FTS5 = """fts5(id UNINDEXED, search, tokenize = "ascii tokenchars '''#='", detail = none, columnsize = 0)"""


def make(table: str) -> None:
    """Make what finds words, for the rows that are there and those to come."""
    if op.get_bind().dialect.name == "postgresql":
        beside = f", {_BESIDE[table]}" if table in _BESIDE and _has_scalars_in_gin() else ""
        # To the letter what `app/search.py` asks.
        words = "array_to_tsvector(array_remove(string_to_array(search, ' '), ''))"
        op.execute(f"CREATE INDEX ix_{table}_search_words ON {table} USING gin (({words}){beside})")
        return
    op.execute(f"CREATE VIRTUAL TABLE search_{table} USING {_FTS5}")
    op.execute(f"INSERT INTO search_{table} (id, search) SELECT id, '=' || id || search FROM {table}")  # noqa: S608 – a name of this module.
    restore_triggers(table)


def drop(table: str) -> None:
    """Drop it."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute(f"DROP INDEX ix_{table}_search_words")
        return
    for event in _triggers(table):
        op.execute(f"DROP TRIGGER IF EXISTS search_{table}_{event}")
    op.execute(f"DROP TABLE search_{table}")


def restore_triggers(table: str) -> None:
    """After a batch operation on a searched table: let the words follow its rows again. They were not lost, only no longer kept."""
    if op.get_bind().dialect.name == "sqlite":
        for event, definition in _triggers(table).items():
            op.execute(f"CREATE TRIGGER IF NOT EXISTS search_{table}_{event} {definition}")


def _triggers(table: str) -> dict[str, str]:
    index = f"search_{table}"
    # SQLite may number the rows of a table anew, so its words are found by its id.
    of_row = f"""rowid = (SELECT rowid FROM {index} WHERE {index} MATCH '"=' || old.id || '"')"""  # noqa: S608 – names of this module.
    added = f"INSERT INTO {index} (id, search) VALUES (new.id, '=' || new.id || new.search)"  # noqa: S608
    changed = f"UPDATE {index} SET search = '=' || new.id || new.search WHERE {of_row}"  # noqa: S608
    gone = f"DELETE FROM {index} WHERE {of_row}"  # noqa: S608
    return {
        "insert": f"AFTER INSERT ON {table} BEGIN {added}; END",
        "update": f"AFTER UPDATE OF search ON {table} WHEN new.search <> old.search BEGIN {changed}; END",
        "delete": f"AFTER DELETE ON {table} BEGIN {gone}; END",
    }


def _has_scalars_in_gin() -> bool:
    """Whether this PostgreSQL can put plain columns into a GIN index; one without the extension searches well, if not quite as fast."""
    connection = op.get_bind()
    if not connection.exec_driver_sql("SELECT count(*) FROM pg_available_extensions WHERE name = 'btree_gin'").scalar():
        return False
    op.execute("CREATE EXTENSION IF NOT EXISTS btree_gin")
    return True
