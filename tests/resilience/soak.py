"""Half an hour of load at 70 % of capacity: are memory, connections and latency flat? `make soak`."""

from __future__ import annotations

import argparse
import asyncio
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import date
from itertools import count
from pathlib import Path

import psutil
import psycopg2
import redis

from deploy.local import Cluster
from tests.resilience.figures import write_figures
from tests.resilience.patients import Conversation, Patient, Think, conversation, pausing

_LOAD = 0.7
_RAMP = (4, 8, 16, 32)
_SAMPLES = 120
# Flat: the last quarter against the second one, as the first fills the memory of conversations.
_MEMORY_GROWS, _LATENCY_GROWS, _MORE_CONNECTIONS = 1.05, 1.3, 2


@dataclass
class Sample:
    """The state at one time (monotonic seconds): megabytes of the Rasa servers, connections, open files."""

    at: float
    memory: float
    database: int
    redis: int
    files: int


@dataclass
class Quarter:
    """What a quarter of the time was like: medians of the samples, and latency in milliseconds."""

    memory: float
    database: float
    redis: float
    files: float
    p50: float
    p95: float


class Pace:
    """Lets so many messages a second begin, whoever sends them."""

    def __init__(self, per_second: float) -> None:
        self._step = 1 / per_second
        self._next = time.monotonic()

    async def __call__(self) -> None:
        """Wait for the next free moment."""
        self._next = max(self._next + self._step, time.monotonic() - 1)
        await asyncio.sleep(self._next - time.monotonic())


async def talk(
    cluster: Cluster, people: int, seconds: float, think: Think, numbers: Iterator[int]
) -> list[Conversation]:
    """So many people side by side for so long, one conversation after the other."""
    end = time.monotonic() + seconds
    done: list[Conversation] = []

    async def person() -> None:
        while time.monotonic() < end:
            done.append(conversation(next(numbers)))
            await Patient(done[-1], f"http://127.0.0.1:{cluster.port}", think).play()

    await asyncio.gather(*(person() for _ in range(people)))
    return done


def per_second(done: list[Conversation]) -> float:
    """Acknowledged messages a second."""
    tries = [it for each in done for it in each.tries if it.acknowledged]
    return len(tries) / (max(it.ended for it in tries) - min(it.begun for it in tries))


async def capacity(cluster: Cluster, seconds: float, numbers: Iterator[int]) -> float:
    """Messages a second at which more people bring no more: a ramp with so long a step."""
    best = 0.0
    for people in _RAMP:
        reached = per_second(await talk(cluster, people, seconds, pausing(0), numbers))
        sys.stderr.write(f"{people} people: {reached:.1f} messages a second\n")
        if reached < 1.05 * best:
            break
        best = max(best, reached)
    return best


async def watch(cluster: Cluster, samples: list[Sample], seconds: float) -> None:
    """Add a sample every so many seconds, until cancelled."""
    while True:
        samples.append(await asyncio.to_thread(_sample, cluster))
        await asyncio.sleep(seconds)


def _sample(cluster: Cluster) -> Sample:
    servers = [psutil.Process(part.pid) for name, part in cluster.parts.items() if name.startswith("rasa-")]
    with closing(psycopg2.connect(cluster.database)) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'")
        (connections,) = cursor.fetchone()
    with closing(redis.Redis.from_url(cluster.redis)) as asking:
        clients = int(asking.info("clients")["connected_clients"])
    return Sample(
        time.monotonic(),
        sum(server.memory_info().rss for server in servers) / 1e6,
        connections,
        clients,
        sum(server.num_fds() for server in servers),
    )


def quarters(done: list[Conversation], samples: list[Sample]) -> list[Quarter]:
    """The time in four parts."""
    begin, length = samples[0].at, (samples[-1].at - samples[0].at) / 4
    tries = [it for each in done for it in each.tries if it.acknowledged]
    parts = []
    for number in range(4):
        start, end = begin + number * length, begin + (number + 1) * length
        within = [it for it in samples if start <= it.at <= end]
        times = sorted(1000 * (it.ended - it.begun) for it in tries if start <= it.begun < end)
        parts.append(
            Quarter(
                statistics.median(it.memory for it in within),
                statistics.median(it.database for it in within),
                statistics.median(it.redis for it in within),
                statistics.median(it.files for it in within),
                statistics.median(times),
                times[int(0.95 * (len(times) - 1))],
            )
        )
    return parts


def not_flat(parts: list[Quarter]) -> list[str]:
    """What grew."""
    early, late = parts[1], parts[3]
    return [
        name
        for name, grew in (
            ("memory", late.memory > _MEMORY_GROWS * early.memory),
            ("connections to the database", late.database > early.database + _MORE_CONNECTIONS),
            ("connections to Redis", late.redis > early.redis + _MORE_CONNECTIONS),
            ("open files", late.files > early.files + 2 * _MORE_CONNECTIONS),
            ("latency", late.p95 > _LATENCY_GROWS * early.p95),
        )
        if grew
    ]


async def soak(cluster: Cluster, minutes: float, step: float = 20.0) -> tuple[list[str], list[str]]:
    """The whole of it. Returns what grew, and the page's lines."""
    numbers = count()
    most = await capacity(cluster, step, numbers)
    samples: list[Sample] = []
    watching = asyncio.create_task(watch(cluster, samples, 60 * minutes / _SAMPLES))
    done = await talk(cluster, _RAMP[-1], 60 * minutes, Pace(_LOAD * most), numbers)
    watching.cancel()
    parts = quarters(done, samples)
    failed = sum(not it.acknowledged for each in done for it in each.tries)
    grew = not_flat(parts)
    lines = [
        f"Measured {date.today()} on {os.cpu_count()} cores for {minutes:g} minutes: "
        f"{per_second(done):.1f} messages a second, {100 * _LOAD:.0f} % of the {most:.1f} that a short ramp "
        f"reached. {failed} of {sum(1 for each in done for _ in each.tries):,} messages were sent again. "
        + (f"**Not flat: {', '.join(grew)}.**" if grew else "**Flat.**"),
        "",
        "| quarter | memory, both Rasa servers | connections: PostgreSQL | Redis | open files | p50 | p95 |",
        "|---|---|---|---|---|---|---|",
    ]
    lines += [
        f"| {number} | {it.memory:.0f} MB | {it.database:.0f} | {it.redis:.0f} | {it.files:.0f} "
        f"| {it.p50:.0f} ms | {it.p95:.0f} ms |"
        for number, it in enumerate(parts, 1)
    ]
    return grew, lines


def main() -> int:
    """Run it, print the lines and write them into the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=30)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="backsignal-") as folder, Cluster(Path(folder)) as cluster:
        grew, lines = asyncio.run(soak(cluster, options.minutes))
    sys.stdout.write("\n".join(lines) + "\n")
    write_figures("soak", lines)
    return bool(grew)


if __name__ == "__main__":
    sys.exit(main())
