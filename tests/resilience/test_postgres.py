"""The tracker store on a PostgreSQL server that restarts, hangs, and gives numbers before they are seen."""

import asyncio
import time
import traceback
from contextlib import closing

import psycopg2
import pytest
import sqlalchemy as sa
from rasa.core.tracker_store import FailSafeTrackerStore, SQLTrackerStore

from backsignal.components.tracker_store import ConversationStore
from backsignal.stores import OutrunError, UnavailableError, database
from backsignal.stores.database import DATABASE_VARIABLE, address, one_at_a_time
from tests.components.test_tracker_store import DOMAIN, a_turn, begin_turn, change, texts, turn
from tests.loops import run
from tests.resilience.services import Postgres


@pytest.fixture
def url(postgres: Postgres, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.delenv(DATABASE_VARIABLE, raising=False)
    return postgres.fresh()


def test_after_a_restart_of_the_database_nothing_is_forgotten(url: str, postgres: Postgres) -> None:
    store = ConversationStore(domain=DOMAIN, db=url)
    turn(store, 1)
    postgres.kill()
    with pytest.raises(UnavailableError):
        run(store.retrieve("ann"))
    postgres.start()
    # The connections of before are dead: that is noticed before they are used.
    turn(store, 2)
    assert texts(run(ConversationStore(domain=DOMAIN, db=url).events("ann"))) == ["message 1", "message 2"]


def test_rasas_own_store_forgets(url: str, postgres: Postgres) -> None:
    # Should this fail, Rasa mended its store, and what ours does instead may go.
    store = FailSafeTrackerStore(SQLTrackerStore(domain=DOMAIN, host=url))
    turn(store, 1)
    postgres.restart()
    assert run(store.retrieve("ann")) is None


def test_a_turn_during_which_the_database_went_is_not_taken_for_stored(url: str, postgres: Postgres) -> None:
    store = ConversationStore(domain=DOMAIN, db=url)
    turn(store, 1)
    begun = begin_turn(store, 2)
    postgres.kill()
    with pytest.raises(UnavailableError):
        run(store.save(begun))
    remembered = store.remembered("ann")
    assert remembered
    assert texts(remembered.events) == ["message 1"]
    postgres.start()
    turn(store, 3)
    assert texts(run(store.events("ann"))) == ["message 1", "message 3"]


def test_a_hanging_database_ends_at_the_deadline_and_not_in_the_loop(
    url: str, postgres: Postgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "DEADLINE_SECONDS", 0.5)
    store = ConversationStore(domain=DOMAIN, db=url)
    turn(store, 1)

    async def story() -> None:
        beats = 0
        asking = [asyncio.create_task(store.retrieve("ann")) for _ in range(30)]
        while not all(task.done() for task in asking):
            await asyncio.sleep(0.01)
            beats += 1
        assert all(isinstance(task.exception(), UnavailableError) for task in asking)
        assert beats > 10

    postgres.pause()
    began = time.monotonic()
    try:
        run(story())
    finally:
        postgres.resume()
    assert time.monotonic() - began < 5
    turn(store, 2)


def test_too_many_waiting_are_sent_away_at_once(
    url: str, postgres: Postgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "DEADLINE_SECONDS", 0.5)
    monkeypatch.setattr(database, "_MOST_WAITING", 10)
    store = ConversationStore(domain=DOMAIN, db=url)
    turn(store, 1)

    async def story() -> None:
        asking = [asyncio.create_task(store.retrieve("ann")) for _ in range(15)]
        done, _ = await asyncio.wait(asking, timeout=0.2)
        assert len(done) == 5
        assert all(isinstance(task.exception(), UnavailableError) for task in done)
        await asyncio.wait(asking)

    postgres.pause()
    try:
        run(story())
    finally:
        postgres.resume()


def test_a_number_that_is_seen_late_is_not_passed_over(url: str) -> None:
    """A row gets its number before it is committed, so a lower number can appear after a higher one."""
    store = ConversationStore(domain=DOMAIN, db=url)
    turn(store, 1)
    engine = sa.create_engine(address(url))

    async def story() -> None:
        tracker = await store.retrieve("ann")
        assert tracker
        change(tracker, a_turn(3))
        with engine.begin() as other:
            # Another server stores, slowly.
            one_at_a_time(other, "ann")
            names = "sender_id, type_name, timestamp, intent_name, action_name, data"
            again = f"SELECT nextval('events_id_seq'), {names} FROM events WHERE type_name = 'user'"
            other.execute(sa.text(f"INSERT INTO events (id, {names}) {again}"))
            saving = asyncio.create_task(store.save(tracker))
            await asyncio.wait([saving], timeout=0.3)
            assert not saving.done()
        with pytest.raises(OutrunError):
            await saving

    run(story())
    assert texts(run(store.events("ann"))) == ["message 1", "message 1"]


def test_what_a_person_wrote_is_in_no_error(url: str) -> None:
    store = ConversationStore(domain=DOMAIN, db=url)
    turn(store, 1)
    begun = begin_turn(store, 2)
    with closing(psycopg2.connect(url)) as connection, connection, connection.cursor() as cursor:
        cursor.execute("ALTER TABLE events ALTER COLUMN data TYPE varchar(10) USING left(data, 10)")
    with pytest.raises(UnavailableError) as caught:
        run(store.save(begun))
    told = "".join(traceback.format_exception(caught.value))
    assert "DataError" in told
    assert "message 2" not in told
