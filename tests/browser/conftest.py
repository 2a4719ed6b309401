"""A browser for the tests. Without Chromium they are skipped by name, and loudly; with CI=true they run."""

import os
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.chat import CHROMIUM, Chat, chromium
from tests.conftest import Server

OpenChat = Callable[..., Chat]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if CHROMIUM.exists() or os.environ.get("CI") == "true":
        return
    reason = f"NO BROWSER at {CHROMIUM}: install chromium, or name another with CHROMIUM=/path"
    for item in items:
        if "tests/browser" in item.path.as_posix():
            item.add_marker(pytest.mark.skip(reason=reason))


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with chromium() as started:
        yield started


@pytest.fixture
def new_page(browser: Browser) -> Iterator[Callable[..., Page]]:
    """Makes pages, each in a context of its own; an error of a page's script fails the test."""
    contexts = []
    problems: list[str] = []

    def make(**options: Any) -> Page:
        context = browser.new_context(**options)
        contexts.append(context)
        context.on("weberror", lambda error: problems.append(str(error.error)))
        return context.new_page()

    yield make
    for context in contexts:
        context.close()
    assert not problems


@pytest.fixture
def chat(new_page: Callable[..., Page], server: Server) -> OpenChat:
    """Opens the chat on the demonstration page, in a context with the options given."""

    def make(**options: Any) -> Chat:
        page = new_page(**options)
        page.goto(f"{server.url}/")
        return Chat(page).open()

    return make


@pytest.fixture
def on_host(new_page: Callable[..., Page], server: Server) -> OpenChat:
    """Opens the chat on a page of the test's own making, on the server's origin."""

    def make(html: str, policy: str = "default-src 'self'", **options: Any) -> Chat:
        page = new_page(**options)
        serve_host(page, server, html, policy)
        page.goto(f"{server.url}/host")
        return Chat(page)

    return make


def serve_host(page: Page, server: Server, html: str, policy: str = "default-src 'self'") -> None:
    """Serve a page of the test's own making at /host."""
    headers = {"Content-Security-Policy": policy, "Content-Type": "text/html; charset=utf-8"}
    page.context.route(f"{server.url}/host", lambda route: route.fulfill(body=html, headers=headers))
