"""One person's data over all that is kept: found, handed out as one JSON document, and erased."""

import asyncio
import json
import re
from functools import partial
from typing import Any

import sqlalchemy as sa
from rasa.core.tracker_store import SQLTrackerStore
from sqlalchemy.engine import Connection

from backsignal.assist.store import CALL, Store, audited_as
from backsignal.channels.messaging_senders import sender_of
from backsignal.channels.web_sessions import load_secret
from backsignal.components import check_ins, inbox, opted_out
from backsignal.components.databases import open_calls_database, open_database
from backsignal.components.erasure import erase_rows
from backsignal.stores import audit
from backsignal.stores.database import Database

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


class TracesLeftError(Exception):
    """All was erased, but its words still stand in the file that this names: somebody reads the database."""


def work_on(command: str, who: str, database: str | None) -> dict[str, Any]:
    """Carry out "export" or "erase" on somebody: what is kept, or what was erased.

    `database` is another one than the servers' own. Raises NobodyError, FileNotFoundError where there is no
    such database, or TracesLeftError where the words of what was erased still stand in a file.
    """
    if who.startswith(CALL):
        opened, call = open_calls_database(database), who.removeprefix(CALL)
        if command == "export":
            return asyncio.run(export_call(opened, call))
        erased = asyncio.run(erase_call(opened, call))
    else:
        opened = open_database(database)
        if command == "export":
            return opened.at_leisure(partial(export, who))
        erased = opened.at_leisure(partial(erase_all, who))
        asyncio.run(opened.leave_no_trace())
    if opened.traces_left:
        raise TracesLeftError(f"{opened.url.database}-wal")
    return {"erased": erased}


def export(who: str, connection: Connection) -> dict[str, Any]:
    """All that is kept of somebody in conversations. Raises NobodyError."""
    return {"conversations": {sender: _kept(connection, sender) for sender in _senders(connection, who)}}


def erase_all(who: str, connection: Connection) -> list[str]:
    """Erase all of that but the wish not to be written to; returns which conversations it were.

    Raises NobodyError.
    """
    senders = _senders(connection, who)
    for sender in senders:
        erase_rows(sender, None, connection)
    return senders


async def export_call(calls: Database, call: str) -> dict[str, Any]:
    """All that is kept of a call. Raises NobodyError."""
    events = await Store(calls).events(call)
    if not events:
        raise NobodyError(f"there is no call {call}")
    audited = await calls.run(partial(_rows, audit.table.c.sender, audited_as(call)))
    return {"calls": {call: {"events": [event.dict() for event in events], "audit": audited}}}


async def erase_call(calls: Database, call: str) -> list[str]:
    """Erase a call; returns what was erased. Raises NobodyError."""
    if not await Store(calls).erase(call):
        raise NobodyError(f"there is no call {call}")
    return [f"{CALL}{call}"]


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
    return {name: _rows(column, sender, connection) for name, column in _TABLES.items()}


def _rows(column: sa.Column[Any], sender: str, connection: Connection) -> list[dict[str, Any]]:
    rows = connection.execute(sa.select(column.table).where(column == sender)).mappings()
    return [{key: _readable(key, value) for key, value in row.items()} for row in rows]


def _readable(key: str, value: Any) -> Any:
    """A column's value; what is stored as JSON, as what it says."""
    return json.loads(value) if key in ("data", "item") and value else value
