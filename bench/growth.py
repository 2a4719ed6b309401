"""Does a message get slower with the length of its conversation, or with how many are stored?"""

import itertools
import json
import sqlite3
import statistics
import time
import urllib.request
import uuid
from contextlib import closing
from pathlib import Path

from bench.servers import Bot, ours, running

# A question answered and side questions in turn: a form turn with its actions, again and again.
_SAID = ("heat or ice?", "why do you ask?", "thanks", "what is a spasm?")
_AT = (10, 100, 400)
_AROUND = 10
_CONVERSATIONS, _ANSWERS = 30, 6


def messages_growth(bot: Bot) -> dict[str, float]:
    """Median milliseconds of a message around the 10th, the 100th and the 400th of one conversation."""
    with running(bot) as server:
        sender = uuid.uuid4().hex
        _say(server.url, sender, "my back hurts")
        times = [_say(server.url, sender, _SAID[n % len(_SAID)]) for n in range(max(_AT) + _AROUND)]
    return {str(at): statistics.median(times[at - _AROUND : at + _AROUND]) for at in _AT}


def stored_growth(folder: Path, count: int, rounds: int) -> dict[str, list[float]]:
    """Median milliseconds of a message without and with so many stored conversations, round by round in turn.

    The hourly work, which looks through what is stored, begins with each server: it is measured with it.
    """
    databases = {"without": folder / "empty.db", "with": folder / "full.db"}
    bots = {name: ours(folder, database) for name, database in databases.items()}
    with running(bots["without"]) as server:
        _converse(server.url)
    _fill(databases["without"], databases["with"], count)
    times: dict[str, list[float]] = {name: [] for name in bots}
    for _ in range(rounds):
        for name, bot in bots.items():
            with closing(sqlite3.connect(databases[name])) as database, database:
                database.execute("DELETE FROM jobs")
            with running(bot) as server:
                said = [_converse(server.url) for _ in range(_CONVERSATIONS)]
            times[name].append(statistics.median(itertools.chain(*said)))
    return times


def _converse(url: str) -> list[float]:
    """Milliseconds of each answer of a new conversation."""
    sender = uuid.uuid4().hex
    _say(url, sender, "my back hurts")
    return [_say(url, sender, "no") for _ in range(_ANSWERS)]


def _fill(source: Path, target: Path, count: int) -> None:
    """Copy a database, and in it one stored conversation with its audit under so many names."""
    with closing(sqlite3.connect(source)) as original, closing(sqlite3.connect(target)) as database, database:
        original.backup(database)
        (sender,) = database.execute("SELECT sender_id FROM events ORDER BY id DESC LIMIT 1").fetchone()
        for table, key, name in (("events", "id", "sender_id"), ("audit", "number", "sender")):
            columns = [row[1] for row in database.execute(f"PRAGMA table_info({table})") if row[1] != key]
            values = ["'stored-' || n" if column == name else column for column in columns]
            database.execute(
                "WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < ?) "
                f"INSERT INTO {table} ({', '.join(columns)}) SELECT {', '.join(values)} FROM numbers "
                f"CROSS JOIN (SELECT * FROM {table} WHERE {name} = ? ORDER BY {key})",
                (count, sender),
            )


def _say(url: str, sender: str, text: str) -> float:
    body = json.dumps({"sender": sender, "message": text}).encode()
    request = urllib.request.Request(
        f"{url}/webhooks/rest/webhook", data=body, headers={"Content-Type": "application/json"}
    )
    begun = time.perf_counter()
    with urllib.request.urlopen(request, timeout=60) as answer:
        answer.read()
    return 1000 * (time.perf_counter() - begun)
