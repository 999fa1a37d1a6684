"""Settings: every one described, wrong ones refused at start with the reason."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import ValidationError

from app import cli
from app.reference import settings_page
from app.settings import Settings, settings

PAGE = Path(__file__).parent.parent / "docs" / "settings.md"


@pytest.fixture(autouse=True)
def clean(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """An environment without settings; those that are read in it are read again afterwards."""
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    yield
    settings.cache_clear()


def made(monkeypatch: pytest.MonkeyPatch, **values: str) -> Settings:
    for name, value in values.items():
        monkeypatch.setenv(name, value)
    return Settings()


def test_every_setting_is_described() -> None:
    page = PAGE.read_text(encoding="utf-8")
    for name, field in Settings.model_fields.items():
        assert field.description, name
        assert field.description.endswith((".", "]`.")), name
        assert f"| `{name.upper()}` |" in page
    assert page == settings_page(), "run `python -m app settings > docs/settings.md`"


def test_defaults_need_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    found = made(monkeypatch)
    assert found.database_url == "sqlite:///var/himoya.db"
    assert (found.host, found.port, found.workers) == ("127.0.0.1", 8000, 1)
    assert found.base_url == "http://127.0.0.1:8000"
    assert found.cors_origins == ()
    assert found.demo_password is None


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("DATABASE_URL", "mysql://x", "sqlite"),
        ("DATABASE_URL", "postgresql://x", "psycopg"),
        ("DATABASE_URL", "nonsense", "sqlite"),
        ("DATABASE_POOL", "0", "greater"),
        ("DATABASE_POOL", "many", "integer"),
        ("PORT", "0", "greater"),
        ("PORT", "70000", "less"),
        ("PORT", "http", "integer"),
        ("WORKERS", "-1", "greater"),
        ("PUBLIC_URL", "himoya.example", "http"),
        ("PUBLIC_URL", "ftp://himoya.example", "http"),
        ("LOG_LEVEL", "LOUD", "DEBUG"),
        ("BODY_LIMIT", "10", "greater"),
        ("BODY_SECONDS", "0", "greater"),
        ("PUBLIC_URL", "http://", "must be a host"),
        ("PUBLIC_URL", "https:///path", "must be a host"),
        ("PUBLIC_URL", "https://himoya.example/a b", "blanks"),
        ("PUBLIC_URL", "https://himoya.example?x=1", "query"),
        ("PUBLIC_URL", "https://himoya.example/#x", "fragment"),
        ("PUBLIC_URL", "https://me:secret@himoya.example", "name"),
        ("PUBLIC_URL", "https://himoya.example:port", "port"),
        ("PUBLIC_URL", "https://[himoya", "host"),
        ("TRUSTED_PROXIES", "foo", "addresses"),
        ("TRUSTED_PROXIES", "10.0.0.1, foo", "addresses"),
        ("TRUSTED_PROXIES", "*", "addresses"),
        ("TRUSTED_PROXIES", "10.0.0.1/8", "networks"),
        ("CORS_ORIGINS", '["app.example/"]', "scheme"),
        ("CORS_ORIGINS", '["https://app.example/"]', "scheme"),
        ("CORS_ORIGINS", '["https://App.example"]', "lower case"),
        ("CORS_ORIGINS", '["https://a.example", "null"]', "origins"),
        ("DATABASE_URL", "sqlite:///", "memory"),
        ("DATABASE_URL", "sqlite:///:memory:", "memory"),
        ("DATABASE_URL", "sqlite:///file:x?mode=memory&uri=true", "memory"),
        ("DATABASE_URL", "postgresql+psycopg://himoya:secret@host:port/name", "URL"),
        ("BODY_SECONDS", "inf", "less"),
        ("DEMO_PASSWORD", "short", "12 to 200 characters"),
        ("DEMO_PASSWORD", "x" * 210, "12 to 200 characters"),
        ("DEMO_PASSWORD", "a sentence\u200bof one's own", "control"),
        ("CORS_ORIGINS", "https://app.example", "JSON"),
        ("CORS_ORIGINS", "{", "JSON"),
        ("CORS_ORIGINS", "1", "tuple"),
    ],
)
def test_wrong_ones_are_refused_with_the_reason(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], name: str, value: str, reason: str
) -> None:
    monkeypatch.setenv(name, value)
    settings.cache_clear()
    try:
        assert cli.main(["settings"]) == 2
    finally:
        monkeypatch.delenv(name)
        settings.cache_clear()
    told = capsys.readouterr().err
    assert told.startswith(f"{name}: ")
    assert reason in told
    assert "secret" not in told
    assert len(told.splitlines()) == 1


def test_a_secret_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    found = made(monkeypatch, DEMO_PASSWORD="a secret sentence")
    assert "a secret sentence" not in repr(found)
    assert found.demo_password is not None
    assert found.demo_password.get_secret_value() == "a secret sentence"


def test_what_is_set_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    found = made(monkeypatch, HOST="192.0.2.1", PORT="9000", CORS_ORIGINS='["https://a.example", "https://b.example"]', WORKERS="4")
    assert (found.host, found.port, found.workers) == ("192.0.2.1", 9000, 4)
    assert found.cors_origins == ("https://a.example", "https://b.example")
    assert made(monkeypatch, PUBLIC_URL="https://himoya.example/").base_url == "https://himoya.example"
    assert made(monkeypatch, PUBLIC_URL="http://[2001:db8::1]:8080/himoya/").base_url == "http://[2001:db8::1]:8080/himoya"
    assert made(monkeypatch, TRUSTED_PROXIES=" 10.0.0.5, 2001:db8::/32 ").trusted_proxies == "10.0.0.5,2001:db8::/32"
    assert made(monkeypatch, CORS_ORIGINS='["*", "http://localhost:5173"]').cors_origins == ("*", "http://localhost:5173")
    assert made(monkeypatch, DATABASE_URL="postgresql+psycopg://").database_url == "postgresql+psycopg://"
    assert made(monkeypatch, DATABASE_URL="postgresql+psycopg://u:p@h/n").database_url.endswith("/n")


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "0", "0:0:0:0:0:0:0:0"])  # noqa: S104 – only read here.
def test_every_address_is_none_to_print_on_a_certificate(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], host: str
) -> None:
    with pytest.raises(ValidationError) as refused:
        made(monkeypatch, HOST=host)
    assert [error["loc"] for error in refused.value.errors()] == [("public_url",)]
    settings.cache_clear()
    assert cli.main(["settings"]) == 2
    assert "PUBLIC_URL" in capsys.readouterr().err
    assert made(monkeypatch, PUBLIC_URL="https://himoya.example").base_url == "https://himoya.example"


def test_a_container_listens_everywhere() -> None:
    """So whoever runs it has to say its address; the image cannot know it."""
    image = (PAGE.parent.parent / "Dockerfile").read_text(encoding="utf-8")
    assert "HOST=0.0.0.0" in image
    assert "PUBLIC_URL=" not in image


def test_an_empty_variable_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    assert made(monkeypatch, PORT="", DEMO_PASSWORD="").port == 8000


def test_settings_are_read_once_and_never_changed() -> None:
    assert settings() is settings()
    with pytest.raises(ValidationError):
        settings().port = 1
