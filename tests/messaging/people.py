"""People on the platforms: requests shaped and signed as each platform sends them."""

import hmac
import itertools
import json
import secrets
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

import requests
from twilio.request_validator import RequestValidator

from tests.conftest import Server
from tests.messaging.conftest import CREDENTIALS, PUBLIC, wait_until_idle
from tests.messaging.stub import Platforms, Sent

TIMEOUT = 30
_numbers = itertools.count(1)


@dataclass
class Person:
    """One person: what they send, and what came back since they last sent something."""

    server: Server
    stub: Platforms
    path: ClassVar[str]
    id: str = field(default_factory=lambda: str(700_000_000 + secrets.randbelow(99_999_999)))

    @property
    def address(self) -> str:
        """Where answers go."""
        return self.id

    def request(self, event: dict[str, Any], secret: str = "") -> tuple[dict[str, str], bytes]:
        """Headers and body of a request that brings an event, signed (wrongly with another secret)."""
        raise NotImplementedError

    def text(self, text: str) -> dict[str, Any]:
        """The event of a text."""
        raise NotImplementedError

    def post(self, headers: dict[str, str], body: bytes) -> requests.Response:
        """A request to the channel."""
        return requests.post(f"{self.server.url}{self.path}", data=body, headers=headers, timeout=TIMEOUT)

    def bring(self, *events: dict[str, Any]) -> list[Sent]:
        """Bring events one by one; returns the messages that answer them."""
        before = len(self.stub.to(self.address))
        for event in events:
            response = self.post(*self.request(event))
            assert response.status_code == 200, response.text
        wait_until_idle(self.server.database)
        return self.stub.to(self.address)[before:]

    def say(self, text: str) -> list[Sent]:
        """Send a text."""
        return self.bring(self.text(text))

    def answer(self, messages: Sequence[Sent], wanted: str) -> list[Sent]:
        """Answer a question in the channel's own form: with an option's number or button."""
        raise NotImplementedError


def said(messages: Sequence[Sent]) -> str:
    """All that was said."""
    return "\n\n".join(message.text for message in messages)


# What somebody with nothing to report answers, whichever of these a question offers.
NOTHING = ("None of these", "18 to 49", "2 to 13 days", "Better", "No")
_MOST_QUESTIONS = 30


def through(person: Person, messages: Sequence[Sent], answers: Sequence[str] = NOTHING) -> str:
    """Answer all questions in the channel's own form; returns all that was said."""
    told = said(messages)
    for _ in range(_MOST_QUESTIONS):
        if "What else would you like to know?" in said(messages):
            return told
        last = messages[-1]
        offered = f"{last.text} {' '.join(title for title, _ in last.buttons)}"
        messages = person.answer(messages, next(title for title in answers if title in offered))
        told += said(messages)
    raise AssertionError("the questions do not end")


def form(fields: dict[str, str]) -> bytes:
    """A form body."""
    return requests.models.RequestEncodingMixin._encode_params(fields).encode()


class Texter(Person):
    """Somebody with a telephone, at Twilio."""

    path = "/webhooks/twilio/webhook"
    prefix = ""
    number = CREDENTIALS["BACKSIGNAL_TWILIO_NUMBER"]

    @property
    def address(self) -> str:
        return f"{self.prefix}+44{self.id}"

    def text(self, text: str, **fields: str) -> dict[str, Any]:
        return {
            "MessageSid": f"SM{next(_numbers):032d}",
            "AccountSid": CREDENTIALS["BACKSIGNAL_TWILIO_ACCOUNT_SID"],
            "From": self.address,
            "To": f"{self.prefix}{self.number}",
            "Body": text,
            "NumMedia": "0",
            "NumSegments": "1",
            "ApiVersion": "2010-04-01",
            **fields,
        }

    def request(self, event: dict[str, Any], secret: str = "") -> tuple[dict[str, str], bytes]:
        secret = secret or CREDENTIALS["BACKSIGNAL_TWILIO_AUTH_TOKEN"]
        signature = RequestValidator(secret).compute_signature(f"{PUBLIC}{self.path}", event)
        headers = {
            "Content-Type": "application/x-www-form-urlencoded; charset=UTF-8",
            "X-Twilio-Signature": signature,
            "User-Agent": "TwilioProxy/1.1",
        }
        return headers, form(event)

    def answer(self, messages: Sequence[Sent], wanted: str) -> list[Sent]:
        lines = [line.partition(" ") for message in messages for line in message.text.split("\n")]
        numbers = [number for number, _, title in lines if title == wanted and number.isdigit()]
        assert numbers, f"{wanted!r} is not offered in {said(messages)!r}"
        return self.say(numbers[-1])


class WhatsAppUser(Texter):
    """Somebody on WhatsApp, at Twilio."""

    path = "/webhooks/whatsapp/webhook"
    prefix = "whatsapp:"
    number = CREDENTIALS["BACKSIGNAL_WHATSAPP_NUMBER"]


def data_of(message: Sent, wanted: str) -> str:
    """What the button with a title carries."""
    found = [data for title, data in message.buttons if title.lstrip("☐☑ ") == wanted]
    assert found, f"{wanted!r} is not offered: {message.buttons}"
    return found[0]


