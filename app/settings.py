"""Every environment variable the service reads: its type, its default and what it is for.

A value that cannot be used is refused at start, with the reason; nothing falls back silently.
"""

from functools import lru_cache
from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict


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
        description="Address under which the outside reaches this service (`https://himoya.example`); it stands in QR codes, "
        "tokens and metadata. Default: http://HOST:PORT.",
    )
    keys_dir: Path = Field(
        Path("var/keys"), description="Folder of the ES256 private keys that sign access tokens, one `<kid>.pem` each; made at first start."
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field("INFO", description="Least level that is logged.")
    cors_origins: tuple[str, ...] = Field(
        (), description='Origins whose pages may call the API, as a JSON list: `["https://app.example"]`.'
    )
    trusted_proxies: str = Field(
        "",
        description="Comma-separated addresses of reverse proxies whose `X-Forwarded-For` is believed; empty: none is. "
        "Throttling counts by the address found so.",
    )
    body_limit: int = Field(1_048_576, ge=1024, description="Largest request body, in bytes.")
    body_seconds: float = Field(20.0, gt=0, description="Time within which a request body must have arrived, in seconds.")
    demo_password: SecretStr | None = Field(
        None,
        min_length=8,
        description="Password of all demonstration accounts and secret of the demonstration service client. "
        "Default: random, printed once when they are made.",
    )

    @field_validator("database_url")
    @classmethod
    def _known_database(cls, value: str) -> str:
        if not value.startswith(("sqlite:///", "postgresql+psycopg://")):
            raise ValueError("must start with sqlite:/// or postgresql+psycopg://")
        return value

    @field_validator("public_url")
    @classmethod
    def _absolute(cls, value: str | None) -> str | None:
        if value is not None and not value.startswith(("http://", "https://")):
            raise ValueError("must start with http:// or https://")
        return value.rstrip("/") if value else value

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
