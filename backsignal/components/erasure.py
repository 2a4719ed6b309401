"""Erases conversations from the tracker store: a right that Rasa's stores know nothing of."""

from functools import partial

import sqlalchemy as sa
from rasa.core.tracker_store import TrackerStore
from sqlalchemy.engine import Connection

from backsignal.components import audit, check_ins, inbox, tracker_store
from backsignal.components.audit import erase_audit
from backsignal.components.check_ins import erase_check_ins
from backsignal.components.inbox import erase_inbox
from backsignal.components.tracker_store import ConversationStore
from backsignal.stores.database import one_at_a_time


async def erase(store: TrackerStore, sender: str, answering: int | None = None) -> None:
    """Erase all that is kept of a conversation. Raises UnavailableError, or TypeError for another store.

    `answering` is the number in the inbox of the event that asked for it, where it came that way.
    """
    if not isinstance(store, ConversationStore):
        raise TypeError(f"erasing from a {type(store).__name__} is not supported")
    database = store.database.keep(inbox.metadata, check_ins.metadata, audit.metadata)
    await database.run(partial(_erase, sender, answering))
    store.forget(sender)


def _erase(sender: str, answering: int | None, connection: Connection) -> None:
    one_at_a_time(connection, sender)
    events = tracker_store.table
    connection.execute(sa.delete(events).where(events.c.sender_id == sender))
    erase_inbox(connection, sender, answering)
    erase_check_ins(connection, sender)
    erase_audit(connection, sender)
