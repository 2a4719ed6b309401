"""Messages from messaging platforms, accepted durably before they are worked on.

A row is one event of a platform. The pair of channel and event is unique, so that an event is taken once
however often it is sent and whichever server it reaches. What was said and where the answer goes are
wiped as soon as it is answered; the event's hash stays, so that a replay months later is known.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from hashlib import sha256
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection

from backsignal.components import clock
from backsignal.stores.database import Database

# Longer than any one step of a turn: work of a server that died is taken up by another after this.
LEASE_SECONDS = 90.0
# Event hashes are kept for longer than any platform sends an event again.
REMEMBER_SECONDS = 90 * 86_400.0
_INSERT = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}

metadata = sa.MetaData()
table = sa.Table(
    "inbox",
    metadata,
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("channel", sa.String(20), nullable=False),
    sa.Column("event", sa.String(64), nullable=False),
    sa.Column("sender", sa.String(255), nullable=False, index=True),
    sa.Column("item", sa.Text),
    sa.Column("received", sa.Float, nullable=False),
    sa.Column("ready", sa.Float, nullable=False),
    sa.Column("tries", sa.Integer, nullable=False, default=0),
    sa.Column("sent", sa.Integer, nullable=False, default=0),
    sa.Column("done", sa.Boolean, nullable=False, default=False, index=True),
    sa.UniqueConstraint("channel", "event"),
)
_open = table.c.done.is_(False)


@dataclass(frozen=True)
class Work:
    """One event to be worked on: `sent` parts of its answer went out before."""

    number: int
    channel: str
    event: str
    sender: str
    item: dict[str, Any]
    tries: int
    sent: int


def event_hash(event: str) -> str:
    """An event's id at its platform as it is kept."""
    return sha256(event.encode()).hexdigest()


def add(connection: Connection, channel: str, event: str, sender: str, item: dict[str, Any]) -> bool:
    """Accept an event within a transaction; False where it was accepted before."""
    now = clock.now()
    row = {
        "channel": channel,
        "event": event_hash(event),
        "sender": sender,
        "item": json.dumps(item),
        "received": now,
        "ready": now,
    }
    adding = _INSERT[connection.engine.dialect.name](table).values(row).on_conflict_do_nothing()
    return bool(connection.execute(adding).rowcount)


class Inbox:
    """The table of events in the database of the conversations."""

    def __init__(self, database: Database) -> None:
        self._database = database.keep(metadata)

    async def accept(self, channel: str, events: Iterable[tuple[str, str, dict[str, Any]]]) -> None:
        """Accept (event, sender, item) triples, all or none of them."""

        def accepting(connection: Connection) -> None:
            for event, sender, item in events:
                add(connection, channel, event, sender, item)

        await self._database.run(accepting)

    async def waiting(self, most: int = 500) -> list[str]:
        """The senders for whom there is something to do now, those who wait longest first."""
        query = sa.select(table.c.sender).where(_open, table.c.ready <= clock.now()).group_by(table.c.sender)
        longest = query.order_by(sa.func.min(table.c.number)).limit(most)
        return await self._database.run(lambda connection: list(connection.execute(longest).scalars()))

    async def claim(self, sender: str) -> Work | None:
        """The sender's oldest open event, for us alone; None where there is none or somebody has it."""
        return await self._database.run(partial(_claim, sender))

    async def progress(self, work: Work, sent: int) -> bool:
        """Note how many parts went out, and keep the claim; False where the person was erased meanwhile."""
        return await self._change(work, sent=sent, ready=clock.now() + LEASE_SECONDS)

    async def postpone(self, work: Work, seconds: float) -> None:
        """Let it be tried again later."""
        await self._change(work, ready=clock.now() + seconds)

    async def finish(self, work: Work) -> None:
        """It is answered: keep nothing but the event's hash."""
        await self._change(work, done=True, item=None, sender="")

    async def forget(self, before: float) -> None:
        """Drop events of before a time."""
        forgetting = sa.delete(table).where(table.c.received < before, ~_open)
        await self._database.run(lambda connection: connection.execute(forgetting))

    async def _change(self, work: Work, **values: Any) -> bool:
        changing = sa.update(table).where(table.c.number == work.number, _open).values(**values)
        return await self._database.run(lambda connection: bool(connection.execute(changing).rowcount))


def _claim(sender: str, connection: Connection) -> Work | None:
    now = clock.now()
    query = sa.select(table).where(table.c.sender == sender, _open).order_by(table.c.number).limit(1)
    row = connection.execute(query).first()
    if row is None or row.ready > now:
        return None
    # Of several servers that saw it, one finds it as it was.
    as_seen = (table.c.number == row.number) & (table.c.ready == row.ready) & _open
    taking = sa.update(table).where(as_seen).values(ready=now + LEASE_SECONDS, tries=row.tries + 1)
    if not connection.execute(taking).rowcount:
        return None
    return Work(row.number, row.channel, row.event, row.sender, json.loads(row.item), row.tries + 1, row.sent)


def erase_inbox(connection: Connection, sender: str, answering: int | None = None) -> None:
    """Wipe what is kept of a sender, within a transaction.

    Not the event of the number `answering`: it is wiped when its answer is out.
    """
    others = sa.and_(table.c.sender == sender, table.c.number != (answering or 0))
    connection.execute(sa.update(table).where(others).values(done=True, item=None, sender=""))
