"""Messenger's own ways: the address check, batches, echoes, attachments, quick replies."""

import time
from typing import Any

import pytest
import requests

from tests.conftest import Server
from tests.messaging.conftest import wait_until_idle
from tests.messaging.people import TIMEOUT, MessengerUser, said
from tests.messaging.stub import Platforms

STORY = "my back locked up two days ago when I lifted a box"


@pytest.fixture
def user(messaging: Server, stub: Platforms) -> MessengerUser:
    return MessengerUser(messaging, stub)


@pytest.mark.parametrize(("token", "status"), [("messenger-verify", 200), ("wrong", 403), ("", 401)])
def test_the_address_is_verified(user: MessengerUser, token: str, status: int) -> None:
    asked = {"hub.mode": "subscribe", "hub.challenge": "1234", "hub.verify_token": token}
    response = requests.get(f"{user.server.url}{user.path}", params=asked, timeout=TIMEOUT)
    assert response.status_code == status
    assert (response.text == "1234") is (status == 200)


def test_a_batch_is_handled_whole(user: MessengerUser, stub: Platforms) -> None:
    others = [MessengerUser(user.server, stub) for _ in range(4)]
    batch = [it.text(STORY) for it in others]
    assert user.post(*user.request(batch)).status_code == 200
    wait_until_idle(user.server.database)
    for other in others:
        assert "First the most important" in said(stub.to(other.address))


def test_two_messages_of_one_person_in_a_batch_keep_their_order(user: MessengerUser) -> None:
    batch = [user.text(STORY), user.text("no")]
    assert user.post(*user.request(batch)).status_code == 200
    wait_until_idle(user.server.database)
    told = said(user.stub.to(user.address))
    assert told.index("First the most important") < told.index("Now a private one")


def test_several_ticks_by_number(user: MessengerUser) -> None:
    shown = user.say(STORY)[-1]
    assert [title for title, _ in shown.buttons] == ["None of these", "Not sure"]
    assert "999" in user.say("1 and 2")[0].text.split(".")[0]


@pytest.mark.parametrize(
    ("kind", "word"),
    [
        ("image", "pictures"),
        ("audio", "voice"),
        ("video", "videos"),
        ("file", "files"),
        ("location", "location"),
    ],
)
def test_attachments_are_answered_in_words(user: MessengerUser, kind: str, word: str) -> None:
    attachment: dict[str, Any] = {"type": kind, "payload": {"url": "https://cdn.example/1"}}
    [answer] = user.bring(user.message(attachments=[attachment]))
    assert word in answer.text


def test_a_sticker_is_answered_in_words(user: MessengerUser) -> None:
    attachment = {"type": "image", "payload": {"sticker_id": 369239263222822}}
    assert "stickers" in said(user.bring(user.message(attachments=[attachment])))


@pytest.mark.parametrize(
    "event",
    [
        {"delivery": {"mids": ["m"]}},
        {"read": {"watermark": 1}},
        {"message": {"mid": "e1", "text": "hello", "is_echo": True}},
        {"reaction": {"mid": "m", "action": "react"}},
    ],
)
def test_what_is_not_a_message_is_left_alone(user: MessengerUser, event: dict[str, Any]) -> None:
    assert user.bring(user.event(**event)) == []


def test_an_edit_is_answered_in_words(user: MessengerUser) -> None:
    edit = {"mid": "m_1", "text": "no", "num_edit": 1}
    assert "changed an earlier message" in said(user.bring(user.event(message_edit=edit)))


def test_getting_started_is_a_greeting(user: MessengerUser) -> None:
    postback = {"mid": f"m_start_{user.id}", "title": "Get started", "payload": "GET_STARTED"}
    assert "999" in said(user.bring(user.event(postback=postback)))


def test_an_event_from_last_week_is_a_replay(user: MessengerUser) -> None:
    event = {**user.text(STORY), "timestamp": int((time.time() - 7 * 86_400) * 1000)}
    assert user.bring(event) == []


def test_metas_own_errors(user: MessengerUser, stub: Platforms) -> None:
    stub.failures, stub.failed = [(400, {}, {"error": {"code": 613}})], 0
    assert user.say(STORY)
    stub.failures, stub.failed = [(400, {}, {"error": {"code": 551}})], 0
    assert user.say("no") == []
    assert stub.failed == 1
