"""SMS and WhatsApp by Twilio."""

import os
from collections.abc import Sequence
from typing import ClassVar

from rasa.core.channels.twilio import TwilioInput
from sanic import Request, response
from sanic.response import HTTPResponse
from twilio.request_validator import RequestValidator  # type: ignore[import-untyped] # no types

from backsignal.channels.messaging.api import Call
from backsignal.channels.messaging.base import (
    PUBLIC_URL,
    Incoming,
    MessagingChannel,
    Shown,
    check_secret,
    form_of,
)
from backsignal.channels.messaging.wording import numbered, parts

_ACCOUNT, _TOKEN, _NUMBER = (f"BACKSIGNAL_TWILIO_{part}" for part in ("ACCOUNT_SID", "AUTH_TOKEN", "NUMBER"))
_WHATSAPP_NUMBER = "BACKSIGNAL_WHATSAPP_NUMBER"
_API = "BACKSIGNAL_TWILIO_API"
_WHATSAPP = "whatsapp:"
# Characters outside the SMS alphabet make a message twice as long: their plain forms say the same.
_PLAIN = str.maketrans({"•": "-", "“": '"', "”": '"', "‘": "'", "’": "'", "–": "-", "—": "-", "…": "..."})
_KINDS = {"image": "photo", "video": "video", "audio": "voice"}


class TwilioChannel(MessagingChannel, TwilioInput):
    """Text messages: plain words, numbered options, STOP and START."""

    variables: ClassVar[tuple[str, ...]] = (_ACCOUNT, _TOKEN, _NUMBER, PUBLIC_URL)
    # Twilio takes 1,600 characters.
    limit: ClassVar[int] = 1500
    opt_out: ClassVar[bool] = True
    prefix: ClassVar[str] = ""

    @classmethod
    def from_environment(cls) -> "TwilioChannel":
        """The channel with the credentials of the environment."""
        return cls(*(os.environ[name] for name in cls.variables[:3]))

    def check(self, request: Request, body: bytes) -> None:
        """The signature is over the address that Twilio calls and all fields."""
        url = os.environ[PUBLIC_URL].rstrip("/") + self.path()
        if request.query_string:
            url += f"?{request.query_string}"
        try:
            fields = form_of(body)
        except ValueError:
            fields = {}
        signed = {name: values[0] for name, values in fields.items()}
        expected = RequestValidator(self.auth_token).compute_signature(url, signed)
        check_secret(request.headers.get("X-Twilio-Signature"), expected, "X-Twilio-Signature")

    def incoming(self, request: Request, body: bytes) -> list[Incoming]:
        """One message a request."""
        fields = {name: values[0] for name, values in form_of(body).items()}
        person, event, text = fields["From"], fields["MessageSid"], fields.get("Body", "").strip()
        if not event or not person.startswith(self.prefix or "+"):
            raise ValueError("not a message of this channel")
        unreadable = _unreadable(fields)
        # Where Twilio answers STOP and START itself it says so, and blocks a second answer.
        extra = {"answered": True} if fields.get("OptOutType") else {}
        if not text and unreadable:
            return [Incoming(event, person, person, unreadable, extra=extra)]
        return [Incoming(event, person, person, "text", text, unreadable, extra)]

    def accepted(self, request: Request, body: bytes) -> HTTPResponse:
        """Nothing is said in the answer itself: what there is to say comes through the API."""
        return response.html("<Response/>", headers={"Content-Type": "text/xml"})

    def calls(self, address: str, messages: Sequence[Shown]) -> list[Call]:
        """A call for each part of each message."""
        texts = [numbered(shown.text, shown.offer) if shown.offer else shown.text for shown in messages]
        return [self._call(address, part) for text in texts for part in parts(self.plain(text), self.limit)]

    def plain(self, text: str) -> str:
        """The text in the alphabet of text messages, where it can be."""
        return text.translate(_PLAIN)

    def _call(self, address: str, text: str) -> Call:
        api = os.environ.get(_API) or "https://api.twilio.com"
        return Call(
            "twilio.messages",
            f"{api}/2010-04-01/Accounts/{self.account_sid}/Messages.json",
            form={"To": address, "From": f"{self.prefix}{self.twilio_number}", "Body": text},
            login=(self.account_sid, self.auth_token),
        )


class WhatsAppChannel(TwilioChannel):
    """WhatsApp by Twilio: the same, with an address and a number of its own."""

    variables: ClassVar[tuple[str, ...]] = (_ACCOUNT, _TOKEN, _WHATSAPP_NUMBER, PUBLIC_URL)
    prefix: ClassVar[str] = _WHATSAPP

    @classmethod
    def name(cls) -> str:
        """The channel's name, and its place in the address."""
        return "whatsapp"

    def plain(self, text: str) -> str:
        """WhatsApp has all characters."""
        return text


def _unreadable(fields: dict[str, str]) -> str | None:
    if fields.get("Latitude") and fields.get("Longitude"):
        return "location"
    if fields.get("NumMedia", "0") == "0":
        return None
    kind = fields.get("MediaContentType0", "").partition("/")[0]
    return "contact" if "vcard" in fields.get("MediaContentType0", "") else _KINDS.get(kind, "file")
