"""One person's data over all that is kept: found, handed out as one JSON document, and erased."""

import json
import re
from typing import Any

import sqlalchemy as sa
from rasa.core.tracker_store import SQLTrackerStore
from sqlalchemy.engine import Connection

from backsignal.assist.store import Store
from backsignal.channels.messaging_senders import sender_of
from backsignal.channels.web_sessions import load_secret
from backsignal.components import audit, check_ins, inbox, opted_out
from backsignal.components.erasure import erase_rows

_CALL = "call:"
_BROWSER = re.compile(r"(web-[0-9a-f]{32})(-[0-9]+)?")
# As it is read out to a person: see actions/hand_over.py.
_REFERENCE = re.compile(r"[A-Z0-9]{4}-[A-Z0-9]{4}")
_ON_A_CHANNEL = re.compile(r"(twilio|whatsapp|telegram|slack|facebook):(.+)")
_events = SQLTrackerStore.SQLEvent.__table__
# Every table with something of a person in it, and the column that says whose it is.
_TABLES = {
    "conversation": _events.c.sender_id,
    "check_ins": check_ins.table.c.sender,
    "inbox": inbox.table.c.sender,
    "opted_out": opted_out.table.c.sender,
    "audit": audit.table.c.sender,
}


class NobodyError(Exception):
    """Nothing is kept of whoever was named."""


def export(connection: Connection, calls: Store, who: str) -> dict[str, Any]:
    """All that is kept of somebody. Raises NobodyError."""
    if who.startswith(_CALL):
        call = who.removeprefix(_CALL)
        return {"calls": {call: [event.dict() for event in _events_of_call(calls, call)]}}
    return {"conversations": {sender: _kept(connection, sender) for sender in _senders(connection, who)}}


def erase_all(connection: Connection, calls: Store, who: str) -> list[str]:
    """Erase all that is kept of somebody, but that they do not want to be written to; returns what it was.

    Raises NobodyError.
    """
    if who.startswith(_CALL):
        _events_of_call(calls, who.removeprefix(_CALL))
        calls.erase(who.removeprefix(_CALL))
        return [who]
    senders = _senders(connection, who)
    for sender in senders:
        erase_rows(connection, sender)
    return senders


def _events_of_call(calls: Store, call: str) -> list[Any]:
    events = calls.events(call)
    if not events:
        raise NobodyError(f"there is no call {call}")
    return events


def _senders(connection: Connection, who: str) -> list[str]:
    """The conversations of somebody: by a conversation's name, by its reference, or by channel:address."""
    on_a_channel = _ON_A_CHANNEL.fullmatch(who)
    named = [who]
    if on_a_channel:
        named = [sender_of(load_secret(), *on_a_channel.groups())]
    elif _REFERENCE.fullmatch(who):
        holds = _events.c.data.contains(f'"reference": "{who}"', autoescape=True)
        named = list(connection.execute(sa.select(_events.c.sender_id).where(holds).distinct()).scalars())
    found = sorted({sender for name in named for sender in _of_the_same_browser(connection, name)})
    if not found:
        raise NobodyError(f"nothing is kept of {who}")
    return found


def _of_the_same_browser(connection: Connection, sender: str) -> set[str]:
    """A conversation with all others of the same session of the widget, where anything is kept of them."""
    browser = _BROWSER.fullmatch(sender)
    found: set[str] = set()
    for column in _TABLES.values():
        which = column.startswith(f"{browser[1]}-") if browser else column == sender
        found.update(connection.execute(sa.select(column).where(which).distinct()).scalars())
    return found


def _kept(connection: Connection, sender: str) -> dict[str, list[dict[str, Any]]]:
    kept = {}
    for name, column in _TABLES.items():
        rows = connection.execute(sa.select(column.table).where(column == sender)).mappings()
        kept[name] = [{key: _readable(key, value) for key, value in row.items()} for row in rows]
    return kept


def _readable(key: str, value: Any) -> Any:
    """A column's value; what is stored as JSON, as what it says."""
    return json.loads(value) if key in ("data", "item") and value else value
