"""The desk: opens calls, takes in what happens in them, and tells those who watch.

One call is worked on by one request at a time; another server on the same database is noticed by the
numbers of the events. What is kept in memory can be made again from the events at any time.
"""

import asyncio
import secrets
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date, datetime, timezone
from hashlib import sha256
from typing import Any

from backsignal.assist.access import Person
from backsignal.assist.audit import told
from backsignal.assist.call import Because, Call, CallError, Event, Kind, StaleError, TickStatus
from backsignal.assist.content import CallContent
from backsignal.assist.listening import Role, Turn
from backsignal.assist.store import Store
from backsignal.assist.understanding import Understanding
from backsignal.clinical.content import Measure
from backsignal.clinical.levels import Level
from backsignal.stores import OutrunError
from backsignal.stores.audit import Told
from backsignal.stores.shared import News

_MOST_IN_MEMORY = 300
_TRIES = 5
_ASSISTANT = Person("backsignal", "Backsignal", frozenset())
Planned = tuple[Kind, dict[str, Any]]


class NoSuchCallError(Exception):
    """There is no call of that name for this person."""


class RequestReusedError(CallError):
    """The request's id was used before, for something else."""


@dataclass(frozen=True)
class Said:
    """A turn as it comes in; `final` is False for a segment that the service may still change."""

    role: Role
    text: str
    request_id: str
    started: float | None = None
    segment: str | None = None
    final: bool = True


@dataclass
class _Live:
    """A call in memory, with those who wait for news and the segments still being spoken."""

    call: Call
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    news: asyncio.Event = field(default_factory=asyncio.Event)
    partials: dict[str, dict[str, Any]] = field(default_factory=dict)
    partials_version: int = 0
    watchers: int = 0

    def tell(self) -> None:
        """Wake all who wait; those who come later wait for the next news."""
        self.news.set()
        self.news = asyncio.Event()


