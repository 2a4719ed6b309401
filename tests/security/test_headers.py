"""What every answer carries, whatever was asked and however it ended."""

from pathlib import Path
from types import SimpleNamespace

import pytest
import requests
from sanic import Request
from sanic.compat import Header

from backsignal.channels.web import _address
from tests.assist.service import start
from tests.channels.web_client import Web
from tests.conftest import Server
from tests.security.raw import exchange

ASKED = [
    ("GET", "/"),
    ("HEAD", "/"),
    ("POST", "/"),
    ("GET", "/widget.js"),
    ("GET", "/drawings"),
    ("GET", "/drawings.css"),
    ("GET", "/demo/demo.css"),
    ("GET", "/health/live"),
    ("GET", "/health/ready"),
    ("GET", "/web/clinic"),
    ("GET", "/web/messages"),
    ("OPTIONS", "/web/messages"),
    ("DELETE", "/web/session"),
    ("POST", "/webhooks/rest/webhook"),
    ("OPTIONS", "/webhooks/rest/webhook"),
    ("GET", "/assist"),
    ("GET", "/assist/"),
    ("GET", "/assist/main.js"),
    ("GET", "/assist/sign-in"),
    ("GET", "/assist/calls"),
    ("OPTIONS", "/assist/calls"),
    ("GET", "/nothing/here"),
    ("GET", "/conversations/x/tracker"),
]


def ask(server: Server, method: str, path: str, **headers: str) -> requests.Response:
    return requests.request(
        method, f"{server.url}{path}", headers=headers, timeout=30, allow_redirects=False, stream=True
    )


@pytest.mark.parametrize(("method", "path"), ASKED)
def test_every_answer_is_guarded(method: str, path: str, server: Server) -> None:
    headers = ask(server, method, path, Origin="https://evil.example").headers
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "no-referrer"
    policy = headers["Content-Security-Policy"]
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert headers["Cache-Control"] in ("no-store", "no-cache")
    # Whose software it is, in which version, is nobody's business, and nobody is followed by a cookie.
    assert not {"Server", "X-Powered-By", "Set-Cookie"} & set(headers)


def test_the_events_are_guarded_too(server: Server) -> None:
    web = Web(server.url)
    with requests.get(
        f"{server.url}/web/events",
        headers={"Authorization": f"Bearer {web.token}"},
        stream=True,
        timeout=30,
    ) as answer:
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_a_request_that_cannot_be_read_is_answered_with_the_same(server: Server) -> None:
    answer = exchange(server.url, b"nonsense\r\n\r\n").lower()
    assert b"x-content-type-options: nosniff" in answer
    assert b"server:" not in answer


@pytest.mark.parametrize("path", ["/nothing/here", "/assist/nothing", "/%3Cscript%3Ealert(1)%3C/script%3E"])
def test_an_address_that_is_none_is_not_sent_back(path: str, server: Server) -> None:
    answer = ask(server, "GET", f"{path}?token=secret")
    assert answer.status_code == 404
    assert "nothing/" not in answer.text
    assert "script" not in answer.text
    assert "secret" not in answer.text


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/web/clinic"), ("OPTIONS", "/web/messages"), ("GET", "/assist/calls"), ("GET", "/health/live"),
     ("POST", "/webhooks/rest/webhook"), ("OPTIONS", "/webhooks/rest/webhook")],
)  # fmt: skip
def test_no_page_of_another_website_may_read_an_answer(method: str, path: str, server: Server) -> None:
    for origin in ("https://evil.example", "null"):
        assert "Access-Control-Allow-Origin" not in ask(server, method, path, Origin=origin).headers


FORWARDED = {"X-Forwarded-Proto": "https", "X-Forwarded-For": "10.0.0.1, 192.0.2.7"}


def test_nobody_speaks_of_https_for_a_server_that_knows_no_proxy(server: Server) -> None:
    assert "Strict-Transport-Security" not in ask(server, "GET", "/health/live", **FORWARDED).headers


def test_behind_https_every_answer_asks_for_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SANIC_PROXIES_COUNT", "1")
    behind = start(tmp_path / "assist.db")
    try:
        for path in ("/assist/", "/assist/calls", "/nothing"):
            answer = requests.get(f"{behind.url}{path}", headers=FORWARDED, timeout=30)
            assert "max-age" in answer.headers["Strict-Transport-Security"]
    finally:
        behind.stop()


@pytest.mark.parametrize(("proxies", "address"), [(None, ""), (1, "192.0.2.7"), (2, "10.0.0.1"), (3, "")])
def test_of_the_addresses_forwarded_only_the_proxys_own_is_believed(
    proxies: int | None, address: str
) -> None:
    app = SimpleNamespace(
        config=SimpleNamespace(
            FORWARDED_SECRET=None,
            REAL_IP_HEADER=None,
            PROXIES_COUNT=proxies,
            FORWARDED_FOR_HEADER="X-Forwarded-For",
        )
    )
    request = Request(b"/web/session", Header(FORWARDED), "1.1", "POST", None, app)
    request.conn_info = SimpleNamespace(client_ip="203.0.113.5")
    # Where the proxies' own entries are missing, the connection's address counts.
    assert _address(request) == (address or "203.0.113.5")