class TelegramUser(Person):
    """Somebody in a private chat with the bot."""

    path = "/webhooks/telegram/webhook"

    def text(self, text: str) -> dict[str, Any]:
        return self.message(text=text)

    def message(self, kind: str = "message", chat: str = "private", **fields: Any) -> dict[str, Any]:
        who = {"id": int(self.id), "is_bot": False, "first_name": "Ada"}
        message = {"message_id": 5, "date": int(time.time()), "chat": {"id": int(self.id), "type": chat}}
        return {"update_id": next(_numbers), kind: {**message, "from": who, **fields}}

    def press(self, message: Sent, data: str) -> dict[str, Any]:
        return {
            "update_id": next(_numbers),
            "callback_query": {
                "id": str(next(_numbers)),
                "from": {"id": int(self.id), "is_bot": False, "first_name": "Ada"},
                "message": {
                    "message_id": 6,
                    "date": int(time.time()),
                    "chat": {"id": int(self.id), "type": "private"},
                    "text": message.text,
                    "reply_markup": message.body.get("reply_markup", {}),
                },
                "chat_instance": "1",
                "data": data,
            },
        }

    def request(self, event: dict[str, Any], secret: str = "") -> tuple[dict[str, str], bytes]:
        secret = secret or CREDENTIALS["BACKSIGNAL_TELEGRAM_SECRET"]
        headers = {"Content-Type": "application/json", "X-Telegram-Bot-Api-Secret-Token": secret}
        return headers, json.dumps(event).encode()

    def answer(self, messages: Sequence[Sent], wanted: str) -> list[Sent]:
        return self.bring(self.press(messages[-1], data_of(messages[-1], wanted)))


class SlackUser(Person):
    """Somebody in a direct message with the app."""

    path = "/webhooks/slack/webhook"

    @property
    def address(self) -> str:
        return f"D{self.id}"

    def text(self, text: str) -> dict[str, Any]:
        return self.message(text=text)

    def message(self, **fields: Any) -> dict[str, Any]:
        event = {"type": "message", "channel_type": "im", "channel": self.address, "user": f"U{self.id}"}
        return {
            "type": "event_callback",
            "team_id": "T1",
            "event_id": f"Ev{next(_numbers)}",
            "event": {**event, "ts": f"{time.time():.6f}", **fields},
            "authorizations": [{"user_id": "UBOT", "is_bot": True}],
        }

    def press(self, data: str, ticked: Sequence[str] = ()) -> dict[str, Any]:
        action, value = data.split(" ")
        boxes = {"type": "checkboxes", "selected_options": [{"value": place} for place in ticked]}
        return {
            "type": "block_actions",
            "user": {"id": f"U{self.id}"},
            "channel": {"id": self.address},
            "trigger_id": f"{next(_numbers)}.1",
            "actions": [{"type": "button", "action_id": action, "value": value}],
            "state": {"values": {"ticks": {"ticks": boxes}}},
        }

    def request(
        self, event: dict[str, Any], secret: str = "", at: float | None = None
    ) -> tuple[dict[str, str], bytes]:
        secret = secret or CREDENTIALS["BACKSIGNAL_SLACK_SIGNING_SECRET"]
        pressed = event["type"] == "block_actions"
        body = form({"payload": json.dumps(event)}) if pressed else json.dumps(event).encode()
        told = str(int(time.time() if at is None else at))
        signed = hmac.new(secret.encode(), b"v0:" + told.encode() + b":" + body, "sha256").hexdigest()
        kind = "application/x-www-form-urlencoded" if pressed else "application/json; charset=utf-8"
        headers = {
            "Content-Type": kind,
            "X-Slack-Request-Timestamp": told,
            "X-Slack-Signature": f"v0={signed}",
        }
        return headers, body

    def answer(self, messages: Sequence[Sent], wanted: str) -> list[Sent]:
        return self.bring(self.press(data_of(messages[-1], wanted)))


class MessengerUser(Person):
    """Somebody who writes to the page."""

    path = "/webhooks/facebook/webhook"

    def text(self, text: str) -> dict[str, Any]:
        return self.message(text=text)

    def message(self, **fields: Any) -> dict[str, Any]:
        return self.event(message={"mid": f"m_{next(_numbers)}", **fields})

    def event(self, **fields: Any) -> dict[str, Any]:
        now = int(time.time() * 1000)
        return {"sender": {"id": self.id}, "recipient": {"id": "PAGE"}, "timestamp": now, **fields}

    def request(
        self, event: dict[str, Any] | list[dict[str, Any]], secret: str = ""
    ) -> tuple[dict[str, str], bytes]:
        secret = secret or CREDENTIALS["BACKSIGNAL_MESSENGER_APP_SECRET"]
        events = event if isinstance(event, list) else [event]
        entries = [{"id": "PAGE", "time": 1, "messaging": [it]} for it in events]
        body = json.dumps({"object": "page", "entry": entries}).encode()
        signed = hmac.new(secret.encode(), body, "sha256").hexdigest()
        return {"Content-Type": "application/json", "X-Hub-Signature-256": f"sha256={signed}"}, body

    def answer(self, messages: Sequence[Sent], wanted: str) -> list[Sent]:
        titles = [title for title, _ in messages[-1].buttons]
        lines = [line.partition(" ") for line in messages[-1].text.split("\n")]
        number = next((number for number, _, title in lines if title == wanted), "")
        title = wanted if wanted in titles else number
        reply = {"payload": data_of(messages[-1], title)}
        return self.bring(self.message(text=title, quick_reply=reply))
