"""The topology of many machines on this one, from its own packages: `make cluster`.

PostgreSQL, Redis, nginx with the configuration that stands beside this file, and any number of Rasa servers
and action servers, on free ports of the loopback address. A part that ends is started again, as compose and
Kubernetes do. The data goes when it stops: this is for trying it and for tests.
"""

import argparse
import os
import secrets
import shutil
import signal
import socket
import string
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

import psycopg2

from backsignal.serving import PROJECT, QUIET, ServingError, model_path, train

TEMPLATE = PROJECT / "deploy" / "nginx.conf.template"
CREDENTIALS = PROJECT / "deploy" / "credentials.yml"
_PROGRAMS = {"postgres": "postgresql", "redis-server": "redis-server", "nginx": "nginx-light"}
# Debian keeps PostgreSQL's programs off the PATH, a folder for each version.
_FOLDERS = ("/usr/sbin", *sorted(map(str, Path("/usr/lib/postgresql").glob("*/bin")), reverse=True))
# PostgreSQL refuses to run as root.
_POSTGRES_USER = "nobody" if os.geteuid() == 0 else None
_READY_SECONDS = 180.0
_STOP_SECONDS = 15.0
_POLL_SECONDS = 0.2
_PAUSE_SECONDS = 0.5


def missing_programs() -> list[str]:
    """The Debian packages that would have to be installed first."""
    return [package for program, package in _PROGRAMS.items() if not _program(program)]


@dataclass
class Part:
    """One program: how it is started and stopped, and how one sees that it answers."""

    name: str
    command: list[str]
    answers: Callable[[], bool]
    environment: dict[str, str] = field(default_factory=dict)
    user: str | None = None
    stop_signal: int = signal.SIGTERM
    process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """Its process; raises AssertionError before the start."""
        assert self.process
        return self.process.pid


