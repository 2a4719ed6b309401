"""The audit, the purge and the erasure on the database that several servers share."""

from functools import partial

import pytest
import sqlalchemy as sa

from backsignal.components import audit, check_ins, clock, inbox, jobs, opted_out
from backsignal.components.erasure import erase, expire, expired, forget_erased
from backsignal.components.tracker_store import ConversationStore
from backsignal.personal_data import NobodyError, work_on
from tests.loops import run
from tests.resilience.services import Postgres
from tests.resilience.test_audit import DOMAIN, a_turn, replay


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
    kept = work_on("export", "ann", postgres.url)["conversations"]["ann"]
    assert [row["data"]["answer"] for row in kept["audit"]] == ["my back hurts", "since yesterday"]
    assert [row["place"] for row in kept["audit"]] == [1, 2]
    assert run(store.database.run(partial(jobs.take, "seal", 3600)))
    assert not run(store.database.run(partial(jobs.take, "seal", 3600)))
    assert work_on("erase", "ann", postgres.url) == {"erased": ["ann"]}
    run(store.database.run(audit.seal))
    run(forget_erased(store))
    assert store.kept() == []
    with pytest.raises(NobodyError):
        work_on("export", "ann", postgres.url)
    status, said = replay(postgres.url)
    assert status == 0, said
    assert "2 rows, 2 erased, 0 differences, 0 broken" in said


def test_the_purge_takes_conversations_and_leaves_their_audit(store: ConversationStore) -> None:
    a_turn(store, "my back hurts")
    database, later = store.database, clock.now() + 1
    assert run(database.run(partial(expired, later - 60, 10))) == []
    assert run(database.run(partial(expired, later, 10))) == ["ann"]
    run(database.run(partial(expire, "ann", later)))
    assert run(database.run(partial(expired, later, 10))) == []
    count = sa.select(sa.func.count()).where(audit.table.c.sender == "ann")
    assert run(database.run(lambda connection: connection.execute(count).scalar())) == 1
    run(database.run(partial(audit.wipe_audit_before, later)))
    assert run(database.run(lambda connection: connection.execute(count).scalar())) == 0
