"""One turn of a conversation at a time, over all servers.

Who comes first is served first. On one server the locks are in memory; with BACKSIGNAL_REDIS they are in
Redis, where each step is one script. A lock is a lease: its holder renews it for as long as the turn takes,
so that the conversation of a server that died is free again within seconds. Should a lease be lost without
its holder knowing, the tracker store still takes only one of two turns (`OutrunError`).
"""

import asyncio
import logging
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from secrets import token_hex
from typing import Any

from rasa.core.lock_store import LockError, LockStore
from rasa.utils.endpoints import EndpointConfig

from backsignal.stores import UnavailableError
from backsignal.stores.shared import Shared, key, shared

logger = logging.getLogger(__name__)

# How long the lock of a server that died holds, and how long its place in a queue.
_LEASE_SECONDS = 6.0
_RENEW_SECONDS = 2.0
_PLACE_SECONDS = 2.0
# Longer than most turns take when everything is slow. Who waits longer is told so.
_WAIT_SECONDS = 8.0
_LOOK_SECONDS = 0.02
# A person writes few messages at once; more are somebody's program.
_MOST_WAITING = 20

# A place in the queue, taken or kept. KEYS: places (token -> number), leases (token -> end in milliseconds).
# ARGV: token, milliseconds of a place's lease, those of the first one's, most places.
# Answers how many are before it, -1 where the queue is full.
_TAKE = """
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
for _, token in ipairs(redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', now)) do
    redis.call('ZREM', KEYS[1], token)
    redis.call('ZREM', KEYS[2], token)
end
if not redis.call('ZSCORE', KEYS[1], ARGV[1]) then
    if redis.call('ZCARD', KEYS[1]) >= tonumber(ARGV[4]) then
        return -1
    end
    local last = redis.call('ZRANGE', KEYS[1], -1, -1, 'WITHSCORES')
    redis.call('ZADD', KEYS[1], (last[2] or 0) + 1, ARGV[1])
end
local before = redis.call('ZRANK', KEYS[1], ARGV[1])
redis.call('ZADD', KEYS[2], now + (before == 0 and ARGV[3] or ARGV[2]), ARGV[1])
redis.call('PEXPIRE', KEYS[1], 60000)
redis.call('PEXPIRE', KEYS[2], 60000)
return before
"""
# The holder's lease made longer. Answers 0 where it was lost.
_RENEW = """
if not redis.call('ZSCORE', KEYS[1], ARGV[1]) then
    return 0
end
local time = redis.call('TIME')
redis.call('ZADD', KEYS[2], time[1] * 1000 + math.floor(time[2] / 1000) + ARGV[2], ARGV[1])
redis.call('PEXPIRE', KEYS[1], 60000)
redis.call('PEXPIRE', KEYS[2], 60000)
return 1
"""
# One's own place given up, and nobody else's.
_GIVE_UP = """
redis.call('ZREM', KEYS[2], ARGV[1])
return redis.call('ZREM', KEYS[1], ARGV[1])
"""


class LockedOutError(UnavailableError, LockError):
    """Too many wait for the conversation, or one turn takes too long."""


class ConversationLocks(LockStore):
    """Rasa's lock store, of which channels and Rasa itself use `lock` alone."""

    def __init__(self, endpoint_config: EndpointConfig | None = None, redis: Shared | None = None) -> None:
        """Made by Rasa from endpoints.yml; BACKSIGNAL_REDIS says where the locks are."""
        super().__init__()
        redis = redis or shared()
        self._locks = _SharedLocks(redis) if redis else _LocalLocks()

    @asynccontextmanager
    async def lock(self, conversation_id: str, *_: Any, **__: Any) -> AsyncIterator[None]:
        """Hold the conversation while the context lasts.

        Raises LockedOutError where it does not become free in time, UnavailableError where Redis does not
        answer.
        """
        async with self._locks.hold(conversation_id):
            yield


class _LocalLocks:
    """Locks in the memory of one server."""

    def __init__(self) -> None:
        self._locks: dict[str, asyncio.Lock] = {}
        self._holders: dict[str, int] = {}

    @asynccontextmanager
    async def hold(self, conversation: str) -> AsyncIterator[None]:
        lock = self._locks.setdefault(conversation, asyncio.Lock())
        waiting = self._holders.get(conversation, 0)
        if waiting >= _MOST_WAITING:
            raise LockedOutError("too many wait for this conversation")
        self._holders[conversation] = waiting + 1
        try:
            try:
                await asyncio.wait_for(lock.acquire(), _WAIT_SECONDS)
            except asyncio.TimeoutError as error:
                raise LockedOutError("the conversation is in work for too long") from error
            try:
                yield
            finally:
                lock.release()
        finally:
            self._holders[conversation] -= 1
            if not self._holders[conversation]:
                del self._holders[conversation], self._locks[conversation]


class _SharedLocks:
    """Locks in Redis."""

    def __init__(self, redis: Shared) -> None:
        self._take, self._renew, self._give_up = (redis.script(lua) for lua in (_TAKE, _RENEW, _GIVE_UP))

    @asynccontextmanager
    async def hold(self, conversation: str) -> AsyncIterator[None]:
        keys, token = (key("places", conversation), key("leases", conversation)), token_hex(16)
        await self._wait(keys, token)
        renewing = asyncio.create_task(self._keep_renewing(keys, token))
        try:
            yield
        finally:
            renewing.cancel()
            # If Redis is gone now, the lease ends by itself.
            with suppress(UnavailableError):
                await self._give_up(keys, [token])

    async def _wait(self, keys: tuple[str, str], token: str) -> None:
        """Wait until it is our turn. Where that fails, our place ends by itself."""
        leases = [int(seconds * 1000) for seconds in (_PLACE_SECONDS, _LEASE_SECONDS)]
        end = time.monotonic() + _WAIT_SECONDS
        while before := await self._take(keys, [token, *leases, _MOST_WAITING]):
            if before < 0:
                raise LockedOutError("too many wait for this conversation")
            if time.monotonic() > end:
                raise LockedOutError("the conversation is in work for too long")
            await asyncio.sleep(_LOOK_SECONDS)

    async def _keep_renewing(self, keys: tuple[str, str], token: str) -> None:
        held = 1
        while held:
            await asyncio.sleep(_RENEW_SECONDS)
            with suppress(UnavailableError):
                held = await self._renew(keys, [token, int(_LEASE_SECONDS * 1000)])
        logger.warning("lock.lost")
