"""The purge: in small parts, beside those who are served, and past a conversation that is busy."""

import asyncio
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path
from typing import TypeVar

import pytest
import sqlalchemy as sa

from backsignal.components import check_ins, clock, inbox, jobs, lock_store, retention
from backsignal.components.check_ins import CheckIns
from backsignal.components.erasure import expired
from backsignal.components.lock_store import ConversationLocks
from backsignal.components.retention import Retention, purge
from backsignal.components.tracker_store import ConversationStore, table
from backsignal.stores import audit, database
from backsignal.stores.database import CALLS_VARIABLE, DATABASE_VARIABLE
from tests.components.test_tracker_store import DOMAIN, turn
from tests.loops import run

DEADLINE = 0.3
Result = TypeVar("Result")
NOTHING_KEPT = Retention(keep_days=0, keep_audit_days=0)


@pytest.fixture(params=["sqlite", "postgresql"])
def store(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> ConversationStore:
    """A store of conversations, without calls, that waits only shortly for its database."""
    monkeypatch.delenv(DATABASE_VARIABLE, raising=False)
    monkeypatch.setenv(CALLS_VARIABLE, str(tmp_path / "calls.db"))
    monkeypatch.setitem(database._TIMEOUTS, "statement_timeout", DEADLINE)
    file = request.param == "sqlite"
    where = str(tmp_path / "conversations.db") if file else request.getfixturevalue("postgres").fresh()
    opened = ConversationStore(domain=DOMAIN, db=where)
    opened.database.keep(jobs.metadata, check_ins.metadata, inbox.metadata)
    return opened


def column(store: ConversationStore, query: sa.sql.Select) -> list[str]:
    return list(run(store.database.run(lambda connection: connection.execute(query).scalars().all())))


def conversations(store: ConversationStore) -> list[str]:
    return column(store, sa.select(table.c.sender_id).distinct().order_by(table.c.sender_id))


def audited(store: ConversationStore) -> list[str]:
    return column(store, sa.select(audit.table.c.sender).where(audit.table.c.data.is_not(None)))


def test_a_busy_conversation_keeps_nothing_else_from_being_purged(
    store: ConversationStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lock_store, "_WAIT_SECONDS", 0.05)
    monkeypatch.setattr(retention, "_AT_ONCE", 2)
    for sender in ("ann", "bo", "cy", "di", "ed"):
        turn(store, 1, sender)
    locks = ConversationLocks()

    async def story() -> None:
        async with locks.lock("bo"):
            await purge(store, locks, NOTHING_KEPT)

    run(story())
    assert conversations(store) == store.kept() == ["bo"]
    assert audited(store) == []


def test_only_what_is_too_old_is_purged(store: ConversationStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "_AT_ONCE", 1)
    for sender in ("ann", "bo", "cy", "di"):
        turn(store, 1, sender)
    run(CheckIns(store.database).agree("cy", "web", "cy"))
    begin = clock.now()
    turn(store, 2, "bo")
    run(retention._purge_conversations(store, ConversationLocks(), begin))
    assert conversations(store) == ["bo", "cy"]
    run(retention._wipe_audit(store.database, begin))
    assert audited(store) == ["bo"]


def test_one_that_went_on_by_an_earlier_clock_is_not_too_old(store: ConversationStore) -> None:
    turn(store, 1)
    begin = clock.now()
    turn(store, 2)
    last = sa.select(sa.func.max(table.c.id)).scalar_subquery()
    late = sa.update(table).where(table.c.id == last).values(timestamp=begin - 1)
    run(store.database.run(lambda connection: connection.execute(late)))
    run(retention._purge_conversations(store, ConversationLocks(), begin))
    assert conversations(store) == ["ann"]


def test_the_purge_rests_most_of_the_time(store: ConversationStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "_AT_ONCE", 1)
    monkeypatch.setattr(retention, "_LONGEST_REST_SECONDS", 60.0)
    for sender in ("ann", "bo", "cy"):
        turn(store, 1, sender)
    working: list[float] = []
    work = store.database.in_background

    async def timed(part: Callable[[sa.engine.Connection], Result]) -> Result:
        began = time.monotonic()
        result = await work(part)
        working.append(time.monotonic() - began)
        return result

    monkeypatch.setattr(store.database, "in_background", timed)
    began = time.monotonic()
    run(retention._purge_conversations(store, ConversationLocks(), clock.now()))
    assert conversations(store) == []
    assert sum(working) < (time.monotonic() - began) / 8


def test_the_purge_reads_one_row_of_a_conversation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(DATABASE_VARIABLE, raising=False)
    store = ConversationStore(domain=DOMAIN, db=str(tmp_path / "conversations.db"))
    store.database.keep(check_ins.metadata)
    turn(store, 1)
    asked: list[tuple[str, tuple[object, ...]]] = []
    sa.event.listen(
        store.database._engine, "before_cursor_execute", lambda *given: asked.append((given[2], given[3]))
    )
    run(store.database.run(partial(expired, clock.now(), "a", 200)))
    statement, values = asked[-1]
    steps = run(
        store.database.run(
            lambda connection: connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values).all()
        )
    )
    searched = [step.detail for step in steps if step.detail.startswith("SEARCH events")]
    assert [("COVERING INDEX" in each, "INTEGER PRIMARY KEY" in each) for each in searched] == [
        (True, False),
        (False, True),
    ]


@contextmanager
def locked(store: ConversationStore) -> Iterator[None]:
    """While this lasts, nobody else writes to the audit, and on a server nobody reads it."""
    engine = sa.create_engine(store.database.url)
    server = engine.dialect.name == "postgresql"
    statement = "LOCK TABLE audit IN ACCESS EXCLUSIVE MODE" if server else "BEGIN IMMEDIATE"
    with closing(engine.connect()) as connection:
        connection.execute(sa.text(statement))
        yield
        connection.connection.rollback()
    engine.dispose()


def test_the_purge_waits_for_its_database_while_people_are_served(store: ConversationStore) -> None:
    turn(store, 1)

    async def story() -> int:
        beats = 0
        with locked(store):
            wiping = asyncio.create_task(retention._wipe_audit(store.database, clock.now()))
            # Longer than anybody may wait for an answer.
            until = time.monotonic() + 3 * DEADLINE
            while time.monotonic() < until:
                await asyncio.sleep(0.01)
                beats += 1
            assert not wiping.done()
        await wiping
        return beats

    assert run(story()) > 10
    assert audited(store) == []
