"""The durable schedule of check-ins, beside the conversations.

A row is one check-in to come. When it is due its row changes and the event goes into the inbox in one
transaction, so that of several servers that look at once one asks, and none after a restart asks again.
While the person writes by themselves it stays here, so that in the inbox it stands in nobody's way.
An asked check-in that nobody answers comes up once more, and then all rows of the person go.
"""

import logging
from collections.abc import Sequence
from functools import partial

import sqlalchemy as sa
from rasa.core.tracker_store import TrackerStore
from rasa.shared.core.events import Event, SlotSet, UserUttered
from sqlalchemy.engine import Connection

from backsignal.clinical.check_in import due_times
from backsignal.components import clock, inbox, tracker_store
from backsignal.components.tracker_store import ConversationStore
from backsignal.components.turns import AGREED, CHECK_IN_SLOT, EMERGENCY_SLOT, STOPPED, content
from backsignal.stores.database import Database
from backsignal.telemetry import metrics

logger = logging.getLogger(__name__)

DUE, REMINDER = "check_in_due", "check_in_reminder"
# Somebody who wrote so short a time ago is not asked how they are.
_QUIET_SECONDS = 1800.0

metadata = sa.MetaData()
table = sa.Table(
    "check_ins",
    metadata,
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("sender", sa.String(255), nullable=False, index=True),
    sa.Column("channel", sa.String(20), nullable=False),
    sa.Column("address", sa.Text, nullable=False),
    sa.Column("due", sa.Float, nullable=False, index=True),
    sa.Column("asked", sa.Boolean, nullable=False, default=False),
    # A number is never given again, as the inbox knows the events that come from it by it.
    sqlite_autoincrement=True,
)

# Made once, as making them costs more than carrying them out.
_HEARD = sa.delete(table).where(table.c.sender == sa.bindparam("of"), table.c.asked)
_events = tracker_store.table
_WROTE = sa.exists().where(
    _events.c.sender_id == table.c.sender,
    _events.c.type_name == UserUttered.type_name,
    _events.c.timestamp > sa.bindparam("now") - _QUIET_SECONDS,
)
_WAITS_FOR_AN_ANSWER = sa.exists().where(inbox.table.c.sender == table.c.sender, ~inbox.table.c.done)
_DUE = (
    sa.select(table)
    .where(table.c.due <= sa.bindparam("now"), ~_WROTE, ~_WAITS_FOR_AN_ANSWER)
    .order_by(table.c.due)
)
_LAST = sa.select(sa.func.max(table.c.due)).where(table.c.sender == sa.bindparam("of"))


class CheckIns:
    """The table of check-ins in the database of the conversations."""

    def __init__(self, database: Database) -> None:
        self._database = database.keep(metadata, inbox.metadata, tracker_store.table.metadata)

    async def agree(self, sender: str, channel: str, address: str) -> float:
        """Schedule the check-ins of somebody who agreed; they take the place of earlier ones.

        Returns when the last of them is due.
        """
        times = due_times(channel, content(), clock.now())
        row = {"sender": sender, "channel": channel, "address": address}

        def agreeing(connection: Connection) -> None:
            erase_check_ins(connection, sender)
            connection.execute(sa.insert(table), [{**row, "due": due} for due in times])

        await self._database.run(agreeing)
        return max(times)

    async def stop(self, sender: str) -> None:
        """Ask this person no more."""
        await self._database.run(lambda connection: erase_check_ins(connection, sender))

    async def heard(self, sender: str) -> float | None:
        """The person wrote: what was asked needs no second asking. Returns what `last` does."""

        def hearing(connection: Connection) -> float | None:
            connection.execute(_HEARD, {"of": sender})
            return _last_of(sender, connection)

        return await self._database.run(hearing)

    async def move(self, sender: str, to: str) -> None:
        """The person goes on in another conversation of the widget: they are asked there."""
        moving = sa.update(table).where(table.c.sender == sender).values(sender=to, address=to)
        await self._database.run(lambda connection: connection.execute(moving))

    async def last(self, sender: str) -> float | None:
        """When the last of this person's check-ins is due; None where there is none to come."""
        return await self._database.run(partial(_last_of, sender))

    async def move_due(self) -> None:
        """Put what is due into the inbox, each once however many servers do this.

        Not for those who wrote just now: it is due again when they are done.
        """
        now = clock.now()
        for row in await self._database.run(lambda connection: connection.execute(_DUE, {"now": now}).all()):
            await self._database.run(partial(_move, row, now))