class Desk:
    """All calls of one service."""

    def __init__(
        self,
        content: CallContent,
        understanding: Understanding,
        store: Store,
        clock: Callable[[], datetime] = lambda: datetime.now(timezone.utc),
    ) -> None:
        self._content = content
        self._understanding = understanding
        self._store = store
        self._clock = clock
        self._live: OrderedDict[str, _Live] = OrderedDict()
        self._news = News("assist", self._heard)

    # -- opening and finding

    async def open(self, person: Person, request_id: str | None = None, owner: Person | None = None) -> Call:
        """Open a call; the same person's same request opens one only."""
        owner = owner or person
        call_id = _id_of(person, request_id) if request_id else secrets.token_hex(8)
        data = {
            "owner": owner.id,
            "owner_name": owner.name,
            "content_version": self._content.clinical.version,
        }
        event = self._event(1, "opened", person, data)
        with suppress(OutrunError):
            await self._store.create(call_id, owner.id, event)
        return (await self._load(call_id)).call

    async def call(self, call_id: str, person: Person) -> Call:
        """A call as it stands. Raises NoSuchCallError where it is not this person's to see."""
        return (await self._seen(call_id, person)).call

    async def calls(self, person: Person) -> list[Call]:
        """The open calls that are a person's to see, the most urgent first."""
        ids = await self._store.open_calls(None if person.supervises else person.id)
        calls = [(await self._load(call_id)).call for call_id in ids]
        return sorted(
            calls, key=lambda call: (-call.supported().level.rank, -call.triage().level.rank, call.opened_at)
        )

    async def audit(self, call_id: str, person: Person) -> list[Event]:
        """Every event of a call, as it happened."""
        await self._seen(call_id, person)
        return await self._store.events(call_id)

    # -- what happens in a call

    async def say(self, call_id: str, person: Person, said: Said) -> tuple[Call, Turn | None]:
        """Take in a turn, a segment or a segment's correction; None for a segment not yet final."""
        live = await self._load(call_id)
        if not person.may_transcribe(live.call.owner):
            raise NoSuchCallError
        if not said.final:
            self._partial(live, said)
            return live.call, None
        turn_id = _turn_id(said)

        def plan(call: Call) -> list[Planned]:
            nonlocal turn_id
            call.require_open()
            known = call.segment(said.segment) if said.segment else None
            if known is None:
                return [("said", self._turn(call, person, said))]
            turn_id = known.id
            if known.text == said.text:
                return []
            return [("corrected", self._understanding.corrected(call, known.id, said.text, self._today()))]

        call, repeated = await self._do(live, person, plan, said.request_id)
        if repeated:
            turn_id = _same_turn(repeated, said)
        if said.segment and live.partials.pop(said.segment, None):
            live.partials_version += 1
            live.tell()
        return call, call.turns[call.index(turn_id)]

    def _turn(self, call: Call, person: Person, said: Said) -> dict[str, Any]:
        turn = Turn(
            id=_turn_id(said),
            role=said.role,
            text=said.text,
            at=self._now(),
            by=person.name,
            started=said.started,
            segment=said.segment,
        )
        return self._understanding.said(call, turn, self._today())

    def _partial(self, live: _Live, said: Said) -> None:
        live.call.require_open()
        segment = said.segment or said.role
        live.partials[segment] = {"segment": segment, "role": said.role, "text": said.text}
        live.partials_version += 1
        live.tell()

    async def tick(
        self,
        call_id: str,
        person: Person,
        finding: str,
        status: TickStatus | None,
        because: Because | None = None,
        version: int | None = None,
        request_id: str | None = None,
    ) -> Call:
        """An agent's own word on a finding; None takes it back. Raises what `Call.plan_tick` raises."""
        live = await self._seen(call_id, person)

        def plan(call: Call) -> list[Planned]:
            return [("ticked", call.plan_tick(finding, status, because, version))]

        return (await self._do(live, person, plan, request_id))[0]

    async def number(self, call_id: str, person: Person, measure: Measure, value: float | None) -> Call:
        """An agent's own number (an age, days of pain); None takes it back."""
        return await self._simply(call_id, person, "numbered", {"measure": measure, "value": value})

    async def advise(self, call_id: str, person: Person, topic: str, given: bool) -> Call:
        """Note that something was read out, or was not after all."""
        return await self._simply(call_id, person, "advised", {"topic": topic, "given": given})

    async def remark(self, call_id: str, person: Person, text: str, version: int | None) -> Call:
        """The agent's remarks. Raises StaleError where somebody else changed them since `version`."""
        live = await self._seen(call_id, person)

        def plan(call: Call) -> list[Planned]:
            call.require_open()
            if version is not None and call.remarked > version:
                raise StaleError
            return [] if call.remarks == text else [("remarked", {"text": text})]

        return (await self._do(live, person, plan))[0]

    async def complete(self, call_id: str, person: Person) -> Call:
        """Close the call; a closed one stays as it is."""
        live = await self._seen(call_id, person)

        def plan(call: Call) -> list[Planned]:
            return [] if call.closed_at else [("completed", {})]

        return (await self._do(live, person, plan))[0]

    async def _simply(self, call_id: str, person: Person, kind: Kind, data: dict[str, Any]) -> Call:
        live = await self._seen(call_id, person)

        def plan(call: Call) -> list[Planned]:
            call.require_open()
            return [(kind, data)]

        return (await self._do(live, person, plan))[0]

    async def erase(self, call_id: str, person: Person) -> None:
        """Erase a call and all that was said in it."""
        live = await self._seen(call_id, person)
        async with live.lock:
            await self._store.erase(call_id)
            self._drop(live)
        self._news.tell(call_id)

    async def erase_opened_before(self, moment: datetime) -> int:
        """Erase old calls; returns how many. What others erased goes from memory with them."""
        erased = await self._store.erase_opened_before(moment.isoformat(timespec="seconds"))
        here = list(self._live.values())
        kept = await self._store.kept(live.call.id for live in here)
        for live in here:
            if live.call.id not in kept:
                self._drop(live)
        return erased

    def _drop(self, live: _Live) -> None:
        """Let an erased call go from memory, and whoever watches it know."""
        self._live.pop(live.call.id, None)
        live.tell()

    # -- watching

    def partials(self, call_id: str) -> dict[str, dict[str, Any]]:
        """The segments of a call that are still being spoken."""
        live = self._live.get(call_id)
        return dict(live.partials) if live else {}

    async def listen(self) -> None:
        """Hear what other servers say of their calls, for ever."""
        await self._news.listen()

    def _heard(self, call_id: str | None) -> None:
        for each in tuple(self._live) if call_id is None else (call_id,):
            if each in self._live:
                self._live[each].tell()

    def wake_all(self) -> None:
        """Wake all who watch, for the service stops."""
        for live in self._live.values():
            live.tell()

    async def watch(
        self, call_id: str, person: Person, version: int, heartbeat: float
    ) -> AsyncIterator[tuple[Call, dict[str, Any]] | None]:
        """News of a call behind a version, as they come; None when nothing happened for a while."""
        partials = -1
        live = await self._seen(call_id, person)
        live.watchers += 1
        try:
            while self._live.get(call_id) is live:
                news = live.news
                await self._refresh(live)
                if live.call.version > version or live.partials_version != partials:
                    version, partials = live.call.version, live.partials_version
                    yield live.call, dict(live.partials)
                    continue
                # Another server's news that was lost on its way is seen after a heartbeat.
                with suppress(asyncio.TimeoutError):
                    await asyncio.wait_for(news.wait(), heartbeat)
                if live.call.version == version and live.partials_version == partials:
                    yield None
        finally:
            live.watchers -= 1

    # -- the machinery

    async def _do(
        self,
        live: _Live,
        person: Person,
        plan: Callable[[Call], list[Planned]],
        request_id: str | None = None,
    ) -> tuple[Call, Event | None]:
        """Plan on the newest state, keep the events, take them in; again where another server was faster.

        Returns the call, and what the same request did before where it is no new one.
        """
        async with live.lock:
            for _ in range(_TRIES):
                await self._refresh(live)
                if request_id:
                    repeated = await self._store.requested(live.call.id, request_id)
                    if repeated:
                        return live.call, repeated
                planned = plan(live.call)
                if not planned:
                    return live.call, None
                try:
                    await self._keep(live, *self._take_in(live.call, person, planned, request_id))
                except OutrunError:
                    continue
                return live.call, None
        raise OutrunError

    async def _keep(self, live: _Live, events: list[Event], audited: list[Told]) -> None:
        try:
            await self._store.append(live.call.id, events, audited)
        except BaseException:
            # What is in memory is ahead of what was kept: whoever looks next makes it again from that. Its
            # place is kept, with the lock: with two locks this server would outrun itself.
            live.call = Call(live.call.id, self._content)
            raise
        live.tell()
        self._news.tell(live.call.id)

    def _take_in(
        self, call: Call, person: Person, planned: list[Planned], request_id: str | None
    ) -> tuple[list[Event], list[Told]]:
        """The events, taken in, with the change of level that follows from them, and the audit's rows."""
        events: list[Event] = []
        audited: list[Told] = []
        for kind, data in planned:
            event = self._event(call.version + 1, kind, person, data, None if events else request_id)
            call.apply(event)
            events.append(event)
            if row := told(call, event):
                audited.append(row)
        level = call.supported().level
        if level is not (call.level or Level.SELF_CARE):
            event = self._event(call.version + 1, "level", _ASSISTANT, {"level": level.value})
            call.apply(event)
            events.append(event)
        return events, audited

    def _event(
        self, seq: int, kind: Kind, person: Person, data: dict[str, Any], request_id: str | None = None
    ) -> Event:
        return Event(
            seq=seq,
            kind=kind,
            at=self._now(),
            by=person.id,
            name=person.name,
            data=data,
            request_id=request_id,
        )

    async def _seen(self, call_id: str, person: Person) -> _Live:
        live = await self._load(call_id)
        if not person.may_see(live.call.owner):
            raise NoSuchCallError
        return live

    async def _load(self, call_id: str) -> _Live:
        live = self._live.get(call_id)
        if live is None:
            call = await self._replayed(call_id)
            live = self._live.setdefault(call_id, _Live(call))
        self._live.move_to_end(call_id)
        if len(self._live) > _MOST_IN_MEMORY:
            self._forget()
        await self._refresh(live)
        return live

    def _forget(self) -> None:
        """Let the call that was asked for longest ago go from memory, unless somebody works on it."""
        for call_id, live in self._live.items():
            if not live.lock.locked() and not live.watchers:
                del self._live[call_id]
                return

    async def _refresh(self, live: _Live) -> None:
        """Take in what is kept and not here yet. Raises NoSuchCallError where the call was erased."""
        while True:
            version = await self._store.version(live.call.id)
            if version is None:
                self._drop(live)
                raise NoSuchCallError
            if version <= live.call.version:
                return
            for event in await self._store.events(live.call.id, live.call.version):
                if event.seq == live.call.version + 1:
                    live.call.apply(event)

    async def _replayed(self, call_id: str) -> Call:
        events = await self._store.events(call_id)
        if not events:
            raise NoSuchCallError
        return replay(call_id, events, self._content)

    def _now(self) -> str:
        return self._clock().isoformat(timespec="milliseconds")

    def _today(self) -> date:
        return self._clock().date()


def replay(call_id: str, events: list[Event], content: CallContent) -> Call:
    """The call that its events make."""
    call = Call(call_id, content)
    for event in events:
        call.apply(event)
    return call


def _turn_id(said: Said) -> str:
    return f"t-{said.request_id}"


def _same_turn(event: Event, said: Said) -> str:
    """The turn that the same request made before. Raises RequestReusedError where it did something else."""
    if event.kind == "corrected" and event.data["text"] == said.text:
        return str(event.data["turn"])
    if event.kind == "said" and event.data["turn"]["text"] == said.text:
        return str(event.data["turn"]["id"])
    raise RequestReusedError


def _id_of(person: Person, request_id: str) -> str:
    return sha256(f"{person.id}\0{request_id}".encode()).hexdigest()[:16]
