"""The checks of the chaos run find what they are there to find."""

from tests.resilience.checks import Stored, strange_words, wrong_in_store
from tests.resilience.patients import SAFE, Conversation, Said, Try, conversation, words_in

_OWN, _OTHER = conversation(1).word, conversation(2).word


def talk(*tries: Try) -> Conversation:
    return Conversation(1, _OWN, "web-1-0", [Said("hello", [each]) for each in tries])


def answered(place: int, text: str = "fine") -> Try:
    return Try(f"{_OWN}-{place:02}-00", 0, 1, 200, [{"text": text}])


def kept(*places: int) -> Stored:
    return Stored([f"{_OWN}-{place:02}-00" for place in places], {_OWN}, {}, "self_care")


def test_all_is_well_where_what_was_acknowledged_is_there_once_and_in_order() -> None:
    assert list(wrong_in_store(talk(answered(1), answered(2)), kept(1, 2))) == []


def test_what_is_lost_doubled_or_out_of_order_is_found() -> None:
    both = talk(answered(1), answered(2))
    assert len(list(wrong_in_store(both, kept(1)))) == 1
    assert len(list(wrong_in_store(both, kept(1, 2, 2)))) == 1
    assert len(list(wrong_in_store(both, kept(2, 1)))) == 1
    assert len(list(wrong_in_store(both, None))) == 1


def test_the_safe_message_and_a_503_acknowledge_nothing() -> None:
    refused = Try(f"{_OWN}-01-00", 0, 1, 503, [{"text": "later"}])
    assert list(wrong_in_store(talk(answered(1, SAFE), refused), kept())) == []


def test_somebody_elses_word_is_found() -> None:
    assert words_in(f'"{_OWN} here", {_OTHER}-01') == {_OWN, _OTHER}
    assert list(strange_words(talk(answered(1, f"You said: {_OWN}")))) == []
    assert len(list(strange_words(talk(answered(1, f"You said: {_OTHER}"))))) == 1
