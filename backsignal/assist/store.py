"""Where calls are kept: one row a call, one row an event. Events are only ever added.

What the audit says of a call stands in the same database, and is stored with the events or not at all.
"""

import json
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlalchemy.exc import IntegrityError

from backsignal.assist.call import Event
from backsignal.stores import OutrunError, audit
from backsignal.stores.database import Database

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

CALL = "call:"
# The most that a list of calls shows.
_MOST_LISTED = 200


def audited_as(call_id: str) -> str:
    """The name by which the audit, and the commands, know a call."""
    return f"{CALL}{call_id}"


class Store:
    """Calls in a database."""

    def __init__(self, database: Database) -> None:
        self._database = database.keep(_tables, audit.metadata)

    async def create(self, call_id: str, owner: str, event: Event) -> None:
        """Keep a new call with its first event. Raises OutrunError where the call is there already."""
        row = {"id": call_id, "owner": owner, "opened_at": event.at, "version": event.seq}

        def creating(connection: Connection) -> None:
            connection.execute(_calls.insert().values(**row))
            _add(connection, call_id, [event])

        await self._change(creating)

    async def append(self, call_id: str, events: Sequence[Event], told: Iterable[audit.Told]) -> None:
        """Add events to a call with what the audit is told of them, all or none.

        Raises OutrunError where their numbers are taken, or the call is gone.
        """
        before = sa.and_(_calls.c.id == call_id, _calls.c.version == events[0].seq - 1)
        closed = next((event.at for event in events if event.kind == "completed"), None)
        changes: dict[str, Any] = {"version": events[-1].seq, **({"closed_at": closed} if closed else {})}

        def appending(connection: Connection) -> None:
            # First of all, so that whoever erases the call now waits for this, or this for them.
            if not connection.execute(_calls.update().where(before).values(**changes)).rowcount:
                raise OutrunError
            _add(connection, call_id, events)
            for each in told:
                audit.append(connection, audited_as(call_id), each)

        await self._change(appending)

    async def version(self, call_id: str) -> int | None:
        """The version of a call, None where there is none."""
        found = sa.select(_calls.c.version).where(_calls.c.id == call_id)
        version: int | None = await self._database.run(lambda connection: connection.execute(found).scalar())
        return version

    async def events(self, call_id: str, after: int = 0) -> list[Event]:
        """The events of a call behind a version, in order."""
        found = (
            sa.select(_events)
            .where(_events.c.call_id == call_id, _events.c.seq > after)
            .order_by(_events.c.seq)
        )
        return [_event(row) for row in await self._rows(found)]

    async def requested(self, call_id: str, request_id: str) -> Event | None:
        """What a request did before, None where it is new."""
        found = sa.select(_events).where(_events.c.call_id == call_id, _events.c.request_id == request_id)
        return next((_event(row) for row in await self._rows(found)), None)

    async def open_calls(self, owner: str | None = None) -> list[str]:
        """The ids of the newest open calls: of one owner, without one of everybody."""
        found = sa.select(_calls.c.id).where(_calls.c.closed_at.is_(None))
        if owner is not None:
            found = found.where(_calls.c.owner == owner)
        rows = await self._rows(found.order_by(_calls.c.opened_at.desc()).limit(_MOST_LISTED))
        return [row["id"] for row in rows]

    async def kept(self, call_ids: Iterable[str]) -> set[str]:
        """Those of some calls that are there."""
        found = sa.select(_calls.c.id).where(_calls.c.id.in_(list(call_ids)))
        return {row["id"] for row in await self._rows(found)}

    async def erase(self, call_id: str) -> bool:
        """Erase a call and all that was said in it, in the audit as well; False where there is none."""
        erased = await self._erase(call_id)
        await self._database.leave_no_trace()
        return erased

    async def erase_opened_before(self, moment: str) -> int:
        """Erase the calls that were opened before a moment (ISO 8601); returns how many."""
        found = sa.select(_calls.c.id).where(_calls.c.opened_at < moment)
        erased = sum([await self._erase(row["id"]) for row in await self._rows(found)])
        await self._database.leave_no_trace()
        return erased

    async def _erase(self, call_id: str) -> bool:
        def erasing(connection: Connection) -> bool:
            there = connection.execute(_calls.delete().where(_calls.c.id == call_id)).rowcount
            connection.execute(_events.delete().where(_events.c.call_id == call_id))
            audit.erase_audit(connection, audited_as(call_id))
            return bool(there)

        return await self._database.run(erasing)

    async def _rows(self, query: Any) -> list[Any]:
        return await self._database.run(lambda connection: connection.execute(query).mappings().all())

    async def _change(self, work: Callable[[Connection], None]) -> None:
        try:
            await self._database.run(work)
        except IntegrityError as error:
            raise OutrunError from error


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
