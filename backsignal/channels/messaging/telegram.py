"""Telegram: inline buttons, ticks that can be set one by one, and the emergency number as a contact."""

import os
import re
import time
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from rasa.core.channels.telegram import TelegramInput
from sanic import Request

from backsignal.channels.messaging.api import Call
from backsignal.channels.messaging.base import Incoming, MessagingChannel, Shown, check_secret, json_object
from backsignal.channels.messaging.choices import Offer
from backsignal.channels.messaging.wording import parts, phrase

_TOKEN, _SECRET = "BACKSIGNAL_TELEGRAM_TOKEN", "BACKSIGNAL_TELEGRAM_SECRET"
_API = "BACKSIGNAL_TELEGRAM_API"
_HEADER = "X-Telegram-Bot-Api-Secret-Token"
# Telegram keeps an update for a day, so that what is older was sent before.
_OLDEST_SECONDS = 25 * 3600
_SEND = "s"
_BUTTON = re.compile(rf"([0-9a-f]{{8}}):([0-9a-f]{{1,8}})(?::([0-9]{{1,2}}|{_SEND}))?")
_TICKED, _UNTICKED = "☑ ", "☐ "
_KINDS = {
    "photo": "photo",
    "video": "video",
    "video_note": "video",
    "animation": "video",
    "voice": "voice",
    "audio": "voice",
    "document": "file",
    "venue": "location",
    "location": "location",
    "contact": "contact",
    "sticker": "sticker",
}


class TelegramChannel(MessagingChannel, TelegramInput):
    """A bot in private chats."""

    variables: ClassVar[tuple[str, ...]] = (_TOKEN, _SECRET)
    # Telegram takes 4,096 UTF-16 units.
    limit: ClassVar[int] = 3800

    @classmethod
    def from_environment(cls) -> "TelegramChannel":
        """The channel with the credentials of the environment; nothing is asked of Telegram at start."""
        return cls(os.environ[_TOKEN], verify=os.environ[_SECRET], webhook_url=None)

    def check(self, request: Request, body: bytes) -> None:
        """The secret that was given to Telegram with setWebhook."""
        check_secret(request.headers.get(_HEADER), self.verify, _HEADER)

    def incoming(self, request: Request, body: bytes) -> list[Incoming]:
        """One update a request."""
        update = json_object(body)
        event = str(int(update["update_id"]))
        if "callback_query" in update:
            return [_pressed(event, update["callback_query"])]
        for kind in ("message", "edited_message", "channel_post", "edited_channel_post"):
            if kind in update:
                return _written(event, kind, update[kind])
        return []

    def acknowledgements(self, item: Mapping[str, Any]) -> list[Call]:
        """Stop the button's waiting mark; tick or untick it, or take used buttons away."""
        extra = item.get("extra") or {}
        if "callback" not in extra:
            return []
        answer = {"callback_query_id": extra["callback"]}
        if extra.get("nothing_ticked"):
            answer["text"] = phrase("pick_all")
        calls = [self._call("answerCallbackQuery", answer, vital=False)]
        if not extra.get("nothing_ticked"):
            markup = {"inline_keyboard": extra.get("keyboard") or []}
            changed = {"chat_id": item["address"], "message_id": extra["message"], "reply_markup": markup}
            calls.append(self._call("editMessageReplyMarkup", changed, vital=False))
        return calls

    def only_redraws(self, item: Mapping[str, Any]) -> bool:
        """A tick says nothing until Send is pressed."""
        extra = item.get("extra") or {}
        return bool(extra.get("keyboard") or extra.get("nothing_ticked"))

    def calls(self, address: str, messages: Sequence[Shown]) -> list[Call]:
        """A call for each part; the buttons hang on the last part of their message."""
        calls = []
        for shown in messages:
            text = (
                f"{shown.text}\n\n{phrase('pick_all')}" if shown.offer and shown.offer.ticks else shown.text
            )
            *before, last = parts(text, self.limit)
            calls += [self._call("sendMessage", {"chat_id": address, "text": part}) for part in before]
            message: dict[str, Any] = {"chat_id": address, "text": last}
            if shown.offer:
                message["reply_markup"] = {"inline_keyboard": _keyboard(shown.offer)}
            calls.append(self._call("sendMessage", message))
            if shown.call:
                contact = {"phone_number": shown.call, "first_name": phrase("emergency_contact")}
                calls.append(self._call("sendContact", {"chat_id": address, **contact}))
        return calls

    def _call(self, method: str, fields: dict[str, Any], vital: bool = True) -> Call:
        api = os.environ.get(_API) or "https://api.telegram.org"
        url = f"{api}/bot{self.access_token}/{method}"
        return Call(f"telegram.{method}", url, json=fields, vital=vital)


