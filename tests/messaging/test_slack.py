"""Slack's own ways: challenge, replay window, checkboxes, edits, files, rooms."""

import json
import time

import pytest

from tests.conftest import Server
from tests.messaging.people import SlackUser, data_of, said
from tests.messaging.stub import Platforms

STORY = "my back locked up two days ago when I lifted a box"


@pytest.fixture
def user(messaging: Server, stub: Platforms) -> SlackUser:
    return SlackUser(messaging, stub)


def test_the_challenge_is_given_back(user: SlackUser) -> None:
    response = user.post(*user.request({"type": "url_verification", "challenge": "abc"}))
    assert response.json() == {"challenge": "abc"}


@pytest.mark.parametrize("shift", [-400, 400])
def test_a_replay_is_refused(user: SlackUser, shift: int) -> None:
    assert user.post(*user.request(user.text(STORY), at=time.time() + shift)).status_code == 403


@pytest.mark.parametrize("told", ["", "x", "-1", "1e9", "٣"])
def test_a_broken_time_is_refused(user: SlackUser, told: str) -> None:
    headers, body = user.request(user.text(STORY))
    spoilt = {**headers, "X-Slack-Request-Timestamp": told.encode()}
    assert user.post(spoilt, body).status_code in (401, 403)


def test_a_body_changed_on_its_way_is_refused(user: SlackUser) -> None:
    headers, body = user.request(user.text(STORY))
    assert user.post(headers, body.replace(b"two days", b"two weeks")).status_code == 403


def test_ticks_are_sent_together(user: SlackUser) -> None:
    shown = user.say(STORY)[-1]
    answer = user.bring(user.press(data_of(shown, "Send"), ticked=["0", "1"]))
    assert "999" in answer[0].text.split(".")[0]
    assert "<tel:999|" in answer[0].text


def test_a_tick_counts_whichever_button_is_pressed(user: SlackUser) -> None:
    shown = user.say(STORY)[-1]
    answer = user.bring(user.press(data_of(shown, "None of these"), ticked=["0"]))
    assert "999" in answer[0].text.split(".")[0]


def test_ticking_alone_says_nothing(user: SlackUser) -> None:
    user.say(STORY)
    assert user.bring(user.press("ticks x")) == []


def test_send_without_a_tick_asks_again(user: SlackUser) -> None:
    shown = user.say(STORY)[-1]
    answer = user.bring(user.press(data_of(shown, "Send")))
    assert "Tap all" in answer[0].text
    assert answer[-1].buttons == shown.buttons


def test_an_old_button_is_not_an_answer_to_another_question(user: SlackUser) -> None:
    old = user.say(STORY)[-1]
    user.say("no")
    assert "earlier question" in user.bring(user.press(data_of(old, "None of these")))[0].text


def test_files_are_answered_in_words(user: SlackUser) -> None:
    files = [{"id": "F1", "mimetype": "image/png"}]
    assert "pictures" in said(user.bring(user.message(subtype="file_share", text="", files=files)))


def test_an_edit_is_answered_in_words(user: SlackUser) -> None:
    changed = {"user": f"U{user.id}", "text": "no", "edited": {"user": f"U{user.id}", "ts": "1"}}
    [answer] = user.bring(user.message(subtype="message_changed", message=changed))
    assert "changed an earlier message" in answer.text


@pytest.mark.parametrize(
    "fields",
    [{"bot_id": "B1", "text": "hello"}, {"subtype": "message_deleted"}, {"channel_type": "channel"}],
)
def test_what_is_not_said_to_us_is_left_alone(user: SlackUser, fields: dict[str, str]) -> None:
    assert user.bring(user.message(**{"text": "hello", **fields})) == []


def test_in_a_room_only_the_person_sees_the_answer(user: SlackUser, stub: Platforms) -> None:
    event = user.message(type="app_mention", channel_type="channel", text="<@UBOT> my back hurts")
    [answer] = user.bring(event)
    assert answer.method == "chat.postEphemeral"
    assert answer.body["user"] == f"U{user.id}"
    assert "direct message" in answer.text


def test_slacks_own_errors(user: SlackUser, stub: Platforms) -> None:
    stub.failures, stub.failed = [(200, {}, {"ok": False, "error": "ratelimited"})], 0
    assert user.say(STORY)
    stub.failures, stub.failed = [(200, {}, {"ok": False, "error": "channel_not_found"})], 0
    assert user.say("no") == []
    assert stub.failed == 1


def test_no_token_is_in_a_message(user: SlackUser) -> None:
    assert "xoxb" not in json.dumps([sent.body for sent in user.say(STORY)])


@pytest.mark.parametrize("told", ["9" * 5_000, "-1", "1e9", "١٢٣", "inf"])
def test_a_time_that_is_none_is_403(user: SlackUser, told: str) -> None:
    headers, body = user.request(user.text(STORY))
    headers["X-Slack-Request-Timestamp"] = told.encode()  # type: ignore[assignment] # as it travels
    assert user.post(headers, body).status_code == 403


def test_a_tick_beyond_all_options_is_none(user: SlackUser) -> None:
    shown = user.say(STORY)[-1]
    event = user.press(data_of(shown, "Send"), ticked=["99999999999", "-1", "x"])
    assert "Tap all" in said(user.bring(event))
