"""Messaging channels: Slack, Telegram, Messenger, SMS and WhatsApp.

One line of credentials.yml lists them all. A channel is on where its credentials stand in the
environment (docs/channels/README.md), and off otherwise.
"""

import asyncio
import logging
from collections.abc import Sequence

from rasa.core.channels.channel import InputChannel
from sanic import Sanic

from backsignal.channels.messaging.base import Incoming, MessagingChannel
from backsignal.channels.messaging.desk import Desk
from backsignal.channels.messaging.messenger import MessengerChannel
from backsignal.channels.messaging.slack import SlackChannel
from backsignal.channels.messaging.telegram import TelegramChannel
from backsignal.channels.messaging.twilio import TwilioChannel, WhatsAppChannel
from backsignal.channels.messaging.widget import WidgetVisits
from backsignal.channels.safety import OnMessage
from backsignal.channels.service import RootBlueprint

logger = logging.getLogger(__name__)

CHANNELS: tuple[type[MessagingChannel], ...] = (
    TwilioChannel,
    WhatsAppChannel,
    TelegramChannel,
    SlackChannel,
    MessengerChannel,
)


class Messaging(InputChannel):
    """All messaging channels that have credentials, and the desk that does their work."""

    def __init__(self) -> None:
        on = {kind.name(): kind.from_environment() for kind in CHANNELS if not kind.missing()}
        self.channels: dict[str, MessagingChannel] = {WidgetVisits.name(): WidgetVisits(), **on}
        self._desk: Desk | None = None

    @classmethod
    def name(cls) -> str:
        """The name of the whole."""
        return "messaging"

    def blueprint(self, on_new_message: OnMessage) -> RootBlueprint:
        """The channels' addresses."""
        blueprint = RootBlueprint("messaging")
        for channel in self.channels.values():
            channel.add_to(blueprint, self._accept)

        @blueprint.listener("after_server_start")
        async def open_desk(app: Sanic, _: asyncio.AbstractEventLoop) -> None:
            _say_what_is_off()
            try:
                self._desk = Desk(self.channels, app.ctx.agent)
            except Exception as error:
                # The rest of the assistant answers all the same; platforms get a 503 and send again.
                logger.error("messaging.off error=%s", error)

        @blueprint.listener("before_server_stop")
        async def close_desk(_: Sanic, __: asyncio.AbstractEventLoop) -> None:
            if self._desk:
                await self._desk.close()

        return blueprint

    async def _accept(self, channel: MessagingChannel, events: Sequence[Incoming]) -> None:
        if self._desk is None:
            raise RuntimeError("not started yet")
        await self._desk.accept(channel, events)


def _say_what_is_off() -> None:
    off = {kind.name(): kind.missing() for kind in CHANNELS if kind.missing()}
    if off:
        # At the level of warnings, as that is what the assistant shows at start.
        told = "; ".join(f"{name} (not set: {', '.join(names)})" for name, names in off.items())
        logger.warning("Messaging channels that are off: %s", told)
