"""Custom actions that raise, hang or are gone: emergencies are answered, the rest gets a safe message."""

import asyncio
import json
import os
import signal
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from rasa_sdk.executor import ActionExecutor

import actions
from backsignal.components import action_endpoint
from backsignal.components.action_endpoint import InProcessActions
from backsignal.components.turns import safe_reply
from tests.channels.web_client import Web, new_id
from tests.conftest import Server, free_port, start_server, stop_server
from tests.conversation.chat import Chat, play, scenario_files
from tests.loops import run

FAULTS = ("raises", "hangs", "gone")


class Actions:
    """The real actions behind an HTTP server that can be made to fail."""

    def __init__(self) -> None:
        self.port = free_port()
        self.fault: str | None = None
        self.hanging = threading.Event()
        self._executor = ActionExecutor()
        self._executor.register_package(actions)
        self._server: ThreadingHTTPServer | None = None
        self.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/webhook"

    def start(self) -> None:
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self._answer(200, {"status": "ok"})

            def do_POST(self) -> None:
                call = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                if outer.fault in ("raises", call["next_action"]):
                    self._answer(500, {"error": "broken", "action_name": call["next_action"]})
                    return
                if outer.fault == "hangs":
                    outer.hanging.wait(60)
                self._answer(200, run(outer._executor.run(call)))

            def _answer(self, status: int, body: Any) -> None:
                data = json.dumps(body).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, *_: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", self.port), Handler)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def stop(self) -> None:
        if self._server:
            self._server.shutdown()
            self._server.server_close()
            self._server = None

    def fail(self, fault: str) -> None:
        if fault == "gone":
            self.stop()
        self.hanging.clear()
        self.fault = fault

    def recover(self) -> None:
        self.fault = None
        self.hanging.set()
        if self._server is None:
            self.start()


@pytest.fixture(scope="module")
def faulty() -> Iterator[Actions]:
    started = Actions()
    yield started
    started.recover()
    started.stop()


@pytest.fixture(scope="module")
def remote(faulty: Actions, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    started = start_server(tmp_path_factory.mktemp("remote"), BACKSIGNAL_ACTIONS_URL=faulty.url)
    yield started
    stop_server(started)


@pytest.fixture(autouse=True)
def _recovered(faulty: Actions) -> Iterator[None]:
    yield
    faulty.recover()


@pytest.mark.parametrize("fault", FAULTS)
def test_an_emergency_is_answered_whatever_the_actions_do(
    fault: str, faulty: Actions, remote: Server
) -> None:
    chat = Chat(remote.url)
    faulty.fail(fault)
    emergency = chat.say("I have wet myself and I can't feel it when I wipe").payload("emergency")
    assert emergency["level"] == "emergency"
    assert emergency["call"] in emergency["text"].split(".")[0]


@pytest.mark.parametrize("fault", FAULTS)
def test_a_yes_to_an_emergency_question_is_answered_too(fault: str, faulty: Actions, remote: Server) -> None:
    chat = Chat(remote.url)
    assert chat.say("my back hurts").payload("question")
    faulty.fail(fault)
    assert chat.say("yes").payload("emergency")


@pytest.mark.parametrize(
    "action", ["validate_interview_form", "action_ask_interview_form_interview_complete"]
)
def test_a_question_that_fails_makes_no_result(action: str, faulty: Actions, remote: Server) -> None:
    new, asked = Chat(remote.url), Chat(remote.url)
    first = asked.say("my back hurts since yesterday").payload("question")
    faulty.fail(action)
    for safe in (new.say("my back hurts since yesterday"), asked.say("no")):
        assert [message["text"] for message in safe.messages].count(safe_reply().text) == 1
        assert not safe.payloads("triage")
    faulty.recover()
    assert new.say("my back hurts since yesterday").payload("question")["id"] == first["id"]
    assert asked.say("no").payload("question")["id"] != first["id"]


@pytest.mark.parametrize("fault", FAULTS)
def test_other_turns_get_a_safe_message_and_the_conversation_goes_on(
    fault: str, faulty: Actions, remote: Server
) -> None:
    chat = Chat(remote.url)
    first = chat.say("my back hurts since yesterday").payload("question")
    faulty.fail(fault)
    safe = chat.say("no")
    assert "999" in safe.text
    assert not safe.payload("question")
    faulty.recover()
    again = chat.say("no").payload("question")
    assert again["id"] != first["id"]
    assert (
        chat.answer_rest(chat.say("no"), {"default": "no", "age": "34"}).payload("triage")["level"]
        == "self_care"
    )


def test_an_answer_that_is_cut_short_says_so_in_the_widget(faulty: Actions, remote: Server) -> None:
    web = Web(remote.url)
    web.send("my back hurts since yesterday")
    faulty.fail("action_ask_interview_form_interview_complete")
    # The topic is answered; the question that comes after it fails.
    answer = web.send("heat or ice?").json()["messages"]
    faulty.recover()
    assert len(answer) == 3
    assert answer[-1]["text"] == safe_reply().text
    assert web.history()[-1] == answer[-1]


def test_the_widget_gets_the_safe_message_once_and_keeps_it(faulty: Actions, remote: Server) -> None:
    web = Web(remote.url)
    web.send("my back hurts since yesterday")
    faulty.fail("raises")
    message_id = new_id()
    answer = web.send("no", message_id)
    faulty.recover()
    assert answer.status_code == 200
    assert "999" in answer.json()["messages"][-1]["text"]
    assert web.history()[-1] == answer.json()["messages"][-1]
    assert web.send("no", message_id).json() == answer.json()
    assert web.send("no").json()["messages"][-1]["custom"]["data"]["type"] == "question"


@pytest.mark.parametrize("path", scenario_files()[::8], ids=lambda path: path.stem)
def test_scenarios_over_the_action_server(path: Path, remote: Server) -> None:
    play(path, remote.url)


def test_a_hanging_action_in_the_process_ends_at_the_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    never = threading.Event()
    endpoint = InProcessActions()
    endpoint._executor.register_function("action_hang", lambda dispatcher, tracker, domain: never.wait(20))
    monkeypatch.setattr(action_endpoint, "DEADLINE_SECONDS", 0.2)
    call = {
        "next_action": "action_hang",
        "sender_id": "x",
        "tracker": {
            "sender_id": "x",
            "slots": {},
            "latest_message": {},
            "events": [],
            "paused": False,
            "active_loop": {},
            "latest_action_name": None,
            "followup_action": None,
        },
    }
    with pytest.raises(asyncio.TimeoutError):
        run(endpoint.request(json=call))
    never.set()


def test_the_command_ends_when_a_part_dies(tmp_path: Path) -> None:
    started = start_server(tmp_path, "--action-server")
    assert Chat(started.url).say("my back hurts").payload("question")
    children = Path(f"/proc/{started.process.pid}/task/{started.process.pid}/children").read_text().split()
    assert len(children) == 2
    os.kill(int(children[0]), signal.SIGKILL)
    assert started.process.wait(30) == 1
    assert not Path(f"/proc/{children[1]}").exists()
