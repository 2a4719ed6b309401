"""Requests that no client library would send."""

import socket
from contextlib import suppress
from urllib.parse import urlsplit


def connect(url: str, seconds: float = 10) -> socket.socket:
    """A connection to a server."""
    parts = urlsplit(url)
    connection = socket.create_connection((parts.hostname or "", parts.port or 80), timeout=seconds)
    connection.settimeout(seconds)
    return connection


def exchange(url: str, request: bytes, seconds: float = 10) -> bytes:
    """All that comes back for these bytes until the server ends the connection."""
    with connect(url, seconds) as connection:
        # A server that has read enough may end the connection while the rest is sent.
        with suppress(ConnectionError):
            connection.sendall(request)
            connection.shutdown(socket.SHUT_WR)
        return read_all(connection)


def read_all(connection: socket.socket) -> bytes:
    """What comes until the end. Raises TimeoutError where neither bytes nor the end come in time."""
    received = b""
    with suppress(ConnectionError):
        while part := connection.recv(65_536):
            received += part
    return received


def status_of(answer: bytes) -> int:
    """The status of an answer."""
    return int(answer.split(b" ", 2)[1])
