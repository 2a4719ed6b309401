"""What stands safe without a setting: who is listened to, who may read the files, which models are loaded."""

import ast
import json
import os
import re
import shutil
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
import requests
from rasa.engine.storage.local_model_storage import LocalModelStorage
from rasa.engine.storage.resource import Resource

from backsignal import serving
from backsignal.assist.access import Provider
from backsignal.channels.web_sessions import load_secret
from backsignal.components.intent_model import IntentModelClassifier
from backsignal.language.suspicion import MODEL_FILE, WEIGHTS, Suspicion
from tests.conftest import PROJECT, Server, free_port

# Rasa's HTTP API, any part of which would give a conversation away or change it.
API = [
    "version", "status", "domain", "conversations/x/tracker", "conversations/x/messages",
    "conversations/x/story", "conversations/x/execute", "conversations/x/trigger_intent", "model",
    "model/train", "model/parse",
]  # fmt: skip


@pytest.mark.parametrize("path", API)
def test_rasas_own_api_is_off(path: str, server: Server) -> None:
    for method in ("GET", "POST", "PUT", "DELETE"):
        answer = requests.request(method, f"{server.url}/{path}", json={}, timeout=30)
        assert answer.status_code in (404, 405)


def listening(process: int) -> set[str]:
    """The addresses (as the kernel writes them) on which a process and its children accept connections."""
    found = set()
    for one in (process, *children(process)):
        sockets = set()
        for name in Path(f"/proc/{one}/fd").iterdir():
            with suppress(FileNotFoundError):
                sockets.add(os.readlink(name))
        for table in ("tcp", "tcp6"):
            for line in Path(f"/proc/{one}/net/{table}").read_text().splitlines()[1:]:
                fields = line.split()
                if fields[3] == "0A" and f"socket:[{fields[9]}]" in sockets:
                    found.add(fields[1].partition(":")[0])
    return found


def children(process: int) -> list[int]:
    found = [int(it) for it in Path(f"/proc/{process}/task/{process}/children").read_text().split()]
    return [it for child in found for it in (child, *children(child))]


LOOPBACK = "0100007F"


def test_the_service_listens_to_its_own_machine_alone(server: Server) -> None:
    assert listening(server.process.pid) == {LOOPBACK}


def test_what_people_told_is_for_its_owner_alone(server: Server) -> None:
    assert server.database.exists()
    for file in server.database.parent.iterdir():
        assert not stat.S_IMODE(file.stat().st_mode) & 0o077, file


def test_a_short_secret_in_the_file_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("BACKSIGNAL_SECRET", raising=False)
    file = tmp_path / "secret"
    for short in ("", "\n", "changeme"):
        file.write_text(short)
        with pytest.raises(ValueError, match="at least 32"):
            load_secret(file)


def test_no_secret_stands_in_what_is_committed() -> None:
    command = ["git", "ls-files", "*.yml", "*.toml", "*.json", "Makefile"]
    listed = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=True)
    for name in listed.stdout.split():
        for line in (PROJECT / name).read_text("utf-8").splitlines():
            assert not re.match(r"\s*(password|secret|token|api_key)\s*:\s*['\"]?[\w-]{8,}\s*$", line), (
                name,
                line,
            )


def interrupt(*_: object) -> None:
    raise KeyboardInterrupt


def test_no_agents_token_is_printed_where_a_clinic_runs_the_service(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(serving, "train", lambda: Path("model.tar.gz"))
    monkeypatch.setattr(serving, "_start", lambda *_: None)
    monkeypatch.setattr(serving, "_await_ready", lambda *_: None)
    monkeypatch.setattr(serving, "_raise_if_ended", interrupt)
    monkeypatch.setattr(serving, "_stop", lambda _: None)
    for secret, interface, printed in (
        ("s" * 32, "127.0.0.1", False),
        (None, "0.0.0.0", False),
        (None, "127.0.0.1", True),
    ):
        if secret:
            monkeypatch.setenv("BACKSIGNAL_SECRET", secret)
        else:
            monkeypatch.delenv("BACKSIGNAL_SECRET", raising=False)
        serving.serve(5005, interface, action_server=False)
        assert ("Agent token" in capsys.readouterr().out) is printed


@pytest.mark.parametrize(
    "address", ["http://login.example/keys", "file:///etc/passwd", "ftp://login.example/keys"]
)
def test_keys_of_a_provider_come_over_https(address: str) -> None:
    with pytest.raises(ValueError, match="https"):
        Provider("https://login.example", "backsignal", address)


# The action server


@pytest.fixture(scope="module")
def actions() -> Iterator[tuple[str, int]]:
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, "-m", "backsignal.action_server", "--port", str(port)], cwd=PROJECT
    )
    url = f"http://127.0.0.1:{port}"
    deadline = time.monotonic() + 90
    while time.monotonic() < deadline:
        with suppress(requests.ConnectionError):
            requests.get(f"{url}/health", timeout=5)
            break
        time.sleep(0.1)
    yield url, process.pid
    process.terminate()
    process.wait(30)


def call(action: str, **slots: object) -> dict[str, object]:
    tracker = {"sender_id": "x", "slots": slots, "latest_message": {}, "events": [], "paused": False,
               "active_loop": {}, "latest_action_name": None, "followup_action": None}  # fmt: skip
    return {"next_action": action, "sender_id": "x", "tracker": tracker, "domain": {}}


