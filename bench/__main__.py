"""Runs the benchmark and writes `bench/results/latest.json` and `docs/performance.md`'s table and charts."""

import argparse
import json
import platform
import statistics
import sys
import tempfile
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import psutil

from bench.growth import messages_growth, stored_growth
from bench.many import on_postgres_and_redis
from bench.offline import offline
from bench.parse import parse_ms
from bench.report import figure, write_report
from bench.servers import PROJECT, Bot, load, make_floor, make_stock, ours, running, train
from bench.widget import first_load

RESULTS = PROJECT / "bench" / "results" / "latest.json"
USERS = (1, 4, 16)
# Where each ratio's figure stands in what a round gives.
_PATHS = {
    "latency_p50": ("load", "16", "p50"),
    "latency_p95": ("load", "16", "p95"),
    "latency_p50_1_user": ("load", "1", "p50"),
    "throughput": ("load", "16", "per_second"),
    "startup": ("startup",),
    "memory": ("rss_mb",),
    "memory_proportional": ("pss_mb",),
    "train": ("train",),
}


def main() -> None:
    """Measure both bots in turn, round by round."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3, help="how often both are measured, in turn")
    parser.add_argument("--seconds", type=float, default=20, help="length of each load")
    parser.add_argument("--stored", type=int, default=100_000, help="stored conversations for growth")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        result = measure(Path(temporary), options.rounds, options.seconds, options.stored)
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps(result, indent=2) + "\n")
    write_report(result)
    json.dump(result["ratio"], sys.stdout, indent=2)


def measure(folder: Path, rounds: int, seconds: float, stored: int) -> dict[str, Any]:
    """All figures: of each bot by round, and their ratios."""
    bots = {"stock": make_stock(folder / "stock"), "ours": ours(folder)}
    rows: dict[str, list[dict[str, Any]]] = {"stock": [], "ours": []}
    for number in range(rounds):
        for name, bot in bots.items():
            sys.stderr.write(f"round {number + 1} of {rounds}: {name}\n")
            rows[name].append(_round(bot, seconds))
    messages, kept = messages_growth(bots["ours"]), stored_growth(folder, stored, rounds)
    grown = [full / empty for full, empty in zip(kept["with"], kept["without"], strict=True)]
    ratios = {**_ratios(rows), "growth_stored": grown}
    return {
        "when": datetime.now(timezone.utc).isoformat(timespec="seconds"),
        "machine": {"cores": psutil.cpu_count(), "memory_gb": round(psutil.virtual_memory().total / 1e9),
                    "python": platform.python_version()},
        "ratio": {
            **{name: round(statistics.median(each), 3) for name, each in ratios.items()},
            "growth_messages": round(messages["400"] / messages["10"], 3),
        },
        "spread": {name: [round(min(each), 3), round(max(each), 3)] for name, each in ratios.items()},
        "bots": rows,
        "growth": {"messages": messages, "stored": {**kept, "stored": stored}},
        "offline": offline(),
        "parse": {name: parse_ms(bot) for name, bot in bots.items()},
        "floor": _round(make_floor(folder / "floor"), seconds),
        "postgres_and_redis": on_postgres_and_redis(bots["ours"], max(USERS), seconds),
        "widget": first_load(bots["ours"]),
    }  # fmt: skip


def _round(bot: Bot, seconds: float) -> dict[str, Any]:
    trained = train(bot)
    with running(bot) as server:
        loads = {str(users): load(bot, server, users, seconds) for users in USERS}
        return {
            "train": trained,
            "startup": server.startup,
            "rss_mb": server.rss,
            "pss_mb": server.pss,
            "load": loads,
        }


def _ratios(rows: dict[str, list[dict[str, Any]]]) -> dict[str, list[float]]:
    """Ours over stock, round by round."""
    return {
        name: [
            figure(ours, path) / figure(stock, path)
            for ours, stock in zip(rows["ours"], rows["stock"], strict=True)
        ]
        for name, path in _PATHS.items()
    }


if __name__ == "__main__":
    main()
