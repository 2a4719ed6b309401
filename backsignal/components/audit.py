"""The audit: how each level came about, a row for each message, written with the conversation or not at all.

Rows are only ever added. Each holds the hash of the row before it in the same conversation, so that several
servers need not wait for each other. Seals, which one server writes from time to time, chain all rows of all
conversations: whoever keeps the newest seal elsewhere sees if a conversation disappears. Erasing a person
wipes their rows and leaves the hashes, so that everybody else's rows and all seals still hold.
"""

import json
import logging
import secrets
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from hashlib import sha256
from itertools import dropwhile, takewhile
from typing import Any

import sqlalchemy as sa
from rasa.shared.core.events import BotUttered, Event, UserUttered
from rasa.shared.core.trackers import DialogueStateTracker
from sqlalchemy.engine import Connection

from backsignal.clinical.record import Entry, Number, Record, Value
from backsignal.clinical.red_flags import supported
from backsignal.components import clock
from backsignal.components.turns import INTERVIEW_SLOT, READING_KEY, content

logger = logging.getLogger(__name__)

# Rows are sealed when no turn that began before them can still be writing.
_SETTLED_SECONDS = 300.0
# A seal is made within the time that a turn may wait for the database.
_MOST_SEALED = 20_000
_NUMBER = sa.BigInteger().with_variant(sa.Integer, "sqlite")

metadata = sa.MetaData()
table = sa.Table(
    "audit",
    metadata,
    sa.Column("number", _NUMBER, primary_key=True, autoincrement=True),
    # A conversation's rows: the random name of their chain, and their place in it.
    sa.Column("chain", sa.String(32), nullable=False),
    sa.Column("place", sa.Integer, nullable=False),
    sa.Column("previous", sa.String(64), nullable=False),
    sa.Column("hash", sa.String(64), nullable=False),
    sa.Column("content_version", sa.String(12), nullable=False),
    # Of an erased row these are gone.
    sa.Column("sender", sa.String(255), index=True),
    sa.Column("at", sa.Float, index=True),
    sa.Column("data", sa.Text),
    sqlite_autoincrement=True,
)
seals = sa.Table(
    "audit_seals",
    metadata,
    sa.Column("number", _NUMBER, primary_key=True, autoincrement=False),
    sa.Column("up_to", _NUMBER, nullable=False),
    sa.Column("hash", sa.String(64), nullable=False),
)

# Made once, as making them costs more than carrying them out.
_LAST = (
    sa.select(table.c.chain, table.c.place, table.c.hash, table.c.content_version)
    .where(table.c.sender == sa.bindparam("sender"))
    .order_by(table.c.number.desc())
    .limit(1)
)
_INSERT = sa.insert(table)


def told(tracker: DialogueStateTracker, new: Sequence[Event]) -> dict[str, Any] | None:
    """What a turn's new events say of a message, and the tracker after them; None without a message."""
    message = next((event for event in new if isinstance(event, UserUttered)), None)
    return _told(tracker, message, new) if message else None


def append(connection: Connection, sender: str, data: dict[str, Any] | None) -> None:
    """Add what was told to a conversation's chain, within the transaction that stores the turn."""
    if data is None:
        return
    last = connection.execute(_LAST, {"sender": sender}).first()
    if last and last.content_version != content().version:
        data = {**data, "content_before": last.content_version}
    row = {
        "chain": last.chain if last else secrets.token_hex(16),
        "place": last.place + 1 if last else 1,
        "previous": last.hash if last else "",
        "content_version": content().version,
        "sender": sender,
        "at": clock.now(),
        "data": json.dumps(data, ensure_ascii=False),
    }
    connection.execute(_INSERT, {"hash": hash_of(row), **row})


def hash_of(row: Any) -> str:
    """The hash of a row, over all that it says and the hash before it."""
    parts = [row[name] for name in ("previous", "chain", "place", "content_version", "sender", "data")]
    return sha256(json.dumps(parts).encode()).hexdigest()


def erase_audit(connection: Connection, sender: str) -> None:
    """Wipe the rows of a sender, within a transaction; their hashes stay for the chain."""
    _wipe(connection, table.c.sender == sender)


def wipe_audit_before(moment: float, connection: Connection) -> None:
    """Wipe the rows of before a moment (seconds since the epoch), within a transaction."""
    _wipe(connection, table.c.at < moment)


def _wipe(connection: Connection, which: Any) -> None:
    connection.execute(sa.update(table).where(which).values(sender=None, at=None, data=None))


def seal(connection: Connection) -> None:
    """Seal what was added since the last seal, and log the seal: the log is where a copy of it is kept."""
    last = connection.execute(sa.select(seals).order_by(seals.c.number.desc()).limit(1)).first()
    number, begin, running = (last.number + 1, last.up_to, last.hash) if last else (1, 0, "")
    query = sa.select(table.c.number, table.c.hash, table.c.at).where(table.c.number > begin)
    unsealed = connection.execute(query.order_by(table.c.number).limit(_MOST_SEALED)).all()
    youngest = clock.now() - _SETTLED_SECONDS
    rows = [
        (row.number, row.hash) for row in takewhile(lambda it: it.at is None or it.at <= youngest, unsealed)
    ]
    if rows:
        sealed = {"number": number, "up_to": rows[-1][0], "hash": _sealed(running, rows)}
        connection.execute(sa.insert(seals).values(**sealed))
        logger.warning("audit.sealed seal=%s rows=%s hash=%s", number, len(rows), sealed["hash"])


