"""Does a message get slower with the length of its conversation, or with how many are stored?"""

import json
import sqlite3
import statistics
import time
import urllib.request
import uuid
from pathlib import Path

from bench.servers import Bot, ours, running

# A question answered and side questions in turn: a form turn with its actions, again and again.
_SAID = ("heat or ice?", "why do you ask?", "thanks", "what is a spasm?")
_AT = (10, 100, 400)
_AROUND = 10


def messages_growth(bot: Bot) -> dict[str, float]:
    """Median milliseconds of a message around the 10th, the 100th and the 400th of one conversation."""
    with running(bot) as server:
        sender = uuid.uuid4().hex
        _say(server.url, sender, "my back hurts")
        times = [_say(server.url, sender, _SAID[n % len(_SAID)]) for n in range(max(_AT) + _AROUND)]
    return {str(at): statistics.median(times[at - _AROUND : at + _AROUND]) for at in _AT}


def stored_growth(folder: Path, count: int) -> dict[str, float]:
    """Median milliseconds of a message without and with so many stored conversations."""
    full = folder / "full.db"
    result = {}
    for name, database in (("without", folder / "empty.db"), ("with", full)):
        server_bot = ours(folder, database)
        if name == "with":
            _fill(folder / "empty.db", full, count)
        with running(server_bot) as server:
            times = []
            for _ in range(8):
                sender = uuid.uuid4().hex
                _say(server.url, sender, "my back hurts")
                times += [_say(server.url, sender, "no") for _ in range(6)]
        result[name] = statistics.median(times)
    return {**result, "stored": count}


def _fill(source: Path, target: Path, count: int) -> None:
    """Copy one stored conversation under so many names."""
    with sqlite3.connect(source) as database:
        columns = [row[1] for row in database.execute("PRAGMA table_info(events)") if row[1] != "id"]
        made = "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite_%'"
        schema = [row[0] for row in database.execute(made)]
        sender = database.execute("SELECT sender_id FROM events ORDER BY id DESC LIMIT 1").fetchone()[0]
        rows = database.execute(
            f"SELECT {', '.join(columns)} FROM events WHERE sender_id = ?", (sender,)
        ).fetchall()
    place = columns.index("sender_id")
    with sqlite3.connect(target) as database:
        for statement in schema:
            database.execute(statement.replace("CREATE TABLE", "CREATE TABLE IF NOT EXISTS"))
        marks = ", ".join("?" * len(columns))
        for number in range(count):
            copies = [(*row[:place], f"stored-{number}", *row[place + 1 :]) for row in rows]
            database.executemany(f"INSERT INTO events ({', '.join(columns)}) VALUES ({marks})", copies)


def _say(url: str, sender: str, text: str) -> float:
    body = json.dumps({"sender": sender, "message": text}).encode()
    request = urllib.request.Request(
        f"{url}/webhooks/rest/webhook", data=body, headers={"Content-Type": "application/json"}
    )
    begun = time.perf_counter()
    with urllib.request.urlopen(request, timeout=60) as answer:
        answer.read()
    return 1000 * (time.perf_counter() - begun)
