"""Every environment variable the service reads: its type, its default and what it is for.

A value that cannot be used is refused at start, with the reason; nothing falls back silently.
"""

import base64
import re
import unicodedata
from functools import lru_cache
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, SecretStr, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

KEY_BYTES = 32
SHORTEST_PASSWORD, LONGEST_PASSWORD = 12, 200
_ORIGIN = re.compile(r"https?://[^\s/?#@A-Z]+")
_ADDRESS = re.compile(r"https?://[^\s/?#@]+(/[^\s?#]*)?")


def _is_key(value: SecretStr) -> SecretStr:
    try:
        found = base64.b64decode(value.get_secret_value(), validate=True)
    except ValueError:
        raise ValueError("must be base64") from None
    if len(found) != KEY_BYTES:
        raise ValueError(f"must be {KEY_BYTES} bytes in base64")
    return value


VersionedKeys = dict[Annotated[int, Field(ge=1, le=999_999)], Annotated[SecretStr, AfterValidator(_is_key)]]


def _is_any_address(host: str) -> bool:
    try:
        return ip_address(host).is_unspecified
    except ValueError:
        # A name, or `0`, which the system takes for 0.0.0.0 as well.
        return host == "0"


def _is_address(url: str) -> bool:
    try:
        found = urlsplit(url)
        # Reading the port refuses one that is none.
        return bool(found.hostname) and found.port != 0
    except ValueError:
        return False


