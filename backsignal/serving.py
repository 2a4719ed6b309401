"""Trains and starts the assistant: the Rasa server and, where asked for, an action server."""

import gzip
import json
import os
import secrets
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
import zlib
from hashlib import sha256
from pathlib import Path
from types import FrameType

from backsignal.assist.access import AGENT, SUPERVISOR, Access, Person
from backsignal.channels.web_sessions import SECRET_VARIABLE, load_secret

PROJECT = Path(__file__).resolve().parents[1]
MODELS = PROJECT / "models"
# What the model is made of: where none of it changed, the model at hand is used.
MODEL_INGREDIENTS = (
    "config.yml",
    "domain.yml",
    "data",
    "backsignal/components/intent_model.py",
    "backsignal/components/understood.py",
    "backsignal/language/encoder.py",
    "backsignal/language/encoder_weights.py",
    "backsignal/language/intents.py",
    "backsignal/language/ngram_training.py",
    "backsignal/language/ngrams.py",
    "backsignal/language/public_encoder.py",
    "backsignal/language/word_pieces.py",
    "backsignal/language/weights/half_encoder.onnx",
    "requirements/runtime.lock",
    "requirements/encoder.lock",
)
# What every process of ours runs with.
QUIET = {
    "RASA_TELEMETRY_ENABLED": "false",
    "SQLALCHEMY_SILENCE_UBER_WARNING": "1",
    "TF_CPP_MIN_LOG_LEVEL": "2",
    "LOG_LEVEL": "WARNING",
    # Our arrays are small: more threads only fight over the cores.
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
}
_RASA = ["backsignal.rasa_command"]
_ACTIONS = ["backsignal.action_server"]
_READY_SECONDS = 180
_STOP_SECONDS = 20
_POLL_SECONDS = 0.2
_OWN_MACHINE = ("127.0.0.1", "::1", "localhost")
_DEMO_HOURS = 12


class ServingError(Exception):
    """The assistant could not be started or a part of it ended; the message says what to do."""


def model_path() -> Path:
    """Where the model of the present ingredients stands, or will stand once trained."""
    digest = sha256()
    for ingredient in MODEL_INGREDIENTS:
        path = PROJECT / ingredient
        files = sorted(file for file in path.rglob("*") if file.is_file()) if path.is_dir() else [path]
        for file in files:
            digest.update(str(file.relative_to(PROJECT)).encode() + b"\0" + file.read_bytes() + b"\0")
    return MODELS / f"backsignal-{digest.hexdigest()[:12]}.tar.gz"


def train() -> Path:
    """Train where an ingredient changed since the last time, or the model is broken; returns its path.

    Raises ServingError where the training fails.
    """
    model = model_path()
    if model.exists():
        if is_whole(model):
            return model
        print(f"{model} is broken, so it is trained anew.", flush=True)  # noqa: T201 - it speaks to a person
    name = model.name.removesuffix(".tar.gz")
    # Rasa's own cache knows a component by its class alone, and not by what that uses of the language layer.
    done = subprocess.run(
        [sys.executable, "-m", *_RASA, "train", "--force", "--fixed-model-name", name],
        cwd=PROJECT,
        env=_environment(LOG_LEVEL="INFO"),
        check=False,
    )
    if done.returncode != 0 or not model.exists():
        raise ServingError("the model could not be trained. The lines above say which file to look at.")
    for old in MODELS.glob("backsignal-*.tar.gz"):
        if old != model:
            old.unlink()
    return model


def is_whole(model: Path) -> bool:
    """Whether the file can be read to its end, where its check sum stands."""
    try:
        with gzip.open(model) as packed:
            while packed.read(1 << 20):
                pass
    except (OSError, EOFError, zlib.error):
        return False
    return True


def serve(port: int, interface: str, action_server: bool) -> int:
    """Start the assistant and stay until Ctrl-C (returns 0) or until a part ends (raises ServingError)."""
    model = train()
    environment = _environment()
    parts: dict[str, subprocess.Popen[bytes]] = {}
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        if action_server:
            actions_port = port + 50
            environment["BACKSIGNAL_ACTIONS_URL"] = f"http://127.0.0.1:{actions_port}/webhook"
            parts["the action server"] = _start([*_ACTIONS, "--port", str(actions_port)], environment)
        parts["the Rasa server"] = _start(
            [*_RASA, "run", "--model", str(model), "--port", str(port), "--interface", interface], environment
        )
        _await_ready(parts, f"http://127.0.0.1:{port}/health/ready")
        print(f"Ready: http://localhost:{port}", flush=True)  # noqa: T201 - the command speaks to a person
        # A clinic's service sets the secret, and what it prints goes into a log.
        if interface in _OWN_MACHINE and SECRET_VARIABLE not in os.environ:
            _tell_agents(port)
        while True:
            _raise_if_ended(parts)
            time.sleep(_POLL_SECONDS)
    except KeyboardInterrupt:
        return 0
    finally:
        _stop(parts)


def _tell_agents(port: int) -> None:
    """Where agents sign in, and a throw-away token: for trying it on one's own machine alone."""
    person = Person(f"demo-{secrets.token_hex(4)}", "Demo agent", frozenset({AGENT, SUPERVISOR}))
    token = Access(load_secret()).token(person, hours=_DEMO_HOURS)
    print(f"Agents: http://localhost:{port}/assist/", flush=True)  # noqa: T201 - the command speaks to a person
    print(f"Agent token, for {_DEMO_HOURS} hours: {token}", flush=True)  # noqa: T201 - likewise


def shell() -> int:
    """Talk in the terminal: `rasa shell` with an action server beside it."""
    model = train()
    environment = _environment()
    actions = _start(_ACTIONS, environment)
    try:
        command = [sys.executable, "-m", *_RASA, "shell", "--model", str(model), "--interface", "127.0.0.1"]
        return subprocess.run(command, cwd=PROJECT, env=environment, check=False).returncode
    finally:
        _stop({"the action server": actions})


def _environment(**settings: str) -> dict[str, str]:
    # The person's own settings win.
    return {**QUIET, **settings, **os.environ}


def _start(module: list[str], environment: dict[str, str]) -> subprocess.Popen[bytes]:
    # A session of its own, so that Ctrl-C reaches it through us and in our order.
    command = [sys.executable, "-m", *module]
    return subprocess.Popen(command, cwd=PROJECT, env=environment, start_new_session=True)


def _await_ready(parts: dict[str, subprocess.Popen[bytes]], url: str) -> None:
    deadline = time.monotonic() + _READY_SECONDS
    missing = "any answer; is the machine very busy?"
    while time.monotonic() < deadline:
        _raise_if_ended(parts)
        try:
            with urllib.request.urlopen(url, timeout=5):
                return
        except urllib.error.HTTPError as error:
            missing = ", ".join(json.load(error).get("missing", [])) or missing
        except OSError:
            pass
        time.sleep(_POLL_SECONDS)
    raise ServingError(f"not ready after {_READY_SECONDS} seconds. Missing: {missing}.")


def _raise_if_ended(parts: dict[str, subprocess.Popen[bytes]]) -> None:
    for name, process in parts.items():
        if process.poll() is not None:
            raise ServingError(
                f"{name} ended with status {process.returncode}. The lines above say why; is the port taken?"
            )


def _stop(parts: dict[str, subprocess.Popen[bytes]]) -> None:
    for process in parts.values():
        if process.poll() is None:
            process.terminate()
    for process in parts.values():
        try:
            process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _interrupt(_: int, __: FrameType | None) -> None:
    raise KeyboardInterrupt
