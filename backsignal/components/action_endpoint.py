"""Where custom actions run: inside the Rasa process, or on an action server by configuration."""

import asyncio
import logging
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from rasa.core.agent import Agent
from rasa.utils.endpoints import EndpointConfig
from rasa_sdk.executor import ActionExecutor

import actions
from backsignal.telemetry import metrics
from backsignal.telemetry.logs import place_of
from backsignal.telemetry.stages import stage

logger = logging.getLogger(__name__)

URL_VARIABLE = "BACKSIGNAL_ACTIONS_URL"
# A person waits for the answer: an action that takes longer has failed.
DEADLINE_SECONDS = 5.0


_failed: ContextVar[list[str] | None] = ContextVar("failed actions", default=None)


@contextmanager
def failed_actions() -> Iterator[list[str]]:
    """The names of the actions that fail meanwhile in this turn: Rasa goes on in silence."""
    names: list[str] = []
    token = _failed.set(names)
    try:
        yield names
    finally:
        _failed.reset(token)


class InProcessActions(EndpointConfig):
    """Runs the SDK's own executor in a thread, so that a hanging action cannot stop the server."""

    def __init__(self) -> None:
        super().__init__(url="in-process")
        self._executor = ActionExecutor()
        self._executor.register_package(actions)
        self._threads = ThreadPoolExecutor(max_workers=8, thread_name_prefix="action")

    async def request(self, method: str = "post", subpath: str | None = None, **kwargs: Any) -> Any:
        """Run the action of a call; raises TimeoutError where it takes too long."""
        with _counted(kwargs["json"]):
            running = asyncio.get_running_loop().run_in_executor(self._threads, self._run, kwargs["json"])
            return await asyncio.wait_for(running, DEADLINE_SECONDS)

    def _run(self, call: dict[str, Any]) -> Any:
        # Our actions are plain functions: to run an event loop for each would cost more than most of them do.
        running = self._executor.run(call)
        try:
            running.send(None)
        except StopIteration as done:
            return done.value
        running.close()
        raise RuntimeError("an action waits for something: it has to be a plain function")


class ActionServer(EndpointConfig):
    """An action server over HTTP, with our deadline in place of Rasa's five minutes."""

    async def request(self, method: str = "post", subpath: str | None = None, **kwargs: Any) -> Any:
        """Send the call; raises TimeoutError where the answer takes too long."""
        with _counted(kwargs["json"]):
            return await asyncio.wait_for(super().request(method, subpath, **kwargs), DEADLINE_SECONDS)


@contextmanager
def _counted(call: dict[str, Any]) -> Iterator[None]:
    """Time a call of an action; say that and where it failed."""
    try:
        with stage("action"):
            yield
    except Exception as error:
        name = call["next_action"]
        metrics.action_failures.labels(name).inc()
        failed = _failed.get()
        if failed is not None:
            failed.append(name)
        logger.error("action.failed action=%s error=%s at=%s", name, type(error).__name__, place_of(error))
        raise


def use_actions(agent: Agent) -> None:
    """Set where the agent's custom actions run."""
    url = os.environ.get(URL_VARIABLE)
    agent.action_endpoint = ActionServer(url=url) if url else InProcessActions()
    if agent.processor:
        agent.processor.action_endpoint = agent.action_endpoint


async def actions_answer(endpoint: EndpointConfig) -> None:
    """Raise where the custom actions cannot be reached."""
    if isinstance(endpoint, ActionServer):
        url = endpoint.url.replace("/webhook", "/health")
        async with endpoint.session() as session, session.get(url) as answer:
            answer.raise_for_status()
