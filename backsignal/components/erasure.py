"""Erases conversations from the tracker store: a right that Rasa's stores know nothing of."""

from collections.abc import Collection
from functools import partial

import sqlalchemy as sa
from rasa.core.tracker_store import TrackerStore
from sqlalchemy.engine import Connection

from backsignal.components import check_ins, inbox, tracker_store
from backsignal.components.check_ins import erase_check_ins
from backsignal.components.inbox import erase_inbox
from backsignal.components.tracker_store import ConversationStore
from backsignal.stores import audit
from backsignal.stores.audit import erase_audit
from backsignal.stores.database import one_at_a_time

events = tracker_store.table


async def erase(store: TrackerStore, sender: str, answering: int | None = None) -> None:
    """Erase all that is kept of a conversation. Raises UnavailableError, or TypeError for another store.

    `answering` is the number in the inbox of the event that asked for it, where it came that way.
    """
    if not isinstance(store, ConversationStore):
        raise TypeError(f"erasing from a {type(store).__name__} is not supported")
    database = store.database.keep(inbox.metadata, check_ins.metadata, audit.metadata)
    await database.run(partial(erase_rows, sender, answering))
    store.forget(sender)
    await database.leave_no_trace()


def erase_rows(sender: str, answering: int | None, connection: Connection) -> None:
    """Erase all rows of a conversation, within a transaction."""
    _erase_conversation(sender, connection)
    erase_inbox(connection, sender, answering)
    erase_check_ins(connection, sender)
    erase_audit(connection, sender)


async def forget_erased(store: ConversationStore) -> None:
    """Drop from memory what another server, or a command, erased from the database."""
    kept = store.kept()
    there = await store.database.run(partial(_there, kept)) if kept else set()
    for sender in kept:
        if sender not in there:
            store.forget(sender)


def _there(senders: Collection[str], connection: Connection) -> set[str]:
    query = sa.select(events.c.sender_id).where(events.c.sender_id.in_(senders)).distinct()
    return set(connection.execute(query).scalars())


def expired(before: float, after: str | None, most: int, connection: Connection) -> list[tuple[str, bool]]:
    """The next conversations by name behind one: has nothing been said in each since a moment?

    Those to which a check-in is to come are left out.
    """
    # The row added last tells nearly always, and SQLite finds it in the index alone; `expire` looks at all.
    last = sa.select(events.c.sender_id, sa.func.max(events.c.id).label("id")).where(
        events.c.sender_id.not_in(sa.select(check_ins.table.c.sender))
    )
    if after is not None:
        last = last.where(events.c.sender_id > after)
    newest = last.group_by(events.c.sender_id).order_by(events.c.sender_id).limit(most).subquery()
    query = (
        sa.select(newest.c.sender_id, events.c.timestamp < before)
        .join(events, events.c.id == newest.c.id)
        .order_by(newest.c.sender_id)
    )
    return [(sender, bool(old)) for sender, old in connection.execute(query)]


def expire(sender: str, before: float, connection: Connection) -> None:
    """Erase a conversation if nothing was said in it meanwhile, within a transaction. Its audit stays."""
    last = sa.select(sa.func.max(events.c.timestamp)).where(events.c.sender_id == sender)
    if (connection.execute(last).scalar() or before) < before:
        # What is in the inbox was written just now, and is yet to be answered.
        _erase_conversation(sender, connection)


def _erase_conversation(sender: str, connection: Connection) -> None:
    one_at_a_time(connection, sender)
    connection.execute(sa.delete(events).where(events.c.sender_id == sender))
