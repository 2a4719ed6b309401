"""Where calls are kept: one row a call, one row an event. Events are only ever added."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlalchemy.exc import IntegrityError
from sqlalchemy.pool import QueuePool

from backsignal.assist.call import Event

_tables = sa.MetaData()
_calls = sa.Table(
    "assist_calls",
    _tables,
    sa.Column("id", sa.String(32), primary_key=True),
    sa.Column("owner", sa.String(255), nullable=False, index=True),
    sa.Column("opened_at", sa.String(40), nullable=False),
    sa.Column("closed_at", sa.String(40), index=True),
    sa.Column("version", sa.Integer, nullable=False),
)
_events = sa.Table(
    "assist_events",
    _tables,
    sa.Column("call_id", sa.String(32), primary_key=True),
    sa.Column("seq", sa.Integer, primary_key=True),
    sa.Column("request_id", sa.String(128)),
    sa.Column("kind", sa.String(16), nullable=False),
    sa.Column("at", sa.String(40), nullable=False),
    sa.Column("by", sa.String(255), nullable=False),
    sa.Column("name", sa.String(255), nullable=False),
    sa.Column("data", sa.Text, nullable=False),
    sa.UniqueConstraint("call_id", "request_id"),
)


class OutrunError(Exception):
    """Somebody else, perhaps another server, added events first: load them and try again."""


@dataclass(frozen=True)
class CallRow:
    """What the list of calls needs to know of a call."""

    id: str
    owner: str
    version: int
    closed_at: str | None


class Store:
    """Calls in a database that SQLAlchemy knows; SQLite files are shared by readers and a writer."""

    def __init__(self, url: str) -> None:
        options: dict[str, Any] = {"pool_pre_ping": True}
        address = sa.engine.make_url(url)
        if address.get_backend_name() == "sqlite":
            options = {"poolclass": QueuePool, "connect_args": {"check_same_thread": False}}
            if address.database:
                Path(address.database).parent.mkdir(parents=True, exist_ok=True)
        self._engine = sa.create_engine(url, **options)
        if address.get_backend_name() == "sqlite":
            sa.event.listen(self._engine, "connect", _write_ahead)
        _tables.create_all(self._engine)

    def create(self, call_id: str, owner: str, event: Event) -> None:
        """Keep a new call with its first event. Raises OutrunError where the call is there already."""
        row = {"id": call_id, "owner": owner, "opened_at": event.at, "version": event.seq}
        try:
            with self._engine.begin() as connection:
                connection.execute(_calls.insert().values(**row))
                _add(connection, call_id, [event])
        except IntegrityError as error:
            raise OutrunError from error

    def append(self, call_id: str, events: Iterable[Event]) -> None:
        """Add events to a call, all or none. Raises OutrunError where their numbers are taken."""
        events = list(events)
        closed = next((event.at for event in events if event.kind == "completed"), None)
        changes: dict[str, Any] = {"version": events[-1].seq, **({"closed_at": closed} if closed else {})}
        try:
            with self._engine.begin() as connection:
                _add(connection, call_id, events)
                connection.execute(_calls.update().where(_calls.c.id == call_id).values(**changes))
        except IntegrityError as error:
            raise OutrunError from error

    def version(self, call_id: str) -> int | None:
        """The version of a call, None where there is none."""
        found = sa.select(_calls.c.version).where(_calls.c.id == call_id)
        with self._engine.connect() as connection:
            version: int | None = connection.execute(found).scalar()
        return version

    def events(self, call_id: str, after: int = 0) -> list[Event]:
        """The events of a call behind a version, in order."""
        found = (
            sa.select(_events)
            .where(_events.c.call_id == call_id, _events.c.seq > after)
            .order_by(_events.c.seq)
        )
        with self._engine.connect() as connection:
            rows = connection.execute(found).mappings().all()
        return [_event(row) for row in rows]

    def requested(self, call_id: str, request_id: str) -> Event | None:
        """What a request did before, None where it is new."""
        found = sa.select(_events).where(_events.c.call_id == call_id, _events.c.request_id == request_id)
        with self._engine.connect() as connection:
            row = connection.execute(found).mappings().first()
        return _event(row) if row else None

    def calls(self, owner: str | None = None, closed: bool = False, most: int = 200) -> list[CallRow]:
        """The newest calls: open ones, with `closed` all; of one owner, without one of everybody."""
        found = sa.select(_calls).order_by(_calls.c.opened_at.desc()).limit(most)
        if owner is not None:
            found = found.where(_calls.c.owner == owner)
        if not closed:
            found = found.where(_calls.c.closed_at.is_(None))
        with self._engine.connect() as connection:
            rows = connection.execute(found).mappings().all()
        return [CallRow(row["id"], row["owner"], row["version"], row["closed_at"]) for row in rows]

    def erase(self, call_id: str) -> bool:
        """Erase a call and all that was said in it; False where there is none."""
        with self._engine.begin() as connection:
            connection.execute(_events.delete().where(_events.c.call_id == call_id))
            gone: int = connection.execute(_calls.delete().where(_calls.c.id == call_id)).rowcount
        return gone > 0

    def erase_opened_before(self, moment: str) -> int:
        """Erase the calls that were opened before a moment (ISO 8601); returns how many."""
        found = sa.select(_calls.c.id).where(_calls.c.opened_at < moment)
        with self._engine.connect() as connection:
            ids = connection.execute(found).scalars().all()
        return sum(self.erase(call_id) for call_id in ids)

    def close(self) -> None:
        """Let go of the database."""
        self._engine.dispose()


def _add(connection: Connection, call_id: str, events: Iterable[Event]) -> None:
    rows = [
        {
            **event.dict(exclude={"data"}),
            "call_id": call_id,
            "data": json.dumps(event.data, ensure_ascii=False),
        }
        for event in events
    ]
    connection.execute(_events.insert(), rows)


def _event(row: Any) -> Event:
    fields = {key: row[key] for key in ("seq", "kind", "at", "by", "name", "request_id")}
    return Event(data=json.loads(row["data"]), **fields)


def _write_ahead(connection: Any, _: Any) -> None:
    for setting in ("journal_mode=WAL", "synchronous=NORMAL", "busy_timeout=5000"):
        connection.execute(f"PRAGMA {setting}")
