"""The first organization and its first administrator, made from the command line."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from app import cli, database
from app.cli import accounts, opening
from app.database import Database
from app.partners.founding import FoundingRefused, found_installation
from app.settings import settings
from tests.callers import Callers
from tests.client import Client

PASSWORD = "a sentence that nobody guesses"
ARGUMENTS = ["account", "create", "--email", "First@SOS.example", "--name", "Нилуфар Камалова", "--organization", "SOS Bolalar mahallalari"]


@pytest.fixture(autouse=True)
def _same_database(monkeypatch: pytest.MonkeyPatch) -> None:
    """The command works on the test's database; which one it would open is `test_on_a_database_of_its_own`'s to prove."""
    monkeypatch.setattr(opening, "use_database", database.current)
    monkeypatch.setenv("ACCOUNT_PASSWORD", PASSWORD)


def counted(db: Database) -> tuple[int, int]:
    """(organizations, accounts)."""
    with db.engine.connect() as connection:
        return tuple(connection.execute(sa.text(f"SELECT count(*) FROM {table}")).scalar_one() for table in ("organization", "account"))


def test_the_first_administrator_logs_in(client: Client, db: Database, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(ARGUMENTS) == 0
    assert capsys.readouterr().out == "first@sos.example is an administrator of SOS Bolalar mahallalari.\n"
    assert counted(db) == (1, 1)
    tokens = client.post("/v1/auth/login", json={"email": "first@sos.example", "password": PASSWORD}).json()
    as_first = {"Authorization": f"Bearer {tokens['access_token']}"}
    me = client.get("/v1/me", headers=as_first).json()
    expected = {"name": "Нилуфар Камалова", "role": "ngo", "duty": "manager", "territory": "17", "administrator": True}
    assert expected.items() <= me.items()
    organization = client.get(f"/v1/organizations/{me['organization_id']}", headers=as_first).json()
    assert (organization["kind"], organization["territory"]) == ("ngo", "17")
    assert organization["names"] == {"uz_latn": "SOS Bolalar mahallalari", "uz_cyrl": None, "ru": None, "en": None}
    body = {"kind": "womens_committee", "names": {"en": "Women's Committee"}, "territory": "17"}
    assert client.post("/v1/organizations", json=body, headers=as_first).status_code == 201
    trail = client.get(f"/v1/audit-entries?subject={me['organization_id']}", headers=as_first)
    assert trail.status_code == 200


def test_a_cyrillic_name_is_uzbek(db: Database) -> None:
    told = found_installation(email="a@sos.example", name="A", organization="SOS Ўзбекистон", password=PASSWORD)
    assert told == "a@sos.example is an administrator of SOS Ўзбекистон."
    found_installation(email="b@sos.example", name="B", organization="whatever it is called", password=PASSWORD)
    with db.engine.connect() as connection:
        rows = connection.execute(sa.text("SELECT name_uz_latn, name_uz_cyrl FROM organization")).all()
        assert [tuple(row) for row in rows] == [("SOS Ўзбекистон", None)]


def test_a_name_all_in_cyrillic_is_kept_as_such(db: Database) -> None:
    found_installation(email="a@sos.example", name="A", organization="Болалар уюшмаси", password=PASSWORD)
    with db.engine.connect() as connection:
        assert tuple(connection.execute(sa.text("SELECT name_uz_latn, name_uz_cyrl FROM organization")).one()) == (None, "Болалар уюшмаси")


def test_of_several_the_name_tells_which(callers: Callers, db: Database, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("SOS Bolalar mahallalari", "Mehr"):
        body = {"kind": "ngo", "names": {"uz_latn": name}, "territory": "17"}
        assert callers.administrator().post("/v1/organizations", body).status_code == 201
    before = counted(db)
    assert cli.main([*ARGUMENTS[:-1], "Umid"]) == 2
    assert "give the whole name of one of them" in capsys.readouterr().err
    assert counted(db) == before
    assert cli.main([*ARGUMENTS[:-1], "СОС Болалар маҳаллалари"]) == 0
    assert capsys.readouterr().out == "first@sos.example is an administrator of SOS Bolalar mahallalari.\n"
    assert counted(db) == (before[0], before[1] + 1)


def test_one_that_has_ended_is_not_used(client: Client, db: Database) -> None:
    """Nobody of it is let in: who goes on belongs to its successor."""
    found_installation(email="a@sos.example", name="A", organization="SOS", password=PASSWORD)
    with db.engine.begin() as connection:
        connection.execute(sa.text("UPDATE organization SET valid_to = '2020-12-31'"))
    told = found_installation(email="b@sos.example", name="B", organization="Mehr", password=PASSWORD)
    assert (told, counted(db)) == ("b@sos.example is an administrator of Mehr.", (2, 2))
    for email, status in (("a@sos.example", 401), ("b@sos.example", 200)):
        assert client.post("/v1/auth/login", json={"email": email, "password": PASSWORD}).status_code == status


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"password": "eleven char"}, "password: "),
        ({"password": "x" * 201}, "password: "),
        ({"email": "nobody"}, "e-mail: "),
        ({"name": " "}, "name: "),
        ({"name": "two\nlines"}, "name: "),
        ({"organization": ""}, "organization: "),
        ({"organization": "x" * 301}, "organization: "),
    ],
)
def test_what_cannot_be_used_is_told_and_nothing_is_stored(db: Database, change: dict[str, str], told: str) -> None:
    given = {"email": "a@sos.example", "name": "A", "organization": "SOS", "password": PASSWORD, **change}
    with pytest.raises(FoundingRefused) as refused:
        found_installation(**given)
    assert str(refused.value).startswith(told)
    assert "eleven char" not in str(refused.value)
    assert counted(db) == (0, 0)


def test_a_weak_password_is_refused(db: Database, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("ACCOUNT_PASSWORD", "eleven char")
    assert cli.main(ARGUMENTS) == 2
    told = capsys.readouterr()
    assert "at least 12 characters" in told.err
    assert "eleven char" not in told.err + told.out
    assert counted(db) == (0, 0)


def test_a_known_e_mail_is_refused(db: Database, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(ARGUMENTS) == 0
    capsys.readouterr()
    assert cli.main([*ARGUMENTS[:3], "FIRST@sos.example", *ARGUMENTS[4:]]) == 2
    assert capsys.readouterr().err == "e-mail: there is an account with this one already.\n"
    assert counted(db) == (1, 1)


def test_the_password_is_asked_for_twice(db: Database, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.delenv("ACCOUNT_PASSWORD")
    typed = iter([PASSWORD, PASSWORD.upper(), PASSWORD, PASSWORD])
    monkeypatch.setattr(accounts.getpass, "getpass", lambda prompt: next(typed))
    assert cli.main(ARGUMENTS) == 2
    assert "not the same" in capsys.readouterr().err
    assert counted(db) == (0, 0)
    assert cli.main(ARGUMENTS) == 0
    assert counted(db) == (1, 1)
    assert next(typed, None) is None


@pytest.fixture
def own_database(migrated: Database, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """Settings that name an empty database; afterwards everything is as it was."""
    monkeypatch.undo()
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{tmp_path}/own.db")
    monkeypatch.setenv("ACCOUNT_PASSWORD", PASSWORD)
    settings.cache_clear()
    yield
    monkeypatch.undo()
    settings.cache_clear()
    database.use(migrated)


@pytest.mark.sqlite
@pytest.mark.usefixtures("own_database")
def test_on_a_database_of_its_own(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(ARGUMENTS) == 1
    assert "python -m app migrate" in capsys.readouterr().err
    assert cli.main(["migrate"]) == 0
    assert cli.main(ARGUMENTS) == 0
    assert counted(database.current()) == (1, 1)
    assert database.current().url.endswith("/own.db")
