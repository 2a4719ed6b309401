"""Telegram's own ways: ticks, pressed buttons, edits, stickers, groups, channel posts, replays."""

import time
from typing import Any

import pytest

from tests.conftest import Server
from tests.messaging.conftest import wait_until_idle
from tests.messaging.people import TelegramUser, data_of, said
from tests.messaging.stub import Platforms

STORY = "my back locked up two days ago when I lifted a box"


@pytest.fixture
def user(messaging: Server, stub: Platforms) -> TelegramUser:
    return TelegramUser(messaging, stub)


def last_keyboard(user: TelegramUser) -> Any:
    return user.stub.calls("editMessageReplyMarkup", user.address)[-1]


def test_ticks_are_set_one_by_one_and_sent_together(user: TelegramUser) -> None:
    shown = user.say(STORY)[-1]
    first, second = (title.lstrip("☐ ") for title, _ in shown.buttons[:2])
    for title in (first, second):
        assert user.bring(user.press(shown, data_of(shown, title))) == []
        shown = last_keyboard(user)
    assert [title for title, _ in shown.buttons[:3] if title.startswith("☑")] == [f"☑ {first}", f"☑ {second}"]
    answer = user.bring(user.press(shown, data_of(shown, "Send")))
    assert "999" in answer[0].text.split(".")[0]


def test_a_tick_counts_whichever_button_is_pressed(user: TelegramUser) -> None:
    shown = user.say(STORY)[-1]
    user.bring(user.press(shown, data_of(shown, shown.buttons[0][0].lstrip("☐ "))))
    shown = last_keyboard(user)
    answer = user.bring(user.press(shown, data_of(shown, "None of these")))
    assert "999" in answer[0].text.split(".")[0]


def test_a_tick_taken_back_is_gone(user: TelegramUser) -> None:
    shown = user.say(STORY)[-1]
    title = shown.buttons[0][0].lstrip("☐ ")
    for _ in range(2):
        user.bring(user.press(shown, data_of(shown, title)))
        shown = last_keyboard(user)
    assert user.bring(user.press(shown, data_of(shown, "Send"))) == []
    told = [sent.body.get("text", "") for sent in user.stub.sent if sent.method == "answerCallbackQuery"]
    assert "Tap all" in told[-1]
    answer = user.bring(user.press(shown, data_of(shown, "None of these")))
    assert "999" not in answer[0].text.split(".")[0]


def test_an_old_button_is_not_an_answer_to_another_question(user: TelegramUser) -> None:
    old = user.say(STORY)[-1]
    user.say("no")
    answer = user.bring(user.press(old, data_of(old, "None of these")))
    assert "earlier question" in answer[0].text
    assert answer[1].buttons != old.buttons


def test_pressing_twice_answers_once(user: TelegramUser) -> None:
    shown = user.say(STORY)[-1]
    first = user.bring(user.press(shown, data_of(shown, "None of these")))
    second = user.bring(user.press(shown, data_of(shown, "None of these")))
    assert "earlier question" in said(second)
    assert "earlier question" not in said(first)


def test_the_emergency_number_can_be_tapped(user: TelegramUser) -> None:
    user.say("I can't feel my bum when I wipe")
    [contact] = user.stub.calls("sendContact", user.address)
    assert contact.body["phone_number"] == "999"


@pytest.mark.parametrize(
    ("fields", "word"),
    [
        ({"photo": [{"file_id": "1"}]}, "pictures"),
        ({"voice": {"file_id": "1"}}, "voice"),
        ({"sticker": {"file_id": "1"}}, "stickers"),
        ({"location": {"latitude": 1, "longitude": 2}}, "location"),
        ({"document": {"file_id": "1"}}, "files"),
        ({"poll": {}}, "only read text"),
        ({"text": ""}, "only read text"),
    ],
)
def test_what_is_not_text_is_answered_in_words(user: TelegramUser, fields: dict[str, Any], word: str) -> None:
    [answer] = user.bring(user.message(**fields))
    assert word in answer.text
    assert "999" in answer.text


def test_a_caption_is_read(user: TelegramUser) -> None:
    event = user.message(photo=[{"file_id": "1"}], caption="I can't feel my bum when I wipe")
    messages = user.bring(event)
    assert any("pictures" in message.text for message in messages)
    assert any(message.text.startswith("Call 999") for message in messages)


def test_an_edit_is_answered_in_words(user: TelegramUser) -> None:
    user.say(STORY)
    [answer] = user.bring(user.message("edited_message", text="no", edit_date=1))
    assert "changed an earlier message" in answer.text


@pytest.mark.parametrize(("kind", "chat"), [("message", "group"), ("channel_post", "channel")])
def test_in_a_group_people_are_asked_to_write_in_private_once(
    user: TelegramUser, kind: str, chat: str
) -> None:
    answers = user.bring(*(user.message(kind, chat, text=STORY) for _ in range(3)))
    assert "direct message" in said(answers)
    assert len(answers) == 1


def test_start_is_a_greeting(user: TelegramUser) -> None:
    assert "999" in said(user.say("/start"))


def test_an_update_from_last_week_is_a_replay(user: TelegramUser) -> None:
    event = user.message(text=STORY, date=int(time.time()) - 7 * 86_400)
    assert user.bring(event) == []


def test_updates_that_are_nothing_to_us(user: TelegramUser) -> None:
    assert user.post(*user.request({"update_id": 1, "my_chat_member": {}})).status_code == 200
    wait_until_idle(user.server.database)


@pytest.mark.parametrize(
    "data", ["00000000:0:99999999999", "00000000:ffffffffff:1", "::::", "x", "00000000:0:-1", "a" * 4_000]
)
def test_a_button_that_nobody_offered_is_an_old_one(user: TelegramUser, data: str) -> None:
    # A client of one's own sends whatever it likes; a tick at place 99,999,999,999 would take 12 gigabytes.
    shown = user.say(STORY)[-1]
    assert "earlier question" in user.bring(user.press(shown, data))[0].text
