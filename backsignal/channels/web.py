"""The web channel: what the chat widget talks to. Its routes stand under /web/.

A person is a stranger: who they are comes from a session that the server signed, and from nothing else
that a request says. A message is handled once however often it is sent, as the tracker remembers its id.
"""

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import wraps
from typing import Any

from pydantic import BaseModel, Extra
from rasa.core.agent import Agent
from rasa.core.channels.channel import InputChannel, UserMessage
from rasa.shared.core.events import BotUttered, Event
from sanic import Request, Sanic, response
from sanic.response import HTTPResponse

from backsignal.channels.guard import protect
from backsignal.channels.load import BusyError, turns
from backsignal.channels.safety import Answers, OnMessage, harmless, is_cut_short, log_failure
from backsignal.channels.service import RootBlueprint
from backsignal.channels.web_history import Entries, Entry, answer_to, entries_of, offered
from backsignal.channels.web_limits import Limiter
from backsignal.channels.web_pages import Pages, facts
from backsignal.channels.web_requests import (
    RefusedError,
    allowed_origin,
    answer_cors_ourselves,
    failed,
    message_of,
    read_body,
    unstored,
)
from backsignal.channels.web_sessions import NoSessionError, Sessions, load_secret
from backsignal.channels.web_streams import Streams
from backsignal.components.action_endpoint import failed_actions
from backsignal.components.check_ins import follow, last_check_in, move_check_ins
from backsignal.components.erasure import erase
from backsignal.components.tracker_store import events_of, held, on_forgotten
from backsignal.components.turns import safe_reply
from backsignal.components.unstored import unstored_reply
from backsignal.stores import UnavailableError
from backsignal.telemetry.stages import in_turn, take_request_id

logger = logging.getLogger(__name__)
Handler = Callable[[Request], Awaitable[HTTPResponse | None]]
# A turn's entries, and when the last check-in of the person is due.
Answered = tuple[list[Entry], float | None]

_MOST_STREAMS = 6
# Somebody who agreed to be asked again has so long to see the last question.
_TO_SEE_SECONDS = 7 * 86_400
_PREFLIGHT_HEADERS = {
    "Access-Control-Allow-Methods": "GET, POST, DELETE",
    "Access-Control-Allow-Headers": "Authorization, Content-Type, Last-Event-ID",
    "Access-Control-Max-Age": "7200",
}


class WebOptions(BaseModel):
    """The channel's options in credentials.yml.

    `origins` are other websites whose pages may use the chat ("https://clinic.example"). A session ends
    after `lifetime_hours` without a visit, or when the check-ins that were agreed to are over. Limits count
    a session's messages, and an address's new sessions and requests, over all servers. `opening` is the
    response that opens a conversation. `poll_seconds` is how often a stream looks for check-ins and for what
    came by another server. `demo` serves the demonstration page at `/`.
    """

    origins: frozenset[str] = frozenset()
    lifetime_hours: float = 24
    messages_per_minute: float = 40
    sessions_per_minute: float = 60
    requests_per_minute: float = 1200
    opening: str = "utter_welcome"
    poll_seconds: float = 20
    demo: bool = True

    class Config:
        """Pydantic settings."""

        extra = Extra.forbid


# Of the conversations on this server; each is read from the store's events and never changed by itself.
_said = Entries()
on_forgotten(_said.forget)