def _sealed(before: str, rows: Iterable[tuple[int, str]]) -> str:
    digest = sha256(before.encode())
    for number, row_hash in rows:
        digest.update(f"\n{number} {row_hash}".encode())
    return digest.hexdigest()


@dataclass(frozen=True)
class Row:
    """One row of the audit; `data` is None where the person was erased."""

    number: int
    sender: str | None
    content_version: str
    data: dict[str, Any] | None
    #: What is wrong with its place in the chain, None where nothing is.
    broken: str | None = None


def rows_of(connection: Connection) -> Iterator[Row]:
    """All rows in order, each held against the row before it."""
    heads: dict[str, tuple[int, str]] = {}
    rows = connection.execution_options(stream_results=True).execute(
        sa.select(table).order_by(table.c.number)
    )
    for row in rows.mappings():
        broken = None
        if (row["place"] - 1, row["previous"]) != heads.get(row["chain"], (0, "")):
            broken = "a row before it is missing, or two servers wrote at once"
        elif row["data"] is not None and hash_of(row) != row["hash"]:
            broken = "it was changed"
        heads[row["chain"]] = (row["place"], row["hash"])
        data = json.loads(row["data"]) if row["data"] is not None else None
        yield Row(row["number"], row["sender"], row["content_version"], data, broken)


def broken_seals(connection: Connection) -> Iterator[int]:
    """The numbers of the seals that do not hold: rows under them were added, changed or taken away."""
    begin, running = 0, ""
    for sealed in connection.execute(sa.select(seals).order_by(seals.c.number)).all():
        within = sa.and_(table.c.number > begin, table.c.number <= sealed.up_to)
        query = sa.select(table.c.number, table.c.hash).where(within).order_by(table.c.number)
        if _sealed(running, ((row.number, row.hash) for row in connection.execute(query))) != sealed.hash:
            yield sealed.number
        begin, running = sealed.up_to, sealed.hash


def _told(tracker: DialogueStateTracker, message: UserUttered, new: Sequence[Event]) -> dict[str, Any]:
    """What a row says: the question, the answer, how it was read, what was known then, the level and why."""
    findings = findings_of((tracker.get_slot(INTERVIEW_SLOT) or {}).get("record") or {})
    record = record_of(findings)
    record.forget_unknown(content())
    payloads = [_payload(event) for event in new if isinstance(event, BotUttered)]
    results = [payload for payload in payloads if payload.get("type") in ("emergency", "triage")]
    result = results[-1] if results else {}
    triage = supported(record, content())
    reasons = [{"rule": it.rule, "findings": list(it.findings)} for it in triage.reasons]
    if result.get("type") == "triage":
        reasons = [{"rule": it["rule"], "findings": it["findings"]} for it in result["reasons"]]
    # The salt keeps anybody from guessing what was said from a hash that outlives it.
    return {
        "salt": secrets.token_hex(8),
        "at": datetime.fromtimestamp(message.timestamp, timezone.utc).isoformat(timespec="seconds"),
        "question": _question(tracker, message),
        "answer": message.text,
        "reading": {key: it for key, it in (message.parse_data.get(READING_KEY) or {}).items() if it},
        "findings": findings,
        "told": result.get("type"),
        "level": result.get("level", triage.level.value),
        "reasons": reasons,
    }


def findings_of(record: dict[str, Any]) -> dict[str, Any]:
    """What the levels of a record (as its slot holds it) rest on; the words stand in the answers."""
    return {
        "entries": {finding: _short(entry) for finding, entry in record.get("entries", {}).items()},
        "numbers": {measure: number["value"] for measure, number in record.get("numbers", {}).items()},
        "withdrawn": {finding: _short(entry) for finding, entry in record.get("withdrawn", {}).items()},
    }


def record_of(findings: dict[str, Any]) -> Record:
    """The record that `findings_of` was made from, without words. It is not checked again."""
    numbers = findings["numbers"].items()
    return Record.construct(
        entries={finding: _entry(short) for finding, short in findings["entries"].items()},
        numbers={measure: Number.construct(value=value, quote="") for measure, value in numbers},
        withdrawn={finding: _entry(short) for finding, short in findings["withdrawn"].items()},
    )


def _short(entry: dict[str, Any]) -> str | list[Any]:
    """Value, basis, side and whether long-standing: in a row for each message, names would be most of it."""
    short = f"{Value(entry['value']).value} {entry['basis']}"
    side, long_standing = entry.get("side"), entry.get("long_standing", False)
    return [short, side, long_standing] if side or long_standing else short


def _entry(short: str | list[Any]) -> Entry:
    words, side, long_standing = short if isinstance(short, list) else (short, None, False)
    value, basis = words.split(" ")
    return Entry.construct(
        value=Value(value), basis=basis, quote="", at="", side=side, long_standing=long_standing
    )


def _question(tracker: DialogueStateTracker, message: UserUttered) -> dict[str, Any] | None:
    """The question that the person had before them when they wrote."""
    before = dropwhile(lambda event: event is not message, reversed(tracker.events))
    next(before, None)
    for event in before:
        if isinstance(event, UserUttered):
            return None
        payload = _payload(event) if isinstance(event, BotUttered) else {}
        if payload.get("type") == "question":
            return {"id": payload["id"], "findings": payload["findings"]}
    return None


def _payload(event: BotUttered) -> dict[str, Any]:
    return ((event.data or {}).get("custom") or {}).get("data") or {}
