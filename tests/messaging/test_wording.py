"""Numbers, tokens and parts of texts, without a server."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backsignal.channels.messaging.choices import Offer
from backsignal.channels.messaging.wording import is_word, messaging, numbered, parts

TICKS = Offer("legs", ("weak", "numb", "tingling", "None of these", "Not sure"), 3)
SINGLE = Offer("age", ("Under 18", "18 to 49", "Not sure"))


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("1", "weak"),
        ("1 and 3", "weak; tingling"),
        ("1,3", "weak; tingling"),
        (" 3 & 1. ", "tingling; weak"),
        ("#2", "numb"),
        ("2)", "numb"),
        ("2 2", "numb"),
        ("4", "None of these"),
        ("1 and 4", "weak"),
        ("4 5", None),
        ("0", None),
        ("6", None),
        ("1.5", None),
        ("1 week", None),
        ("999", None),
        ("no", None),
        ("", None),
        ("and", None),
        ("²", None),
        ("1" + " " * 50_000 + "x", None),
    ],
)
def test_numbers(text: str, answer: str | None) -> None:
    assert TICKS.numbered(text) == answer


def test_one_of_several_options_takes_one_number() -> None:
    assert SINGLE.numbered("2") == "18 to 49"
    assert SINGLE.numbered("1 and 2") is None


def test_a_token_is_of_its_offer_alone() -> None:
    assert TICKS.places(TICKS.token([0, 2])) == [0, 2]
    assert SINGLE.places(TICKS.token([0])) is None
    assert len(TICKS.token(range(5)).encode()) <= 17
    for broken in ("", ":", "x:y", TICKS.mark, f"{TICKS.mark}:zz", f"{TICKS.mark}:{'f' * 99}"):
        assert TICKS.places(broken) is None


def test_a_tick_is_never_lost_to_none_of_these() -> None:
    assert TICKS.answer([1, 3]) == "numb"
    assert TICKS.answer([]) is None


def test_numbered_options_replace_the_list() -> None:
    text = numbered("Which of these?\n• weak\n• numb\n• tingling", TICKS)
    assert "•" not in text
    assert "\n1 weak\n2 numb\n3 tingling\n4 None of these\n5 Not sure\n" in text


@given(st.text(max_size=3000), st.integers(20, 500))
def test_parts_lose_nothing_and_fit(text: str, limit: int) -> None:
    found = parts(text, limit)
    assert all(0 < len(part) <= limit for part in found)
    assert "".join("".join(found).split()) == "".join(text.split())


def test_parts_end_at_sentences() -> None:
    found = parts("One is here. Two is here. Three is here.", 27)
    assert found == ["One is here. Two is here.", "Three is here."]


@pytest.mark.parametrize("text", ["STOP", " stop. ", "Stop!", "Unsubscribe"])
def test_words_to_stop(text: str) -> None:
    assert is_word(text, messaging().stop_words)


@pytest.mark.parametrize("text", ["stop the pain", "it won't stop", "no", "yes"])
def test_sentences_are_not_words_to_stop(text: str) -> None:
    assert not is_word(text, messaging().stop_words)
