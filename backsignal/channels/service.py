"""What the service itself offers: health, and the custom actions set up when the server starts."""

import asyncio
import logging
from typing import Any

from rasa.core.channels.channel import InputChannel
from sanic import Blueprint, Request, Sanic, response
from sanic.response import HTTPResponse

from backsignal.channels.guard import guard
from backsignal.channels.safety import OnMessage
from backsignal.components import rasa_patches
from backsignal.components.action_endpoint import actions_answer, use_actions
from backsignal.components.tracker_store import raise_instead_of_forgetting
from backsignal.stores.shared import shared

logger = logging.getLogger(__name__)
_PROBE = "health-probe"
_PROBE_SECONDS = 3.0


class RootBlueprint(Blueprint):
    """A blueprint whose routes stand at the root and not below Rasa's `/webhooks/<channel>/`."""

    def register(self, app: Sanic, options: dict[str, Any]) -> None:
        """Register without the prefix that Rasa gives to channels."""
        super().register(app, {**options, "url_prefix": None})


class _ServiceBlueprint(RootBlueprint):
    """Brings the guard along, which is for the routes of all channels."""

    def register(self, app: Sanic, options: dict[str, Any]) -> None:
        """Register, and guard the app."""
        guard(app)
        super().register(app, options)


class ServiceChannel(InputChannel):
    """GET /health/live and /health/ready. It takes no messages; credentials.yml is where Rasa finds it."""

    @classmethod
    def name(cls) -> str:
        """The channel's name."""
        return "service"

    def blueprint(self, on_new_message: OnMessage) -> Blueprint:
        """The service's routes."""
        # Channels are made before the model is loaded, and nothing of the kind is left to do after that.
        rasa_patches.apply()
        raise_instead_of_forgetting()
        blueprint = _ServiceBlueprint("service")

        @blueprint.listener("after_server_start")
        async def set_up(app: Sanic, _: asyncio.AbstractEventLoop) -> None:
            use_actions(app.ctx.agent)

        @blueprint.get("/health/live")
        async def live(_: Request) -> HTTPResponse:
            return response.json({"status": "alive"})

        @blueprint.get("/health/ready")
        async def ready(request: Request) -> HTTPResponse:
            missing = await _missing(request.app)
            if missing:
                return response.json({"status": "not ready", "missing": missing}, status=503)
            return response.json({"status": "ready"})

        return blueprint


async def _missing(app: Sanic) -> list[str]:
    agent = getattr(app.ctx, "agent", None)
    if agent is None or not agent.is_ready():
        return ["model"]
    probes = {"store": agent.tracker_store.retrieve(_PROBE), "actions": actions_answer(agent.action_endpoint)}
    redis = shared()
    if redis:
        probes["redis"] = redis.answers()
    missing = []
    for part, probe in probes.items():
        try:
            await asyncio.wait_for(probe, _PROBE_SECONDS)
        except Exception as error:
            logger.warning("%s does not answer: %s", part, type(error).__name__)
            missing.append(part)
    return missing
