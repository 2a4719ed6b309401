"""Where conversations are kept: in a database, with those that are going on in memory as well."""

import json
import os
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import sqlalchemy as sa
from rasa.core.agent import Agent
from rasa.core.brokers.broker import EventBroker
from rasa.core.tracker_store import SQLTrackerStore, TrackerStore
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import Event, deserialise_events
from rasa.shared.core.trackers import DialogueStateTracker
from sqlalchemy.engine import Connection

from backsignal.components import outcomes
from backsignal.components.audit import told
from backsignal.components.look_back import MOST, looked_back_on
from backsignal.stores import OutrunError, audit
from backsignal.stores.database import DATABASE_VARIABLE, address, database_at, one_at_a_time
from backsignal.telemetry.stages import staged

# Conversations in memory. One that is not among them is read from the database.
_KEPT = 256
_STORED = "_stored_up_to"
# Rasa's own table, so that its tools read what is stored here.
table = SQLTrackerStore.SQLEvent.__table__

# Made once, as making them costs more than carrying them out.
_OF_SENDER = (table.c.sender_id == sa.bindparam("sender"), table.c.id >= sa.bindparam("since"))
_ROWS = sa.select(table.c.id, table.c.data).where(*_OF_SENDER).order_by(table.c.id)
_NUMBERS = sa.select(table.c.id).where(*_OF_SENDER)
_INSERT = sa.insert(table)
# Who keeps more of a conversation in memory than its events.
_memories: list[Callable[[str], None]] = []


@dataclass
class _Kept:
    """A conversation in memory: its events as in the database, the last row's id and data, and its tracker.

    Ids alone say too little, since SQLite gives those of erased rows anew. The tracker is missing while a
    turn works on it; it comes back when that turn is stored.
    """

    events: list[Event] = field(default_factory=list)
    last: int = 0
    data: str = ""
    tracker: DialogueStateTracker | None = None


@dataclass(frozen=True)
class _Stored:
    """How far a tracker is in the database: its last event there and that row's id; 0 where it has none."""

    event: Event | None = None
    row: int = 0


class ConversationStore(TrackerStore):
    """Conversations in Rasa's table of events, in an SQLite file or on a PostgreSQL server.

    Conversations are kept in memory: Rasa's own store reads and replays all of one on each turn. Of a kept
    one only what other servers added is read. What the database does not take or give raises
    UnavailableError: Rasa's own goes on as if the conversation had just begun.
    """

    def __init__(
        self,
        domain: Domain | None = None,
        event_broker: EventBroker | None = None,
        db: str = "var/conversations.db",
        host: str | None = None,
    ) -> None:
        """Takes `db` as BACKSIGNAL_DATABASE is read, which goes before it; Rasa hands over a `host` too."""
        super().__init__(domain, event_broker)
        where = address(os.environ.get(DATABASE_VARIABLE) or host or db)
        self.database = database_at(where).keep(table.metadata, audit.metadata)
        self._kept: OrderedDict[str, _Kept] = OrderedDict()
        self._held: set[str] = set()

    @staged("store")
    async def retrieve(self, sender_id: str) -> DialogueStateTracker | None:
        """The conversation since its last session began, to be worked on and saved."""
        kept = await self._current(sender_id)
        if kept is None:
            return None
        tracker, kept.tracker = kept.tracker, None
        if tracker is None:
            tracker = self._tracker(sender_id, kept.events)
        elif len(tracker.events) > MOST:
            # Of what it looked back on before: a turn costs the same however long the conversation is.
            tracker = self._tracker(sender_id, list(tracker.events))
        setattr(tracker, _STORED, _Stored(kept.events[-1], kept.last))
        return tracker

    async def retrieve_full_tracker(self, conversation_id: str) -> DialogueStateTracker | None:
        """The whole conversation."""
        kept = await self._current(conversation_id)
        if kept is None:
            return None
        tracker = DialogueStateTracker.from_events(conversation_id, kept.events, self.domain.slots)
        setattr(tracker, _STORED, _Stored(kept.events[-1], kept.last))
        return tracker

    async def events(self, sender_id: str) -> list[Event]:
        """All events of a conversation, to be read; the list grows with the conversation."""
        kept = await self._current(sender_id)
        return kept.events if kept else []

    def remembered(self, sender_id: str) -> DialogueStateTracker | None:
        """What this server has of a conversation in memory, to be read while the database does not answer."""
        kept = self._kept.get(sender_id)
        return self._tracker(sender_id, kept.events) if kept else None

    async def keys(self) -> Iterable[str]:
        """All conversations."""
        query = sa.select(table.c.sender_id).distinct()
        return await self.database.run(lambda connection: list(connection.execute(query).scalars()))

    @staged("store")
    async def save(self, tracker: DialogueStateTracker) -> None:
        """Store what is new in a tracker. Raises OutrunError where others added since it was retrieved."""
        await self.stream_events(tracker)
        sender = tracker.sender_id
        stored: _Stored = getattr(tracker, _STORED, None) or _Stored()
        new = _after(tracker, stored.event)
        if not new:
            return
        rows = [_row(sender, event) for event in new]
        last = await self.database.run(partial(_add, sender, rows, stored.row, told(tracker, new)))
        outcomes.count(new)
        setattr(tracker, _STORED, _Stored(new[-1], last))
        kept = self._kept.get(sender) or _Kept()
        # Otherwise it was read meanwhile, or was not kept: the next turn reads what it lacks.
        if kept.last == stored.row:
            kept.events.extend(new)
            kept.last, kept.data = last, rows[-1]["data"]
            # One that Rasa began has what stands before the session as well.
            kept.tracker = tracker if stored.row else None
            self._keep(sender, kept)

    @contextmanager
    def held(self, sender_id: str) -> Iterator[None]:
        """While this lasts, the caller has the lock: what others added is asked for once, not each time.

        Should the lock be lost without its holder's knowing, `save` tells.
        """
        self._held.add(sender_id)
        try:
            yield
        finally:
            self._held.discard(sender_id)

    def kept(self) -> list[str]:
        """The conversations in memory."""
        return list(self._kept)

    def forget(self, sender_id: str) -> None:
        """Drop a conversation from memory, with what others keep of it there."""
        self._kept.pop(sender_id, None)
        for forget_it in _memories:
            forget_it(sender_id)

    async def _current(self, sender: str) -> _Kept | None:
        """The conversation as it is in the database now."""
        kept = self._kept.get(sender) or _Kept()
        since = kept.last
        if since and sender in self._held:
            return kept
        rows = await self.database.run(partial(_rows, sender, since))
        if (self._kept.get(sender) or kept) is not kept or kept.last != since:
            # It was read or stored by others while the database was asked.
            return await self._current(sender)
        if since:
            if not rows or (rows[0].id, rows[0].data) != (kept.last, kept.data):
                # Erased, and perhaps begun again.
                self.forget(sender)
                return await self._current(sender)
            rows = rows[1:]
        if rows:
            kept.events.extend(deserialise_events([json.loads(row.data) for row in rows]))
            kept.last, kept.data, kept.tracker = rows[-1].id, rows[-1].data, None
        if not kept.events:
            return None
        self._keep(sender, kept)
        return kept

    def _tracker(self, sender: str, events: list[Event]) -> DialogueStateTracker:
        return DialogueStateTracker.from_events(sender, looked_back_on(events), self.domain.slots)

    def _keep(self, sender: str, kept: _Kept) -> None:
        self._kept[sender] = kept
        self._kept.move_to_end(sender)
        if len(self._kept) > _KEPT:
            self.forget(next(iter(self._kept)))


