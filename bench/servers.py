"""The bots: made, trained, started, and their memory watched."""

import json
import os
import shutil
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

from backsignal.serving import QUIET

PROJECT = Path(__file__).resolve().parents[1]
_START_SECONDS = 300
_WATCH_SECONDS = 0.5
_ENVIRONMENT = {
    "RASA_TELEMETRY_ENABLED": "false",
    "SQLALCHEMY_SILENCE_UBER_WARNING": "1",
    "LOG_LEVEL": "WARNING",
}
_FLOOR = {
    "config.yml": "recipe: default.v1\nassistant_id: floor\nlanguage: en\n"
    "pipeline: []\npolicies: [{name: RulePolicy}]\n",
    "domain.yml": 'version: "3.1"\nintents: [say]\nresponses: {utter_said: [{text: said}]}\n',
    "data/rules.yml": 'version: "3.1"\nrules: [{rule: say, steps: [{intent: say}, {action: utter_said}]}]\n',
    "credentials.yml": "rest:\n",
}


@dataclass
class Bot:
    """A bot: its folder, how it is run, and what it is told first."""

    name: str
    folder: Path
    model: Path
    module: str
    options: tuple[str, ...] = ()
    environment: dict[str, str] = field(default_factory=dict)
    first: str = "hello"

    def command(self, *arguments: str) -> list[str]:
        """A Rasa command for this bot."""
        return [sys.executable, "-m", self.module, *arguments]


@dataclass
class Running:
    """A running bot: where, how long until its first answer, and its highest memory in megabytes."""

    url: str
    process: subprocess.Popen[bytes]
    startup: float
    rss: float = 0.0
    pss: float = 0.0


def make_stock(folder: Path) -> Bot:
    """The bot that `rasa init` makes, untrained."""
    import rasa.cli.scaffold

    template = Path(rasa.cli.scaffold.__file__).parent / "initial_project"
    shutil.copytree(template, folder, dirs_exist_ok=True)
    (folder / "credentials.yml").write_text("rest:\n")
    return Bot("stock", folder, folder / "models" / "stock.tar.gz", "rasa")


def make_floor(folder: Path) -> Bot:
    """The least that Rasa can be: an empty pipeline and one rule, untrained."""
    (folder / "data").mkdir(parents=True)
    for name, text in _FLOOR.items():
        (folder / name).write_text(text)
    return Bot("floor", folder, folder / "models" / "floor.tar.gz", "rasa", first="/say")


def ours(folder: Path, database: Path | None = None) -> Bot:
    """The assistant of this folder, with a model and a database of the benchmark's own."""
    environment = {
        **QUIET,
        "BACKSIGNAL_DATABASE": str(database or folder / "conversations.db"),
        "BACKSIGNAL_SECRET": "benchmark-only-" + "0" * 32,
    }
    credentials = str(PROJECT / "bench" / "credentials.yml")
    return Bot(
        "ours",
        PROJECT,
        folder / "ours.tar.gz",
        "backsignal.rasa_command",
        ("--credentials", credentials),
        environment,
    )


def train(bot: Bot) -> float:
    """Train from nothing; seconds."""
    bot.model.parent.mkdir(parents=True, exist_ok=True)
    begun = time.perf_counter()
    name = bot.model.name.removesuffix(".tar.gz")
    arguments = ["train", "--force", "--fixed-model-name", name, "--out", str(bot.model.parent)]
    subprocess.run(
        bot.command(*arguments), cwd=bot.folder, env=environment_of(bot), check=True,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    return time.perf_counter() - begun


@contextmanager
def running(bot: Bot) -> Iterator[Running]:
    """The bot as a server; stopped at the end."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    begun = time.perf_counter()
    arguments = ["run", "--model", str(bot.model), "--port", str(port), "--interface", "127.0.0.1"]
    process = subprocess.Popen(
        bot.command(*arguments, *bot.options),
        cwd=bot.folder,
        env=environment_of(bot),
        stderr=subprocess.DEVNULL,
    )
    done = threading.Event()
    try:
        url = f"http://127.0.0.1:{port}"
        _first_answer(url, bot.first, process)
        bot_running = Running(url, process, time.perf_counter() - begun)
        threading.Thread(target=_watch, args=(bot_running, done), daemon=True).start()
        yield bot_running
    finally:
        done.set()
        process.terminate()
        process.wait(60)


def load(bot: Bot, server: Running, users: int, seconds: float) -> dict[str, Any]:
    """So many users for so long, out of a process of their own: see bench/load.py."""
    request = {"url": server.url, "bot": bot.name, "users": users, "seconds": seconds}
    done = subprocess.run(
        [sys.executable, "-m", "bench.load"],
        input=json.dumps(request), capture_output=True, text=True, check=True, cwd=PROJECT,
    )  # fmt: skip
    result: dict[str, Any] = json.loads(done.stdout)
    return result


def environment_of(bot: Bot) -> dict[str, str]:
    """What a bot's processes run with."""
    return {**os.environ, **_ENVIRONMENT, **bot.environment}


def _first_answer(url: str, message: str, process: subprocess.Popen[bytes]) -> None:
    body = json.dumps({"sender": "first", "message": message}).encode()
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        request = urllib.request.Request(
            f"{url}/webhooks/rest/webhook", data=body, headers={"Content-Type": "application/json"}
        )
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                if json.load(answer):
                    return
        except OSError:
            time.sleep(0.1)
    raise RuntimeError("the bot did not answer")


def _watch(running_bot: Running, done: threading.Event) -> None:
    root = psutil.Process(running_bot.process.pid)
    while not done.wait(_WATCH_SECONDS):
        try:
            family = [root, *root.children(recursive=True)]
            rss = sum(process.memory_info().rss for process in family) / 1e6
            pss = sum(process.memory_full_info().pss for process in family) / 1e6
        except psutil.Error:
            return
        running_bot.rss, running_bot.pss = max(running_bot.rss, rss), max(running_bot.pss, pss)
