"""The assistant with all messaging channels on, and the stub of the platforms' APIs that it talks to."""

import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.conftest import Server, start_server, stop_server
from tests.messaging.stub import Platforms, platforms

PUBLIC = "https://chat.clinic.example"
CREDENTIALS = {
    "BACKSIGNAL_PUBLIC_URL": PUBLIC,
    "BACKSIGNAL_TWILIO_ACCOUNT_SID": "AC0123",
    "BACKSIGNAL_TWILIO_AUTH_TOKEN": "twilio-token",
    "BACKSIGNAL_TWILIO_NUMBER": "+441632960400",
    "BACKSIGNAL_WHATSAPP_NUMBER": "+441632960401",
    "BACKSIGNAL_TELEGRAM_TOKEN": "12345:telegram-token",
    "BACKSIGNAL_TELEGRAM_SECRET": "telegram-secret",
    "BACKSIGNAL_SLACK_TOKEN": "xoxb-slack-token",
    "BACKSIGNAL_SLACK_SIGNING_SECRET": "slack-secret",
    "BACKSIGNAL_MESSENGER_VERIFY_TOKEN": "messenger-verify",
    "BACKSIGNAL_MESSENGER_APP_SECRET": "messenger-secret",
    "BACKSIGNAL_MESSENGER_PAGE_TOKEN": "messenger-token",
}


def settings(stub: Platforms) -> dict[str, str]:
    """The environment of a server with all channels."""
    names = ("twilio", "telegram", "slack", "messenger")
    return {**CREDENTIALS, **{f"BACKSIGNAL_{name.upper()}_API": f"{stub.url}/{name}" for name in names}}


@pytest.fixture(scope="package")
def stub() -> Iterator[Platforms]:
    with platforms() as running:
        yield running


@pytest.fixture(scope="package")
def messaging(stub: Platforms, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The assistant with every channel's credentials."""
    server = start_server(tmp_path_factory.mktemp("messaging"), **settings(stub))
    yield server
    stop_server(server)


@pytest.fixture(autouse=True)
def _within_limits(stub: Platforms) -> Iterator[None]:
    """Whatever a test sends, the platforms would have taken it."""
    stub.failures.clear()
    stub.slow = 0.0
    stub.hanging.clear()
    yield
    wrong, stub.wrong = stub.wrong, []
    assert wrong == []


def wait_until_idle(database: Path, seconds: float = 60) -> None:
    """Wait until every accepted event is answered."""
    deadline = time.monotonic() + seconds
    with closing(sqlite3.connect(database, timeout=5)) as connection:
        while connection.execute("SELECT count(*) FROM inbox WHERE NOT done").fetchone()[0]:
            assert time.monotonic() < deadline, "an event is not answered"
            time.sleep(0.02)
