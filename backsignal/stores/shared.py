"""What several servers share from moment to moment, in Redis: locks, limits and news. Nothing is kept there.

BACKSIGNAL_REDIS is its address. Without it there is one server, and nothing to share.
"""

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from functools import lru_cache
from hashlib import sha256
from secrets import token_hex
from typing import Any, Final

from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisError

from backsignal.stores import UnavailableError

REDIS_VARIABLE: Final = "BACKSIGNAL_REDIS"
# Redis answers in a millisecond or something is wrong: then a person is not kept waiting.
_DEADLINE_SECONDS = 1.0
_CONNECTIONS = 16
_PREFIX = "backsignal"
# A quiet channel is asked so often whether it still lives; a lost one is looked for again after this.
_ALIVE_SECONDS = 10.0
_AGAIN_SECONDS = 1.0
_MOST_TELLING = 200

Script = Callable[[Sequence[str], Sequence[Any]], Awaitable[int]]


class Shared:
    """A Redis server. Whatever it does not answer in time raises UnavailableError."""

    def __init__(self, url: str) -> None:
        pool = BlockingConnectionPool.from_url(
            url,
            max_connections=_CONNECTIONS,
            timeout=_DEADLINE_SECONDS,
            socket_timeout=_DEADLINE_SECONDS,
            socket_connect_timeout=_DEADLINE_SECONDS,
            # Connections of before a restart of Redis lie in the pool and fail when they are used next.
            retry=Retry(NoBackoff(), 1),
            retry_on_error=[RedisConnectionError],
        )
        self._redis = Redis(connection_pool=pool)

    def script(self, lua: str) -> Script:
        """A script that Redis runs as one step: a function of its keys and arguments."""
        script = self._redis.register_script(lua)

        async def run(keys: Sequence[str], arguments: Sequence[Any]) -> int:
            async with _answered():
                return int(await script(keys=keys, args=arguments))

        return run

    async def answers(self) -> None:
        """Raise UnavailableError where it does not answer."""
        async with _answered():
            await self._redis.ping()

    async def tell(self, channel: str, news: str) -> None:
        """Tell all servers that listen to a channel now."""
        async with _answered():
            await self._redis.publish(f"{_PREFIX}:{channel}", news)

    async def listen(self, channel: str) -> AsyncIterator[str | None]:
        """What servers tell on a channel from now on; first None, when it listens.

        Raises UnavailableError when the connection is lost.
        """
        async with _answered(), self._redis.pubsub() as listening:
            await listening.subscribe(f"{_PREFIX}:{channel}")
            asked = False
            while True:
                message = await listening.get_message(timeout=_ALIVE_SECONDS)
                if message is None and asked:
                    raise UnavailableError("Redis: silent")
                asked = message is None
                if message is None:
                    await listening.ping()
                elif message["type"] in ("subscribe", "message"):
                    yield message["data"].decode() if message["type"] == "message" else None


class News:
    """What servers tell each other: that something changed, and never what. Lost news is found by looking."""

    def __init__(
        self, channel: str, heard: Callable[[str | None], None], redis: Shared | None = None
    ) -> None:
        """`heard` is called with the name of what another server changed, None where some may be lost."""
        self._channel = channel
        self._heard = heard
        self._redis = redis or shared()
        self._server = token_hex(8)
        self._telling: set[asyncio.Task[None]] = set()

    def tell(self, name: str) -> None:
        """Tell the other servers that something of this name changed."""
        if self._redis is None or len(self._telling) >= _MOST_TELLING:
            return
        task = asyncio.create_task(self._tell(self._redis, name))
        self._telling.add(task)
        task.add_done_callback(self._telling.discard)

    async def _tell(self, redis: Shared, name: str) -> None:
        with suppress(UnavailableError):
            await redis.tell(self._channel, f"{self._server} {name}")

    async def listen(self) -> None:
        """Listen to the other servers, for ever."""
        while self._redis:
            with suppress(UnavailableError):
                async for news in self._redis.listen(self._channel):
                    server, _, name = (news or "").partition(" ")
                    if server != self._server:
                        self._heard(name or None)
            await asyncio.sleep(_AGAIN_SECONDS)


def key(kind: str, name: str) -> str:
    """The key of something in Redis. Names are hashed: they may say who somebody is."""
    return f"{_PREFIX}:{kind}:{sha256(name.encode(errors='replace')).hexdigest()[:32]}"


@lru_cache(maxsize=1)
def shared() -> Shared | None:
    """What the servers share; None where BACKSIGNAL_REDIS is not set. Raises ValueError."""
    url = os.environ.get(REDIS_VARIABLE)
    if not url:
        return None
    if not url.startswith(("redis://", "rediss://")):
        raise ValueError(f"{REDIS_VARIABLE} is no address of Redis. Give it one like redis://server:6379.")
    return Shared(url)


@asynccontextmanager
async def _answered() -> AsyncIterator[None]:
    try:
        yield
    except (RedisError, OSError, asyncio.TimeoutError) as error:
        raise UnavailableError(f"Redis: {type(error).__name__}") from error
