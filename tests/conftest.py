"""Servers for the tests: the assistant as `make run` starts it, on a free port and a database of its own."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from backsignal.serving import QUIET
from tests.ports import free_port
from tests.resilience.services import (
    Postgres,
    Redis,
    answers,
    postgres_server,
    redis_server,
    wait_for,
)

PROJECT = Path(__file__).resolve().parents[1]


@dataclass
class Server:
    """A running assistant: where it is, its process, and its database."""

    url: str
    process: subprocess.Popen[str]
    database: Path


def start_server(folder: Path, *options: str, **environment: str) -> Server:
    """Start the assistant and wait until it says that it is ready."""
    port, database = free_port(), folder / "conversations.db"
    process = subprocess.Popen(
        [sys.executable, "-m", "backsignal.cli", "serve", "--port", str(port), *options],
        cwd=PROJECT,
        env={**os.environ, "BACKSIGNAL_DATABASE": str(database), **environment},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout
    for line in process.stdout:
        if line.startswith("Ready: "):
            return Server(f"http://127.0.0.1:{port}", process, database)
    raise AssertionError(f"the assistant ended with status {process.wait()} before it was ready")


def start_rasa(model: Path, folder: Path, **environment: str) -> Server:
    """Start the Rasa server alone with some model, and wait until it answers."""
    port, database = free_port(), folder / "conversations.db"
    process = subprocess.Popen(
        [sys.executable, "-m", "backsignal.rasa_command", "run", "--model", str(model), "--port", str(port),
         "--interface", "127.0.0.1"],
        cwd=PROJECT,
        env={**os.environ, **QUIET, "BACKSIGNAL_DATABASE": str(database), **environment},
        text=True,
    )  # fmt: skip
    server = Server(f"http://127.0.0.1:{port}", process, database)
    wait_for(lambda: answers(f"{server.url}/health/live"), "the server", 120)
    return server


def stop_server(server: Server) -> None:
    """Stop it as Ctrl-C does."""
    server.process.send_signal(signal.SIGINT)
    server.process.wait(30)


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The assistant with its actions in the Rasa process."""
    started = start_server(tmp_path_factory.mktemp("server"))
    yield started
    stop_server(started)


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A real PostgreSQL server. Who kills it starts it again."""
    with postgres_server() as service:
        yield service


@pytest.fixture(scope="session")
def redis() -> Iterator[Redis]:
    """A real Redis server. Who kills it starts it again."""
    with redis_server() as service:
        yield service
