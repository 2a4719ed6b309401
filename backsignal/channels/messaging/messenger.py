"""Facebook Messenger: quick replies where they fit, numbered options otherwise."""

import hmac
import os
import time
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from rasa.core.channels.facebook import FacebookInput
from sanic import Request, response
from sanic.response import HTTPResponse

from backsignal.channels.messaging.api import Call, Verdict, verdict
from backsignal.channels.messaging.base import (
    Accept,
    Incoming,
    MessagingChannel,
    Shown,
    WebhookRefusedError,
    check_secret,
    json_object,
)
from backsignal.channels.messaging.choices import Offer
from backsignal.channels.messaging.wording import numbered, parts, phrase
from backsignal.channels.service import RootBlueprint

_VERIFY, _SECRET, _TOKEN = (
    f"BACKSIGNAL_MESSENGER_{part}" for part in ("VERIFY_TOKEN", "APP_SECRET", "PAGE_TOKEN")
)
_API = "BACKSIGNAL_MESSENGER_API"
_HEADER = "X-Hub-Signature-256"
# Meta sends an event again for some hours; its time is part of what it signs.
_OLDEST_SECONDS = 48 * 3600
_MOST_REPLIES, _LONGEST_TITLE = 13, 20
_TRANSIENT = {1, 2, 4, 17, 32, 341, 613, 1200}
_KINDS = {"image": "photo", "video": "video", "audio": "voice", "file": "file", "location": "location"}


class MessengerChannel(MessagingChannel, FacebookInput):
    """A Facebook page's Messenger."""

    variables: ClassVar[tuple[str, ...]] = (_VERIFY, _SECRET, _TOKEN)
    # Messenger takes 2,000 characters.
    limit: ClassVar[int] = 1900

    @classmethod
    def from_environment(cls) -> "MessengerChannel":
        """The channel with the credentials of the environment."""
        return cls(*(os.environ[name] for name in cls.variables))

    def add_to(self, blueprint: RootBlueprint, accept: Accept) -> None:
        """Besides messages Meta asks once whether the address is ours."""
        super().add_to(blueprint, accept)

        async def verify(request: Request) -> HTTPResponse:
            try:
                check_secret(request.args.get("hub.verify_token"), self.fb_verify, "hub.verify_token")
            except WebhookRefusedError as refused:
                return response.json({"error": str(refused)}, status=refused.status)
            return response.text(request.args.get("hub.challenge", ""))

        blueprint.add_route(verify, self.path(), {"GET"}, name="facebook_verify")

    def check(self, request: Request, body: bytes) -> None:
        """The signature is over the body."""
        signed = hmac.new(self.fb_secret.encode(), body, "sha256").hexdigest()
        check_secret(request.headers.get(_HEADER), f"sha256={signed}", _HEADER)

    def incoming(self, request: Request, body: bytes) -> list[Incoming]:
        """All events of a batch."""
        batch = json_object(body)
        if batch["object"] != "page":
            raise ValueError("not of a page")
        events = [it for entry in batch["entry"] for it in entry.get("messaging", [])]
        fresh = [it for it in events if int(it.get("timestamp", 0)) > (time.time() - _OLDEST_SECONDS) * 1000]
        return [incoming for it in fresh for incoming in _read(it)]

    def calls(self, address: str, messages: Sequence[Shown]) -> list[Call]:
        """A call for each part; the quick replies hang on the last part of their message."""
        calls = []
        for shown in messages:
            text, replies = _with_replies(shown.text, shown.offer) if shown.offer else (shown.text, [])
            *before, last = parts(text, self.limit)
            calls += [self._call(address, {"text": part}) for part in before]
            calls.append(
                self._call(address, {"text": last, **({"quick_replies": replies} if replies else {})})
            )
        return calls

    def judge(self, status: int, answer: Mapping[str, Any]) -> Verdict:
        """Meta says in the body of a 400 that the limit is reached or that it is in trouble."""
        error = answer.get("error") or {}
        if error.get("is_transient") or error.get("code") in _TRANSIENT:
            return "later"
        return verdict(status, answer)

    def _call(self, address: str, message: dict[str, Any]) -> Call:
        api = os.environ.get(_API) or "https://graph.facebook.com/v19.0"
        fields = {"recipient": {"id": address}, "messaging_type": "RESPONSE", "message": message}
        headers = {"Authorization": f"Bearer {self.fb_access_token}"}
        return Call("messenger.messages", f"{api}/me/messages", json=fields, headers=headers)


def _read(event: dict[str, Any]) -> list[Incoming]:
    person = str(event["sender"]["id"])
    if "postback" in event:
        postback = event["postback"]
        mark = postback.get("mid") or f"postback {person} {event['timestamp']}"
        payload = str(postback.get("payload", ""))
        # The button that opens a chat with a page carries whatever the page's owner chose.
        if ":" not in payload:
            return [Incoming(mark, person, person, "text", phrase("hello"))]
        return [Incoming(mark, person, person, "pick", payload)]
    if "message_edit" in event:
        edit = event["message_edit"]
        return [Incoming(f"{edit['mid']} {edit.get('num_edit')}", person, person, "edit")]
    message = event.get("message")
    if not message or message.get("is_echo") or message.get("is_deleted"):
        return []
    mark = str(message["mid"])
    if message.get("quick_reply"):
        return [Incoming(mark, person, person, "pick", str(message["quick_reply"]["payload"]))]
    unreadable = _kind_of(message)
    text = str(message.get("text") or "").strip()
    if not text:
        return [Incoming(mark, person, person, unreadable or "other")]
    return [Incoming(mark, person, person, "text", text, unreadable)]


def _kind_of(message: dict[str, Any]) -> str | None:
    attachment = (message.get("attachments") or [None])[0]
    if attachment is None:
        return None
    if (attachment.get("payload") or {}).get("sticker_id"):
        return "sticker"
    return _KINDS.get(attachment.get("type"), None if message.get("text") else "other")


def _with_replies(text: str, offer: Offer) -> tuple[str, list[dict[str, str]]]:
    """The text with its options, and quick replies: titles that fit, else numbers; never one tick alone."""
    places = list(range(offer.ticks, len(offer.titles)))[:_MOST_REPLIES]
    fits = all(len(offer.titles[place]) <= _LONGEST_TITLE for place in places)
    replies = [
        {
            "content_type": "text",
            "title": offer.titles[place] if fits else str(place + 1),
            "payload": offer.token([place]),
        }
        for place in places
    ]
    plain = fits and not offer.ticks and len(places) == len(offer.titles)
    return (text if plain else numbered(text, offer)), replies
