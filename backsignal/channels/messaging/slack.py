"""Slack: direct messages with buttons and checkboxes."""

import hmac
import html
import json
import os
import re
import time
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from rasa.core.channels.slack import SlackInput
from sanic import Request, response
from sanic.response import HTTPResponse

from backsignal.channels.messaging.api import Call, Verdict, verdict
from backsignal.channels.messaging.base import (
    Incoming,
    MessagingChannel,
    Shown,
    WebhookRefusedError,
    check_secret,
    form_of,
    json_object,
)
from backsignal.channels.messaging.choices import Offer
from backsignal.channels.messaging.wording import numbered, parts, phrase, without_list

_TOKEN, _SECRET = "BACKSIGNAL_SLACK_TOKEN", "BACKSIGNAL_SLACK_SIGNING_SECRET"
_API = "BACKSIGNAL_SLACK_API"
_SIGNATURE, _TIMESTAMP = "X-Slack-Signature", "X-Slack-Request-Timestamp"
_REPLAY_SECONDS = 300
_EPOCH = re.compile(r"[0-9]{1,12}")
_TRANSIENT = {"ratelimited", "rate_limited", "internal_error", "fatal_error", "service_unavailable"}
_TICKS, _PICK, _SEND = "ticks", "pick", "send"
_MOST_TICKS, _MOST_BUTTONS, _LONGEST_TITLE = 10, 25, 75
# Where an answer is for one person in a room: the room, this, the person.
_ONLY_FOR = "#"


class SlackChannel(MessagingChannel, SlackInput):
    """A bot in direct messages."""

    variables: ClassVar[tuple[str, ...]] = (_TOKEN, _SECRET)
    # A section takes 3,000 characters, with &, < and > written longer.
    limit: ClassVar[int] = 2700

    @classmethod
    def from_environment(cls) -> "SlackChannel":
        """The channel with the credentials of the environment."""
        return cls(os.environ[_TOKEN], slack_signing_secret=os.environ[_SECRET])

    def check(self, request: Request, body: bytes) -> None:
        """The signature is over the time and the body; what is older than five minutes is a replay."""
        told = request.headers.get(_TIMESTAMP, "")
        if not told:
            raise WebhookRefusedError(401, f"{_TIMESTAMP} is missing")
        if not _EPOCH.fullmatch(told) or abs(time.time() - int(told)) > _REPLAY_SECONDS:
            raise WebhookRefusedError(403, f"{_TIMESTAMP} is too far from now")
        signed = hmac.new(self.slack_signing_secret.encode(), f"v0:{told}:".encode() + body, "sha256")
        check_secret(request.headers.get(_SIGNATURE), f"v0={signed.hexdigest()}", _SIGNATURE)

    def incoming(self, request: Request, body: bytes) -> list[Incoming]:
        """One event, or one press of a button, a request."""
        if _is_form(request):
            return _pressed(json.loads(form_of(body)["payload"][0]))
        envelope = json_object(body)
        if envelope.get("type") != "event_callback":
            return []
        return self._written(str(envelope["event_id"]), envelope["event"], envelope)

    def accepted(self, request: Request, body: bytes) -> HTTPResponse:
        """Slack asks for its challenge back when the address is entered."""
        if not _is_form(request):
            envelope = json_object(body)
            if envelope.get("type") == "url_verification":
                return response.json({"challenge": envelope.get("challenge")})
        return response.text("")

    def calls(self, address: str, messages: Sequence[Shown]) -> list[Call]:
        """A call for each part; buttons and ticks stand under the last part of their message."""
        room, _, only_for = address.partition(_ONLY_FOR)
        calls = []
        for shown in messages:
            offer = shown.offer
            if offer and (len(offer.titles) > _MOST_BUTTONS or offer.ticks > _MOST_TICKS):
                text, blocks = numbered(shown.text, offer), []
            elif offer:
                text, blocks = without_list(shown.text, offer), _options(offer)
            else:
                text, blocks = shown.text, []
            texts = parts(text, self.limit)
            for place, part in enumerate(texts):
                section = _section(part, shown.call if place == 0 else None)
                last = blocks if place == len(texts) - 1 else []
                calls.append(self._call(room, only_for, part, [section, *last]))
        return calls

    def judge(self, status: int, answer: Mapping[str, Any]) -> Verdict:
        """Slack says what went wrong in the body of a 200."""
        if status == 200 and not answer.get("ok"):
            return "later" if answer.get("error") in _TRANSIENT else "never"
        return verdict(status, answer)

    def _call(self, room: str, only_for: str, text: str, blocks: list[dict[str, Any]]) -> Call:
        api = os.environ.get(_API) or "https://slack.com/api"
        method = "chat.postEphemeral" if only_for else "chat.postMessage"
        fields: dict[str, Any] = {"channel": room, "text": text, "blocks": blocks, "unfurl_links": False}
        if only_for:
            fields = {"channel": room, "user": only_for, "text": text}
        headers = {"Authorization": f"Bearer {self.slack_token}"}
        return Call(f"slack.{method}", f"{api}/{method}", json=fields, headers=headers)

    def _written(self, event_id: str, event: dict[str, Any], envelope: dict[str, Any]) -> list[Incoming]:
        if event.get("bot_id"):
            return []
        kind, subtype = event.get("type"), event.get("subtype")
        if kind == "app_mention":
            person, room = event["user"], event["channel"]
            return [Incoming(event_id, person, f"{room}{_ONLY_FOR}{person}", "elsewhere")]
        if kind != "message" or event.get("channel_type") != "im":
            return []
        if subtype == "message_changed":
            changed = event.get("message") or {}
            # Slack changes messages by itself too, when it shows a link's picture.
            if changed.get("bot_id") or "edited" not in changed:
                return []
            return [Incoming(event_id, changed["user"], event["channel"], "edit")]
        if subtype not in (None, "file_share", "thread_broadcast", "me_message"):
            return []
        uids = [it.get("user_id") for it in envelope.get("authorizations") or []]
        text = html.unescape(self._sanitize_user_message(event.get("text") or "", uids))
        unreadable = _kind_of((event.get("files") or [None])[0])
        if not text:
            return [Incoming(event_id, event["user"], event["channel"], unreadable or "other")]
        return [Incoming(event_id, event["user"], event["channel"], "text", text, unreadable)]


