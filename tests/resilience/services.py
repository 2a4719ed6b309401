"""Real PostgreSQL and Redis for tests, on free ports: killed, stopped for a while and started again.

They come from the machine's packages (Debian: `postgresql`, `redis-server`). Where these are missing a
test is skipped and says so by name; with CI=true it fails.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager, suppress
from pathlib import Path
from typing import TypeVar

import psycopg2
import pytest
import redis
import requests

from tests.ports import free_port

_SECONDS = 60
_PASSWORD = "only-for-tests"
# PostgreSQL refuses to run as root.
_NOT_ROOT = "nobody"


def needed(name: str, *folders: Path) -> Path:
    """A program of the machine. Without it the test is skipped, or fails where CI=true."""
    path = shutil.which(name, path=os.pathsep.join([*map(str, folders), os.environ.get("PATH", "")]))
    if path:
        return Path(path)
    missing = f"{name} is not installed on this machine: this test needs the real one"
    if os.environ.get("CI") == "true":
        pytest.fail(missing)
    pytest.skip(missing)


def wait_for(condition: Callable[[], object], what: str, seconds: float = _SECONDS) -> None:
    """Wait until a condition holds."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"{what} did not come in {seconds} seconds"
        time.sleep(0.02)


def answers(url: str) -> bool:
    """Whether all is well there."""
    try:
        return requests.get(url, timeout=5).ok
    except requests.ConnectionError:
        return False


class Service:
    """A program that listens on a port, with whatever processes it starts itself."""

    def __init__(self, command: list[str], folder: Path, port: int, user: str | None) -> None:
        self.port = port
        self.folder = folder
        self._command = command
        self._user = user
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it and wait until it answers."""
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                self._command,
                cwd=self.folder,
                stdout=log,
                stderr=log,
                user=self._user,
                start_new_session=True,
            )
        wait_for(self._answers, f"{Path(self._command[0]).name}: see {self.folder / 'log'}")

    def kill(self) -> None:
        """End it as kill -9 does, with all its processes."""
        for pid in self._pids():
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        if self._process:
            self._process.wait(_SECONDS)
        self._process = None

    def restart(self) -> None:
        """Kill it, and start it again with what it has on disk."""
        self.kill()
        self.start()

    def pause(self) -> None:
        """Let it hang: connections stay open, and nothing is answered."""
        for pid in self._pids():
            os.kill(pid, signal.SIGSTOP)

    def resume(self) -> None:
        """Let it go on."""
        for pid in self._pids():
            os.kill(pid, signal.SIGCONT)

    def _answers(self) -> bool:
        raise NotImplementedError

    def _pids(self) -> list[int]:
        return _family(self._process.pid) if self._process else []


Running = TypeVar("Running", bound=Service)


class Postgres(Service):
    """A PostgreSQL server with one empty database."""

    def __init__(self, folder: Path) -> None:
        binaries = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: float(path.parent.name))
        postgres = needed("postgres", *binaries[::-1])
        user = _NOT_ROOT if os.geteuid() == 0 else None
        if user:
            shutil.chown(folder, user)
        port = free_port()
        self.url = f"postgresql://backsignal:{_PASSWORD}@127.0.0.1:{port}/postgres"
        data, password = folder / "data", folder / "password"
        password.write_text(_PASSWORD)
        subprocess.run(
            [
                str(postgres.with_name("initdb")),
                f"--pgdata={data}",
                "--username=backsignal",
                f"--pwfile={password}",
                "--auth=scram-sha-256",
                "--encoding=UTF8",
                "--no-locale",
                "--no-sync",
            ],
            user=user,
            check=True,
            capture_output=True,
        )
        settings = {
            "listen_addresses": "127.0.0.1",
            "port": port,
            "unix_socket_directories": "",
            # Only the machine's own end would need it; a killed PostgreSQL would look at each file again.
            "fsync": "off",
        }
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        super().__init__([str(postgres), "-D", str(data), *options], folder, port, user)

    def fresh(self) -> str:
        """The URL of a new, empty database."""
        name = f"fresh_{uuid.uuid4().hex}"
        with closing(psycopg2.connect(self.url)) as connection, connection.cursor() as cursor:
            connection.autocommit = True
            cursor.execute(f"CREATE DATABASE {name}")
        return f"{self.url.rpartition('/')[0]}/{name}"

    def _answers(self) -> bool:
        try:
            with closing(psycopg2.connect(self.url, connect_timeout=2)):
                return True
        except psycopg2.OperationalError:
            # After kill -9 it refuses to start until the last process of the old one is gone.
            if self._process and self._process.poll() is not None:
                self.start()
            return False


class Redis(Service):
    """A Redis server that keeps nothing on disk: after a restart it is empty."""

    def __init__(self, folder: Path) -> None:
        server = needed("redis-server")
        port = free_port()
        self.url = f"redis://127.0.0.1:{port}/0"
        self.client = redis.Redis.from_url(self.url, socket_timeout=2)
        options = ["--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
        super().__init__([str(server), *options, "--dir", str(folder)], folder, port, None)

    def _answers(self) -> bool:
        try:
            return bool(self.client.ping())
        except redis.RedisError:
            return False


class Link:
    """A way to a service that can be cut, or slowed by a delay (seconds) for whatever comes back over it."""

    def __init__(self, port: int) -> None:
        self.port = free_port()
        self.delay = 0.0
        self._target = port
        self._open: set[socket.socket] = set()
        self._listening: socket.socket | None = None
        self.mend()

    def of(self, url: str) -> str:
        """A service's URL, over this link."""
        return url.replace(f":{self._target}/", f":{self.port}/")

    def cut(self) -> None:
        """Refuse new connections and break those that are open."""
        listening, self._listening = self._listening, None
        for broken in [*self._open, *([listening] if listening else [])]:
            with suppress(OSError):
                broken.shutdown(socket.SHUT_RDWR)
            broken.close()

    def mend(self) -> None:
        """Let connections through again."""
        if self._listening is None:
            self._listening = socket.create_server(("127.0.0.1", self.port), reuse_port=True)
            threading.Thread(target=self._accept, args=(self._listening,), daemon=True).start()

    def _accept(self, listening: socket.socket) -> None:
        with suppress(OSError):
            while True:
                near, _ = listening.accept()
                try:
                    far = socket.create_connection(("127.0.0.1", self._target))
                except OSError:
                    near.close()
                    continue
                self._open |= {near, far}
                for source, target in ((near, far), (far, near)):
                    threading.Thread(
                        target=self._pass, args=(source, target, source is far), daemon=True
                    ).start()

    def _pass(self, source: socket.socket, target: socket.socket, back: bool) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                if back and self.delay:
                    time.sleep(self.delay)
                target.sendall(data)
        for end in (source, target):
            self._open.discard(end)
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()


def postgres_server() -> AbstractContextManager[Postgres]:
    """A PostgreSQL server of one's own."""
    return _running(Postgres)


def redis_server() -> AbstractContextManager[Redis]:
    """A Redis server of one's own."""
    return _running(Redis)


@contextmanager
def _running(make: Callable[[Path], Running]) -> Iterator[Running]:
    with _folder() as folder:
        service = make(folder)
        service.start()
        try:
            yield service
        finally:
            service.kill()


@contextmanager
def _folder() -> Iterator[Path]:
    # Not pytest's own, into which another user may not look.
    folder = Path(tempfile.mkdtemp(prefix="backsignal-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _family(pid: int) -> list[int]:
    """A process and all its descendants, the oldest first."""
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()
    except (FileNotFoundError, ProcessLookupError):
        return []
    return [pid, *(each for child in children for each in _family(int(child)))]
