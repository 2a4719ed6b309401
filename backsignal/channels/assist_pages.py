"""The console's files, served at /assist/: plain modules under a strict policy."""

from collections.abc import Iterable
from pathlib import Path

from backsignal.channels.files import PAGE_HEADERS, TYPES, file_of

CONSOLE = Path(__file__).resolve().parents[2] / "console"


class Console:
    """The files by their names.

    `embed_in` are the websites that may show the console in a side panel, `connect_to` the addresses besides
    this service that it may send to.
    """

    def __init__(
        self, embed_in: Iterable[str] = (), connect_to: Iterable[str] = (), folder: Path = CONSOLE
    ) -> None:
        ancestors = " ".join(embed_in) or "'none'"
        # A policy knows addresses without what is behind their question mark.
        connections = " ".join(["'self'", *(address.partition("?")[0] for address in connect_to)])
        headers = {
            **PAGE_HEADERS,
            "Content-Security-Policy": (
                "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
                f"connect-src {connections}; base-uri 'none'; form-action 'none'; "
                f"require-trusted-types-for 'script'; frame-ancestors {ancestors}"
            ),
        }
        if not list(embed_in):
            headers["X-Frame-Options"] = "DENY"
        self.files = {
            path.name: file_of(path.read_bytes(), path.suffix, headers)
            for path in sorted(folder.iterdir())
            if path.suffix in TYPES
        }