class WebChannel(InputChannel):
    """The channel behind the chat widget."""

    def __init__(self, options: WebOptions, sessions: Sessions) -> None:
        self._options = options
        self._sessions = sessions
        self._streams = Streams()
        self._pages = Pages(options.demo)
        self._messages = Limiter("messages", options.messages_per_minute)
        self._starts = Limiter("sessions", options.sessions_per_minute)
        self._requests = Limiter("requests", options.requests_per_minute)

    @classmethod
    def name(cls) -> str:
        """The channel's name."""
        return "web"

    @classmethod
    def from_credentials(cls, credentials: dict[str, Any] | None) -> "WebChannel":
        """The channel as credentials.yml sets it. Raises ValueError where an option is wrong."""
        options = WebOptions(**(credentials or {}))
        return cls(options, Sessions(load_secret(), options.lifetime_hours * 3600))

    def blueprint(self, on_new_message: OnMessage) -> RootBlueprint:
        """The channel's routes."""
        blueprint = RootBlueprint("web_channel")
        for uri, method, handler in (
            ("/web/clinic", "GET", self._clinic),
            ("/web/session", "POST", self._open),
            ("/web/session", "DELETE", self._forget),
            ("/web/messages", "GET", self._history),
            ("/web/messages", "POST", self._message),
            ("/web/events", "GET", self._events),
        ):
            name = f"{method} {uri}"
            blueprint.add_route(self._guarded(handler), uri, {method}, stream=method == "POST", name=name)
        blueprint.add_route(
            self._guarded(_nothing), "/web/<path:path>", {"GET", "POST", "DELETE"}, name="nothing"
        )
        self._pages.add_to(blueprint)
        preflight = self._guarded(_preflight)

        # Rasa has every preflight answered before a route is asked, by its own policy: ours replaces that.
        async def answer_preflight(request: Request, _: HTTPResponse) -> HTTPResponse | None:
            if request.method != "OPTIONS" or not request.path.startswith("/web/"):
                return None
            answer = await preflight(request)
            protect(request, answer)
            return answer

        @blueprint.listener("before_server_start")
        async def before_routes(app: Sanic, _: asyncio.AbstractEventLoop) -> None:
            app.register_middleware(answer_preflight, "response")

        @blueprint.listener("after_server_start")
        async def listen(app: Sanic, _: asyncio.AbstractEventLoop) -> None:
            app.add_task(self._streams.listen())

        @blueprint.listener("before_server_stop")
        async def end_streams(_: Sanic, __: asyncio.AbstractEventLoop) -> None:
            self._streams.close()

        return blueprint

    def _guarded(self, handler: Handler) -> Handler:
        """The handler behind origin and rate checks; whatever fails in it is answered as JSON."""

        @wraps(handler)
        async def guarded(request: Request, **_: str) -> HTTPResponse | None:
            headers = {"Vary": "Origin"}
            answer_cors_ourselves(request)
            try:
                origin = allowed_origin(request, self._options.origins)
                if origin:
                    headers["Access-Control-Allow-Origin"] = origin
                    headers["Access-Control-Expose-Headers"] = "Retry-After"
                request.ctx.web_headers = headers
                await _take(self._requests, _address(request))
                answer = await handler(request)
            except RefusedError as refused:
                answer = refused.answer()
            except NoSessionError:
                answer = RefusedError(401, "no_session").answer()
            except Exception as error:
                # An error's own words may hold what the person wrote, so only its kind is logged.
                route = getattr(request.route, "path", None)
                logger.error("web.request.failed route=%s error=%s", route, type(error).__name__)
                answer = failed().answer()
            if answer is not None:
                answer.headers.update(headers)
            return answer

        return guarded

    async def _clinic(self, _: Request) -> HTTPResponse:
        return response.json(facts())

    async def _open(self, request: Request) -> HTTPResponse:
        body = await read_body(request)
        agent = _agent(request)
        restart = body.get("restart") is True
        if request.token is None or restart:
            await _take(self._starts, _address(request))
        if request.token is None:
            session = self._sessions.new()
        else:
            session = self._sessions.read(request.token)
            await _events_of(agent, session.sender)
            last, before = await last_check_in(agent.tracker_store, session.sender), session.sender
            session = self._sessions.renewed(session, restart, _to_see(last))
            if session.sender != before:
                await move_check_ins(agent.tracker_store, before, session.sender)
        entries = await _opened(agent, session.sender, self._options.opening)
        return response.json(
            {"token": self._sessions.token(session), "expires": session.expires, "messages": entries}
        )

    async def _forget(self, request: Request) -> HTTPResponse:
        session = self._sessions.read(request.token)
        agent = _agent(request)
        for sender in session.senders():
            async with agent.lock_store.lock(sender):
                await erase(agent.tracker_store, sender)
            self._streams.wake(sender)
        return response.json({"erased": True})

    async def _history(self, request: Request) -> HTTPResponse:
        session = self._sessions.read(request.token)
        events = await _events_of(_agent(request), session.sender)
        return response.json({"messages": _said.of(session.sender, events)})

    async def _message(self, request: Request) -> HTTPResponse:
        session = self._sessions.read(request.token)
        await _take(self._messages, session.person)
        message_id, text, payloads = message_of(await read_body(request))
        agent = _agent(request)
        take_request_id(request.headers.get("x-request-id"))
        # A turn that has begun is finished even if the person's connection breaks: a retry gets its answer.
        turn = asyncio.ensure_future(_kept_turn(agent, session.sender, message_id, text, payloads))
        messages, last_check_in_at = await asyncio.shield(turn)
        answer: dict[str, Any] = {"id": message_id, "messages": messages}
        self._streams.wake(session.sender)
        until = _to_see(last_check_in_at)
        if until > session.expires:
            answer["token"] = self._sessions.token(self._sessions.renewed(session, until=until))
        return response.json(answer)

    async def _events(self, request: Request) -> None:
        session = self._sessions.read(request.token)
        sender = session.sender
        agent = _agent(request)
        if self._streams.count(sender) >= _MOST_STREAMS:
            raise RefusedError(429, "too_fast", retry_after=30)
        seen = _number(request.headers.get("last-event-id"))
        with self._streams.listening(sender) as woken:
            news = await _news(agent, sender, seen)
            stream = await request.respond(
                content_type="text/event-stream",
                headers={**request.ctx.web_headers, "X-Accel-Buffering": "no"},
            )
            while not self._streams.closing:
                await stream.send("".join(_event("message", entry, entry["n"]) for entry in news) or ": \n\n")
                seen = news[-1]["n"] if news else seen
                # While it waits it keeps nothing that may be erased meanwhile.
                news.clear()
                woken.clear()
                with suppress(asyncio.TimeoutError):
                    await asyncio.wait_for(woken.wait(), self._options.poll_seconds)
                try:
                    news = await _news(agent, sender, seen)
                except RefusedError:
                    await stream.send(_event("over", {}))
                    break
                except UnavailableError:
                    # The stream outlasts the store's absence.
                    continue
            await stream.eof()


