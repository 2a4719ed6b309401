"""Runs the benchmark and writes `bench/results/latest.json` and `docs/performance.md`'s table and charts."""

import argparse
import json
import platform
import statistics
import subprocess
import sys
import tempfile
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import psutil

from bench.growth import messages_growth, stored_growth
from bench.offline import offline
from bench.report import write_report
from bench.servers import PROJECT, Bot, Running, make_stock, ours, running, train

RESULTS = PROJECT / "bench" / "results" / "latest.json"
USERS = (1, 4, 16)
SCENARIOS = str(PROJECT / "scenarios" / "chat")


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
    growth = {
        "messages": messages_growth(bots["ours"]),
        "stored": stored_growth(bots["ours"], folder, stored),
    }
    return {
        "when": datetime.now(timezone.utc).isoformat(timespec="seconds"),
        "machine": {"cores": psutil.cpu_count(), "memory_gb": round(psutil.virtual_memory().total / 1e9),
                    "python": platform.python_version()},
        "ratio": _ratios(rows, growth),
        "bots": rows,
        "growth": growth,
        "offline": offline(),
    }  # fmt: skip


def _round(bot: Bot, seconds: float) -> dict[str, Any]:
    trained = train(bot)
    with running(bot) as server:
        loads = {str(users): _load(bot, server, users, seconds) for users in USERS}
        return {
            "train": trained,
            "startup": server.startup,
            "rss_mb": server.rss,
            "pss_mb": server.pss,
            "load": loads,
        }


def _load(bot: Bot, server: Running, users: int, seconds: float) -> dict[str, Any]:
    is_ours = bot.name == "ours"
    request = {
        "url": server.url,
        "channel": "web" if is_ours else "rest",
        "users": users,
        "seconds": seconds,
        "scenarios": SCENARIOS if is_ours else None,
    }
    done = subprocess.run(
        [sys.executable, "-m", "bench.load"],
        input=json.dumps(request),
        capture_output=True,
        text=True,
        check=True,
        cwd=PROJECT,
    )
    result: dict[str, Any] = json.loads(done.stdout)
    return result


def _ratios(rows: dict[str, list[dict[str, Any]]], growth: dict[str, Any]) -> dict[str, float]:
    def ratio(*path: str) -> float:
        return round(_median(rows["ours"], path) / _median(rows["stock"], path), 3)

    most = str(max(USERS))
    return {
        "latency_p50": ratio("load", most, "p50"),
        "latency_p95": ratio("load", most, "p95"),
        "latency_p50_1_user": ratio("load", "1", "p50"),
        "throughput": ratio("load", most, "per_second"),
        "startup": ratio("startup"),
        "memory": ratio("rss_mb"),
        "memory_proportional": ratio("pss_mb"),
        "train": ratio("train"),
        "growth_messages": round(growth["messages"]["400"] / growth["messages"]["10"], 3),
        "growth_stored": round(growth["stored"]["with"] / growth["stored"]["without"], 3),
    }


def _median(rows: list[dict[str, Any]], path: tuple[str, ...]) -> float:
    values = []
    for row in rows:
        value: Any = row
        for step in path:
            value = value[step]
        values.append(float(value))
    return statistics.median(values)


if __name__ == "__main__":
    main()
