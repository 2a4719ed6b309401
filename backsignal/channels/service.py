"""What the service itself offers: health, and the custom actions set up when the server starts."""

import asyncio
import logging
import os
from functools import partial
from secrets import compare_digest
from typing import Any

from rasa.core.channels.channel import InputChannel
from rasa.core.tracker_store import TrackerStore
from sanic import Blueprint, Request, Sanic, response
from sanic.response import HTTPResponse

from backsignal.channels.guard import guard, of_this_machine
from backsignal.channels.safety import OnMessage
from backsignal.channels.web_sessions import load_secret
from backsignal.components import jobs, rasa_patches
from backsignal.components.action_endpoint import actions_answer, use_actions
from backsignal.components.deferred_tensorflow import model_is_loaded
from backsignal.components.interpreter import has_a_core_for_it, use_interpreter
from backsignal.components.retention import Retention, keep_house
from backsignal.components.tracker_store import ConversationStore, raise_instead_of_forgetting
from backsignal.garbage import leave_out_what_stays
from backsignal.stores.shared import shared
from backsignal.telemetry import metrics
from backsignal.telemetry.stages import set_key

logger = logging.getLogger(__name__)
METRICS_VARIABLE = "BACKSIGNAL_METRICS_TOKEN"
_PROBE = "probe"
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
    """GET /health/live, /health/ready, /metrics, and the regular work. It takes no messages.

    Its options in credentials.yml say how long things are kept (`Retention`).
    """

    def __init__(self, retention: Retention) -> None:
        self._retention = retention

    @classmethod
    def name(cls) -> str:
        """The channel's name."""
        return "service"

    @classmethod
    def from_credentials(cls, credentials: dict[str, Any] | None) -> "ServiceChannel":
        """The channel as credentials.yml sets it. Raises ValueError where an option is wrong."""
        return cls(Retention(**(credentials or {})))

    def blueprint(self, on_new_message: OnMessage) -> Blueprint:
        """The service's routes."""
        # Channels are made before the model is loaded, and nothing of the kind is left to do after that.
        rasa_patches.apply()
        raise_instead_of_forgetting()
        blueprint = _ServiceBlueprint("service")

        @blueprint.listener("after_server_start")
        async def set_up(app: Sanic, loop: asyncio.AbstractEventLoop) -> None:
            use_actions(app.ctx.agent)
            model_is_loaded()
            set_key(load_secret())
            app.ctx.chores = [loop.create_task(keep_house(app.ctx.agent, self._retention))]
            process = use_interpreter(app.ctx.agent)
            if process and has_a_core_for_it():
                app.ctx.chores.append(loop.create_task(process.keep_running()))
            leave_out_what_stays()

        @blueprint.listener("before_server_stop")
        async def stop_the_chores(app: Sanic, _: asyncio.AbstractEventLoop) -> None:
            for chore in app.ctx.chores:
                chore.cancel()
            await asyncio.wait(app.ctx.chores)

        @blueprint.get("/metrics")
        async def metrics_of(request: Request) -> HTTPResponse:
            if not _may_see_metrics(request):
                return response.json(
                    {"error": f"This address needs the token in {METRICS_VARIABLE}."}, status=401
                )
            answering = await _answering(request.app)
            # What cannot be asked now is neither well nor away.
            metrics.ready.clear()
            for part, answers in answering.items():
                metrics.ready.labels(part).set(answers)
            return response.raw(metrics.exposition(), content_type=metrics.CONTENT_TYPE)

        @blueprint.get("/health/live")
        async def live(_: Request) -> HTTPResponse:
            return response.json({"status": "alive"})

        @blueprint.get("/health/ready")
        async def ready(request: Request) -> HTTPResponse:
            missing = [part for part, answers in (await _answering(request.app)).items() if not answers]
            if missing:
                return response.json({"status": "not ready", "missing": missing}, status=503)
            return response.json({"status": "ready"})

        return blueprint


def _may_see_metrics(request: Request) -> bool:
    """With the token where there is one; else from this machine alone, and not by way of a proxy."""
    token = os.environ.get(METRICS_VARIABLE)
    if token:
        return compare_digest((request.token or "").encode(errors="replace"), token.encode())
    return of_this_machine(request)


async def _answering(app: Sanic) -> dict[str, bool]:
    """The parts of the service, and whether each answers; without a model nothing else can be asked."""
    agent = getattr(app.ctx, "agent", None)
    if agent is None or not agent.is_ready():
        return {"model": False}
    probes = {"store": _takes_in(agent.tracker_store), "actions": actions_answer(agent.action_endpoint)}
    redis = shared()
    if redis:
        probes["redis"] = redis.answers()
    answering = {"model": True}
    for part, probe in probes.items():
        try:
            await asyncio.wait_for(probe, _PROBE_SECONDS)
            answering[part] = True
        except Exception as error:
            logger.warning("%s does not answer: %s", part, type(error).__name__)
            answering[part] = False
    return answering


async def _takes_in(store: TrackerStore) -> None:
    """Raise UnavailableError where the store keeps nothing now: a full disk can still be read."""
    if isinstance(store, ConversationStore):
        await store.database.keep(jobs.metadata).run(partial(jobs.take, _PROBE, 0.0))
    else:
        await store.retrieve(_PROBE)
