"""Files that browsers are served, from memory: packed where they take that, once while they stay the same."""

import gzip
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256

from sanic import Request, response
from sanic.response import HTTPResponse

from backsignal.channels.web_requests import answer_cors_ourselves

TYPES = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".png": "image/png",
    ".svg": "image/svg+xml",
}
# What every page gives up, besides a policy of its own.
PAGE_HEADERS = {
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Cross-Origin-Opener-Policy": "same-origin",
}


@dataclass(frozen=True)
class File:
    """A file, plain and packed, with the mark that changes with it."""

    body: bytes
    packed: bytes
    type: str
    mark: str
    headers: Mapping[str, str]

    def answer(self, request: Request) -> HTTPResponse:
        """The file, packed where the browser takes that; nothing where the browser has it already."""
        answer_cors_ourselves(request)
        headers = {**self.headers, "ETag": self.mark, "Cache-Control": "no-cache", "Vary": "Accept-Encoding"}
        if request.headers.get("if-none-match") == self.mark:
            return response.empty(304, headers)
        if "gzip" in request.headers.get("accept-encoding", ""):
            return response.raw(self.packed, 200, {**headers, "Content-Encoding": "gzip"}, self.type)
        return response.raw(self.body, 200, headers, self.type)


def file_of(body: bytes, suffix: str, headers: Mapping[str, str]) -> File:
    """A file of a kind (".html"), answered with these headers."""
    mark = f'"{sha256(body).hexdigest()[:20]}"'
    return File(body, gzip.compress(body, 9, mtime=0), TYPES[suffix], mark, headers)
