"""Messages from messaging platforms, accepted durably before they are worked on.

A row is one event of a platform. The pair of channel and event is unique, so that an event is taken once
however often it is sent and whichever server it reaches. What was said and where the answer goes are
wiped as soon as it is answered; the event's hash stays, so that a replay months later is known.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection, Engine

from backsignal.components import clock

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

    def __init__(self, engine: Engine) -> None:
        metadata.create_all(engine)
        self._engine = engine

    def accept(self, channel: str, events: Iterable[tuple[str, str, dict[str, Any]]]) -> None:
        """Accept (event, sender, item) triples, all or none of them."""
        with self._engine.begin() as connection:
            for event, sender, item in events:
                add(connection, channel, event, sender, item)

    def waiting(self) -> list[str]:
        """The senders for whom there is something to do now."""
        query = sa.select(table.c.sender).where(_open, table.c.ready <= clock.now()).distinct()
        with self._engine.connect() as connection:
            return list(connection.execute(query).scalars())

    def claim(self, sender: str) -> Work | None:
        """The sender's oldest open event, for us alone; None where there is none or somebody has it."""
        oldest = sa.select(sa.func.min(table.c.number)).where(table.c.sender == sender, _open)
        now = clock.now()
        claiming = (
            sa.update(table)
            .where(table.c.number == oldest.scalar_subquery(), table.c.ready <= now, _open)
            .values(ready=now + LEASE_SECONDS, tries=table.c.tries + 1)
        )
        with self._engine.begin() as connection:
            if not connection.execute(claiming).rowcount:
                return None
            query = sa.select(table).where(table.c.sender == sender, _open).order_by(table.c.number).limit(1)
            row = connection.execute(query).one()
        return Work(row.number, row.channel, row.event, row.sender, json.loads(row.item), row.tries, row.sent)

    def progress(self, work: Work, sent: int) -> bool:
        """Note how many parts went out, and keep the claim; False where the person was erased meanwhile."""
        return self._change(work, sent=sent, ready=clock.now() + LEASE_SECONDS)

    def postpone(self, work: Work, seconds: float) -> None:
        """Let it be tried again later."""
        self._change(work, ready=clock.now() + seconds)

    def finish(self, work: Work) -> None:
        """It is answered: keep nothing but the event's hash."""
        self._change(work, done=True, item=None, sender="")

    def forget(self, before: float) -> None:
        """Drop events of before a time."""
        with self._engine.begin() as connection:
            connection.execute(sa.delete(table).where(table.c.received < before, ~_open))

    def _change(self, work: Work, **values: Any) -> bool:
        changing = sa.update(table).where(table.c.number == work.number, _open).values(**values)
        with self._engine.begin() as connection:
            return bool(connection.execute(changing).rowcount)


def erase_inbox(connection: Connection, sender: str, answering: int | None = None) -> None:
    """Wipe what is kept of a sender, within a transaction.

    Not the event of the number `answering`: it is wiped when its answer is out.
    """
    metadata.create_all(connection)
    others = sa.and_(table.c.sender == sender, table.c.number != (answering or 0))
    connection.execute(sa.update(table).where(others).values(done=True, item=None, sender=""))
