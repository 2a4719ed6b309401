"""Requests that are broken, huge, slow or deep: refused in words, and the others are served meanwhile."""

import gzip
import json
import socket
import time
import zlib
from collections.abc import Iterator

import pytest
import requests

from tests.assist.service import Service, start
from tests.conftest import Server
from tests.security.raw import connect, exchange, read_all, status_of

HOST = b"Host: localhost\r\n"
CLOSE = b"Connection: close\r\n"
BROKEN = {
    "no request": b"\x00\x01\x02\r\n\r\n",
    "another protocol": b"GET / HTTP/9.9\r\n\r\n",
    "a line that is no header": b"GET / HTTP/1.1\r\nno colon\r\n\r\n",
    "an address in no alphabet": b"GET /\xff\xfe HTTP/1.1\r\n" + HOST + b"\r\n",
    "an address that is none": b"GET http://[ HTTP/1.1\r\n" + HOST + b"\r\n",
    "a length that is no number": b"POST /web/session HTTP/1.1\r\n" + HOST + b"Content-Length: x\r\n\r\n",
    # Sanic reads on for ever, and answers nobody else meanwhile.
    "a length below nothing": b"POST /web/session HTTP/1.1\r\n" + HOST + b"Content-Length: -5\r\n\r\nabc",
    "two lengths": b"POST /web/session HTTP/1.1\r\n"
    + HOST
    + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
    "a length and parts": b"POST /web/session HTTP/1.1\r\n"
    + HOST
    + b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "parts that are none": b"POST /web/session HTTP/1.1\r\n"
    + HOST
    + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n\r\n",
    "an encoding that is none": b"POST /web/session HTTP/1.1\r\n"
    + HOST
    + b"Transfer-Encoding: gzip\r\n\r\nzz",
    "a token in no alphabet": b"GET /web/messages HTTP/1.1\r\n"
    + HOST
    + CLOSE
    + b"Authorization: Bearer \xff.\xfe\r\n\r\n",
    "an agent's token in no alphabet": b"GET /assist/calls HTTP/1.1\r\n"
    + HOST
    + CLOSE
    + b"Authorization: Bearer \xff.\xfe\r\n\r\n",
    "thousands of headers": b"GET / HTTP/1.1\r\n" + b"a: b\r\n" * 5_000 + b"\r\n",
    "an address without end": b"GET /" + b"a" * 50_000 + b" HTTP/1.1\r\n\r\n",
    "a method that is none": b"BREW /health/live HTTP/1.1\r\n" + HOST + CLOSE + b"\r\n",
}


@pytest.mark.parametrize("what", BROKEN)
def test_a_broken_request_is_refused_and_harms_nobody(what: str, server: Server) -> None:
    answer = exchange(server.url, BROKEN[what])
    assert 400 <= status_of(answer) < 500, answer[:300]
    body = json.loads(answer.partition(b"\r\n\r\n")[2])
    assert body["error"]["message"].endswith((".", "'."))
    assert requests.get(f"{server.url}/health/live", timeout=5).status_code == 200


def deep(levels: int) -> bytes:
    return b'{"sender": "deep", "message": ' + b"[" * levels + b"]" * levels + b"}"


@pytest.mark.parametrize("path", ["/webhooks/rest/webhook", "/web/session", "/assist/calls"])
def test_a_request_of_many_megabytes_is_refused(path: str, server: Server) -> None:
    body = b'{"sender": "x", "message": "' + b"a" * 20_000_000 + b'"}'
    head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n".encode()
    answer = exchange(server.url, head + f"Content-Length: {len(body)}\r\n\r\n".encode() + body)
    # Without a token agent assist refuses before it reads.
    assert status_of(answer) in (401, 413)


@pytest.mark.parametrize("path", ["/webhooks/rest/webhook", "/web/session"])
def test_nesting_without_end_is_refused(path: str, server: Server) -> None:
    answer = requests.post(
        f"{server.url}{path}",
        data=deep(30_000),
        headers={"Content-Type": "application/json"},
        timeout=30,
    )
    assert answer.status_code == 400


@pytest.mark.parametrize("path", ["/webhooks/rest/webhook", "/web/session"])
@pytest.mark.parametrize(("name", "pack"), [("gzip", gzip.compress), ("deflate", zlib.compress)])
def test_a_packed_body_is_never_unpacked(path: str, name: str, pack: object, server: Server) -> None:
    assert callable(pack)
    bomb = pack(b'{"sender": "x", "message": "' + b"a" * 50_000_000 + b'"}')
    headers = {"Content-Type": "application/json", "Content-Encoding": name}
    answer = requests.post(f"{server.url}{path}", data=bomb, headers=headers, timeout=30)
    assert answer.status_code in (400, 413)


@pytest.fixture(scope="module")
def hasty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A server that waits for a request's head for a second, and for all of it for two."""
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("SANIC_REQUEST_TIMEOUT", "1")
        environment.setenv("SANIC_RESPONSE_TIMEOUT", "2")
        started = start(tmp_path_factory.mktemp("hasty") / "assist.db")
    yield started
    started.stop()


@pytest.mark.parametrize(
    "begun",
    [b"GET /assist/ HTTP/1.1\r\n", b"POST /assist/calls HTTP/1.1\r\nContent-Length: 9000\r\n\r\n{"],
    ids=["head", "body"],
)
def test_who_sends_a_byte_now_and_then_is_not_waited_for(begun: bytes, hasty: Service) -> None:
    slow = [connect(hasty.url) for _ in range(50)]
    for connection in slow:
        connection.sendall(begun)
    began = time.monotonic()
    while slow and time.monotonic() - began < 15:
        assert requests.get(f"{hasty.url}/assist/sign-in", timeout=5).status_code == 200
        slow = [connection for connection in slow if dribbles(connection)]
    assert not slow, "the server still waits"
    # Each byte lets Sanic's own clock start anew, and the bytes came for all of this time.
    assert time.monotonic() - began >= 1


def dribbles(connection: socket.socket) -> bool:
    """Send a byte; whether the server still takes any."""
    connection.settimeout(0.02)
    try:
        connection.sendall(b"x")
        read_all(connection)
    except TimeoutError:
        return True
    except ConnectionError:
        pass
    connection.close()
    return False
