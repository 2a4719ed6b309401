"""Messages from messaging platforms, accepted durably before they are worked on.

A row is one event of a platform. The pair of channel and event is unique, so that an event is taken once
however often it is sent and whichever server it reaches. What was said and where the answer goes are
wiped as soon as it is answered; the event's hash stays, so that a replay months later is known.

A person's events are worked on in their order. One that waits, for a store or a platform, is tried again as
soon as the person sends another, so that what they write now never waits out an earlier one's pause.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
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
_TOLD = "told"

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
    # How often it was begun and not brought to an end, as its server died; 0 while nobody is at it.
    sa.Column("tries", sa.Integer, nullable=False, default=0),
    sa.Column("sent", sa.Integer, nullable=False, default=0),
    sa.Column("done", sa.Boolean, nullable=False, default=False, index=True),
    sa.UniqueConstraint("channel", "event"),
)
_open = table.c.done.is_(False)

# Made once, as making them costs more than carrying them out.
_ADD = {
    "sqlite": sqlite.insert(table).on_conflict_do_nothing(),
    "postgresql": postgresql.insert(table).on_conflict_do_nothing(),
}
_of_sender = sa.and_(table.c.sender == sa.bindparam("of"), _open)
_this = sa.and_(table.c.number == sa.bindparam("this"), _open)
_WAITING = (
    sa.select(table.c.channel, table.c.sender)
    .where(_open, table.c.ready <= sa.bindparam("now"))
    .group_by(table.c.channel, table.c.sender)
    .order_by(sa.func.min(table.c.number))
    .limit(sa.bindparam("most", type_=sa.Integer))
)
_OLDEST = sa.select(table).where(_of_sender).order_by(table.c.number).limit(1)
_BEHIND = sa.select(table).where(_of_sender, table.c.number > sa.bindparam("this")).order_by(table.c.number)
# What is to be changed is said when they are carried out.
_CHANGE = sa.update(table).where(_this)
_CHANGE_AS_SEEN = sa.update(table).where(_this, table.c.ready == sa.bindparam("seen"))
_END_PAUSES = sa.update(table).where(_of_sender, table.c.tries == 0, table.c.ready > sa.bindparam("now"))


@dataclass(frozen=True)
class Work:
    """One event to be worked on: `received` in seconds, and `sent` parts of its answer went out before."""

    number: int
    channel: str
    event: str
    sender: str
    item: dict[str, Any]
    received: float
    tries: int
    sent: int

    @property
    def told(self) -> bool:
        """Whether the person heard what to do meanwhile, as it could not be worked on at once."""
        return bool(self.item.get(_TOLD))


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
    return bool(connection.execute(_ADD[connection.dialect.name], row).rowcount)


class Inbox:
    """The table of events in the database of the conversations."""

    def __init__(self, database: Database) -> None:
        self._database = database.keep(metadata)

    async def accept(self, channel: str, events: Sequence[tuple[str, str, dict[str, Any]]]) -> None:
        """Accept (event, sender, item) triples, all or none of them."""

        def accepting(connection: Connection) -> None:
            # Always in the same order, so that two of these never wait for each other.
            for sender in sorted({sender for _, sender, _ in events}):
                _try_again_now(connection, sender)
            for event, sender, item in events:
                add(connection, channel, event, sender, item)

        await self._database.run(accepting)

    async def waiting(self, most: int = 500) -> list[tuple[str, str]]:
        """The channels and senders for whom there is something to do now, those who wait longest first."""
        values = {"now": clock.now(), "most": most}
        return await self._database.run(
            lambda connection: [(row.channel, row.sender) for row in connection.execute(_WAITING, values)]
        )

    async def claim(self, sender: str) -> Work | None:
        """The sender's oldest open event, for us alone; None where there is none or somebody has it."""
        return await self._database.run(partial(_claim, sender))

    async def behind(self, work: Work) -> list[Work]:
        """The sender's open events after this one, in their order."""
        values = {"of": work.sender, "this": work.number}
        return await self._database.run(
            lambda connection: [_work(row) for row in connection.execute(_BEHIND, values)]
        )

    async def note_told(self, work: Work) -> None:
        """The person heard what to do meanwhile."""
        await self._change(work, item=json.dumps({**work.item, _TOLD: True}))

    async def progress(self, work: Work, sent: int) -> bool:
        """Note how many parts went out, and keep the claim; False where the person was erased meanwhile."""
        return await self._change(work, sent=sent, ready=clock.now() + LEASE_SECONDS)

    async def postpone(self, work: Work, seconds: float) -> None:
        """Let it be tried again later, or as soon as the person sends something else."""
        await self._change(work, ready=clock.now() + seconds, tries=0)

    async def finish(self, work: Work) -> None:
        """It is answered: keep nothing but the event's hash."""
        await self._change(work, done=True, item=None, sender="")

    async def forget(self, before: float) -> None:
        """Drop events of before a time."""
        forgetting = sa.delete(table).where(table.c.received < before, ~_open)
        await self._database.run(lambda connection: connection.execute(forgetting))

    async def _change(self, work: Work, **values: Any) -> bool:
        changes = {"this": work.number, **values}
        return await self._database.run(
            lambda connection: bool(connection.execute(_CHANGE, changes).rowcount)
        )


def _claim(sender: str, connection: Connection) -> Work | None:
    now = clock.now()
    row = connection.execute(_OLDEST, {"of": sender}).first()
    if row is None or row.ready > now:
        return None
    # Of several servers that saw it, one finds it as it was.
    taken = {"ready": now + LEASE_SECONDS, "tries": row.tries + 1}
    as_seen = {"this": row.number, "seen": row.ready}
    if not connection.execute(_CHANGE_AS_SEEN, {**as_seen, **taken}).rowcount:
        return None
    return replace(_work(row), tries=row.tries + 1)


def _work(row: sa.engine.Row) -> Work:
    item = json.loads(row.item)
    return Work(row.number, row.channel, row.event, row.sender, item, row.received, row.tries, row.sent)


def _try_again_now(connection: Connection, sender: str) -> None:
    """End the pauses of what waits; not the claim of a server that is at it."""
    now = clock.now()
    connection.execute(_END_PAUSES, {"of": sender, "now": now, "ready": now})


def erase_inbox(connection: Connection, sender: str, answering: int | None = None) -> None:
    """Wipe what is kept of a sender, within a transaction.

    Not the event of the number `answering`, which is wiped when its answer is out, nor what came after it:
    that was written to begin anew, and waits for an answer.
    """
    wiping = sa.update(table).where(table.c.sender == sender)
    if answering is not None:
        wiping = wiping.where(table.c.number < answering)
    connection.execute(wiping.values(done=True, item=None, sender=""))