class _WebAnswers(Answers):
    """A turn's answers; responses may have a wording of their own for the channel."""

    @classmethod
    def name(cls) -> str:
        """The channel's name."""
        return WebChannel.name()


async def _kept_turn(
    agent: Agent, sender: str, message_id: str, text: str | None, payloads: list[str]
) -> Answered:
    """The answer to a message. Raises RefusedError with what to say meanwhile where it could not be kept."""
    try:
        with turns.one():
            work = _turn(agent, sender, message_id, text, payloads)
            return await in_turn(WebChannel.name(), sender, work)
    except RefusedError:
        raise
    except BusyError as error:
        raise failed() from error
    except Exception as error:
        log_failure("web.turn.failed", error)
        said = "; ".join(payloads) if text is None else text
        raise unstored(await unstored_reply(agent, sender, harmless(said))) from error


async def _turn(
    agent: Agent, sender: str, message_id: str, text: str | None, payloads: list[str]
) -> Answered:
    """The answer to a message: as it was given where the message was handled before, else a new turn."""
    async with agent.lock_store.lock(sender):
        entries = _said.of(sender, await _events_of(agent, sender))
        before = answer_to(entries, message_id)
        if before is not None:
            # It was handled, and the database went away before the safe message.
            whole = before if len(before) > 1 else await _with_safe_message(agent, sender, before)
            last = None
            # The answer does not wait for a longer session: the next message brings one.
            with suppress(UnavailableError):
                last = await last_check_in(agent.tracker_store, sender)
            return whole, last
        if text is None:
            if not offered(entries).admits(payloads):
                raise RefusedError(409, "not_offered")
            text = "; ".join(payloads)
        else:
            text = harmless(text)
        with held(agent.tracker_store, sender), failed_actions() as failed:
            # The processor and not the agent: the conversation's lock is held already.
            await agent.processor.handle_message(
                UserMessage(
                    text, _WebAnswers(), sender, input_channel=WebChannel.name(), message_id=message_id
                )
            )
            events = await _events_of(agent, sender)
        answer = answer_to(_said.of(sender, events), message_id)
        last = await follow(agent.tracker_store, events, message_id, sender, WebChannel.name(), sender)
        if answer is None:
            raise LookupError("the turn left no trace in the store")
        if is_cut_short([entry["text"] for entry in answer[1:]], failed):
            answer = await _with_safe_message(agent, sender, answer)
        return answer, last


