"""What is done to a running cluster: each part in turn is killed, stopped, restarted and slowed."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from contextlib import suppress
from dataclasses import dataclass

import psutil

from deploy.local import Cluster

KINDS = ("kill -9", "stop", "restart", "slow")
# One of two servers, all action servers at once, and what there is only one of.
TARGETS: dict[str, tuple[str, ...]] = {
    "a Rasa server": ("rasa-1",),
    "PostgreSQL": ("postgres",),
    "an action server": ("actions-1",),
    "Redis": ("redis",),
    "all action servers": ("actions-1", "actions-2"),
    "nginx": ("nginx",),
}
_STOPPED_SECONDS = 4.0
# Slowed: stopped for most of the time, in pulses.
_SLOW_SECONDS, _HALTED, _RUNNING = 4.0, 0.25, 0.05


@dataclass
class Disturbance:
    """One of them: when it began and when the part answered again (monotonic seconds)."""

    kind: str
    target: str
    begun: float = 0.0
    over: float = 0.0

    @property
    def seconds(self) -> float:
        """How long it took until all was well again."""
        return self.over - self.begun


def one_of_each() -> list[Disturbance]:
    """Each kind for each target."""
    return [Disturbance(kind, target) for kind in KINDS for target in TARGETS]


async def disturb(cluster: Cluster, disturbance: Disturbance) -> None:
    """Carry it out, and wait until the cluster has recovered by itself."""
    parts = [cluster.parts[name] for name in TARGETS[disturbance.target]]
    disturbance.begun = time.monotonic()
    if disturbance.kind in ("kill -9", "restart"):
        processes = [part.process for part in parts]
        for part in parts:
            os.kill(part.pid, signal.SIGKILL if disturbance.kind == "kill -9" else part.stop_signal)
        while any(part.process is process for part, process in zip(parts, processes, strict=True)):
            await asyncio.sleep(0.1)
    else:
        end = disturbance.begun + (_STOPPED_SECONDS if disturbance.kind == "stop" else _SLOW_SECONDS)
        halted = _STOPPED_SECONDS if disturbance.kind == "stop" else _HALTED
        try:
            while time.monotonic() < end:
                _signal([part.pid for part in parts], signal.SIGSTOP)
                await asyncio.sleep(halted)
                _signal([part.pid for part in parts], signal.SIGCONT)
                await asyncio.sleep(_RUNNING)
        finally:
            _signal([part.pid for part in parts], signal.SIGCONT)
    await asyncio.to_thread(cluster.wait)
    disturbance.over = time.monotonic()


def _signal(pids: list[int], number: int) -> None:
    for pid in pids:
        with suppress(psutil.NoSuchProcess):
            for process in [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]:
                with suppress(psutil.NoSuchProcess):
                    process.send_signal(number)
