import os
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from backsignal.assist.content import CallContent
from backsignal.assist.understanding import Understanding
from backsignal.language.reader import Reader
from tests.assist.browsing import WIDE, MakePage
from tests.assist.playing import Play
from tests.assist.provider import OpenIdProvider
from tests.assist.service import Client, Service, start, token
from tests.browser.chat import CHROMIUM, chromium


@pytest.fixture(scope="session")
def reader() -> Reader:
    return Reader.load()


@pytest.fixture(scope="session")
def content() -> CallContent:
    return CallContent.load()


@pytest.fixture
def play(content: CallContent, reader: Reader) -> Callable[[], Play]:
    return lambda: Play(content, Understanding(content, reader))


@pytest.fixture(scope="session")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """Agent assist on a server of its own."""
    started = start(tmp_path_factory.mktemp("assist") / "assist.db", recordings=True, heartbeat_seconds=0.5)
    yield started
    started.stop()


@pytest.fixture
def jo(service: Service) -> Client:
    """An agent."""
    return Client(service, token("jo", "agent"))


@pytest.fixture
def sam(service: Service) -> Client:
    """Another agent."""
    return Client(service, token("sam", "agent"))


@pytest.fixture
def boss(service: Service) -> Client:
    """A supervisor."""
    return Client(service, token("boss", "supervisor"))


@pytest.fixture
def ears(service: Service) -> Client:
    """A speech-to-text service."""
    return Client(service, token("ears", "transcriber"))


@pytest.fixture(scope="session")
def provider() -> Iterator[OpenIdProvider]:
    """An OpenID Connect provider."""
    started = OpenIdProvider()
    yield started
    started.stop()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """The machine's Chromium; closed with its module, for it keeps an event loop that others cannot have."""
    if not CHROMIUM.exists() and os.environ.get("CI") != "true":
        pytest.skip(f"NO BROWSER at {CHROMIUM}: the console was not tested")
    with chromium() as started:
        yield started


@pytest.fixture
def new_page(browser: Browser) -> Iterator[MakePage]:
    """Makes pages; a script's error, a breach of the policy or a request to elsewhere fails the test."""
    contexts, problems = [], []

    def make(**options: Any) -> Page:
        context = browser.new_context(**{"viewport": WIDE, "reduced_motion": "reduce", **options})
        contexts.append(context)
        context.on("weberror", lambda error: problems.append(str(error.error)))
        context.on(
            "request", lambda request: problems.append(request.url) if elsewhere(request.url) else None
        )
        page = context.new_page()
        page.on(
            "console", lambda said: problems.append(said.text) if "Content Security" in said.text else None
        )
        return page

    def elsewhere(url: str) -> bool:
        return not url.startswith(("http://127.0.0.1:", "blob:http://127.0.0.1:", "http://localhost:"))

    yield make
    for context in contexts:
        context.close()
    assert not problems