def test_the_action_server_listens_to_its_own_machine_alone(actions: tuple[str, int]) -> None:
    assert listening(actions[1]) == {LOOPBACK}


def test_the_action_server_does_without_rasa() -> None:
    """It would be half a gigabyte and half a minute for nothing, and so it is for agent assist by itself."""
    modules = "backsignal.action_server, backsignal.channels.assist_api"
    program = f"import sys, {modules}; print('rasa' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=PROJECT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "False"


def test_the_sdks_action_server_too_where_somebody_starts_it() -> None:
    done = subprocess.run(
        [sys.executable, "-c", "import backsignal.rasa_command, os; print(os.environ['SANIC_HOST'])"],
        cwd=PROJECT, capture_output=True, text=True, check=True,
        env={name: value for name, value in os.environ.items() if name != "SANIC_HOST"},
    )  # fmt: skip
    assert done.stdout.strip() == "127.0.0.1"


def test_a_failing_action_sends_nothing_of_the_conversation_back(actions: tuple[str, int]) -> None:
    body = call("action_conclude", interview={"record": "Ottoline has wet herself"})
    answer = requests.post(f"{actions[0]}/webhook", json=body, timeout=30)
    assert answer.status_code == 503
    assert "Ottoline" not in answer.text
    assert "Traceback" not in answer.text


@pytest.mark.parametrize(
    ("body", "status"), [(b"[]", 400), (b"{", 400), (json.dumps(call("action_none")).encode(), 404)]
)
def test_the_action_server_refuses_what_is_no_action(
    body: bytes, status: int, actions: tuple[str, int]
) -> None:
    answer = requests.post(f"{actions[0]}/webhook", data=body, timeout=30)
    assert answer.status_code == status


def test_the_action_server_answers_no_page_of_a_website(actions: tuple[str, int]) -> None:
    for method in ("OPTIONS", "POST"):
        answer = requests.request(
            method, f"{actions[0]}/webhook", json={}, headers={"Origin": "https://evil.example"}, timeout=30
        )
        assert "Access-Control-Allow-Origin" not in answer.headers
        assert answer.headers["X-Content-Type-Options"] == "nosniff"


# Models


class Evil:
    """What runs a command when it is unpickled."""

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.system, ("touch pwned",)


def test_arrays_that_carry_code_are_not_read(tmp_path: Path) -> None:
    poisoned = np.empty(1, dtype=object)
    poisoned[0] = Evil()
    shutil.copytree(WEIGHTS, tmp_path, dirs_exist_ok=True)
    with np.load(WEIGHTS / MODEL_FILE, allow_pickle=False) as sound:
        np.savez(tmp_path / MODEL_FILE, **dict.fromkeys(sound, poisoned))
    with pytest.raises(ValueError, match="allow_pickle"):
        Suspicion.load(tmp_path)
    storage, resource = LocalModelStorage.create(tmp_path), Resource("classifier")
    with storage.write_to(resource) as folder:
        for name in ("intents.json", "known.json"):
            (folder / name).write_text("{}", encoding="utf-8")
        np.savez(folder / "weights.npz", weights=poisoned)
    with pytest.raises(ValueError, match="allow_pickle"):
        IntentModelClassifier.load({"encoder_share": 1.0, "sharpness": 1.0}, storage, resource, None)
    assert not (PROJECT / "pwned").exists()


def test_rasa_is_one_that_unpickles_no_model() -> None:
    """CVE-2024-49375 is mended in 3.6.21."""
    locked = (PROJECT / "requirements" / "runtime.lock").read_text("utf-8")
    assert re.search(r"^rasa==3\.6\.21 ", locked, re.MULTILINE)


def test_only_the_model_of_this_content_is_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[list[str]] = []
    monkeypatch.setattr(serving, "train", lambda: Path("models/ours.tar.gz"))
    monkeypatch.setattr(serving, "_start", lambda module, _: started.append(module))
    monkeypatch.setattr(serving, "_await_ready", interrupt)
    monkeypatch.setattr(serving, "_stop", lambda _: None)
    assert serving.serve(5005, "127.0.0.1", action_server=False) == 0
    [arguments] = started
    assert arguments[arguments.index("--model") + 1] == "models/ours.tar.gz"
    assert not {"--remote-storage", "--enable-api"} & set(arguments)


SOURCES = [path for folder in ("backsignal", "actions", "training", "evaluation", "bench") for path in
           sorted((PROJECT / folder).rglob("*.py"))]  # fmt: skip


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(PROJECT)))
def test_no_source_runs_what_it_reads(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import | ast.ImportFrom):
            names = {alias.name for alias in node.names} | {getattr(node, "module", None)}
            assert not names & {"pickle", "dill", "joblib", "shelve", "marshal"}
        if isinstance(node, ast.Call):
            called, given = ast.unparse(node.func), {it.arg: ast.unparse(it.value) for it in node.keywords}
            assert called not in {"eval", "exec", "os.system", "yaml.unsafe_load", "torch.load"}
            assert called != "np.load" or given.get("allow_pickle") == "False"
            # Our loader is a safe one that refuses a key that stands twice.
            assert called != "yaml.load" or given["Loader"] in ("yaml.SafeLoader", "_Loader")
            assert given.get("shell") != "True"
            assert given.get("verify") != "False"
