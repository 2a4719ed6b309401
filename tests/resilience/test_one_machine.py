"""One machine and SQLite: killed at any moment, a full disk, a broken model. Nothing is lost."""

from __future__ import annotations

import asyncio
import os
import random
import resource
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
import requests
import sqlalchemy as sa

from backsignal.serving import MODEL_INGREDIENTS, is_whole, model_path
from tests.channels.web_client import Web
from tests.conftest import PROJECT, Server, free_port, start_rasa, start_server, stop_server
from tests.conversation.chat import Chat
from tests.loops import run
from tests.resilience.checks import stored_in, wrong_in_store
from tests.resilience.patients import Conversation, Patient, conversation, pausing
from tests.resilience.test_observability import ready, samples

_PEOPLE = 12


class Machine:
    """The assistant on one port and one database, started again whenever it ended, as systemd does."""

    def __init__(self, folder: Path, *options: str) -> None:
        self.database = folder / "conversations.db"
        self.url = f"http://127.0.0.1:{free_port()}"
        self._options = options
        self.process = self._start()

    def _start(self) -> subprocess.Popen[str]:
        port = self.url.rpartition(":")[2]
        process = subprocess.Popen(
            [sys.executable, "-m", "backsignal.cli", "serve", "--port", port, *self._options],
            cwd=PROJECT,
            env={**os.environ, "BACKSIGNAL_DATABASE": str(self.database)},
            stdout=subprocess.PIPE,
            text=True,
        )
        assert process.stdout
        assert any(line.startswith("Ready: ") for line in process.stdout)
        return process

    def kill(self, place: int) -> None:
        """Kill -9 one of its processes, in the order in which they started, and start again."""
        children = psutil.Process(self.process.pid).children()
        children[place].kill()
        self.process.wait(60)
        self.process = self._start()

    def stop(self) -> None:
        self.process.send_signal(signal.SIGINT)
        self.process.wait(60)


async def _talk(machine: Machine, places: list[int], dice: random.Random) -> list[Conversation]:
    people = [conversation(number) for number in range(_PEOPLE)]
    talking = asyncio.gather(*(Patient(each, machine.url, pausing(1.0)).play() for each in people))
    for place in places:
        # Any moment: there is nothing to wait for.
        await asyncio.sleep(dice.uniform(1, 4))
        assert not talking.done()
        await asyncio.to_thread(machine.kill, place)
    await talking
    return people


# Processes in the order of their start: with an action server that one is the first.
@pytest.mark.parametrize(
    ("options", "places"), [((), [0]), (("--action-server",), [0, 1])], ids=["alone", "with actions"]
)
def test_kill_9_at_any_moment_loses_nothing_that_was_acknowledged(
    options: tuple[str, ...], places: list[int], tmp_path: Path
) -> None:
    machine = Machine(tmp_path, *options)
    try:
        people = run(_talk(machine, places, random.Random()))
    finally:
        machine.stop()
    kept = stored_in(sa.create_engine(f"sqlite:///{machine.database}"))
    assert [problem for each in people for problem in wrong_in_store(each, kept.get(each.sender))] == []
    assert all(each.said[-1].tries[-1].acknowledged for each in people)


@pytest.fixture(scope="module")
def filling(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    started = start_server(tmp_path_factory.mktemp("disk"))
    yield started
    stop_server(started)


def test_a_full_disk_is_said_and_what_is_stored_is_kept(filling: Server) -> None:
    rasa = psutil.Process(filling.process.pid).children()[0]
    web, chat = Web(filling.url), Chat(filling.url)
    assert web.send("my back hurts since yesterday").status_code == 200
    assert chat.say("my back hurts since yesterday").payload("question")
    before = web.history()
    # No file may grow any more: that is what a full disk is to a program.
    rasa.rlimit(psutil.RLIMIT_FSIZE, (1, resource.RLIM_INFINITY))
    try:
        failed = web.send("no")
        assert failed.status_code == 503
        assert "999" in failed.json()["error"]["message"]
        assert "999" in chat.say("no").text
        ready = requests.get(f"{filling.url}/health/ready", timeout=10)
        assert (ready.status_code, ready.json()["missing"]) == (503, ["store"])
        assert chat.say("I have wet myself and I can't feel it when I wipe").payload("emergency")
        assert web.history() == before
    finally:
        rasa.rlimit(psutil.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    assert web.send("no").json()["messages"][-1]["custom"]["data"]["type"] == "question"
    assert requests.get(f"{filling.url}/health/ready", timeout=10).status_code == 200


def test_a_server_with_a_broken_model_says_so_and_keeps_what_is_stored(
    filling: Server, tmp_path: Path
) -> None:
    web = Web(filling.url)
    assert web.send("my back hurts since yesterday").status_code == 200
    before = web.history()
    broken = tmp_path / "broken.tar.gz"
    broken.write_bytes(model_path().read_bytes()[:100_000])
    server = start_rasa(broken, filling.database.parent)
    try:
        assert requests.get(f"{server.url}/health/ready", timeout=10).json()["missing"] == ["model"]
        assert ready(samples(server.url)) == {"model": 0}
        failed = Web(server.url, web.token).send("no")
        assert failed.status_code == 503
        assert "999" in failed.json()["error"]["message"]
    finally:
        stop_server(server)
    assert web.history() == before


def test_a_broken_model_is_trained_anew_where_the_assistant_is_started(tmp_path: Path) -> None:
    # The same files elsewhere, so that the model of this folder stays as it is.
    names = [*MODEL_INGREDIENTS, "actions", "backsignal", "clinic.yml", "endpoints.yml", "widget"]
    for name in names:
        source, target = PROJECT / name, tmp_path / name
        if source.is_dir():
            shutil.copytree(source, target, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(source, target)
    model = tmp_path / "models" / model_path().name
    model.parent.mkdir()
    model.write_bytes(model_path().read_bytes()[:100_000])
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-m", "backsignal.cli", "train"], cwd=tmp_path, env=environment, capture_output=True,
        text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert f"{model} is broken" in done.stdout
    assert is_whole(model)
