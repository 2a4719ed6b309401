"""Where conversations are kept: in SQLite, with those that are going on in memory as well."""

import json
import os
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import sqlalchemy as sa
import sqlalchemy.orm
from rasa.core.brokers.broker import EventBroker
from rasa.core.tracker_store import SQLTrackerStore, TrackerStore
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import Event, SessionStarted, deserialise_events
from rasa.shared.core.trackers import DialogueStateTracker
from sqlalchemy.pool import QueuePool

from backsignal.components import audit

DATABASE_VARIABLE = "BACKSIGNAL_DATABASE"
# Events that a turn looks back on: about seven turns. Rasa's work on a turn grows with them.
_LOOKS_BACK = 80
# Conversations in memory. One that is not among them is read from the database.
_KEPT = 256
_STORED = "_stored_up_to"


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


class ConversationStore(SQLTrackerStore):
    """Rasa's SQL store on an SQLite file that readers and a writer can share (write-ahead log).

    Connections are kept: Rasa's own store closes the last one after each query, and each time that
    writes the whole log back into the file and waits for the disk. Conversations are kept too: Rasa's own
    store reads and replays all of one on each turn. Of a kept one only what other servers added is read.
    """

    def __init__(
        self, domain: Domain | None = None, event_broker: EventBroker | None = None, **kwargs: Any
    ) -> None:
        kwargs["db"] = os.environ.get(DATABASE_VARIABLE, kwargs.get("db"))
        Path(kwargs["db"]).parent.mkdir(parents=True, exist_ok=True)
        super().__init__(domain=domain, event_broker=event_broker, **kwargs)
        url = f"sqlite:///{kwargs['db']}"
        engine = sa.create_engine(url, poolclass=QueuePool, connect_args={"check_same_thread": False})
        sa.event.listen(engine, "connect", _write_ahead)
        self.engine = engine
        self.sessionmaker = sqlalchemy.orm.sessionmaker(bind=engine)
        audit.metadata.create_all(engine)
        self._table = self.SQLEvent.__table__
        self._kept: OrderedDict[str, _Kept] = OrderedDict()

    async def retrieve(self, sender_id: str) -> DialogueStateTracker | None:
        """The conversation since its last session began, to be worked on and saved."""
        kept = self._current(sender_id)
        if kept is None:
            return None
        tracker, kept.tracker = kept.tracker, None
        if tracker is None:
            tracker = DialogueStateTracker.from_events(
                sender_id, _last_session(kept.events), self.domain.slots, _LOOKS_BACK
            )
        setattr(tracker, _STORED, kept.events[-1])
        return tracker

    async def retrieve_full_tracker(self, conversation_id: str) -> DialogueStateTracker | None:
        """The whole conversation, to be read."""
        kept = self._current(conversation_id)
        if kept is None:
            return None
        return DialogueStateTracker.from_events(conversation_id, kept.events, self.domain.slots)

    def events(self, sender_id: str) -> list[Event]:
        """All events of a conversation, to be read; the list grows with the conversation."""
        kept = self._current(sender_id)
        return kept.events if kept else []

    async def save(self, tracker: DialogueStateTracker) -> None:
        """Store what is new in a tracker."""
        await self.stream_events(tracker)
        sender = tracker.sender_id
        kept = self._kept.get(sender) or _Kept()
        with self.session_scope() as session:
            new = _after(tracker, getattr(tracker, _STORED, None))
            if new is None:
                new = list(self._additional_events(session, tracker))
            rows = [self._row(sender, event) for event in new]
            if rows:
                session.execute(self._table.insert(), rows)
                audit.append(session.connection(), tracker, new)
            added = session.execute(
                sa.select(sa.func.max(self._table.c.id), sa.func.count()).where(
                    self._table.c.sender_id == sender, self._table.c.id > kept.last
                )
            ).one()
            session.commit()
        if added[1] != len(new):
            # Somebody else added something, or nothing was kept: the next turn reads it anew.
            self.forget(sender)
        elif new:
            kept.events.extend(new)
            # One that Rasa began holds all its events: the next turn begins with one that looks back so far.
            kept.last, kept.data = added[0], rows[-1]["data"]
            kept.tracker = tracker if tracker._max_event_history else None
            self._keep(sender, kept)
        setattr(tracker, _STORED, tracker.events[-1] if tracker.events else None)

    def forget(self, sender_id: str) -> None:
        """Drop a conversation from memory."""
        self._kept.pop(sender_id, None)

    def _current(self, sender: str) -> _Kept | None:
        """The conversation as it is in the database now."""
        kept = self._kept.get(sender) or _Kept()
        rows = self._rows(sender, kept.last)
        if kept.last:
            if not rows or (rows[0].id, rows[0].data) != (kept.last, kept.data):
                # Erased, and perhaps begun again.
                kept, rows = _Kept(), self._rows(sender, 0)
            else:
                rows = rows[1:]
        if rows:
            kept.events.extend(deserialise_events([json.loads(row.data) for row in rows]))
            kept.last, kept.data, kept.tracker = rows[-1].id, rows[-1].data, None
        if not kept.events:
            self.forget(sender)
            return None
        self._keep(sender, kept)
        return kept

    def _rows(self, sender: str, since: int) -> list[Any]:
        query = sa.select(self._table.c.id, self._table.c.data).where(
            self._table.c.sender_id == sender, self._table.c.id >= since
        )
        with self.engine.connect() as connection:
            return list(connection.execute(query.order_by(self._table.c.id)))

    def _keep(self, sender: str, kept: _Kept) -> None:
        self._kept[sender] = kept
        self._kept.move_to_end(sender)
        if len(self._kept) > _KEPT:
            self._kept.popitem(last=False)

    @staticmethod
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
        return store.events(sender)
    tracker = await store.retrieve_full_tracker(sender)
    return list(tracker.events) if tracker else []


def _after(tracker: DialogueStateTracker, stored: Event | None) -> list[Event] | None:
    """The events behind the one that was stored last; None where that is not known."""
    if stored is None:
        return None
    new: list[Event] = []
    for event in reversed(tracker.events):
        if event is stored:
            break
        new.append(event)
    return new[::-1]


def _last_session(events: list[Event]) -> Iterable[Event]:
    starts = (place for place in range(len(events) - 1, -1, -1) if isinstance(events[place], SessionStarted))
    return events[next(starts, 0) :]


def _write_ahead(connection: Any, _: Any) -> None:
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=NORMAL")
    connection.execute("PRAGMA busy_timeout=5000")
