"""Agent assist over HTTP: the API and the console, under /assist/, on any Sanic server.

Who calls is known by a token, and what they may see and do by their role. See docs/assist.md.
"""

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import asdict
from datetime import datetime, timedelta, timezone
from functools import wraps
from typing import Any

from pydantic import BaseModel, Extra
from sanic import Blueprint, Request, Sanic, response
from sanic.response import HTTPResponse
from sqlalchemy.engine import URL

from backsignal.assist import view
from backsignal.assist.access import Access, NotSignedInError, Person, Provider
from backsignal.assist.call import CallClosedError, NeedsReasonError, StaleError
from backsignal.assist.content import CallContent
from backsignal.assist.desk import Desk, NoSuchCallError, RequestReusedError
from backsignal.assist.fhir import document
from backsignal.assist.note import note_text
from backsignal.assist.recordings import RECORDINGS, Recording, recordings
from backsignal.assist.store import Store
from backsignal.assist.understanding import Understanding
from backsignal.channels.assist_pages import Console
from backsignal.channels.assist_requests import (
    NotDoneError,
    flag_of,
    malformed,
    measure_of,
    name_of,
    number_of,
    said_of,
    text_of,
    tick_of,
    version_of,
)
from backsignal.channels.web_requests import RefusedError, answer_cors_ourselves, read_body
from backsignal.channels.web_sessions import load_secret
from backsignal.components.turns import content
from backsignal.language.reader import shared_reader
from backsignal.stores.database import calls_address, database_at

logger = logging.getLogger(__name__)
Handler = Callable[..., Awaitable[HTTPResponse | None]]

_COMPLETE = ":complete"
_PURGE_SECONDS = 3600.0


class AssistOptions(BaseModel):
    """The channel's options in credentials.yml.

    `keep_days` is how long calls are kept. `heartbeat_seconds` is how often a quiet event stream shows that
    it lives. `recordings` offers recorded calls to play into the console. `embed_in` are websites that may
    show the console in a side panel. `provider` is an OpenID Connect provider (`access.Provider`).
    """

    keep_days: float = 30
    heartbeat_seconds: float = 4
    recordings: bool = False
    embed_in: list[str] = []
    provider: Provider | None = None

    class Config:
        """Pydantic settings."""

        extra = Extra.forbid