def _written(event: str, kind: str, message: dict[str, Any]) -> list[Incoming]:
    chat = message["chat"]
    address = str(chat["id"])
    if int(message["date"]) < time.time() - _OLDEST_SECONDS and kind in ("message", "channel_post"):
        return []
    if chat["type"] != "private":
        # Once a day in a place: people there talk to each other.
        day = time.strftime("%Y-%m-%d", time.gmtime())
        return [Incoming(f"elsewhere {address} {day}", address, address, "elsewhere")]
    if kind != "message":
        return [Incoming(event, address, address, "edit")]
    unreadable = next((said for key, said in _KINDS.items() if key in message), None)
    text = str(message.get("text") or message.get("caption") or "").strip()
    if text.startswith("/start"):
        # What the button that opens a chat with a bot sends.
        text = phrase("hello")
    if not text:
        return [Incoming(event, address, address, unreadable or "other")]
    return [Incoming(event, address, address, "text", text, unreadable)]


def _pressed(event: str, query: dict[str, Any]) -> Incoming:
    person, message = str(query["from"]["id"]), query.get("message") or {}
    address = str((message.get("chat") or {}).get("id", person))
    # A person's own client may send anything in a button's place.
    pressed = _BUTTON.fullmatch(str(query.get("data", "")))
    mark, mask, what = pressed.groups() if pressed else ("", "0", None)
    extra = {"callback": str(query["id"]), "message": message.get("message_id")}
    if what == _SEND and not int(mask, 16):
        extra["nothing_ticked"] = True
    elif what and what != _SEND:
        keyboard = (message.get("reply_markup") or {}).get("inline_keyboard") or []
        extra["keyboard"] = _ticked(keyboard, int(mask, 16) ^ 1 << int(what))
    return Incoming(event, person, address, "pick", f"{mark}:{mask}", extra=extra)


def _keyboard(offer: Offer) -> list[list[dict[str, str]]]:
    """A button a row. A tick's data hold the ticks so far and its own place; nothing is kept here."""
    ticks = [
        {"text": f"{_UNTICKED}{title}", "callback_data": f"{offer.token([])}:{place}"}
        for place, title in enumerate(offer.titles[: offer.ticks])
    ]
    send = [{"text": phrase("send_ticks"), "callback_data": f"{offer.token([])}:{_SEND}"}] if ticks else []
    others = [
        {"text": title, "callback_data": offer.token([place])}
        for place, title in enumerate(offer.titles)
        if place >= offer.ticks
    ]
    return [[button] for button in (*ticks, *send, *others)]


def _ticked(keyboard: Sequence[Sequence[Mapping[str, str]]], mask: int) -> list[list[dict[str, str]]]:
    """The keyboard with the ticks of the mask. Every button carries them: they count whichever is pressed."""
    return [[_button(button, mask) for button in row] for row in keyboard]


def _button(button: Mapping[str, str], mask: int) -> dict[str, str]:
    text, data = button["text"], button["callback_data"].split(":")
    if len(data) < 3:
        # One that excludes the ticks: its own place is the last of its mask.
        own = 1 << int(data[1], 16).bit_length() - 1
        return {"text": text, "callback_data": f"{data[0]}:{mask | own:x}"}
    if data[2] != _SEND:
        title = text.removeprefix(_TICKED).removeprefix(_UNTICKED)
        text = f"{_TICKED if mask >> int(data[2]) & 1 else _UNTICKED}{title}"
    return {"text": text, "callback_data": f"{data[0]}:{mask:x}:{data[2]}"}
