"""One loopback server that stands in for the platforms' APIs and checks what we send against their limits."""

import base64
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs


@dataclass
class Sent:
    """One call of ours, taken apart: platform, to whom, text, buttons (title, what they carry)."""

    platform: str
    method: str
    to: str
    text: str
    buttons: list[tuple[str, str]] = field(default_factory=list)
    body: dict[str, Any] = field(default_factory=dict)


@dataclass
class Platforms:
    """What was sent, what was wrong with it, and how the next calls are answered.

    `failures` are (status, headers, body) for the next calls, `slow` the seconds that each answer takes,
    `hanging` the platforms that answer nothing now.
    """

    sent: list[Sent] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    failures: list[tuple[int, dict[str, str], dict[str, Any]]] = field(default_factory=list)
    failed: int = 0
    slow: float = 0.0
    hanging: set[str] = field(default_factory=set)
    url: str = ""

    def to(self, address: str) -> list[Sent]:
        """Messages to an address, in order."""
        return [sent for sent in self.sent if sent.to == address and sent.text]

    def calls(self, method: str, address: str) -> list[Sent]:
        """Calls of a method for an address."""
        return [sent for sent in self.sent if sent.method == method and sent.to == address]

    def demand(self, holds: bool, what: str) -> None:
        """Note what a platform would have refused."""
        if not holds:
            self.wrong.append(what)


@contextmanager
def platforms() -> Iterator[Platforms]:
    """Run the stub while the context lasts."""
    state = Platforms()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            time.sleep(state.slow)
            while self.path.split("/")[1] in state.hanging:
                time.sleep(0.05)
            if state.failures:
                status, headers, answer = state.failures.pop(0)
                state.failed += 1
            else:
                status, headers, answer = 200, {}, self._take(body)
            payload = json.dumps(answer).encode()
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(payload)))
            self.end_headers()
            self.wfile.write(payload)

        def _take(self, body: bytes) -> dict[str, Any]:
            take = TAKES[self.path.split("/")[1]]
            if self.headers.get("Content-Type", "").startswith("application/json"):
                fields = json.loads(body)
            else:
                fields = {name: values[0] for name, values in parse_qs(body.decode()).items()}
            return take(state, self.path, dict(self.headers), fields)

        def log_message(self, format: str, *args: Any) -> None:
            """Keep the tests' output quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    state.url = f"http://127.0.0.1:{server.server_address[1]}"
    yield state
    server.shutdown()


def take_twilio(
    state: Platforms, path: str, headers: dict[str, str], fields: dict[str, Any]
) -> dict[str, Any]:
    """Messages.json: https://www.twilio.com/docs/messaging/api/message-resource."""
    login = base64.b64decode(headers["Authorization"].removeprefix("Basic ")).decode()
    state.demand(login == "AC0123:twilio-token", "login")
    state.demand(path == "/twilio/2010-04-01/Accounts/AC0123/Messages.json", f"path {path}")
    state.demand(fields.keys() == {"To", "From", "Body"}, f"fields {sorted(fields)}")
    state.demand(0 < len(fields["Body"]) <= 1600, f"body of {len(fields['Body'])}")
    whatsapp = fields["To"].startswith("whatsapp:")
    state.demand(fields["From"].startswith("whatsapp:") == whatsapp, "From and To are of two channels")
    state.sent.append(Sent("twilio", "messages", fields["To"], fields["Body"], body=fields))
    return {"sid": f"SM{len(state.sent)}", "status": "queued"}


