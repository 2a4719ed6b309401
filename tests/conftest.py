"""Servers for the tests: the assistant as `make run` starts it, on a free port and a database of its own."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[1]


@dataclass
class Server:
    """A running assistant: where it is, its process, and its database."""

    url: str
    process: subprocess.Popen[str]
    database: Path


def free_port() -> int:
    """A port that nobody listens on, with the one fifty above it free as well (the action server's)."""
    while True:
        with socket.socket() as first, socket.socket() as second:
            first.bind(("127.0.0.1", 0))
            port = int(first.getsockname()[1])
            try:
                second.bind(("127.0.0.1", port + 50))
            except (OSError, OverflowError):
                continue
            return port


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
