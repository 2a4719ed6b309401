"""Messages are read in a process beside the server, and in the server where that process is gone."""

import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest

from backsignal.components.interpreter import has_a_core_for_it
from backsignal.language import reading_process
from backsignal.serving import train
from tests.channels.web_client import Web
from tests.conftest import Server, start_rasa, start_server, stop_server
from tests.conversation.chat import Chat
from tests.resilience.services import wait_for

# Python itself writes a character when it starts; that it can read is said in some more.
_FIRST = 4
_PEOPLE = 8
pytestmark = pytest.mark.skipif(not has_a_core_for_it(), reason="there is one on machines with two cores")


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    started = start_server(tmp_path_factory.mktemp("interpreter"))
    yield started
    stop_server(started)


def reading(server: Server) -> psutil.Process | None:
    family = psutil.Process(server.process.pid).children(recursive=True)
    return next((each for each in family if reading_process.__name__ in " ".join(each.cmdline())), None)


def ready(server: Server) -> psutil.Process:
    """The process, once it has said that it can read."""
    wait_for(
        lambda: (found := reading(server)) and found.io_counters().write_chars > _FIRST, "the reading process"
    )
    found = reading(server)
    assert found
    return found


def test_messages_are_read_there_while_several_people_wait(own: Server) -> None:
    process = ready(own)
    before = process.io_counters().write_chars
    with ThreadPoolExecutor(_PEOPLE) as people:
        said = people.map(lambda _: Chat(own.url).say("my back hurts since yesterday"), range(_PEOPLE))
        assert all(turn.payload("question") for turn in said)
    assert process.io_counters().write_chars > before + _FIRST


def test_killed_it_is_missed_by_nobody_and_comes_back(own: Server) -> None:
    first = ready(own)
    chat, web = Chat(own.url), Web(own.url)
    assert chat.say("my back hurts since yesterday").payload("question")
    first.kill()
    with ThreadPoolExecutor(2) as people:
        asking = people.submit(web.send, "I want to be called back")
        assert chat.say("I have wet myself and I can't feel it when I wipe").payload("emergency")
        assert asking.result().status_code == 200
    wait_for(lambda: reading(own) not in (None, first), "another reading process")
    assert ready(own) != first


def test_it_ends_with_a_server_that_was_killed(tmp_path: Path) -> None:
    server = start_rasa(train(), tmp_path)
    process = ready(server)
    server.process.send_signal(signal.SIGKILL)
    server.process.wait(30)
    wait_for(lambda: not process.is_running(), "the end of the reading process")
