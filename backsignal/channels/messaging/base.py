"""What the messaging channels share: a request is checked, taken apart, accepted durably, and answered later.

A channel says how its platform signs a request (`check`), what stands in it (`incoming`) and how an answer
is sent (`calls`). Everything else is the same for all of them and stands here and in the desk.
"""

import hmac
import json
import logging
import os
from abc import abstractmethod
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, ClassVar
from urllib.parse import parse_qs

from rasa.core.channels.channel import InputChannel
from sanic import Request, response
from sanic.response import HTTPResponse

from backsignal.channels.messaging.api import Call, Verdict, verdict
from backsignal.channels.messaging.choices import Offer, offer_of
from backsignal.channels.messaging.wording import phrase
from backsignal.channels.service import RootBlueprint
from backsignal.channels.web_pages import DRAWINGS, is_drawn
from backsignal.channels.web_requests import RefusedError, bytes_of
from backsignal.components.responses import payload_of
from backsignal.components.turns import content

logger = logging.getLogger(__name__)

MOST_BYTES = 512 * 1024
PUBLIC_URL = "BACKSIGNAL_PUBLIC_URL"


class WebhookRefusedError(Exception):
    """A request that is not taken: its status, and a reason without anything out of the request."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status


@dataclass(frozen=True)
class Incoming:
    """One event: the platform's id of it, who sent it, where answers go, and what it is.

    `kind` is "text", "pick" (`text` is a button's token), or a key of `unreadable` in messaging.yml. `also`
    names such a key where something unreadable came along with the text. `extra` is the channel's own.
    """

    event: str
    person: str
    address: str
    kind: str
    text: str = ""
    also: str | None = None
    extra: dict[str, Any] = field(default_factory=dict)

    def item(self) -> dict[str, Any]:
        """What of it goes into the inbox."""
        return {key: value for key, value in asdict(self).items() if key not in ("event", "person") and value}


@dataclass(frozen=True)
class Shown:
    """One message to a person: its text, the options it offers, and the emergency number to call."""

    text: str
    offer: Offer | None = None
    call: str | None = None


def shown(entry: Mapping[str, Any]) -> Shown:
    """A message of the conversation as a channel shows it."""
    data = payload_of(entry)
    text = "\n\n".join(filter(None, [entry.get("text"), _drawings(data)]))
    call = data.get("call") if data.get("type") == "emergency" else None
    return Shown(text, offer_of(dict(entry)), call)


def _drawings(data: Mapping[str, Any]) -> str | None:
    """Where the drawings of an advice on offer can be seen, if the clinic said where it can be reached."""
    public = os.environ.get(PUBLIC_URL)
    if not public or (data.get("type"), data.get("status")) != ("advice", "offered"):
        return None
    topic = content().topics[data["topic"]]
    return phrase("drawings", url=f"{public.rstrip('/')}{DRAWINGS}#{topic.id}") if is_drawn(topic) else None


Accept = Callable[["MessagingChannel", Sequence[Incoming]], Awaitable[None]]


class MessagingChannel(InputChannel):
    """One platform. Its credentials come from the environment: `variables` names all that it needs."""

    variables: ClassVar[tuple[str, ...]]
    #: The longest text of one message.
    limit: ClassVar[int]
    #: Whether the words STOP and START are for the channel and not for the conversation.
    opt_out: ClassVar[bool] = False

    @classmethod
    def missing(cls) -> list[str]:
        """The variables that are not set."""
        return [name for name in cls.variables if not os.environ.get(name)]

    @classmethod
    @abstractmethod
    def from_environment(cls) -> "MessagingChannel":
        """The channel with the credentials of the environment."""

    @abstractmethod
    def check(self, request: Request, body: bytes) -> None:
        """Raise WebhookRefusedError where the request is not the platform's own."""

    @abstractmethod
    def incoming(self, request: Request, body: bytes) -> list[Incoming]:
        """All events in a request. Raises ValueError, KeyError or TypeError where it is broken."""

    @abstractmethod
    def calls(self, address: str, messages: Sequence[Shown]) -> list[Call]:
        """The calls that send the messages."""

    def acknowledgements(self, item: Mapping[str, Any]) -> list[Call]:
        """Calls that tell the platform that an event has arrived, before it is worked on."""
        return []

    def only_redraws(self, item: Mapping[str, Any]) -> bool:
        """Whether an event changed a message's look and says nothing yet (a tick of several)."""
        return False

    def accepted(self, request: Request, body: bytes) -> HTTPResponse:
        """The answer to a request whose events were accepted."""
        return response.text("")

    def judge(self, status: int, answer: Mapping[str, Any]) -> Verdict:
        """What the platform's answer to a call means."""
        return verdict(status, answer)

    def add_to(self, blueprint: RootBlueprint, accept: Accept) -> None:
        """Put the channel's address on the server."""

        async def receive(request: Request) -> HTTPResponse:
            try:
                body = await bytes_of(request, MOST_BYTES)
                self.check(request, body)
                try:
                    events = self.incoming(request, body)
                except (ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError) as error:
                    raise WebhookRefusedError(400, "broken") from error
            except (WebhookRefusedError, RefusedError) as refused:
                logger.warning(
                    "messaging.refused channel=%s status=%s reason=%s",
                    self.name(),
                    refused.status,
                    str(refused),
                )
                return response.json({"error": str(refused)}, status=refused.status)
            try:
                await accept(self, events)
            except Exception as error:
                # Not accepted durably: the platform sends it again.
                logger.error("messaging.accept.failed channel=%s error=%s", self.name(), type(error).__name__)
                return response.json({"error": "try again"}, status=503)
            return self.accepted(request, body)

        blueprint.add_route(receive, self.path(), {"POST"}, stream=True, name=f"{self.name()}_receive")

    def path(self) -> str:
        """The path that the platform sends to."""
        return f"/webhooks/{self.name()}/webhook"


def check_secret(given: str | None, expected: str, what: str) -> None:
    """Raise WebhookRefusedError where a signature is missing (401) or wrong (403); in constant time."""
    if not given:
        raise WebhookRefusedError(401, f"{what} is missing")
    if not hmac.compare_digest(given.encode(errors="replace"), expected.encode()):
        raise WebhookRefusedError(403, f"{what} is wrong")


def json_object(body: bytes) -> dict[str, Any]:
    """A JSON body. Raises ValueError where it is none."""
    value = json.loads(body)
    if not isinstance(value, dict):
        raise ValueError("no object")
    return value


def form_of(body: bytes) -> dict[str, list[str]]:
    """The fields of a form body."""
    return parse_qs(body.decode(), keep_blank_values=True, strict_parsing=bool(body), max_num_fields=200)