def _is_form(request: Request) -> bool:
    kind: str = request.headers.get("content-type", "")
    return kind.startswith("application/x-www-form-urlencoded")


def _pressed(payload: dict[str, Any]) -> list[Incoming]:
    if payload.get("type") != "block_actions":
        return []
    action = payload["actions"][0]
    name = str(action.get("action_id", "")).partition("_")[0]
    if name == _PICK:
        mark, _, mask = str(action["value"]).partition(":")
        # What was ticked counts, whichever button is pressed.
        token = f"{mark}:{int(mask, 16) | _ticked(payload):x}"
    elif name == _SEND:
        token = f"{action['value']}:{_ticked(payload):x}"
    else:
        # A box was ticked: it is told when Send is pressed.
        return []
    person, room = payload["user"]["id"], payload["channel"]["id"]
    return [Incoming(str(payload["trigger_id"]), person, room, "pick", token)]


def _ticked(payload: dict[str, Any]) -> int:
    """The boxes that are ticked, a bit each."""
    boxes = ((payload.get("state") or {}).get("values") or {}).get(_TICKS) or {}
    chosen = (boxes.get(_TICKS) or {}).get("selected_options") or []
    ticked = {option["value"] for option in chosen}
    return sum(1 << place for place in range(_MOST_TICKS) if str(place) in ticked)


def _options(offer: Offer) -> list[dict[str, Any]]:
    buttons = [
        _button(title, f"{_PICK}_{place}", offer.token([place]))
        for place, title in enumerate(offer.titles)
        if place >= offer.ticks
    ]
    if not offer.ticks:
        return [{"type": "actions", "elements": buttons}]
    boxes = {
        "type": "checkboxes",
        "action_id": _TICKS,
        "options": [
            {"text": _plain(title), "value": str(place)}
            for place, title in enumerate(offer.titles[: offer.ticks])
        ],
    }
    send = _button(phrase("send_ticks"), _SEND, offer.mark)
    return [
        {"type": "actions", "block_id": _TICKS, "elements": [boxes]},
        {"type": "actions", "elements": [send, *buttons]},
    ]


def _button(title: str, action: str, value: str) -> dict[str, Any]:
    return {"type": "button", "action_id": action, "text": _plain(title), "value": value}


def _plain(title: str) -> dict[str, Any]:
    short = title if len(title) <= _LONGEST_TITLE else f"{title[: _LONGEST_TITLE - 1]}…"
    return {"type": "plain_text", "text": short}


def _section(text: str, call: str | None) -> dict[str, Any]:
    if call is None:
        return {"type": "section", "text": {"type": "plain_text", "text": text}}
    number = "".join(sign for sign in call if sign.isdigit() or sign == "+")
    link = f"<tel:{number}|{phrase('emergency_contact')}: {call}>"
    marked = f"{html.escape(text, quote=False)}\n\n{link}"
    return {"type": "section", "text": {"type": "mrkdwn", "text": marked, "verbatim": True}}


def _kind_of(file: dict[str, Any] | None) -> str | None:
    if file is None:
        return None
    kinds = {"image": "photo", "video": "video", "audio": "voice"}
    return kinds.get(str(file.get("mimetype", "")).partition("/")[0], "file")
