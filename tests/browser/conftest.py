"""A real Chromium, and a real service in a process of its own."""

import itertools
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from tests.tools import tool

ROOT = Path(__file__).parent.parent.parent
NAMES = ("chromium", "chromium-browser", "google-chrome")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--no-first-run",
]


@dataclass(frozen=True)
class Service:
    """Where it listens, the numbers of its certificates, and its log."""

    url: str
    numbers: dict[str, str]
    log: Path

    def page(self, what: str, language: str = "en") -> str:
        """The address of one certificate's page, or of the page with the field."""
        return f"{self.url}/v?lang={language}" if what == "ask" else f"{self.url}/v/{self.numbers[what]}?lang={language}"


@dataclass
class Visitor:
    """A person with a browser, at an address of their own. `foreign` and `complaints` must stay empty."""

    page: Page
    context: BrowserContext
    foreign: list[str]
    complaints: list[str]


Visit = Callable[..., Visitor]


@pytest.fixture(scope="session")
def executable() -> str:
    """The machine's own browser."""
    return tool(*NAMES, package="chromium")


@pytest.fixture(scope="session")
def chromium(executable: str) -> Iterator[Browser]:
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=executable, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def service(executable: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    folder = tmp_path_factory.mktemp("service")
    with (folder / "log").open("wb") as log:
        command = [sys.executable, "-m", "tests.browser.serving", str(folder)]
        process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=log, text=True)
        try:
            assert process.stdout
            told = process.stdout.readline()
            assert told, (folder / "log").read_text()[-2000:]
            yield Service(**json.loads(told), log=folder / "log")
        finally:
            process.terminate()
            process.wait(timeout=30)
            process.stdout.close()


_visitors = itertools.count(1)


@pytest.fixture
def visit(chromium: Browser, service: Service) -> Iterator[Visit]:
    """`visit(width=360, javascript=True)`: a new visitor with an address that nobody had before."""
    contexts: list[Visitor] = []

    def come(*, width: int = 360, javascript: bool = True, **options: object) -> Visitor:
        number = next(_visitors)
        address = f"198.18.{number // 250}.{number % 250 + 1}"
        context = chromium.new_context(
            viewport={"width": width, "height": 740},
            java_script_enabled=javascript,
            extra_http_headers={"X-Forwarded-For": address},
            **options,
        )
        visitor = Visitor(context.new_page(), context, [], [])
        visitor.page.on(
            "request", lambda request: visitor.foreign.append(request.url) if not request.url.startswith((service.url, "data:")) else None
        )
        visitor.page.on(
            "console", lambda message: visitor.complaints.append(message.text) if "Content Security Policy" in message.text else None
        )
        visitor.page.on("pageerror", lambda error: visitor.complaints.append(str(error)))
        contexts.append(visitor)
        return visitor

    yield come
    for visitor in contexts:
        visitor.context.close()
        assert visitor.foreign == [], "the page loads nothing from elsewhere"
        assert visitor.complaints == []
