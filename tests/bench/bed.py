"""One database with its three services: who may call them, and what is asked of them."""

import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx

from tests.bench import data
from tests.bench.cluster import is_busy
from tests.bench.data import Sample
from tests.bench.load import NoLoad, Requests
from tests.bench.servers import Server, serving
from tests.bench.tokens import create_access_token

_TOKEN_SECONDS = 600
"""A token of ours lives 15 minutes; a new one is asked for in time."""
_SETTLE_SECONDS = 60
_QUIET_SECONDS = 0.3
MOST_PAGES = 100
PAGE = 200


@dataclass(slots=True)
class Bed:
    """A loaded database and the services on it."""

    kind: str
    rows: int
    folder: Path
    servers: dict[str, Server]
    sample: Sample
    url: str
    _tokens: dict[tuple[str, str], tuple[float, str]] = field(default_factory=dict)

    @property
    def title(self) -> str:
        return f"{'SQLite' if self.kind == 'sqlite' else 'PostgreSQL'}, {self.rows:,} beneficiaries"

    def token(self, server: str, caller: str) -> str:
        """A token in force: of ours by its log-in, of the peers by their shared secret."""
        if server != "ours":
            return create_access_token(str(data.account_id(caller)))
        address = self.servers[server].address
        made, token = self._tokens.get((address, caller), (0.0, ""))
        if time.monotonic() - made > _TOKEN_SECONDS or not token:
            token = str(_ask(f"{address}/v1/auth/login", body={"email": data.email(caller), "password": data.PASSWORD})["access_token"])
            self._tokens[address, caller] = time.monotonic(), token
        return token

    def settle(self) -> None:
        """Wait until nobody works any more: a service goes on with what was asked of it after the one who asked has gone, and that must
        not slow the next one down. Gives up after a minute.
        """
        deadline = time.monotonic() + _SETTLE_SECONDS
        while time.monotonic() < deadline:
            before = self._cpu()
            time.sleep(_QUIET_SECONDS)
            if self._cpu() - before < _QUIET_SECONDS * 0.1 and not is_busy(self.url):
                return

    def _cpu(self) -> float:
        return sum(server.cpu() or 0.0 for server in self.servers.values())

    def get(self, name: str, targets: list[str]) -> Requests:
        return Requests.get(self.folder / f"{name}.txt", targets)

    def post(self, name: str, target: str, bodies: list[dict[str, Any]], *, keyed: bool) -> Requests:
        return Requests.post(self.folder / f"{name}.txt", target, bodies, keyed=keyed)

    def ask(self, server: str, caller: str, target: str) -> dict[str, Any]:
        """What a service answers to one GET."""
        return _ask(f"{self.servers[server].address}{target}", token=self.token(server, caller))

    def cursors(self, caller: str) -> list[str]:
        """Cursors of ours into the depth of the list, every PAGE rows; the last page is left out, since it is not full."""
        found: list[str] = []
        while len(found) < MOST_PAGES:
            after = f"&cursor={found[-1]}" if found else ""
            page = self.ask("ours", caller, f"/v1/beneficiaries?limit={PAGE}{after}")
            if page["next"] is None:
                break
            found.append(page["next"])
        return found


def _ask(address: str, *, token: str = "", body: dict[str, Any] | None = None) -> dict[str, Any]:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    answer = httpx.request("GET" if body is None else "POST", address, json=body, headers=headers, timeout=30)
    if not answer.is_success:
        raise NoLoad(f"{answer.request.method} {answer.url} answered {answer.status_code}: {answer.text[:500]}")
    found: dict[str, Any] = answer.json()
    return found


def search_targets(surnames: list[str]) -> list[str]:
    return [f"/v1/beneficiaries?limit=50&q={quote(name)}" for name in surnames]


@contextmanager
def bed(kind: str, rows: int, url: str, folder: Path, names: tuple[str, ...]) -> Iterator[Bed]:
    """The named services, started on a loaded database."""
    folder.mkdir()
    with ExitStack() as stack:
        sample = data.sample(url, most=10_000)
        servers = {name: stack.enter_context(serving(name, url, folder)) for name in names}
        yield Bed(kind, rows, folder, servers, sample, url)
