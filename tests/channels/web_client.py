"""A client of the web channel over real HTTP, as the widget is one."""

import secrets
import time
from collections.abc import Callable
from typing import Any

import requests

TIMEOUT = 30


class Web:
    """One person's session at the channel."""

    def __init__(self, url: str, token: str | None = None) -> None:
        self.url = url
        self.opened: dict[str, Any] = {}
        self.token = token or self._start()

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> requests.Response:
        """A request with the session's token and the headers given."""
        given = {
            "Authorization": f"Bearer {self.token}",
            **{k.replace("_", "-"): v for k, v in headers.items()},
        }
        return requests.request(method, f"{self.url}{path}", json=body, headers=given, timeout=TIMEOUT)

    def send(self, text: str, message_id: str | None = None) -> requests.Response:
        """Send a text."""
        return self.call("POST", "/web/messages", {"id": message_id or new_id(), "text": text})

    def choose(self, *payloads: str, message_id: str | None = None) -> requests.Response:
        """Send answers that were on offer."""
        return self.call("POST", "/web/messages", {"id": message_id or new_id(), "payloads": list(payloads)})

    def history(self) -> list[dict[str, Any]]:
        """The conversation as a reload shows it."""
        response = self.call("GET", "/web/messages")
        response.raise_for_status()
        entries: list[dict[str, Any]] = response.json()["messages"]
        return entries

    def agree_to_check_ins(self) -> dict[str, Any]:
        """Come to the end of the questions and say yes to being asked again: the answer to that."""
        entries = self.send("my back locked up two days ago when I lifted a box").json()["messages"]
        while "Yes, ask me again" not in (offered := [it["title"] for it in entries[-1]["buttons"]]):
            no = next(it for it in ("None of these", "18 to 49", "2 to 13 days", "No") if it in offered)
            entries = self.choose(no).json()["messages"]
        answer: dict[str, Any] = self.choose("Yes, ask me again").json()
        return answer

    def _start(self) -> str:
        response = patiently(lambda: requests.post(f"{self.url}/web/session", json={}, timeout=TIMEOUT))
        response.raise_for_status()
        self.opened = response.json()
        token: str = self.opened["token"]
        return token


def patiently(request: Callable[[], requests.Response]) -> requests.Response:
    """Send until it is not too fast any more, as the answer asks for: other tests come from here too."""
    while (response := request()).status_code == 429:
        time.sleep(float(response.headers["Retry-After"]))
    return response


def new_id() -> str:
    """A message id as the widget makes them."""
    return secrets.token_hex(16)


def error_of(response: requests.Response) -> str:
    """The error's code; it must come with a sentence for a person."""
    error = response.json()["error"]
    assert error["message"].endswith(".")
    assert len(error["message"].split()) > 4
    code: str = error["code"]
    return code
