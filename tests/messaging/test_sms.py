"""SMS over real HTTP, signed as Twilio signs; the API is the stub."""

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest
import requests

from tests.conftest import Server
from tests.messaging.conftest import wait_until_idle
from tests.messaging.people import TIMEOUT, Texter, said
from tests.messaging.stub import Platforms

STORY = "my back locked up two days ago when I lifted a box"


@pytest.fixture
def texter(messaging: Server, stub: Platforms) -> Texter:
    return Texter(messaging, stub)


def test_consent_is_said_once_and_first(texter: Texter) -> None:
    messages = texter.say(STORY)
    assert "not secret" in messages[0].text
    assert "not secret" not in said(texter.say("no"))


def test_a_message_stays_within_the_alphabet_of_text_messages(texter: Texter) -> None:
    assert not set(said(texter.say(STORY))) & set("•“”’")


def test_several_ticks_by_number(texter: Texter) -> None:
    messages = texter.say(STORY)
    assert '"1 and 3"' in messages[-1].text
    assert "\n1 " in messages[-1].text
    answer = said(texter.say("1 and 2"))
    assert "999" in answer.split("\n")[0]


def test_words_still_work(texter: Texter) -> None:
    texter.say(STORY)
    assert "999" in said(texter.say("I can't pee since this morning")).split(".")[0]


def test_stop_and_start(texter: Texter, stub: Platforms) -> None:
    texter.say(STORY)
    assert "Text START" in said(texter.say("Stop"))
    [only] = texter.say("my leg has gone numb")
    assert "START" in only.text
    assert "999" in only.text
    assert "Welcome back" in said(texter.say("START"))
    assert "999" in said(texter.say("my leg has gone numb"))


def test_where_twilio_answers_stop_itself_we_are_silent(texter: Texter) -> None:
    texter.say(STORY)
    assert texter.bring(texter.text("STOP", OptOutType="STOP")) == []


def test_a_broken_body_with_a_good_signature(texter: Texter) -> None:
    headers, _ = texter.request({"Nonsense": "1"})
    response = requests.post(
        f"{texter.server.url}{texter.path}", data=b"Nonsense=1", headers=headers, timeout=TIMEOUT
    )
    assert response.status_code == 400


def test_a_changed_field_breaks_the_signature(texter: Texter) -> None:
    event = texter.text(STORY)
    headers, body = texter.request(event)
    assert texter.post(headers, body.replace(b"two+days", b"ten+days")).status_code == 403


def test_nothing_of_the_person_is_kept_in_the_inbox_or_the_senders_name(texter: Texter) -> None:
    texter.say(STORY)
    with closing(sqlite3.connect(texter.server.database)) as connection:
        rows = connection.execute("SELECT sender, item, event FROM inbox").fetchall()
        senders = connection.execute("SELECT DISTINCT sender_id FROM events").fetchall()
    assert not [row for row in rows if STORY in str(row) or texter.id in str(row)]
    assert not [sender for sender in senders if texter.id in str(sender)]


def test_what_is_written_right_after_forget_me_is_answered(texter: Texter, stub: Platforms) -> None:
    texter.say(STORY)
    before = len(stub.to(texter.address))
    stub.slow = 1.0
    for text in ("no", "forget me", "I can't pee since this morning"):
        assert texter.post(*texter.request(texter.text(text))).status_code == 200
    stub.slow = 0.0
    wait_until_idle(texter.server.database)
    told = [message.text for message in stub.to(texter.address)[before:]]
    erased = next(place for place, text in enumerate(told) if "is erased" in text)
    assert "999" in told[erased + 1].split(".")[0]


def test_two_messages_at_once_are_answered_in_their_order(texter: Texter, stub: Platforms) -> None:
    texter.say(STORY)
    events = [texter.request(texter.text(text)) for text in ("no", "no", "not sure")]
    with ThreadPoolExecutor() as pool:
        codes = list(pool.map(lambda event: texter.post(*event).status_code, events))
    assert codes == [200, 200, 200]
    wait_until_idle(texter.server.database)
