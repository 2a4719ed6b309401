"""The REST channel without a token is for programs on this machine alone."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
import requests
from sanic import Request
from sanic.compat import Header

from backsignal.channels.rest import TOKEN_VARIABLE, _allowed
from tests.channels.web_client import Web
from tests.conftest import Server


def asked(address: str = "127.0.0.1", **headers: str) -> Request:
    """A request as the server sees it."""
    named = {name.replace("_", "-"): value for name, value in {"host": "localhost:5005", **headers}.items()}
    request = Request(b"/webhooks/rest/webhook", Header(named), "1.1", "POST", None, None)
    request.conn_info = type("Connection", (), {"client_ip": address})
    return request


@pytest.mark.parametrize("host", ["localhost:5005", "127.0.0.1:80", "localhost", "[::1]:5005"])
def test_a_program_on_this_machine_needs_no_token(host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(TOKEN_VARIABLE, raising=False)
    assert _allowed(asked(host=host))
    assert _allowed(asked("::1", host=host))


@pytest.mark.parametrize(
    ("address", "headers"),
    [
        ("192.0.2.7", {}),
        ("127.0.0.1", {"x_forwarded_for": "192.0.2.7"}),
        ("127.0.0.1", {"x_real_ip": "192.0.2.7"}),
        ("127.0.0.1", {"forwarded": "for=192.0.2.7"}),
        ("127.0.0.1", {"via": "1.1 proxy"}),
        # A page whose name was made to lead to this machine.
        ("127.0.0.1", {"host": "evil.example:5005"}),
        ("127.0.0.1", {"host": "localhost.evil.example"}),
        ("127.0.0.1", {"host": ""}),
        # A page that sends from the browser of somebody on this machine.
        ("127.0.0.1", {"origin": "https://evil.example"}),
        ("127.0.0.1", {"origin": "http://localhost:5005"}),
    ],
)
def test_everybody_else_needs_one(
    address: str, headers: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(TOKEN_VARIABLE, raising=False)
    assert not _allowed(asked(address, **headers))
    monkeypatch.setenv(TOKEN_VARIABLE, "a token")
    assert not _allowed(asked(address, **headers))
    assert _allowed(asked(address, **headers, authorization="Bearer a token"))


@pytest.mark.parametrize(
    "given", [None, "", "Bearer ", "Bearer wrong", "Bearer a token ", "Basic a token", "\udcff"]
)
def test_with_a_token_nobody_gets_in_without_it(given: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(TOKEN_VARIABLE, "a token!")
    assert not _allowed(asked(**({} if given is None else {"authorization": given})))


def test_a_refusal_says_what_to_do(server: Server) -> None:
    answer = requests.post(
        f"{server.url}/webhooks/rest/webhook",
        json={"sender": "x", "message": "hello"},
        headers={"X-Forwarded-For": "192.0.2.7"},
        timeout=30,
    )
    assert answer.status_code == 401
    assert TOKEN_VARIABLE in answer.json()["error"]


@pytest.fixture
def conversation(server: Server) -> Iterator[str]:
    """The name of somebody's conversation in the widget."""
    Web(server.url).send("my back hurts, and my name is Ottoline")
    with closing(sqlite3.connect(Path(server.database))) as connection:
        query = "SELECT sender_id FROM events WHERE sender_id LIKE 'web-%' ORDER BY id DESC LIMIT 1"
        yield connection.execute(query).fetchone()[0]


def test_the_conversations_of_other_channels_are_out_of_reach(conversation: str, server: Server) -> None:
    for sender in (conversation, "twilio-" + "0" * 32, "call:" + "0" * 16):
        answer = requests.post(
            f"{server.url}/webhooks/rest/webhook", json={"sender": sender, "message": "hello"}, timeout=30
        )
        assert answer.status_code == 403
        assert "Ottoline" not in answer.text
