"""The console's files, served at /assist/: plain modules under a strict policy."""

from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from sanic import Request, response
from sanic.response import HTTPResponse

CONSOLE = Path(__file__).resolve().parents[2] / "console"
_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}


@dataclass(frozen=True)
class _File:
    body: bytes
    type: str
    mark: str


class Console:
    """The files in memory.

    `embed_in` are the websites that may show the console in a side panel, `connect_to` the addresses besides
    this service that it may send to.
    """

    def __init__(
        self, embed_in: Iterable[str] = (), connect_to: Iterable[str] = (), folder: Path = CONSOLE
    ) -> None:
        self._files = {path.name: _file(path) for path in folder.iterdir() if path.suffix in _TYPES}
        ancestors = " ".join(embed_in) or "'none'"
        # A policy knows addresses without what is behind their question mark.
        connections = " ".join(["'self'", *(address.partition("?")[0] for address in connect_to)])
        self._headers = {
            "Cache-Control": "no-cache",
            "Content-Security-Policy": (
                "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
                f"connect-src {connections}; base-uri 'none'; form-action 'none'; "
                f"require-trusted-types-for 'script'; frame-ancestors {ancestors}"
            ),
            "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
            "Cross-Origin-Opener-Policy": "same-origin",
        }
        if not list(embed_in):
            self._headers["X-Frame-Options"] = "DENY"

    @property
    def names(self) -> list[str]:
        """The files that there are."""
        return sorted(self._files)

    def answer(self, request: Request, name: str) -> HTTPResponse:
        """A file; nothing where the browser has it already."""
        file = self._files[name]
        headers = {**self._headers, "ETag": file.mark}
        if request.headers.get("if-none-match") == file.mark:
            return response.empty(304, headers)
        return response.raw(file.body, headers=headers, content_type=file.type)


def _file(path: Path) -> _File:
    body = path.read_bytes()
    return _File(body, _TYPES[path.suffix], f'"{sha256(body).hexdigest()[:20]}"')
