"""One turn of a conversation at a time over all servers, with a real Redis."""

import asyncio
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import pytest
import redis as redis_client
from rasa.core.lock_store import LockStore, RedisLockStore

from backsignal.components import lock_store
from backsignal.components.lock_store import ConversationLocks, LockedOutError
from backsignal.stores import UnavailableError
from backsignal.stores.shared import Shared
from tests.loops import run
from tests.resilience.services import Redis

SERVERS, SECTIONS = 3, 40


def ours(redis: Redis) -> ConversationLocks:
    return ConversationLocks(redis=Shared(redis.url))


def work(of_rasa: bool, port: int) -> tuple[int, int]:
    """One server's critical sections: how many met somebody else inside, and how many could not begin."""
    inside = redis_client.Redis(port=port)
    # Rasa's own looks every second and lets a lost ticket block for a minute: it is given our pace.
    pace = {"wait_time_in_seconds": 0.005, "lock_lifetime": 1.0}

    met = 0

    async def section(store: LockStore) -> None:
        nonlocal met
        async with store.lock("ann", **pace):
            met += inside.incr("inside") != 1
            await asyncio.sleep(0.002)
            inside.decr("inside")

    async def sections() -> int:
        store: LockStore
        store = (
            RedisLockStore(host="127.0.0.1", port=port)
            if of_rasa
            else ConversationLocks(redis=Shared(f"redis://127.0.0.1:{port}"))
        )
        failed = 0
        for _ in range(SECTIONS):
            try:
                # Whoever stands in line behind a ticket that Rasa's lock lost would wait for ever.
                await asyncio.wait_for(section(store), 0.5)
            except Exception:
                failed += 1
        return failed

    failed = run(sections())
    return met, failed


Compete = Callable[[bool], tuple[int, int]]


@pytest.fixture(scope="module")
def compete(redis: Redis) -> Iterator[Compete]:
    with ProcessPoolExecutor(SERVERS, get_context("spawn")) as servers:

        def all_at_once(of_rasa: bool) -> tuple[int, int]:
            redis.client.flushall()
            done = list(servers.map(work, [of_rasa] * SERVERS, [redis.port] * SERVERS))
            return sum(met for met, _ in done), sum(failed for _, failed in done)

        yield all_at_once


def test_two_servers_are_never_inside_at_once(compete: Compete) -> None:
    assert compete(False) == (0, 0)


def test_rasas_own_lock_lets_them(compete: Compete) -> None:
    # Should this fail, Rasa mended its lock, and ours may go.
    assert sum(compete(True)) > 0


def test_who_comes_first_is_served_first(redis: Redis) -> None:
    served: list[int] = []

    async def turn(store: ConversationLocks, number: int) -> None:
        async with store.lock("ann"):
            served.append(number)
            await asyncio.sleep(0.01)

    async def story() -> None:
        servers = [ours(redis), ours(redis)]
        async with servers[0].lock("ann"):
            turns = []
            for number in range(8):
                turns.append(asyncio.create_task(turn(servers[number % 2], number)))
                while await _places(redis) < number + 2:
                    await asyncio.sleep(0.005)
        await asyncio.gather(*turns)

    redis.client.flushall()
    run(story())
    assert served == list(range(8))


async def _places(redis: Redis) -> int:
    [name] = redis.client.keys("*:places:*")
    return int(redis.client.zcard(name))


def test_conversations_do_not_wait_for_each_other(redis: Redis) -> None:
    async def story() -> None:
        store = ours(redis)
        async with store.lock("ann"), store.lock("bo"):
            pass

    run(story())


def test_a_turn_may_take_longer_than_the_lease(redis: Redis, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lock_store, "_LEASE_SECONDS", 0.3)
    monkeypatch.setattr(lock_store, "_RENEW_SECONDS", 0.1)
    monkeypatch.setattr(lock_store, "_WAIT_SECONDS", 0.9)

    async def story() -> None:
        mine, other = ours(redis), ours(redis)
        async with mine.lock("ann"):
            with pytest.raises(LockedOutError):
                async with other.lock("ann"):
                    pass

    run(story())


def test_the_lock_of_a_server_that_died_ends_by_itself(redis: Redis, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lock_store, "_LEASE_SECONDS", 0.3)

    async def story() -> None:
        dead, other = ours(redis), ours(redis)
        await dead._locks._wait(_keys("ann"), "a server that died")
        async with other.lock("ann"):
            pass

    redis.client.flushall()
    run(story())


def _keys(conversation: str) -> tuple[str, str]:
    return lock_store.key("places", conversation), lock_store.key("leases", conversation)


def test_nobody_releases_what_is_anothers(redis: Redis, monkeypatch: pytest.MonkeyPatch) -> None:
    async def story() -> None:
        store, other = ours(redis), ours(redis)
        async with store.lock("ann"):
            # The lease was lost: Redis began anew, and another server is in work.
            redis.client.flushall()
            entered = other.lock("ann")
            await entered.__aenter__()
        assert await _places(redis) == 1
        await entered.__aexit__(None, None, None)
        assert redis.client.keys("*:places:*") == []

    run(story())


def test_names_of_people_are_not_in_redis(redis: Redis) -> None:
    async def story() -> None:
        async with ours(redis).lock("+441632960400"):
            assert not any(b"960400" in key for key in redis.client.scan_iter())

    run(story())


@pytest.mark.parametrize("shared", [True, False])
def test_too_many_are_sent_away_at_once(shared: bool, redis: Redis, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lock_store, "_MOST_WAITING", 3)

    async def story() -> None:
        store = ours(redis) if shared else ConversationLocks()
        order: list[int] = []

        async def turn(number: int) -> None:
            async with store.lock("ann"):
                order.append(number)
                await asyncio.sleep(0.1)

        done = await asyncio.gather(*(turn(number) for number in range(5)), return_exceptions=True)
        assert [isinstance(each, LockedOutError) for each in done].count(True) == 2
        assert len(order) == 3

    run(story())


def test_without_redis_it_says_so_quickly_and_goes_on_when_redis_is_back(redis: Redis) -> None:
    async def once(store: ConversationLocks) -> None:
        async with store.lock("ann"):
            pass

    async def story() -> None:
        store = ours(redis)
        await once(store)
        for stop, start in ((redis.kill, redis.start), (redis.pause, redis.resume)):
            stop()
            began = time.monotonic()
            with pytest.raises(UnavailableError):
                await once(store)
            assert time.monotonic() - began < 3
            start()
            await once(store)

    run(story())