class AssistApi:
    """The routes of agent assist."""

    def __init__(self, options: AssistOptions, access: Access, database: URL) -> None:
        self._options = options
        self._access = access
        self._database = database
        offered = self._offered()
        self._console = Console(options.embed_in, [offered["token_url"]] if offered else [])
        self._recordings: dict[str, Recording] = recordings(RECORDINGS) if options.recordings else {}
        self._desk: Desk | None = None
        self._purging: asyncio.Task[None] | None = None
        self._closing = False

    @classmethod
    def from_settings(cls, settings: dict[str, Any] | None) -> "AssistApi":
        """As credentials.yml sets it. Raises ValueError where an option is wrong."""
        options = AssistOptions(**(settings or {}))
        return cls(options, Access(load_secret(), options.provider), calls_address())

    def add_to(self, blueprint: Blueprint) -> None:
        """Add the routes, and what has to be done when the server starts and stops."""
        call = "/assist/calls/<call_id:str>"
        for uri, method, handler in (
            ("/assist/me", "GET", self._me),
            ("/assist/calls", "GET", self._calls),
            ("/assist/calls", "POST", self._open),
            (call, "GET", self._call),
            (call, "POST", self._complete),
            (call, "DELETE", self._erase),
            (f"{call}/turns", "POST", self._turn),
            (f"{call}/findings/<finding:str>", "PATCH", self._tick),
            (f"{call}/numbers/<measure:str>", "PATCH", self._number),
            (f"{call}/advice/<topic:str>", "PUT", self._advise),
            (f"{call}/remarks", "PUT", self._remark),
            (f"{call}/events", "GET", self._events),
            (f"{call}/audit", "GET", self._audit),
            (f"{call}/document", "GET", self._document),
            ("/assist/recordings", "GET", self._recorded),
            ("/assist/recordings/<recording:str>", "GET", self._recording),
        ):
            stream = method in {"POST", "PUT", "PATCH"}
            blueprint.add_route(
                self._guarded(handler), uri, {method}, stream=stream, name=f"{method} {uri}".replace("/", "_")
            )
        self._add_console(blueprint)

        @blueprint.listener("before_server_start")
        async def start(_: Sanic, __: asyncio.AbstractEventLoop) -> None:
            self._desk = await asyncio.to_thread(self._made_desk)
            self._purging = asyncio.create_task(self._purge())

        @blueprint.listener("before_server_stop")
        async def stop(_: Sanic, __: asyncio.AbstractEventLoop) -> None:
            self._closing = True
            if self._purging:
                self._purging.cancel()
            if self._desk:
                self._desk.wake_all()

    def _add_console(self, blueprint: Blueprint) -> None:
        for name in self._console.files:
            blueprint.add_route(self._page(name), f"/assist/{name}", name=f"console_{name}".replace(".", "_"))
        blueprint.add_route(self._page("index.html"), "/assist/", name="console", strict_slashes=True)

        async def to_console(_: Request) -> HTTPResponse:
            return response.redirect("/assist/")

        blueprint.add_route(to_console, "/assist", name="to_console", strict_slashes=True)

        async def how_to_sign_in(request: Request) -> HTTPResponse:
            answer_cors_ourselves(request)
            return response.json({"provider": self._offered()})

        # The console asks before anybody is signed in.
        blueprint.add_route(how_to_sign_in, "/assist/sign-in", name="sign_in")

    def _offered(self) -> dict[str, str] | None:
        """The provider with which the console signs agents in."""
        provider = self._options.provider
        if provider is None or provider.sign_in is None:
            return None
        return {"issuer": provider.issuer, **asdict(provider.sign_in)}

    def _page(self, name: str) -> Handler:
        async def page(request: Request) -> HTTPResponse:
            return self._console.files[name].answer(request)

        return page

    def _made_desk(self) -> Desk:
        calls = CallContent.load(content())
        return Desk(calls, Understanding(calls, shared_reader()), Store(database_at(self._database)))

    async def _purge(self) -> None:
        """Erase calls that were kept long enough, now and every hour."""
        while not self._closing:
            try:
                oldest = datetime.now(timezone.utc) - timedelta(days=self._options.keep_days)
                await self._at_desk().erase_opened_before(oldest)
            except Exception as error:
                logger.error("assist.purge.failed error=%s", type(error).__name__)
            await asyncio.sleep(_PURGE_SECONDS)

    def _at_desk(self) -> Desk:
        if self._desk is None:
            raise NotDoneError(503, "failed")
        return self._desk

    # -- who, and what went wrong

    def _guarded(self, handler: Handler) -> Handler:
        """The handler for people who are signed in; whatever fails in it is answered as JSON."""

        @wraps(handler)
        async def guarded(request: Request, **parts: str) -> HTTPResponse | None:
            answer_cors_ourselves(request)
            answer: HTTPResponse | None
            person: Person | None = None
            try:
                person = await self._person(request)
                answer = await handler(request, person, **parts)
            except NotSignedInError:
                answer = NotDoneError(401, "not_signed_in").answer()
            except NoSuchCallError:
                answer = NotDoneError(404, "no_such_call").answer()
            except (CallClosedError, StaleError, NeedsReasonError, RequestReusedError) as error:
                state = await self._state(person, parts.get("call_id", ""))
                answer = NotDoneError(409, _CONFLICTS[type(error)]).answer(state)
            except NotDoneError as error:
                answer = error.answer()
            except RefusedError as error:
                known = error.code if error.code in {"too_large", "not_json"} else "malformed"
                answer = NotDoneError(error.status, known, error.detail).answer()
            except Exception as error:
                # An error's own words may hold what was said in the call, so only its kind is logged.
                route = getattr(request.route, "path", None)
                logger.error("assist.request.failed route=%s error=%s", route, type(error).__name__)
                answer = NotDoneError(503, "failed").answer()
            return answer

        return guarded

    async def _person(self, request: Request) -> Person:
        if self._access.asks_a_provider:
            return await asyncio.to_thread(self._access.read, request.token)
        return self._access.read(request.token)

    async def _state(self, person: Person | None, call_id: str) -> Mapping[str, Any] | None:
        """How the call stands now, for somebody whose change was not taken."""
        with suppress(NoSuchCallError):
            if person:
                return view.state(await self._at_desk().call(call_id.removesuffix(_COMPLETE), person))
        return None

    # -- the routes

    async def _me(self, _: Request, person: Person) -> HTTPResponse:
        return response.json(
            {
                "id": person.id,
                "name": person.name,
                "roles": sorted(person.roles),
                "recordings": bool(self._recordings),
                "heartbeat_seconds": self._options.heartbeat_seconds,
            }
        )

    async def _calls(self, _: Request, person: Person) -> HTTPResponse:
        if not person.answers:
            raise NotDoneError(403, "not_allowed")
        return response.json({"calls": [view.summary(call) for call in await self._at_desk().calls(person)]})

    async def _open(self, request: Request, person: Person) -> HTTPResponse:
        body = await read_body(request)
        owner = _owner(body.get("owner"), person)
        call = await self._at_desk().open(person, name_of(body, "request_id"), owner)
        return response.json({"id": call.id, "version": call.version}, status=201)

    async def _call(self, _: Request, person: Person, call_id: str) -> HTTPResponse:
        desk = self._at_desk()
        call = await desk.call(call_id, person)
        return response.json({**view.snapshot(call), "partials": desk.partials(call_id)})

    async def _turn(self, request: Request, person: Person, call_id: str) -> HTTPResponse:
        said = said_of(await read_body(request))
        call, turn = await self._at_desk().say(call_id, person, said)
        if turn is None:
            return response.json({"version": call.version, "turn": None}, status=202)
        state = view.state(call)
        kept = {key: state[key] for key in ("version", "triage", "next_question", "failed")}
        if not person.may_see(call.owner):
            kept = {"version": call.version}
        return response.json({**kept, "turn": view.turn_view(turn, call)}, status=201)

    async def _tick(self, request: Request, person: Person, call_id: str, finding: str) -> HTTPResponse:
        if finding not in content().findings:
            raise NotDoneError(404, "not_found")
        status, because, version, request_id = tick_of(await read_body(request))
        call = await self._at_desk().tick(call_id, person, finding, status, because, version, request_id)
        return response.json(view.state(call))

    async def _number(self, request: Request, person: Person, call_id: str, measure: str) -> HTTPResponse:
        known = measure_of(measure)
        value = number_of(await read_body(request), "value", 0, 36_500)
        return response.json(view.state(await self._at_desk().number(call_id, person, known, value)))

    async def _advise(self, request: Request, person: Person, call_id: str, topic: str) -> HTTPResponse:
        if topic not in content().topics and topic not in view.BESIDES:
            raise NotDoneError(404, "not_found")
        given = flag_of(await read_body(request), "given")
        return response.json(view.state(await self._at_desk().advise(call_id, person, topic, given)))

    async def _remark(self, request: Request, person: Person, call_id: str) -> HTTPResponse:
        body = await read_body(request)
        text, version = text_of(body, "text"), version_of(body)
        return response.json(view.state(await self._at_desk().remark(call_id, person, text, version)))

    async def _complete(self, request: Request, person: Person, call_id: str) -> HTTPResponse:
        # The router cannot end a part of an address with ":complete", so it is cut off here.
        if not call_id.endswith(_COMPLETE):
            raise NotDoneError(404, "not_found")
        await read_body(request)
        call = await self._at_desk().complete(call_id.removesuffix(_COMPLETE), person)
        return response.json({"version": call.version, "note": note_text(call), "fhir": document(call)})

    async def _document(self, _: Request, person: Person, call_id: str) -> HTTPResponse:
        call = await self._at_desk().call(call_id, person)
        return response.json({"version": call.version, "note": note_text(call), "fhir": document(call)})

    async def _audit(self, _: Request, person: Person, call_id: str) -> HTTPResponse:
        events = await self._at_desk().audit(call_id, person)
        return response.json({"events": [event.dict() for event in events]})

    async def _erase(self, _: Request, person: Person, call_id: str) -> HTTPResponse:
        if not person.supervises:
            raise NotDoneError(403, "not_allowed")
        await self._at_desk().erase(call_id, person)
        return response.json({"erased": True})

    async def _events(self, request: Request, person: Person, call_id: str) -> None:
        version = _event_id(request.headers.get("last-event-id"))
        desk = self._at_desk()
        await desk.call(call_id, person)
        stream = await request.respond(content_type="text/event-stream", headers={"X-Accel-Buffering": "no"})
        with suppress(NoSuchCallError):
            async for news in desk.watch(call_id, person, version, self._options.heartbeat_seconds):
                if self._closing:
                    break
                if news is None:
                    await stream.send(": alive\n\n")
                    continue
                call, partials = news
                data = json.dumps({**view.since(call, version), "partials": partials}, ensure_ascii=False)
                version = call.version
                await stream.send(f"id: {version}\nevent: call\ndata: {data}\n\n")
        await stream.eof()

    async def _recorded(self, _: Request, person: Person) -> HTTPResponse:
        return response.json(
            {"recordings": [{"id": r.id, "title": r.title} for r in self._recordings.values()]}
        )

    async def _recording(self, _: Request, person: Person, recording: str) -> HTTPResponse:
        found = self._recordings.get(recording)
        if found is None:
            raise NotDoneError(404, "not_found")
        return response.json(found.dict())


_CONFLICTS: dict[type[Exception], str] = {
    CallClosedError: "call_closed",
    StaleError: "stale",
    NeedsReasonError: "needs_reason",
    RequestReusedError: "request_reused",
}


def _owner(owner: object, person: Person) -> Person | None:
    """The agent whose call it is, where somebody else opens it. Raises NotDoneError."""
    if owner is None:
        if not person.answers:
            raise NotDoneError(403, "not_allowed", "Name the agent whose call it is as 'owner'.")
        return None
    if not isinstance(owner, dict) or not isinstance(owner.get("id"), str) or not owner["id"]:
        raise malformed("'owner' is to be an object with the agent's 'id' and 'name'.")
    if owner["id"] != person.id and not person.opens_for_others:
        raise NotDoneError(403, "not_allowed")
    name = owner.get("name", owner["id"])
    if not isinstance(name, str) or max(len(name), len(owner["id"])) > 255:
        raise malformed("'id' and 'name' of the owner are to be strings of at most 255 characters.")
    return Person(owner["id"], name, frozenset())


def _event_id(header: str | None) -> int:
    return int(header) if header and header.isascii() and header.isdigit() and len(header) < 10 else 0
