"""Erases conversations from the tracker store: a right that Rasa's stores know nothing of."""

from rasa.core.tracker_store import (
    FailSafeTrackerStore,
    InMemoryTrackerStore,
    RedisTrackerStore,
    SQLTrackerStore,
    TrackerStore,
)

from backsignal.components.audit import erase_audit
from backsignal.components.check_ins import erase_check_ins
from backsignal.components.inbox import erase_inbox
from backsignal.components.tracker_store import ConversationStore


def primary(store: TrackerStore) -> TrackerStore:
    """The store itself. Rasa's wrapper turns its failures into "no such conversation"."""
    return store._tracker_store if isinstance(store, FailSafeTrackerStore) else store


def erase(store: TrackerStore, sender: str, answering: int | None = None) -> None:
    """Erase all that is kept of a conversation. Raises what the database raises, or TypeError.

    `answering` is the number in the inbox of the event that asked for it, where it came that way.
    """
    if isinstance(store, FailSafeTrackerStore):
        erase(store.fallback_tracker_store, sender, answering)
        erase(store._tracker_store, sender, answering)
    elif isinstance(store, SQLTrackerStore):
        if isinstance(store, ConversationStore):
            store.forget(sender)
        with store.session_scope() as session:
            session.query(store.SQLEvent).filter(store.SQLEvent.sender_id == sender).delete()
            erase_inbox(session.connection(), sender, answering)
            erase_check_ins(session.connection(), sender)
            erase_audit(session.connection(), sender)
            session.commit()
    elif isinstance(store, InMemoryTrackerStore):
        store.store.pop(sender, None)
    elif isinstance(store, RedisTrackerStore):
        store.red.delete(store.key_prefix + sender)
    else:
        raise TypeError(f"erasing from a {type(store).__name__} is not supported")
