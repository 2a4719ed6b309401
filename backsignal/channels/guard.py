"""What guards every route of a server: bounded requests, headers on every answer, errors that tell nothing.

A route may set a header of its own; what it does not set is filled in with the strictest value.
"""

import logging
import os
import re
from typing import Any

from sanic import Request, Sanic
from sanic.exceptions import InvalidUsage, SanicException
from sanic.http import Http, Stage
from sanic.response import BaseHTTPResponse, HTTPResponse
from sanic.server.protocols.http_protocol import HttpProtocol

from backsignal.channels.web_requests import RefusedError, answer_cors_ourselves, failed

logger = logging.getLogger(__name__)

# Sanic takes 100 MB; a route's own limit may be lower.
MOST_BYTES = 1_000_000
# From a request's first byte: for its head to arrive, and for its answer to begin.
_SECONDS = {"REQUEST_TIMEOUT": 20, "RESPONSE_TIMEOUT": 60}
_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
_ONLY_HTTPS = "max-age=31536000; includeSubDomains"
_CODES = {404: "not_found", 405: "not_taken", 408: "too_slow", 413: "too_large"}
_LENGTH = re.compile(r"[0-9]{1,12}")
_OWN_ADDRESSES = {"127.0.0.1", "::1"}
_OWN_NAMES = re.compile(r"(localhost|127\.0\.0\.1|\[::1\])(:[0-9]+)?")
# What a proxy adds to a request that it passes on.
_PASSED_ON = ("forwarded", "x-forwarded-for", "x-real-ip", "via")
# What Sanic makes up where a request could not be read.
_UNREADABLE = "NONE"


def guard(app: Sanic, most_bytes: int = MOST_BYTES) -> None:
    """Guard an app's routes; no request is larger than `most_bytes`. To be called before the app starts."""
    for name, value in {**_SECONDS, "REQUEST_MAX_SIZE": most_bytes}.items():
        # What the clinic set in the environment stands.
        if f"SANIC_{name}" not in os.environ:
            app.config[name] = value
    app.request_class = _CheckedRequest
    app.error_handler.add(Exception, _refused)
    app.register_middleware(protect, "response")
    HttpProtocol.data_received = _received
    Http.create_empty_request = _made_empty


def protect(request: Request, answer: BaseHTTPResponse) -> None:
    """Give an answer the headers that its route did not set."""
    for name, value in _HEADERS.items():
        answer.headers.setdefault(name, value)
    # The scheme is the proxy's word only where Sanic is told of the proxy.
    if request.scheme == "https":
        answer.headers.setdefault("Strict-Transport-Security", _ONLY_HTTPS)


def of_this_machine(request: Request) -> bool:
    """Whether a program on this machine asks by itself: no proxy for somebody, and no page in a browser."""
    return (
        request.ip in _OWN_ADDRESSES
        and _OWN_NAMES.fullmatch(request.headers.get("host", "")) is not None
        and "origin" not in request.headers
        and not any(header in request.headers for header in _PASSED_ON)
    )


class _CheckedRequest(Request):
    """A request whose length is certain: Sanic waits forever, and for everybody, on a negative one."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        lengths = self.headers.getall("content-length", [])
        chunked = "transfer-encoding" in self.headers
        if len(lengths) + chunked > 1 or not all(map(_LENGTH.fullmatch, lengths)):
            raise InvalidUsage("Bad Request")


def _refused(request: Request, error: Exception) -> HTTPResponse:
    """An error outside of a route's own care. Its words may hold what somebody wrote, so they go nowhere."""
    status = 400 if request.method == _UNREADABLE else 500
    if isinstance(error, SanicException):
        status = error.status_code
    if status >= 500:
        logger.error("request.failed error=%s", type(error).__name__)
        answer = failed().answer()
    else:
        answer = RefusedError(status, _CODES.get(status, "malformed")).answer()
    answer.headers.update(getattr(error, "headers", {}))
    answer_cors_ourselves(request)
    return answer


_receive = HttpProtocol.data_received
_make_empty = Http.create_empty_request


def _received(connection: HttpProtocol, data: bytes) -> None:
    """Take in bytes. Only a request's first ones start its clock: Sanic lets each byte start it anew."""
    began = connection._time
    _receive(connection, data)
    http = getattr(connection, "_http", None)
    if http is not None and (http.stage is not Stage.IDLE or getattr(http, "request_body", None)):
        connection._time = began


def _made_empty(http: Http) -> None:
    """What stands for a request that could not be read, without the address, which may be the reason."""
    http.url = None
    _make_empty(http)
