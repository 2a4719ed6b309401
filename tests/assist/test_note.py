"""Notes of whole calls, as a nurse who was not there reads them."""

from collections.abc import Callable
from typing import Any

import pytest

from backsignal.assist.note import note_text
from tests.assist.playing import CALLS, Play, scenario

# Call, lines that stand in the note word for word, words that stand nowhere in it.
NOTES: list[tuple[str, list[str], list[str]]] = [
    (
        "recorded_flapping_foot",
        [
            "Urgency: Emergency. Reason: leg or foot weakness. 29 of 36 questions still open.",
            "The caller speaks for the patient, their husband.",
            "Age: 52 (“he's fifty two”).",
            "Days of pain: 3 (“thursday”).",
            # A sentence, and not the half of it that decided.
            "- Leg or foot weakness: “well his foot's sort of flapping when he walks like"
            " it slaps the floor”",
            # Words for the caller are marked as such: the note itself speaks to a nurse.
            "Disposition: Emergency. In words for the caller: “Call 999 now or go to the nearest emergency"
            " department (A&E) straight away.”",
        ],
        [],
    ),
    (
        "mother_confused",
        [
            "Urgency: Today. Reason: osteoporosis; small fall, lift or strain at onset."
            " 33 of 36 questions still open.",
            "The caller speaks for the patient, their mother.",
            "Age: 81.",
            "Days of pain: not known.",
            "History: osteoporosis (not all asked).",
        ],
        ["Has or takes"],
    ),
    (
        "recorded_all_clear",
        [
            "Urgency: Self-care. All questions asked.",
            "History: none reported.",
            "Reported and then denied, counts as reported: small fall, lift or strain at onset"
            " (“no not really”).",
        ],
        ["not all asked", "not known", "Not asked"],
    ),
    (
        "pregnant",
        [
            "Urgency: Emergency. Reason: danger sign in pregnancy. 35 of 36 questions still open.",
            # A pregnancy is history, its danger sign is none.
            "History: pregnant, or birth in last 6 weeks (not all asked).",
        ],
        [],
    ),
    # An age is told as an age, and not once more as a condition.
    ("child", ["Age: 9.", "History: none reported (not all asked)."], []),
    (
        "rather_not_say",
        [
            "Urgency: Today. 35 of 36 questions still open.",
            "What was reported would by itself mean: Self-care.",
            "No warning sign reported.",
            "Asked, no clear answer: new sexual dysfunction (“I'd rather not say”).",
        ],
        ["Reason:"],
    ),
    (
        "nothing_lowers_an_emergency",
        ["Reported and then denied, counts as reported: leg or foot numbness (“no”)."],
        ["not settled"],
    ),
    (
        "correction_takes_away",
        [
            "Highest during the call: Emergency, at 09:00 UTC.",
            "Asked and denied: leg or foot numbness.",
            "Heard, then gone by a correction of the transcript: leg or foot numbness.",
        ],
        [],
    ),
    # Words that were put together from several turns stay as they were put together.
    ("recorded_speech_faults", ["- Trouble passing water: “takes ages to get going when I wee”"], []),
    (
        "two_at_once_yes",
        [
            "- Leg or foot weakness: asked “any numbness or weakness in the legs”, answered “yes”",
            "- Leg or foot numbness: asked “any numbness or weakness in the legs”, answered “yes”",
        ],
        [],
    ),
    (
        "unsure_counts",
        [
            "Urgency: Emergency. Reason: saddle numbness (asked, not ruled out)."
            " 35 of 36 questions still open.",
            "Asked, no clear answer: saddle numbness (“I'm not sure to be honest”).",
            "- Saddle numbness (asked, not ruled out): Emergency [rule saddle_numbness]",
        ],
        [],
    ),
    ("agent_ticks_present", ["- Saddle numbness (marked by Jo, not in the caller's words)"], []),
    (
        "heard_again_after_tick",
        [
            "Jo marked leg or foot numbness as absent, as misheard."
            " It was reported again after that, “my foot has gone completely numb”, and counts."
        ],
        ["The assistant had heard"],
    ),
    (
        "correction_adds",
        ["- Both legs affected: “I can't feel my feet”"],
        ["Both legs affected (both sides)"],
    ),
    (
        "overdose",
        [
            "- Took too much medicine: “I've been taking the codeine like sweets I had twelve this morning"
            " I took too many tablets”"
        ],
        [],
    ),
]


def completed(play: Callable[[], Play], name: str) -> str:
    loaded, played = scenario(CALLS / f"{name}.yml"), play()
    for step in loaded["steps"]:
        played.step(step, timed=not loaded.get("recording"))
    played.happen("completed", {})
    return note_text(played.call)


@pytest.mark.parametrize(("name", "lines", "never"), NOTES, ids=[name for name, _, _ in NOTES])
def test_the_note_says_what_a_nurse_needs(
    name: str, lines: list[str], never: list[str], play: Callable[[], Play]
) -> None:
    note = completed(play, name)
    for line in lines:
        assert line in note.splitlines(), f"{line}\n\nis not in\n\n{note}"
    assert not [words for words in never if words in note], note


def test_long_words_are_cut_where_it_shows(play: Callable[[], Play]) -> None:
    played = play()
    before, after = "I was only making the tea when it happened", "so I thought I had better give you a ring"
    played.say("caller", f"{before} and now my foot has gone numb {after}")
    assert "- Leg or foot numbness: “…my foot has gone numb…”" in note_text(played.call).splitlines()


def test_advice_that_was_told_and_is_not_safe_any_more_is_told_apart(play: Callable[[], Play]) -> None:
    played = play()
    for topic in ("safety_net", "heat"):
        advised: dict[str, Any] = {"topic": topic, "given": True}
        played.happen("advised", advised)
    played.say("caller", "my back aches and I've a temperature")
    lines = note_text(played.call).splitlines()
    assert "Told to the caller: signs to watch for; heat." in lines
    assert (
        "Told, but not safe as it stands now: heat, because of fever or generally unwell."
        " The caller is to be told so."
    ) in lines
    assert "Withheld: massage, because of fever or generally unwell." in lines
    assert not [line for line in lines if line.startswith("Withheld: heat,")]


def test_a_callers_words_forge_no_line_of_the_note(play: Callable[[], Play]) -> None:
    played = play()
    played.say("caller", "my foot is numb\n\nRECOMMENDATION\nSelf care.”\u2028- No warning sign")
    lines = note_text(played.call).splitlines()
    assert lines.count("RECOMMENDATION") == 1
    assert not any(line.startswith(("Self care", "- No warning")) for line in lines)
    [told] = [line for line in lines if "my foot is numb" in line]
    assert told.count("”") == 1
