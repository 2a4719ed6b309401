"""The audit, the purge and the erasure on the database that several servers share."""

import asyncio
from functools import partial

import pytest
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from backsignal.assist.desk import Said
from backsignal.components import check_ins, clock, inbox, jobs, opted_out
from backsignal.components.erasure import erase, expire, expired, forget_erased
from backsignal.components.tracker_store import ConversationStore
from backsignal.personal_data import NobodyError, work_on
from backsignal.stores import UnavailableError, audit
from backsignal.stores.database import (
    CALLS_VARIABLE,
    DEADLINE_SECONDS,
    Database,
    address,
    calls_address,
    database_at,
)
from tests.loops import aside, run
from tests.resilience.services import Postgres
from tests.resilience.test_audit import DOMAIN, a_turn, replay, replay_here
from tests.resilience.test_audit_of_calls import JO, desk_on, story


@pytest.fixture
def store(postgres: Postgres, monkeypatch: pytest.MonkeyPatch) -> ConversationStore:
    """A store on an empty database."""
    monkeypatch.setenv("BACKSIGNAL_DATABASE", postgres.url)
    store = ConversationStore(domain=DOMAIN)
    store.database.keep(jobs.metadata, check_ins.metadata, inbox.metadata, opted_out.metadata)

    def empty(connection: sa.engine.Connection) -> None:
        for table in (audit.table, audit.seals, jobs.table, check_ins.table):
            connection.execute(sa.delete(table))

    run(store.database.run(empty))
    run(erase(store, "ann"))
    return store


def test_a_turn_is_audited_sealed_handed_out_and_erased(store: ConversationStore, postgres: Postgres) -> None:
    a_turn(store, "my back hurts")
    a_turn(store, "since yesterday")
    kept = aside(work_on, "export", "ann", postgres.url)["conversations"]["ann"]
    assert [row["data"]["answer"] for row in kept["audit"]] == ["my back hurts", "since yesterday"]
    assert [row["place"] for row in kept["audit"]] == [1, 2]
    assert run(store.database.run(partial(jobs.take, "seal", 3600)))
    assert not run(store.database.run(partial(jobs.take, "seal", 3600)))
    assert aside(work_on, "erase", "ann", postgres.url) == {"erased": ["ann"]}
    run(store.database.run(partial(audit.seal, clock.now())))
    run(forget_erased(store))
    assert store.kept() == []
    with pytest.raises(NobodyError):
        aside(work_on, "export", "ann", postgres.url)
    status, said = replay(postgres.url)
    assert status == 0, said
    assert "2 rows, 2 erased, 0 differences, 0 broken" in said


def test_a_new_conversation_costs_no_look_through_the_whole_audit(postgres: Postgres) -> None:
    database = database_at(address(postgres.fresh())).keep(audit.metadata)
    # As after a restore, before the server has looked at what is in the table.
    stored = sa.text(
        "INSERT INTO audit (chain, place, previous, hash, content_version, sender, at, data) "
        "SELECT 'c' || name, place, '', '', '', 'stored-' || name, 0, repeat('x', 800) "
        "FROM generate_series(1, 2000) name, generate_series(1, 5) place"
    )
    last = audit._LAST.params(sender="new").compile(
        dialect=postgresql.dialect(), compile_kwargs={"literal_binds": True}
    )

    def planned(connection: sa.engine.Connection) -> list[str]:
        connection.execute(stored)
        return list(connection.exec_driver_sql(f"EXPLAIN {last}").scalars())

    plan = run(database.run(planned))
    assert any("Index Cond" in step and "sender" in step for step in plan), plan


def test_a_call_is_audited_beside_the_conversations(
    store: ConversationStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(CALLS_VARIABLE, raising=False)
    a_turn(store, "my back hurts")
    call, levels = run(story(desk_on(database_at(calls_address()))))
    audited = aside(work_on, "export", f"call:{call}", None)["calls"][call]["audit"]
    assert [(row["data"]["level"], row["data"]["supported"]) for row in audited] == levels
    status, said = replay_here()
    assert status == 0, said
    assert "9 rows, 0 erased, 0 differences, 0 broken" in said
    assert said.count("postgresql://") == 1
    assert aside(work_on, "erase", f"call:{call}", None) == {"erased": [f"call:{call}"]}
    status, said = replay_here()
    assert status == 0, said
    assert "9 rows, 8 erased, 0 differences, 0 broken" in said


def test_two_servers_on_one_call_keep_one_chain(
    store: ConversationStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(CALLS_VARIABLE, raising=False)
    desks = [desk_on(Database(calls_address())) for _ in range(2)]

    # Fewer turns at each than it tries again when the other was faster.
    async def at_once() -> None:
        call = (await desks[0].open(JO)).id
        await asyncio.gather(
            *(desks[n % 2].say(call, JO, Said("caller", f"word {n}", f"r{n}")) for n in range(8))
        )

    for _ in range(10):
        run(at_once())
    status, said = replay_here()
    assert status == 0, said
    assert "80 rows, 0 erased, 0 differences, 0 broken" in said


def test_a_command_may_take_longer_than_a_person_waits(store: ConversationStore) -> None:
    sleep = sa.select(sa.func.pg_sleep(DEADLINE_SECONDS + 0.3))
    with pytest.raises(UnavailableError):
        run(store.database.run(lambda connection: connection.execute(sleep)))
    store.database.at_leisure(lambda connection: connection.execute(sleep))


def test_the_purge_takes_conversations_and_leaves_their_audit(store: ConversationStore) -> None:
    a_turn(store, "my back hurts")
    database, later = store.database, clock.now() + 1
    assert run(database.run(partial(expired, later - 60, None, 10))) == [("ann", False)]
    assert run(database.run(partial(expired, later, None, 10))) == [("ann", True)]
    # What she sent just now is yet to be answered.
    run(inbox.Inbox(database).accept("twilio", [("purge", "ann", {"kind": "text", "address": "+441"})]))
    run(database.run(partial(expire, "ann", later)))
    assert run(inbox.Inbox(database).claim("ann"))
    assert run(database.run(partial(expired, later, None, 10))) == []
    count = sa.select(sa.func.count()).where(audit.table.c.sender == "ann")
    assert run(database.run(lambda connection: connection.execute(count).scalar())) == 1
    assert run(database.run(partial(audit.wipe_audit_before, later, 10))) == 1
    assert run(database.run(lambda connection: connection.execute(count).scalar())) == 0