class Settings(BaseSettings):
    """The settings of one process; read once, never changed."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", env_ignore_empty=True)

    database_url: str = Field(
        "sqlite:///var/himoya.db",
        description="SQLAlchemy URL: `sqlite:///path` (embedded, the default) or `postgresql+psycopg://user:password@host/name` "
        "(production).",
    )
    database_pool: int | None = Field(
        None,
        ge=1,
        le=100,
        description="Connections a process holds, which is also its number of worker threads. Default: 4 on SQLite, 8 on PostgreSQL.",
    )
    host: str = Field("127.0.0.1", description="Address to listen on.")
    port: int = Field(8000, ge=1, le=65535, description="Port to listen on.")
    workers: int = Field(1, ge=1, le=64, description="Server processes. More than one needs PostgreSQL.")
    public_url: str | None = Field(
        None,
        validate_default=True,
        description="Address under which the outside reaches this service (`https://himoya.example`); it stands in QR codes, "
        "tokens and metadata. Needed where HOST is 0.0.0.0 or ::, as in the container. Default: http://HOST:PORT.",
    )
    keys_dir: Path = Field(
        Path("var/keys"),
        description="Folder of the ES256 private keys that sign access tokens, one `<kid>.pem` each, and of the keys of identifiers unless "
        "they are settings; made at first start.",
    )
    identifier_keys: VersionedKeys | None = Field(
        None,
        min_length=1,
        description="Keys that encrypt PINFLs and other identifiers, as JSON, each 32 bytes in base64 under its version: "
        '`{"1": "…"}`; the highest version encrypts. Default: `identifiers-<version>.key` in KEYS_DIR.',
    )
    identifier_index_keys: VersionedKeys | None = Field(
        None,
        min_length=1,
        validate_default=True,
        description="Keys of the index by which identifiers are found, in the same form; set together with IDENTIFIER_KEYS, other ones. "
        "Default: `identifiers-index-<version>.key` in KEYS_DIR.",
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field("INFO", description="Least level that is logged.")
    cors_origins: tuple[str, ...] = Field(
        (), description='Origins whose pages may call the API, as a JSON list: `["https://app.example"]`.'
    )
    trusted_proxies: str = Field(
        "",
        description="Comma-separated addresses or networks (`10.0.0.0/8`) of reverse proxies whose `X-Forwarded-For` is believed; "
        "empty: none is. Throttling counts by the address found so.",
    )
    body_limit: int = Field(1_048_576, ge=1024, description="Largest request body, in bytes.")
    body_seconds: float = Field(20.0, gt=0, le=3600, description="Time within which a request body must have arrived, in seconds.")
    demo_password: SecretStr | None = Field(
        None,
        description="Password of all demonstration accounts and secret of the demonstration service client, "
        f"{SHORTEST_PASSWORD} to {LONGEST_PASSWORD} characters. Default: random, printed once when they are made.",
    )

    @field_validator("demo_password")
    @classmethod
    def _one_to_log_in_with(cls, value: SecretStr | None) -> SecretStr | None:
        if value is None:
            return None
        # As the body of a log-in is read.
        found = unicodedata.normalize("NFC", value.get_secret_value())
        if not SHORTEST_PASSWORD <= len(found) <= LONGEST_PASSWORD:
            raise ValueError(f"must have {SHORTEST_PASSWORD} to {LONGEST_PASSWORD} characters")
        if any(unicodedata.category(mark)[0] == "C" for mark in found):
            raise ValueError("must hold no control characters: nobody could log in with it")
        return SecretStr(found)

    @field_validator("database_url")
    @classmethod
    def _known_database(cls, value: str) -> str:
        if not value.startswith(("sqlite:///", "postgresql+psycopg://")):
            raise ValueError("must start with sqlite:/// or postgresql+psycopg://")
        try:
            url = make_url(value)
        except (ArgumentError, ValueError):
            # Its words could hold the password.
            raise ValueError("cannot be read as an SQLAlchemy URL") from None
        if value.startswith("sqlite") and (url.database in (None, "", ":memory:") or url.query.get("mode") == "memory"):
            raise ValueError("must name a file after sqlite:///: a database in memory has another one in every connection")
        return value

    @field_validator("cors_origins")
    @classmethod
    def _origins(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if any(one != "*" and not (_ORIGIN.fullmatch(one) and _is_address(one)) for one in value):
            raise ValueError(
                'must be origins as browsers send them: scheme, host and port alone, in lower case, such as "https://app.example"'
            )
        return value

    @field_validator("trusted_proxies")
    @classmethod
    def _proxies(cls, value: str) -> str:
        found = [one.strip() for one in value.split(",") if one.strip()]
        try:
            for one in found:
                ip_network(one)
        except ValueError:
            raise ValueError("must be addresses or networks, such as 10.0.0.5 or 10.0.0.0/8") from None
        return ",".join(found)

    @field_validator("public_url")
    @classmethod
    def _absolute(cls, value: str | None) -> str | None:
        if value is not None and not value.startswith(("http://", "https://")):
            raise ValueError("must start with http:// or https://")
        if value is not None and not (_ADDRESS.fullmatch(value) and _is_address(value)):
            raise ValueError("must be a host, a port and a path at most: no blanks, name, query or fragment")
        return value.rstrip("/") if value else value

    @field_validator("public_url")
    @classmethod
    def _reachable(cls, value: str | None, info: ValidationInfo) -> str | None:
        if value is None and _is_any_address(info.data.get("host", "")):
            raise ValueError("must be set where HOST stands for every address: nobody reaches that one from a QR code")
        return value

    @field_validator("identifier_index_keys")
    @classmethod
    def _both_or_none(cls, value: VersionedKeys | None, info: ValidationInfo) -> VersionedKeys | None:
        if "identifier_keys" not in info.data:
            # What is wrong there is told there.
            return value
        others = info.data["identifier_keys"]
        if (value is None) != (others is None):
            raise ValueError("must be set together with IDENTIFIER_KEYS")
        if value and {base64.b64decode(key.get_secret_value()) for key in value.values()} & {
            base64.b64decode(key.get_secret_value()) for key in others.values()
        }:
            raise ValueError("must hold other keys than IDENTIFIER_KEYS")
        return value

    @property
    def base_url(self) -> str:
        """The public address, without a trailing slash."""
        return self.public_url or f"http://{self.host}:{self.port}"


@lru_cache(maxsize=1)
def settings() -> Settings:
    """The settings of this process.

    Raises pydantic.ValidationError when a variable cannot be used; `app.cli` prints it and stops.
    """
    return Settings()  # Every field has a default; the type checker cannot see the environment.