def _last_of(sender: str, connection: Connection) -> float | None:
    due: float | None = connection.execute(_LAST, {"of": sender}).scalar_one()
    return due


def _move(row: sa.engine.Row, now: float, connection: Connection) -> None:
    if _take(connection, row, now):
        kind = REMINDER if row.asked else DUE
        metrics.check_ins.labels("reminded" if row.asked else "asked").inc()
        item = {"kind": kind, "address": row.address}
        inbox.add(connection, row.channel, f"{kind} {row.number}", row.sender, item)


def _take(connection: Connection, row: sa.engine.Row, now: float) -> bool:
    """Whether this row's turn is ours: then the row is changed."""
    ours = (table.c.number == row.number) & (table.c.asked == row.asked) & (table.c.due == row.due)
    if row.asked:
        taken = connection.execute(sa.delete(table).where(ours)).rowcount
        if taken:
            # No answer to the second asking either way: the person is left in peace.
            erase_check_ins(connection, row.sender)
        return bool(taken)
    limited = content().check_in.channels.get(row.channel)
    if limited:
        return bool(connection.execute(sa.delete(table).where(ours)).rowcount)
    again = now + content().clinic.check_in.follow_up_hours * 3600
    asking = sa.update(table).where(ours).values(asked=True, due=again)
    if not connection.execute(asking).rowcount:
        return False
    # After a long rest of all servers several can be due: one is enough.
    others = (table.c.sender == row.sender) & ~table.c.asked & (table.c.due <= now)
    connection.execute(sa.delete(table).where(others))
    return True


async def follow(
    store: TrackerStore, events: Sequence[Event], event_id: str, sender: str, channel: str, address: str
) -> float | None:
    """Keep the schedule after a turn: the person wrote, agreed, declined, or is in an emergency.

    Returns when the last check-in is due; None where there is none to come.
    """
    if not isinstance(store, ConversationStore):
        return None
    try:
        check_ins = CheckIns(store.database)
        last = await check_ins.heard(sender)
        place = next(
            (n for n, it in enumerate(events) if isinstance(it, UserUttered) and it.message_id == event_id),
            None,
        )
        if place is None:
            # The turn was not kept, so it changed nothing.
            return last
        slots = [it for it in events[place:] if isinstance(it, SlotSet)]
        wishes = [it.value for it in slots if it.key == CHECK_IN_SLOT]
        if wishes[-1:] == [AGREED]:
            last = await check_ins.agree(sender, channel, address)
            metrics.check_ins.labels("agreed").inc()
        if wishes[-1:] == [STOPPED] or any(it.key == EMERGENCY_SLOT and it.value for it in slots):
            await check_ins.stop(sender)
            metrics.check_ins.labels("stopped").inc()
            last = None
        return last
    except Exception as error:
        # The answer itself stands; what is lost is only the asking again.
        logger.error("check_ins.follow.failed error=%s", type(error).__name__)
        return None


async def move_check_ins(store: TrackerStore, sender: str, to: str) -> None:
    """Let the check-ins of a conversation of the widget be asked in the person's next one."""
    if isinstance(store, ConversationStore):
        await CheckIns(store.database).move(sender, to)


async def last_check_in(store: TrackerStore, sender: str) -> float | None:
    """When the last of a person's check-ins is due; None where there is none to come."""
    return await CheckIns(store.database).last(sender) if isinstance(store, ConversationStore) else None


def erase_check_ins(connection: Connection, sender: str) -> None:
    """Drop all check-ins of a sender, within a transaction."""
    connection.execute(sa.delete(table).where(table.c.sender == sender))
