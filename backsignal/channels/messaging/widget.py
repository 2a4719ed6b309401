"""Check-ins for the web widget: nothing is sent, as its streams and its next visit read the conversation."""

from collections.abc import Sequence
from typing import ClassVar

from sanic import Request

from backsignal.channels.messaging.api import Call
from backsignal.channels.messaging.base import Accept, Incoming, MessagingChannel, Shown, WebhookRefusedError
from backsignal.channels.service import RootBlueprint
from backsignal.channels.web import WebChannel


class WidgetVisits(MessagingChannel):
    """The widget as the desk sees it; its messages come in by the web channel and not here."""

    variables: ClassVar[tuple[str, ...]] = ()
    limit: ClassVar[int] = 0

    @classmethod
    def name(cls) -> str:
        """The web channel's name."""
        return WebChannel.name()

    @classmethod
    def from_environment(cls) -> "WidgetVisits":
        """It needs no credentials."""
        return cls()

    def add_to(self, blueprint: RootBlueprint, accept: Accept) -> None:
        """It has no address."""

    def check(self, request: Request, body: bytes) -> None:
        """Nothing comes in here."""
        raise WebhookRefusedError(403, "no address")

    def incoming(self, request: Request, body: bytes) -> list[Incoming]:
        """Nothing comes in here."""
        return []

    def calls(self, address: str, messages: Sequence[Shown]) -> list[Call]:
        """What was said stands in the conversation."""
        return []