class Cluster:
    """The whole topology, in a folder of its own; a context that starts and stops it."""

    def __init__(self, folder: Path, port: int = 0, servers: int = 2) -> None:
        self.folder = folder
        self.port = port or _free_port()
        self.url = f"http://localhost:{self.port}"
        self._ports = {name: _free_port() for name in ("postgres", "redis", "actions")}
        self._password = secrets.token_hex(16)
        self.database = (
            f"postgresql://backsignal:{self._password}@127.0.0.1:{self._ports['postgres']}/postgres"
        )
        self.redis = f"redis://:{self._password}@127.0.0.1:{self._ports['redis']}/0"
        self._environment = self._for_servers()
        actions = [self._action_server(number + 1) for number in range(servers)]
        rasa = [self._rasa_server(number + 1) for number in range(servers)]
        started = [self._postgres(), self._redis(), *actions, *rasa, self._nginx()]
        self.parts = {part.name: part for part in started}
        self._stopping = threading.Event()
        self._watch = threading.Thread(target=self._keep_running, name="watch", daemon=True)

    def __enter__(self) -> "Cluster":
        """Start all parts and wait until all is ready. Raises ServingError where that takes too long."""
        try:
            self._prepare()
            # Those on which others build come first; the servers start side by side.
            for names in (("postgres", "redis"), tuple(self.parts)):
                for name in names:
                    if self.parts[name].process is None:
                        self._start(self.parts[name])
                self.wait(*names)
        except BaseException:
            self._stop()
            raise
        self._watch.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop all parts, those first that use the others."""
        self._stopping.set()
        self._watch.join()
        self._stop()

    def wait(self, *names: str) -> None:
        """Wait until these parts (or all) answer. Raises ServingError after three minutes."""
        end = time.monotonic() + _READY_SECONDS
        for name in names or tuple(self.parts):
            part = self.parts[name]
            while not part.answers():
                # Once the whole has started, what ends is started again.
                ended = part.process and part.process.poll() is not None and not self._watch.is_alive()
                if ended or time.monotonic() > end:
                    said = self._log(name).read_text(errors="replace").strip()[-1000:]
                    raise ServingError(f"{name} does not answer. It said: {said}")
                time.sleep(_POLL_SECONDS)

    def _keep_running(self) -> None:
        while not self._stopping.wait(_PAUSE_SECONDS):
            for part in self.parts.values():
                if part.process and part.process.poll() is not None:
                    # What is left of it would hold its port and its files.
                    _signal(part, signal.SIGKILL)
                    self._start(part)

    def _start(self, part: Part) -> None:
        with self._log(part.name).open("ab") as log:
            # A session of its own, so that Ctrl-C reaches it through us and in our order.
            part.process = subprocess.Popen(
                part.command, cwd=PROJECT, env={**os.environ, **part.environment}, user=part.user,
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip

    def _stop(self) -> None:
        for part in reversed(self.parts.values()):
            if part.process is None:
                continue
            if part.process.poll() is None:
                os.kill(part.pid, part.stop_signal)
            try:
                part.process.wait(_STOP_SECONDS)
            except subprocess.TimeoutExpired:
                pass
            finally:
                _signal(part, signal.SIGKILL)
                part.process.wait()

    def _log(self, name: str) -> Path:
        return self.folder / f"{name}.log"

    def _prepare(self) -> None:
        lacking = missing_programs()
        if lacking:
            raise ServingError(f"not on this machine: {', '.join(lacking)}. On Debian: apt install them.")
        train()
        # PostgreSQL's and nginx's own users have to come through to their folders.
        self.folder.chmod(0o711)
        data, password = self.folder / "postgres", self.folder / "password"
        data.mkdir(mode=0o700)
        password.touch(mode=0o600)
        password.write_text(self._password)
        if _POSTGRES_USER:
            shutil.chown(data, _POSTGRES_USER)
            shutil.chown(password, _POSTGRES_USER)
        subprocess.run(
            [_needed("initdb"), "--pgdata", str(data), "--username", "backsignal", "--pwfile", str(password),
             "--auth", "scram-sha-256", "--encoding", "UTF8", "--no-instructions"],
            check=True, user=_POSTGRES_USER, cwd=data, stdout=subprocess.DEVNULL,
        )  # fmt: skip
        port = self._ports["redis"]
        self._write("redis.conf", f"bind 127.0.0.1\nport {port}\nrequirepass {self._password}\n"
                                  f'save ""\ndir {self.folder}\n')  # fmt: skip
        self._write("nginx.conf", self.nginx_configuration())

    def _write(self, name: str, text: str) -> None:
        path = self.folder / name
        path.touch(mode=0o600)
        path.write_text(text)

    def _for_servers(self) -> dict[str, str]:
        return {
            **QUIET,
            "BACKSIGNAL_DATABASE": self.database,
            "BACKSIGNAL_REDIS": self.redis,
            "BACKSIGNAL_SECRET": secrets.token_hex(32),
            "BACKSIGNAL_ACTIONS_URL": f"http://127.0.0.1:{self._ports['actions']}/webhook",
            "SANIC_PROXIES_COUNT": "1",
            "PYTHONPATH": str(PROJECT),
        }

    def _postgres(self) -> Part:
        port = self._ports["postgres"]
        settings = {"listen_addresses": "127.0.0.1", "port": str(port), "unix_socket_directories": ""}
        options = [word for key, value in settings.items() for word in ("-c", f"{key}={value}")]
        command = [_needed("postgres"), "-D", str(self.folder / "postgres"), *options]
        # Its SIGTERM would wait for everybody to go.
        return Part(
            "postgres", command, self._database_answers, user=_POSTGRES_USER, stop_signal=signal.SIGINT
        )

    def _redis(self) -> Part:
        port = self._ports["redis"]
        command = [_needed("redis-server"), str(self.folder / "redis.conf")]
        return Part("redis", command, lambda: _listens(port))

    def _action_server(self, number: int) -> Part:
        port = self._ports[f"actions-{number}"] = _free_port()
        command = [sys.executable, "-m", "backsignal.action_server", "--port", str(port)]
        return Part(f"actions-{number}", command, lambda: _healthy(port, "/health"), self._environment)

    def _rasa_server(self, number: int) -> Part:
        port = self._ports[f"rasa-{number}"] = _free_port()
        command = [
            sys.executable, "-m", "backsignal.rasa_command", "run", "--model", str(model_path()),
            "--port", str(port), "--interface", "127.0.0.1", "--credentials", str(CREDENTIALS),
        ]  # fmt: skip
        return Part(f"rasa-{number}", command, lambda: _healthy(port, "/health/ready"), self._environment)

    def _nginx(self) -> Part:
        port = self.port
        command = [_needed("nginx"), "-c", str(self.folder / "nginx.conf"), "-e", "stderr"]
        return Part("nginx", command, lambda: _healthy(port, "/health/ready"))

    def nginx_configuration(self) -> str:
        """nginx's whole configuration: the template with the addresses filled in, and where its files go."""
        temporary = "\n".join(
            f"    {kind}_temp_path {self.folder}/nginx-{kind};"
            for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        )
        # As in nginx's container image: only what is ours is filled in, and nginx's own variables stay.
        routes = string.Template(TEMPLATE.read_text(encoding="utf-8")).safe_substitute(
            BACKSIGNAL_LISTEN=f"listen 127.0.0.1:{self.port};",
            BACKSIGNAL_ACTIONS_LISTEN=f"listen 127.0.0.1:{self._ports['actions']};",
            BACKSIGNAL_SERVERS=self._upstream("rasa-"),
            BACKSIGNAL_ACTION_SERVERS=self._upstream("actions-"),
        )
        return (
            f"daemon off;\npid {self.folder}/nginx.pid;\nworker_processes 1;\nworker_rlimit_nofile 4096;\n"
            f"events {{ worker_connections 2048; }}\nhttp {{\n{temporary}\n{routes}\n}}\n"
        )

    def _upstream(self, prefix: str) -> str:
        ports = (port for name, port in self._ports.items() if name.startswith(prefix))
        return " ".join(f"server 127.0.0.1:{port} max_fails=2 fail_timeout=3s;" for port in ports)

    def _database_answers(self) -> bool:
        try:
            psycopg2.connect(self.database, connect_timeout=2).close()
        except psycopg2.Error:
            return False
        return True