async def _with_safe_message(agent: Agent, sender: str, answer: list[Entry]) -> list[Entry]:
    """The answer with the safe message behind it, in the conversation as well."""
    await _add(agent, sender, BotUttered(safe_reply().text))
    return [*answer, _said.of(sender, await _events_of(agent, sender))[-1]]


async def _opened(agent: Agent, sender: str, opening: str) -> list[Entry]:
    """The conversation so far; a new one is begun with the opening words."""
    async with agent.lock_store.lock(sender):
        tracker = await agent.tracker_store.retrieve_full_tracker(sender)
        if tracker is None:
            tracker = await agent.processor.fetch_tracker_with_initial_session(sender, _WebAnswers())
            words = await agent.nlg.generate(opening, tracker, WebChannel.name())
            tracker.update(BotUttered(words.pop("text"), words), agent.domain)
            await agent.tracker_store.save(tracker)
        return entries_of(tracker.events)


async def _add(agent: Agent, sender: str, event: Event) -> None:
    store = agent.tracker_store
    tracker = await store.retrieve(sender)
    tracker.update(event, agent.domain)
    await store.save(tracker)


async def _events_of(agent: Agent, sender: str) -> list[Event]:
    """All events of a conversation. Raises RefusedError where there is none: it was erased."""
    events = await events_of(agent.tracker_store, sender)
    if not events:
        raise RefusedError(401, "session_over")
    return events


async def _news(agent: Agent, sender: str, seen: int) -> list[Entry]:
    """What was said behind the entry of a number. Raises RefusedError where the conversation was erased."""
    entries = _said.of(sender, await _events_of(agent, sender))
    return [entry for entry in entries if entry["n"] > seen]


def _to_see(last_check_in_at: float | None) -> int:
    """Until when a session must last so that all check-ins that were agreed to can be seen."""
    return 0 if last_check_in_at is None else int(last_check_in_at) + _TO_SEE_SECONDS


def _agent(request: Request) -> Agent:
    agent: Agent | None = getattr(request.app.ctx, "agent", None)
    if agent is None or not agent.is_ready():
        raise failed()
    return agent


async def _take(limiter: Limiter, key: str) -> None:
    seconds = await limiter.wait(key)
    if seconds:
        raise RefusedError(429, "too_fast", retry_after=seconds)


def _address(request: Request) -> str:
    # remote_addr is set only where Sanic is told of its proxies (PROXIES_COUNT): else no header is believed.
    return request.remote_addr or request.ip


def _number(text: str | None) -> int:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 10 else -1


def _event(kind: str, data: Any, number: int | None = None) -> str:
    mark = "" if number is None else f"id: {number}\n"
    return f"{mark}event: {kind}\ndata: {json.dumps(data)}\n\n"


async def _preflight(_: Request) -> HTTPResponse:
    return response.empty(headers=_PREFLIGHT_HEADERS)


async def _nothing(_: Request) -> HTTPResponse:
    raise RefusedError(404, "not_found")
