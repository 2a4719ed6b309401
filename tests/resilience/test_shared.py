"""Two servers on one PostgreSQL and one Redis: limits are common, and news of one is heard at the other."""

import asyncio
from collections.abc import Callable, Iterator

import pytest

from backsignal.assist.access import Person
from backsignal.assist.content import CallContent
from backsignal.assist.desk import Desk, Said
from backsignal.assist.store import Store
from backsignal.assist.understanding import Understanding
from backsignal.channels.web_limits import Limiter
from backsignal.components.turns import content
from backsignal.language.reader import shared_reader
from backsignal.stores import shared as shared_module
from backsignal.stores.database import Database, address
from backsignal.stores.shared import Shared
from tests.assist.service import SECRET, Client, Service, token
from tests.channels.test_web import web_events
from tests.channels.web_client import Web
from tests.conftest import Server, start_server, stop_server
from tests.loops import run
from tests.resilience.services import Postgres, Redis, wait_for
from tests.resilience.test_observability import ready, samples

STORY = "my back locked up two days ago when I lifted a box"


@pytest.fixture(scope="module")
def servers(
    postgres: Postgres, redis: Redis, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[list[Server]]:
    settings = {
        "BACKSIGNAL_DATABASE": postgres.fresh(),
        "BACKSIGNAL_REDIS": redis.url,
        "BACKSIGNAL_SECRET": SECRET,
    }
    started = [start_server(tmp_path_factory.mktemp("server"), **settings) for _ in range(2)]
    yield started
    for server in started:
        stop_server(server)


def test_a_stream_hears_at_once_what_was_said_at_another_server(servers: list[Server]) -> None:
    here = Web(servers[0].url)
    there = Web(servers[1].url, here.token)
    # Less than the poll for lost news.
    with web_events(there, last=0, seconds=10) as events:
        answer = here.send(STORY).json()["messages"]
        assert [next(events) for _ in answer] == answer


def test_redis_is_a_part_that_is_asked(servers: list[Server]) -> None:
    parts = ("model", "store", "actions", "redis")
    assert ready(samples(servers[0].url)) == dict.fromkeys(parts, 1)


def test_a_conversation_goes_on_at_another_server(servers: list[Server]) -> None:
    here = Web(servers[0].url)
    there = Web(servers[1].url, here.token)
    for number in range(6):
        answer = (here, there)[number % 2].send(STORY if number == 0 else "no")
        assert answer.status_code == 200
    assert here.history() == there.history()
    assert len({entry["n"] for entry in here.history()}) == len(here.history())


def test_a_conversation_erased_at_one_server_is_gone_at_the_other(servers: list[Server]) -> None:
    here = Web(servers[0].url)
    there = Web(servers[1].url, here.token)
    there.send(STORY)
    assert here.call("DELETE", "/web/session").json() == {"erased": True}
    assert there.call("GET", "/web/messages").status_code == 401
    assert there.send("no").status_code == 401


def test_the_console_hears_what_was_said_at_another_server(servers: list[Server]) -> None:
    jo = [Client(Service(it.url, it.process, it.database), token("jo", "agent")) for it in servers]
    call = jo[0].open()
    events = jo[1].events(call)
    assert next(events)["turns"] == []
    jo[0].say(call, "caller", "my foot is numb")
    assert next(events)["turns"][0]["text"] == "my foot is numb"
    assert jo[1].row(call, "leg_numbness")["status"] == "present"


def test_news_of_a_call_is_heard_without_waiting_for_a_heartbeat(
    postgres: Postgres, redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shared_module, "shared", lambda: Shared(redis.url))
    calls = CallContent.load(content())
    database = Database(address(postgres.fresh()))
    jo = Person("jo", "Jo", frozenset({"agent"}))

    async def story() -> None:
        here, there = (Desk(calls, Understanding(calls, shared_reader()), Store(database)) for _ in range(2))
        listening = asyncio.create_task(there.listen())
        call = await here.open(jo)
        watching = there.watch(call.id, jo, 0, heartbeat=300)
        await watching.__anext__()
        while b"backsignal:assist" not in redis.client.pubsub_channels():
            await asyncio.sleep(0.02)
        hearing = asyncio.ensure_future(watching.__anext__())
        await asyncio.sleep(0)
        await here.say(call.id, jo, Said("caller", "my foot is numb", "r1"))
        # That it listens now is a reason to look as well, and finds nothing.
        while (heard := await asyncio.wait_for(hearing, 20)) is None:
            hearing = asyncio.ensure_future(watching.__anext__())
        assert heard[0].turns[0].text == "my foot is numb"
        listening.cancel()

    run(story())


def test_connections_of_before_a_restart_fail_nobody(redis: Redis) -> None:
    async def story() -> None:
        shared = Shared(redis.url)
        await asyncio.gather(*(shared.answers() for _ in range(10)))
        redis.kill()
        redis.start()
        await asyncio.gather(*(shared.answers() for _ in range(10)))

    run(story())


Make = Callable[[], Limiter]


@pytest.fixture
def another(redis: Redis) -> Make:
    redis.client.flushall()
    return lambda: Limiter("test", 60, burst=4, redis=Shared(redis.url))


def test_servers_count_together(another: Make) -> None:
    async def story() -> None:
        servers = [another(), another()]
        waits = [await servers[number % 2].wait("ann") for number in range(6)]
        assert waits[:4] == [0] * 4
        assert all(0 < wait <= 1 for wait in waits[4:])
        assert await servers[0].wait("bo") == 0

    run(story())


def test_a_limit_recovers_with_time(another: Make) -> None:
    async def story() -> None:
        limiter = another()
        while not await limiter.wait("ann"):
            pass

    run(story())
    wait_for(lambda: run(another().wait("ann")) == 0, "the next one", 5)


def test_without_redis_each_counts_by_itself_and_lets_people_in(another: Make, redis: Redis) -> None:
    async def story() -> None:
        limiter = another()
        waits = [await limiter.wait("ann") for _ in range(5)]
        assert waits[:4] == [0] * 4
        assert waits[4] > 0

    redis.kill()
    try:
        run(story())
    finally:
        redis.start()
