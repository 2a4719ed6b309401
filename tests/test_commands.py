"""The commands of the README, as a stranger types them on a machine of their own."""

import json
import os
import signal
import socket
import subprocess
from pathlib import Path

import pytest

from deploy.local import missing_programs
from tests.channels.web_client import Web
from tests.conftest import PROJECT, free_port
from tests.conversation.chat import Chat


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What is committed, somewhere else, with nothing set up."""
    folder = tmp_path_factory.mktemp("stranger") / "backsignal"
    subprocess.run(["git", "clone", "--quiet", str(PROJECT), str(folder)], check=True)
    return folder


def test_make_run_in_a_fresh_clone_answers_and_ctrl_c_ends_all_of_it(clone: Path) -> None:
    port = free_port()
    make = subprocess.Popen(
        ["make", "run", f"PORT={port}"], cwd=clone, stdout=subprocess.PIPE, text=True, start_new_session=True
    )
    assert make.stdout
    assert any(line.strip() == f"Ready: http://localhost:{port}" for line in make.stdout)
    assert Chat(f"http://localhost:{port}").say("my back locked up").payload("question")
    os.killpg(make.pid, signal.SIGINT)
    make.communicate(timeout=60)
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", port)) != 0
    assert subprocess.run(["pgrep", "-f", str(clone)], capture_output=True, check=False).stdout == b""


def test_make_cluster_in_a_fresh_clone_answers_and_ctrl_c_ends_all_of_it(clone: Path) -> None:
    lacking = missing_programs()
    if lacking and os.environ.get("CI") != "true":
        pytest.skip(f"MAKE CLUSTER WAS NOT RUN: {', '.join(lacking)} are not installed on this machine")
    port = free_port()
    make = subprocess.Popen(
        ["make", "cluster", f"PORT={port}", "SERVERS=1"], cwd=clone, stdout=subprocess.PIPE, text=True,
        start_new_session=True,
    )  # fmt: skip
    assert make.stdout
    assert any(line.strip() == f"Ready: http://localhost:{port}" for line in make.stdout)
    assert Web(f"http://localhost:{port}").send("my back locked up").status_code == 200
    os.killpg(make.pid, signal.SIGINT)
    make.communicate(timeout=60)
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", port)) != 0
    assert subprocess.run(["pgrep", "-f", str(clone)], capture_output=True, check=False).stdout == b""


def test_assess_keeps_order_and_goes_on_after_a_bad_line(clone: Path) -> None:
    lines = [
        json.dumps({"id": "a", "text": "I can't feel it when I wipe"}),
        "{not json",
        json.dumps({"id": "b", "text": "my back is stiff, no numbness"}),
    ]
    done = subprocess.run(
        [".venv/bin/backsignal", "assess", "--today", "2026-11-22"],
        cwd=clone,
        input="\n".join(lines),
        capture_output=True,
        text=True,
        check=False,
    )
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.returncode == 1
    assert [row["id"] for row in rows] == ["a", None, "b"]
    assert rows[0]["level"] == "emergency"
    assert "error" in rows[1]
    assert rows[2]["level"] != "emergency"


def test_setup_is_quick_when_nothing_changed(clone: Path) -> None:
    before = (clone / ".venv" / ".set-up").stat().st_mtime_ns
    done = subprocess.run(["make", "setup"], cwd=clone, capture_output=True, text=True, check=True)
    assert "Setting up" not in done.stdout
    assert (clone / ".venv" / ".set-up").stat().st_mtime_ns == before