def on_forgotten(forget_it: Callable[[str], None]) -> None:
    """Have somebody told when a store drops a conversation, erased or pushed out: they drop it too."""
    _memories.append(forget_it)


def raise_instead_of_forgetting() -> None:
    """Have agents use their store as it is.

    Rasa wraps it: where the database fails, the wrapper says that there is no such conversation, and keeps
    what is new in the memory of one process.
    """
    Agent._create_tracker_store = staticmethod(_with_domain)


def _with_domain(store: TrackerStore, domain: Domain) -> TrackerStore:
    store.domain = domain
    return store


def _rows(sender: str, since: int, connection: Connection) -> list[Any]:
    return list(connection.execute(_ROWS, {"sender": sender, "since": since}))


def _add(
    sender: str, rows: list[dict[str, Any]], behind: int, message: audit.Told | None, connection: Connection
) -> int:
    """Add events' rows behind the row of a number, 0 for a new conversation; returns the last one's number.

    Raises OutrunError where something else stands behind that row, or it is gone. This also holds for a
    server whose lock on the conversation was lost without its knowing.
    """
    one_at_a_time(connection, sender)
    connection.execute(_INSERT, rows)
    numbers = sorted(connection.execute(_NUMBERS, {"sender": sender, "since": behind}).scalars())
    if len(numbers) != len(rows) + bool(behind) or (behind and numbers[0] != behind):
        raise OutrunError
    if message:
        audit.append(connection, sender, message)
    return int(numbers[-1])


def _row(sender: str, event: Event) -> dict[str, Any]:
    data = event.as_dict()
    return {
        "sender_id": sender,
        "type_name": event.type_name,
        "timestamp": data.get("timestamp"),
        "intent_name": data.get("parse_data", {}).get("intent", {}).get("name"),
        "action_name": data.get("name"),
        "data": json.dumps(data),
    }


async def events_of(store: TrackerStore, sender: str) -> list[Event]:
    """All events of a conversation, from whichever store keeps it; none where there is none."""
    if isinstance(store, ConversationStore):
        return await store.events(sender)
    tracker = await store.retrieve_full_tracker(sender)
    return list(tracker.events) if tracker else []


def held(store: TrackerStore, sender: str) -> AbstractContextManager[None]:
    """See ConversationStore.held; another store is asked each time."""
    return store.held(sender) if isinstance(store, ConversationStore) else nullcontext()


def _after(tracker: DialogueStateTracker, stored: Event | None) -> list[Event]:
    """The events behind the one that was stored last."""
    new: list[Event] = []
    for event in reversed(tracker.events):
        if event is stored:
            break
        new.append(event)
    return new[::-1]
