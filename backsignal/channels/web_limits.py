"""How often something may happen: a token bucket for each key, over all servers.

With BACKSIGNAL_REDIS the buckets are in Redis. While that does not answer, each server counts by itself: a
limit too wide for a while is better than nobody being let in.
"""

import math
import time
from collections import OrderedDict
from collections.abc import Callable

from backsignal.stores import UnavailableError
from backsignal.stores.shared import Shared, key, shared

_MOST_KEYS = 20_000
# How long Redis is not asked again when it did not answer, as each try takes time.
_ALONE_SECONDS = 5.0
# KEYS: the bucket. ARGV: what comes in each second, what it holds. Answers the milliseconds to wait.
_TAKE = """
local rate, most = ARGV[1] / 1000, tonumber(ARGV[2])
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local bucket = redis.call('HMGET', KEYS[1], 'left', 'at')
local left = math.min(most, (bucket[1] or most) + (now - (bucket[2] or now)) * rate)
local wait = 0
if left >= 1 then
    left = left - 1
else
    wait = math.ceil((1 - left) / rate)
end
redis.call('HSET', KEYS[1], 'left', left, 'at', now)
redis.call('PEXPIRE', KEYS[1], math.ceil(most / rate) + 1000)
return wait
"""


class Limiter:
    """Lets `burst` through at once and `per_minute` in the long run, for each key of a kind apart."""

    def __init__(
        self,
        kind: str,
        per_minute: float,
        burst: float | None = None,
        clock: Callable[[], float] = time.monotonic,
        redis: Shared | None = None,
    ) -> None:
        self._kind = kind
        self._rate = per_minute / 60
        self._burst = per_minute / 2 if burst is None else burst
        self._clock = clock
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()
        redis = redis or shared()
        self._take = redis.script(_TAKE) if redis else None
        self._alone_until = -math.inf

    async def wait(self, name: str) -> float:
        """Take one. Returns 0 where it is allowed, else the seconds until it will be."""
        if self._take is None or self._clock() < self._alone_until:
            return self._wait_here(name)
        try:
            return await self._take([key(self._kind, name)], [self._rate, self._burst]) / 1000
        except UnavailableError:
            self._alone_until = self._clock() + _ALONE_SECONDS
            return self._wait_here(name)

    def _wait_here(self, name: str) -> float:
        now = self._clock()
        left, before = self._buckets.pop(name, (self._burst, now))
        left = min(self._burst, left + (now - before) * self._rate)
        allowed = left >= 1
        self._buckets[name] = (left - allowed, now)
        if len(self._buckets) > _MOST_KEYS:
            self._buckets.popitem(last=False)
        return 0 if allowed else (1 - left) / self._rate
