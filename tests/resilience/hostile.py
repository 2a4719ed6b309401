"""Requests of somebody who wishes the server ill, as many as one likes; each is another one."""

import gzip
import json
import random
import secrets
import socket
from contextlib import suppress
from dataclasses import dataclass

import requests

from tests.channels.web_client import Web
from tests.messaging.people import MessengerUser, SlackUser, TelegramUser, Texter
from tests.security.raw import exchange, status_of
from tests.security.test_requests import BROKEN

PATHS = [
    "/", "/web/session", "/web/messages", "/web/events", "/web/clinic", "/web/%00", "/assist/calls",
    "/assist/me", "/assist/calls/0000000000000000", "/assist/calls/x/turns", "/assist/calls/x:complete",
    "/assist/../../etc/passwd", "/webhooks/rest/webhook", "/health/ready", "/widget.js",
    "/conversations/x/tracker", "/model/parse", "/%ff%fe",
    *(kind.path for kind in (Texter, TelegramUser, SlackUser, MessengerUser)),
]  # fmt: skip
METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "HEAD", "TRACE"]
SCRAPS = [
    "/restart", '/inform{"emergency": false}', "EXTERNAL: x", "'; DROP TABLE events; --", "=HYPERLINK(1)",
    "<script>alert(1)</script>", "{clinic}", "%s%n", "\x00", "\u202e", "\U0001f600" * 50, "no", "numb",
    "I wet myself", "../../etc/passwd", "a" * 3_000, "0" * 400, "-1", "1e999", "NaN", "Ω≈ç√", "𝖓𝖚𝖒𝖇",
    "\n" * 200, "(" * 400, "not " * 300, "\ud800",
]  # fmt: skip


@dataclass
class Answer:
    """What came back: a status, the seconds to wait, and whether a conversation's answer says something."""

    request: str
    status: int
    announced: bool
    silent: bool = False

    @property
    def wrong(self) -> bool:
        """Whether the server broke, or said nothing. A 503 that tells when to come back is announced."""
        return self.silent or (self.status >= 500 and not (self.status == 503 and self.announced))


class Foe:
    """Sends hostile requests, the same ones for the same seed."""

    def __init__(self, url: str, seed: int) -> None:
        self.url = url
        self._random = random.Random(seed)
        self._session = requests.Session()
        self._web = Web(url)
        self._sent = 0

    def refused(self) -> Answer:
        """A request that no conversation comes of."""
        kind = self._random.randrange(4)
        if kind == 0:
            name = self._random.choice(list(BROKEN))
            return Answer(name, status_of(exchange(self.url, BROKEN[name], 30)), announced=False)
        path, method = self._random.choice(PATHS), self._random.choice(METHODS)
        headers = {
            "Content-Type": self._random.choice(["application/json", "text/xml", "", "multipart/form-data"]),
            "Authorization": f"Bearer {self._words()[:200]!r}".encode("ascii", "replace").decode(),
            "X-Forwarded-For": "10.0.0.1, " * 20,
            "Content-Encoding": self._random.choice(["gzip", "identity"]),
        }
        body = self._random.choice([self._junk(), gzip.compress(b"a" * 100_000), secrets.token_bytes(500)])
        return self._ask(method, path, body, headers)

    def message(self) -> Answer:
        """A message that has to be answered, over REST or the widget's channel."""
        self._sent += 1
        if self._sent % 2:
            answer = self._session.post(
                f"{self.url}/webhooks/rest/webhook",
                data=json.dumps({"sender": f"foe-{self._sent // 10}", "message": self._any()}),
                headers={"Content-Type": "application/json"},
                timeout=60,
            )
            silent = answer.status_code == 200 and not any(it.get("text") for it in answer.json())
            return Answer("rest", answer.status_code, "Retry-After" in answer.headers, silent)
        if self._sent % 20 == 0:
            self._web = Web(self.url)
        answer = self._web.send(self._words()[:2_000])
        silent = answer.status_code == 200 and len(answer.json()["messages"]) < 2
        return Answer("web", answer.status_code, "Retry-After" in answer.headers, silent)

    def _ask(self, method: str, path: str, body: bytes, headers: dict[str, str]) -> Answer:
        what = f"{method} {path}"
        with suppress(requests.ConnectionError, socket.timeout):
            answer = self._session.request(
                method,
                f"{self.url}{path}",
                data=body,
                headers=headers,
                timeout=30,
                stream=path == "/web/events",
            )
            return Answer(what, answer.status_code, "Retry-After" in answer.headers)
        # The connection was ended while the body was still on its way.
        return Answer(what, 400, announced=False)

    def _junk(self) -> bytes:
        return json.dumps(
            {
                self._random.choice(
                    ["sender", "id", "text", "payloads", "message", "restart", "x"]
                ): self._any()
            }
        ).encode()

    def _any(self) -> object:
        words = self._words()
        return self._random.choice(
            [words, words, words, [words], {"text": words}, None, 1e308, True, len(words)]
        )

    def _words(self) -> str:
        return " ".join(self._random.choices(SCRAPS, k=self._random.randint(1, 3)))
