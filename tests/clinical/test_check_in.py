"""The questions of a check-in: their order, what an answer means, and how old the pain is by then."""

import itertools
from datetime import datetime, timedelta, timezone

import pytest

from backsignal.clinical.content import Content
from backsignal.clinical.findings import Answer, Reading
from backsignal.clinical.interview import Interview, Message, begin_check_in, hear, next_question
from backsignal.clinical.levels import Level
from backsignal.clinical.record import Entry, Number, Record, Value
from backsignal.clinical.red_flags import check

CONTENT = Content.load()
AT = datetime(2026, 3, 1, 12, tzinfo=timezone.utc)
_ids = itertools.count()


def after_a_triage(days_of_pain: float) -> Interview:
    """Somebody who denied everything."""
    absent = Entry(value=Value.ABSENT, basis="answered", quote="no", at=AT.isoformat())
    record = Record(
        entries={finding: absent for finding in CONTENT.findings if finding != "under_18"},
        numbers={
            "age": Number(value=35, quote="35"),
            "duration_days": Number(value=days_of_pain, quote="some days"),
        },
    )
    record.entries.pop("persisting")
    return Interview(record=record, concluded=True, agenda="advice")


def checked_in(days_of_pain: float, later: float, progress: str, answer: Answer | None = None) -> Interview:
    """The interview after a check-in in which nothing is reported but the progress."""
    interview = after_a_triage(days_of_pain)
    begin_check_in(interview, CONTENT, (AT + timedelta(days=later)).timestamp())
    asked = []
    for _ in range(30):
        question = next_question(interview, CONTENT)
        if question is None:
            break
        asked.append(question.question.id)
        own = question.question.id == "progress"
        reading = Reading(answer=answer if own else "no")
        text = progress if own else "no"
        hear(interview, CONTENT, Message(str(next(_ids)), text, "", reading))
    assert next_question(interview, CONTENT) is None
    assert asked.index("bladder_and_bowel") == 0
    assert asked.index("danger") < asked.index("progress")
    return interview


def test_it_asks_less_than_a_triage() -> None:
    assert len(CONTENT.check_in.questions) < len(CONTENT.triage_questions)


@pytest.mark.parametrize(
    "said",
    ["Better", "it's a bit better", "much better thanks", "nearly gone", "it doesn’t hurt any more"],
)
def test_better(said: str) -> None:
    interview = checked_in(3, 1, said)
    assert interview.record.entries["worsening"].value is Value.ABSENT
    assert check(interview.record, CONTENT).level is Level.SELF_CARE


@pytest.mark.parametrize(
    "said", ["About the same", "the same", "no better", "It hasn't changed", "not any better"]
)
@pytest.mark.parametrize(("later", "level"), [(1, Level.SELF_CARE), (14, Level.SOON)])
def test_the_same_is_no_matter_at_first_and_one_after_two_weeks(
    said: str, later: float, level: Level
) -> None:
    assert check(checked_in(3, later, said).record, CONTENT).level is level


@pytest.mark.parametrize("said", ["Worse", "a lot worse", "it has got worse", "more pain"])
def test_worse(said: str) -> None:
    interview = checked_in(3, 1, said)
    assert interview.record.entries["worsening"].value is Value.PRESENT
    assert check(interview.record, CONTENT).level is Level.SOON


@pytest.mark.parametrize("answer", ["yes", "no"])
def test_yes_or_no_says_nothing_about_better_or_worse(answer: Answer) -> None:
    interview = checked_in(3, 1, answer, answer)
    assert interview.record.entries["worsening"].value is Value.UNKNOWN


def test_not_sure_is_unknown() -> None:
    interview = checked_in(3, 1, "not sure", "unsure")
    assert interview.record.entries["worsening"].value is Value.UNKNOWN


def test_history_is_not_asked_again() -> None:
    interview = after_a_triage(3)
    begin_check_in(interview, CONTENT, (AT + timedelta(days=7)).timestamp())
    kept = {finding for finding in CONTENT.findings if not CONTENT.findings[finding].changes}
    assert kept - {"under_18", "persisting"} <= interview.record.entries.keys()
    assert interview.record.numbers["age"].value == 35
    assert interview.record.numbers["duration_days"].value == pytest.approx(10)