def _program(name: str) -> str | None:
    return shutil.which(name, path=os.pathsep.join([os.environ.get("PATH", ""), *_FOLDERS]))


def _needed(name: str) -> str:
    # What is missing is said when the cluster starts.
    return _program(name) or name


def _signal(part: Part, number: int) -> None:
    with suppress(ProcessLookupError):
        os.killpg(part.pid, number)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _healthy(port: int, path: str) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=5):
            return True
    except OSError:
        return False


def main() -> int:
    """Run the cluster until Ctrl-C."""
    parser = argparse.ArgumentParser(prog="python -m deploy.local", description=__doc__)
    parser.add_argument("--port", type=int, default=5005, help="where it is reached")
    parser.add_argument(
        "--servers", type=int, default=2, help="how many Rasa servers, and as many action servers"
    )
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        with (
            tempfile.TemporaryDirectory(prefix="backsignal-") as folder,
            Cluster(Path(folder), options.port, options.servers) as cluster,
        ):
            print(f"Ready: {cluster.url}", flush=True)  # noqa: T201 - the command speaks to a person
            signal.pause()
    except KeyboardInterrupt:
        return 0
    except ServingError as error:
        print(f"backsignal: {error}", file=sys.stderr)  # noqa: T201 - likewise
        return 1
    return 0


def _interrupt(_: int, __: FrameType | None) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