def take_telegram(
    state: Platforms, path: str, headers: dict[str, str], fields: dict[str, Any]
) -> dict[str, Any]:
    """https://core.telegram.org/bots/api: a text of 1 to 4096, button data of 1 to 64 bytes."""
    _, _, token, method = path.split("/")
    state.demand(token == "bot12345:telegram-token", "token")
    keyboard = fields.get("reply_markup", {}).get("inline_keyboard", [])
    buttons = [(it["text"], it["callback_data"]) for row in keyboard for it in row]
    state.demand(len(buttons) <= 100, "buttons")
    for title, data in buttons:
        state.demand(0 < len(data.encode()) <= 64 and bool(title), f"button {title!r} {data!r}")
    text = fields.get("text", "") if method == "sendMessage" else ""
    if method == "sendMessage":
        state.demand(0 < len(text.encode("utf-16-le")) // 2 <= 4096, f"text of {len(text)}")
    state.demand(method != "answerCallbackQuery" or len(fields.get("text", "")) <= 200, "notification")
    state.demand(method != "sendContact" or bool(fields["phone_number"] and fields["first_name"]), "contact")
    to = str(fields.get("chat_id") or fields.get("callback_query_id"))
    state.sent.append(Sent("telegram", method, to, text, buttons, fields))
    return {"ok": True, "result": {"message_id": len(state.sent)}}


def take_slack(
    state: Platforms, path: str, headers: dict[str, str], fields: dict[str, Any]
) -> dict[str, Any]:
    """chat.postMessage and Block Kit: https://api.slack.com/reference/block-kit/blocks."""
    state.demand(headers["Authorization"] == "Bearer xoxb-slack-token", "token")
    state.demand(0 < len(fields["text"]) <= 4000, f"text of {len(fields['text'])}")
    blocks = fields.get("blocks", [])
    state.demand(len(blocks) <= 50, "blocks")
    buttons, ids = [], []
    for block in blocks:
        if block["type"] == "section":
            state.demand(0 < len(block["text"]["text"]) <= 3000, f"section of {len(block['text']['text'])}")
            continue
        state.demand(block["type"] == "actions" and 0 < len(block["elements"]) <= 25, "elements")
        for element in block["elements"]:
            ids.append(element["action_id"])
            if element["type"] == "checkboxes":
                state.demand(0 < len(element["options"]) <= 10, "options")
                buttons += [(it["text"]["text"], it["value"]) for it in element["options"]]
            else:
                state.demand(0 < len(element["value"]) <= 2000, "value")
                buttons.append((element["text"]["text"], f"{element['action_id']} {element['value']}"))
    state.demand(len(ids) == len(set(ids)), f"action ids {ids}")
    for title, value in buttons:
        state.demand(0 < len(title) <= 75 and len(value) <= 150, f"option {title!r}")
    shown = next((b["text"]["text"] for b in blocks if b["type"] == "section"), fields["text"])
    state.sent.append(Sent("slack", path.split("/")[2], fields["channel"], shown, buttons, fields))
    return {"ok": True, "ts": f"1.{len(state.sent)}"}


def take_messenger(
    state: Platforms, path: str, headers: dict[str, str], fields: dict[str, Any]
) -> dict[str, Any]:
    """The Send API: https://developers.facebook.com/docs/messenger-platform/reference/send-api."""
    state.demand(headers["Authorization"] == "Bearer messenger-token", "token")
    state.demand(path == "/messenger/me/messages" and fields["messaging_type"] == "RESPONSE", "message")
    message = fields["message"]
    state.demand(0 < len(message["text"]) <= 2000, f"text of {len(message['text'])}")
    replies = message.get("quick_replies", [])
    state.demand("quick_replies" not in message or 0 < len(replies) <= 13, f"{len(replies)} quick replies")
    for reply in replies:
        state.demand(reply["content_type"] == "text", "content type")
        state.demand(0 < len(reply["title"]) <= 20 and len(reply["payload"]) <= 1000, f"reply {reply}")
    buttons = [(reply["title"], reply["payload"]) for reply in replies]
    to = fields["recipient"]["id"]
    state.sent.append(Sent("messenger", "messages", to, message["text"], buttons, fields))
    return {"recipient_id": to, "message_id": f"m{len(state.sent)}"}


TAKES = {"twilio": take_twilio, "telegram": take_telegram, "slack": take_slack, "messenger": take_messenger}
