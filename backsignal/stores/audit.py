"""The audit: how each level came about, a row for each message or change, written with it or not at all.

Rows are only ever added. Each holds the hash of the row before it in the same conversation or call, so that
several servers need not wait for each other. Seals, which one server writes from time to time, chain all rows
of a database: whoever keeps the newest seal elsewhere sees if a conversation disappears. Erasing a person
wipes their rows and leaves the hashes, so that everybody else's rows and all seals still hold.
"""

import json
import logging
import secrets
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from itertools import takewhile
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

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
    # The rows of a conversation or a call: the random name of their chain, and their place in it.
    sa.Column("chain", sa.String(32), nullable=False),
    sa.Column("place", sa.Integer, nullable=False),
    sa.Column("previous", sa.String(64), nullable=False),
    sa.Column("hash", sa.String(64), nullable=False),
    sa.Column("content_version", sa.String(12), nullable=False),
    # Of an erased row these are gone.
    sa.Column("sender", sa.String(255)),
    sa.Column("at", sa.Float, index=True),
    sa.Column("data", sa.Text),
    # With the sender alone PostgreSQL, not knowing the table yet, seeks the last row from the table's end.
    sa.Index("ix_audit_sender_number", "sender", "number"),
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


@dataclass(frozen=True)
class Told:
    """What a row is to say: the time (seconds since the epoch), the version of the content, and the rest."""

    at: float
    content_version: str
    data: dict[str, Any]


def append(connection: Connection, sender: str, told: Told) -> None:
    """Add what was told to a sender's chain, within the transaction that stores what happened."""
    last = connection.execute(_LAST, {"sender": sender}).first()
    # The salt keeps anybody from guessing what was said from a hash that outlives it.
    data = {"salt": secrets.token_hex(8), **told.data}
    if last and last.content_version != told.content_version:
        data["content_before"] = last.content_version
    row = {
        "chain": last.chain if last else secrets.token_hex(16),
        "place": last.place + 1 if last else 1,
        "previous": last.hash if last else "",
        "content_version": told.content_version,
        "sender": sender,
        "at": told.at,
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


def wipe_audit_before(moment: float, most: int, connection: Connection) -> int:
    """Wipe `most` rows of before a moment (seconds since the epoch), within a transaction.

    Returns how many were wiped.
    """
    some = sa.select(table.c.number).where(table.c.at < moment).limit(most)
    return _wipe(connection, table.c.number.in_(some))


def _wipe(connection: Connection, which: Any) -> int:
    wiping = sa.update(table).where(which).values(sender=None, at=None, data=None)
    return int(connection.execute(wiping).rowcount)


def seal(now: float, connection: Connection) -> None:
    """Seal what was added since the last seal, and log the seal: the log is where a copy of it is kept."""
    last = connection.execute(sa.select(seals).order_by(seals.c.number.desc()).limit(1)).first()
    number, begin, running = (last.number + 1, last.up_to, last.hash) if last else (1, 0, "")
    query = sa.select(table.c.number, table.c.hash, table.c.at).where(table.c.number > begin)
    unsealed = connection.execute(query.order_by(table.c.number).limit(_MOST_SEALED)).all()
    youngest = now - _SETTLED_SECONDS
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
