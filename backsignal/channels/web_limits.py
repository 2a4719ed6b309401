"""How often something may happen: a token bucket for each key, in bounded memory."""

import time
from collections import OrderedDict
from collections.abc import Callable

_MOST_KEYS = 20_000


class Limiter:
    """Lets `burst` through at once and `per_minute` in the long run, for each key apart."""

    def __init__(
        self, per_minute: float, burst: float | None = None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._rate = per_minute / 60
        self._burst = per_minute / 2 if burst is None else burst
        self._clock = clock
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def wait(self, key: str) -> float:
        """Take one. Returns 0 where it is allowed, else the seconds until it will be."""
        now = self._clock()
        left, before = self._buckets.pop(key, (self._burst, now))
        left = min(self._burst, left + (now - before) * self._rate)
        allowed = left >= 1
        self._buckets[key] = (left - allowed, now)
        if len(self._buckets) > _MOST_KEYS:
            self._buckets.popitem(last=False)
        return 0 if allowed else (1 - left) / self._rate
