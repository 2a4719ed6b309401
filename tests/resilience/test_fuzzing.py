"""Whatever is sent: no failure but an announced one, no silence, no level lowered but by a "no", no leak.

`make fuzz` sends ten thousand hostile requests; a share of them belongs to the tests.
"""

import json
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from itertools import cycle

import psutil
import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis.checks import (
    CheckContext,
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from backsignal.clinical.content import Content
from backsignal.clinical.interview import Interview
from backsignal.clinical.red_flags import supported
from tests.assist.service import SECRET, token
from tests.channels.web_client import TIMEOUT, Web
from tests.conftest import Server, start_server, stop_server
from tests.conversation.chat import Chat
from tests.messaging.conftest import CREDENTIALS
from tests.resilience.described import description
from tests.resilience.hostile import Answer, Foe

HOSTILE = int(os.environ.get("HOSTILE_REQUESTS", "800"))
# What the allocator may keep, and what a request may: one held takes several times as much.
ROOM, ROOM_EACH = 16_000_000, 2_000
CONTENT = Content.load()
BOSS = {"Authorization": f"Bearer {token('boss', 'supervisor')}"}

schema = schemathesis.openapi.from_dict(description()).exclude(path_regex="/events$")


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server with every channel on, for these tests alone."""
    folder = tmp_path_factory.mktemp("fuzzed")
    started = start_server(
        folder,
        **CREDENTIALS,
        BACKSIGNAL_SECRET=SECRET,
        BACKSIGNAL_ASSIST_DATABASE=f"sqlite:///{folder / 'assist.db'}",
    )
    yield started
    stop_server(started)


@dataclass
class People:
    """Who asks: people in the widget by turns, so that nobody is too fast, and the call of a supervisor."""

    sessions: Iterator[str]
    call: str


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def opened_call(target: Server) -> str:
    answer = requests.post(f"{target.url}/assist/calls", json={}, headers=BOSS, timeout=TIMEOUT)
    return str(answer.json()["id"])


@pytest.fixture(scope="module")
def people(target: Server) -> People:
    sessions = cycle([Web(target.url).token for _ in range(4)])
    return People(sessions, opened_call(target))


def only_announced(_: CheckContext, response: schemathesis.Response, __: schemathesis.Case) -> None:
    """A server that breaks says when to come back."""
    assert response.status_code < 500 or "retry-after" in response.headers


@schema.parametrize()
@settings(
    max_examples=6,
    deadline=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
)
def test_every_endpoint_answers_as_it_is_described(
    case: schemathesis.Case, target: Server, people: People
) -> None:
    if case.path.startswith("/assist"):
        case.headers.update(BOSS)
    elif case.path.startswith("/web/"):
        # Whoever erases is somebody else each time.
        case.headers.update(
            bearer(Web(target.url).token if case.method == "DELETE" else next(people.sessions))
        )
    elif "telegram" in case.path:
        case.headers["X-Telegram-Bot-Api-Secret-Token"] = CREDENTIALS["BACKSIGNAL_TELEGRAM_SECRET"]
    # Three of four addresses lead somewhere.
    there = {"id": people.call, "finding": "fever", "topic": "heat", "recording": "recorded_all_clear"}
    if case.method == "DELETE" and "id" in case.path_parameters:
        there["id"] = opened_call(target)
    for name, value in case.path_parameters.items():
        case.path_parameters[name] = there.get(name, value) if len(str(value)) % 4 else value
    answer = case.call(base_url=target.url, timeout=TIMEOUT, allow_redirects=False)
    described = [status_code_conformance, content_type_conformance, response_schema_conformance]
    # What the server itself refuses is refused everywhere: it is not described at each address.
    alike = answer.status_code in (400, 404, 405, 413, 429)
    case.validate_response(answer, checks=[only_announced] if alike else [only_announced, *described])


@pytest.mark.parametrize("last", ["", "-1", "9" * 400, "x", "0", "\u0661", "1; DROP TABLE", "\udcff"])
def test_streams_begin_wherever_somebody_says(last: str, target: Server, people: People) -> None:
    someone = bearer(next(people.sessions))
    for path, who in (("/web/events", someone), (f"/assist/calls/{people.call}/events", BOSS)):
        headers = {**who, "Last-Event-ID": last.encode("utf-8", "surrogateescape")}
        with requests.get(f"{target.url}{path}", headers=headers, stream=True, timeout=TIMEOUT) as stream:
            assert stream.status_code in (200, 429)


# Conversations

TELLS = [
    "my back hurts", "my foot is numb", "I wet myself", "I have a fever", "it is worse at night",
    "I fell off a ladder", "I had cancer once", "since three weeks", "I am 70",
]  # fmt: skip
ANSWERS = [
    "yes", "not sure", "I don't know", "maybe", "skip", "why do you ask?", "what can I do about it?", "40",
    "5/10", "2 to 13 days", "thank you", "can I talk to a person?", "what?",
]  # fmt: skip
DENIALS = ["no", "None of these"]
MESSAGES = st.one_of(
    st.sampled_from([*TELLS, *ANSWERS]),
    st.sampled_from(DENIALS),
    st.text(max_size=200).filter(lambda text: "no" not in text.casefold()),
)


def rank(server: Server, sender: str) -> int:
    """The rank of the level that what is known of a person supports, from what the server keeps."""
    with closing(sqlite3.connect(server.database, timeout=10)) as connection:
        rows = connection.execute(
            "SELECT data FROM events WHERE sender_id = ? AND type_name = 'slot' ORDER BY id DESC", (sender,)
        )
        slots = (json.loads(data) for (data,) in rows)
        known = next((slot["value"] for slot in slots if slot["name"] == "interview"), None)
    interview = Interview.parse_obj(known) if known else Interview()
    return supported(interview.record, CONTENT).level.rank


@settings(
    max_examples=20 if HOSTILE < 10_000 else 300, deadline=None, suppress_health_check=list(HealthCheck)
)
@given(st.lists(MESSAGES, min_size=1, max_size=8))
def test_in_any_order_nothing_is_silent_and_only_a_no_lowers_a_level(
    target: Server, messages: list[str]
) -> None:
    chat, before = Chat(target.url), 0
    for message in messages:
        assert chat.say(message).text.strip()
        after = rank(target, chat.sender)
        assert after >= before or message in DENIALS, f"{message!r} lowered the level"
        before = after


# Thousands


def rasa_process(server: Server) -> psutil.Process:
    """The process that answers."""
    [process] = psutil.Process(server.process.pid).children()
    return process


def wrong(answers: list[Answer]) -> list[Answer]:
    return [answer for answer in answers if answer.wrong]


def test_hostile_requests_break_nothing_and_leave_nothing_behind(target: Server) -> None:
    foe, process = Foe(target.url, seed=1), rasa_process(target)
    count = HOSTILE // 4 * 3
    assert wrong([foe.refused() for _ in range(count // 4)]) == []
    warm = process.memory_info().rss
    assert wrong([foe.refused() for _ in range(count)]) == []
    assert process.memory_info().rss - warm < ROOM + ROOM_EACH * count
    assert requests.get(f"{target.url}/health/ready", timeout=TIMEOUT).status_code == 200


def test_hostile_messages_are_all_answered(target: Server) -> None:
    foe = Foe(target.url, seed=2)
    assert wrong([foe.message() for _ in range(HOSTILE // 4)]) == []
