"""Times a turn and its stages: into the metrics, one log line a turn, and spans where traces are wanted."""

import hmac
import logging
import os
import re
import secrets
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from contextvars import ContextVar
from functools import wraps
from importlib import import_module
from time import perf_counter
from typing import Any, ClassVar, ParamSpec, TypeVar

from backsignal.telemetry import metrics

logger = logging.getLogger(__name__)

# OpenTelemetry's own variable. Without it nothing of OpenTelemetry is even imported.
TRACES_VARIABLE = "OTEL_EXPORTER_OTLP_ENDPOINT"
# What a proxy gives as a request's id: 32 hex digits, or a UUID. Anything else could be somebody's words.
_REQUEST_ID = re.compile(r"[0-9a-f]{32}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_LINE = "turn channel=%s conversation=%s request=%s outcome=%s seconds=%.4f waiting=%.4f " + " ".join(
    f"{stage}=%.4f" for stage in metrics.STAGES
)

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")
Span = Callable[..., AbstractContextManager[Any]]


class _Turn:
    """One turn: when it began, how long it waited for its conversation, and the seconds of each stage."""

    #: Of all conversations, waiting and in work.
    open: ClassVar[int] = 0

    def __init__(self) -> None:
        self.began = perf_counter()
        self.waiting: float | None = None
        self.seconds = dict.fromkeys(metrics.STAGES, 0.0)

    def work(self) -> None:
        """Its conversation is ours now."""
        self.waiting = perf_counter() - self.began
        _waiting.dec()
        _working.inc()


_current: ContextVar[_Turn | None] = ContextVar("turn", default=None)
_request: ContextVar[str | None] = ContextVar("request", default=None)
_waiting, _working = metrics.turns.labels("waiting"), metrics.turns.labels("working")
_observed = {name: metrics.seconds.labels(name) for name in (*metrics.STAGES, metrics.TURN)}
_key = secrets.token_bytes(32)
_traced = os.environ.get(TRACES_VARIABLE)
_span: Span | None = import_module("backsignal.telemetry.traces").span if _traced else None
_NO_SPAN = nullcontext()


def set_key(secret: bytes) -> None:
    """Let conversations have the same name in the logs and traces of all servers with this secret."""
    global _key  # noqa: PLW0603 - a process has one, and it is set when it starts
    _key = hmac.digest(secret, b"backsignal conversation in logs 1", "sha256")


def conversation_name(sender: str) -> str:
    """The name of a conversation in logs and traces: nobody can tell from it whose it is."""
    return hmac.digest(_key, sender.encode(), "sha256").hex()[:16]


def take_request_id(given: str | None) -> None:
    """Remember the id that a proxy gave to the request that is being answered."""
    _request.set(given if given and _REQUEST_ID.fullmatch(given) else secrets.token_hex(16))


def others_wait() -> bool:
    """Whether somebody waits for an answer besides the one whose turn this is."""
    return _Turn.open > 1


async def in_turn(channel: str, sender: str, work: Awaitable[Result]) -> Result:
    """Do the work of a turn; what it returns or raises."""
    with _turn(channel, sender):
        return await work


@contextmanager
def _turn(channel: str, sender: str) -> Iterator[None]:
    """One turn of a conversation, from the wait for it to the answer."""
    this = _Turn()
    token = _current.set(this)
    _Turn.open += 1
    _waiting.inc()
    outcome = "answered"
    try:
        with _span("turn", channel=channel, conversation=conversation_name(sender)) if _span else _NO_SPAN:
            yield
    except Exception as error:
        # What a channel refuses with a status below 500 is no failure of ours.
        outcome = "failed" if getattr(error, "status", 500) >= 500 else "refused"
        raise
    finally:
        _current.reset(token)
        _Turn.open -= 1
        (_waiting if this.waiting is None else _working).dec()
        _end(this, channel, sender, outcome)


def _end(this: _Turn, channel: str, sender: str, outcome: str) -> None:
    took = perf_counter() - this.began
    _observed[metrics.TURN].observe(took)
    if outcome == "failed":
        metrics.errors.labels(metrics.TURN).inc()
    if logger.isEnabledFor(logging.INFO):
        waited = took if this.waiting is None else this.waiting
        name, request = conversation_name(sender), _request.get() or secrets.token_hex(16)
        logger.info(_LINE, channel, name, request, outcome, took, waited, *this.seconds.values())


@contextmanager
def stage(name: str) -> Iterator[None]:
    """One stage of a turn, or of work outside one."""
    this = _current.get()
    if this and this.waiting is None:
        this.work()
    began = perf_counter()
    try:
        with _span(name) if _span else _NO_SPAN:
            yield
    except Exception:
        metrics.errors.labels(name).inc()
        raise
    finally:
        took = perf_counter() - began
        _observed[name].observe(took)
        if this:
            this.seconds[name] += took


def staged(
    name: str,
) -> Callable[[Callable[Parameters, Awaitable[Result]]], Callable[Parameters, Awaitable[Result]]]:
    """A coroutine function that is a stage."""

    def decorate(
        function: Callable[Parameters, Awaitable[Result]],
    ) -> Callable[Parameters, Awaitable[Result]]:
        @wraps(function)
        async def timed(*arguments: Parameters.args, **options: Parameters.kwargs) -> Result:
            with stage(name):
                return await function(*arguments, **options)

        return timed

    return decorate
