"""The interview: what is asked next, and what answers of every kind do to the record."""

import itertools
from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backsignal.clinical.content import Content
from backsignal.clinical.findings import Answer, Duration, Mention, Reading, Status
from backsignal.clinical.interview import (
    Asking,
    Heard,
    Interview,
    Message,
    NextQuestion,
    comes_back,
    confirms_mistake,
    hear,
    next_question,
    review,
    withdraw,
)
from backsignal.clinical.levels import Level
from backsignal.clinical.record import Value
from backsignal.clinical.red_flags import check, supported

CONTENT = Content.load()
_ids = itertools.count()


def tell(
    interview: Interview,
    *mentions: Mention,
    text: str = "a text of some words",
    refuses: bool = False,
    aside: bool = False,
    **said: object,
) -> Heard:
    reading = Reading(mentions=mentions, **said)  # type: ignore[arg-type] # fields of Reading by name
    message = Message(str(next(_ids)), text, "", reading, refuses=refuses, aside=aside)
    return hear(interview, CONTENT, message)


def concluded(interview: Interview) -> Interview:
    """The interview after its result was given, with advice still waiting."""
    interview.concluded, interview.agenda = True, "advice"
    interview.told = [reason.rule for reason in check(interview.record, CONTENT).reasons]
    interview.topics = [topic.id for topic in CONTENT.topics.values() if topic.self_care]
    return interview


def mention(finding: str, status: Status = Status.PRESENT, **more: object) -> Mention:
    return Mention(finding, status, finding, 0, 1, **more)  # type: ignore[arg-type] # fields of Mention by name


def asked(interview: Interview) -> NextQuestion:
    question = next_question(interview, CONTENT)
    assert question is not None
    return question


def answer_all(interview: Interview, answer: Answer = "no") -> int:
    """Answer every question to the end; returns how many there were."""
    for number in range(40):
        question = next_question(interview, CONTENT)
        if question is None:
            return number
        if question.question.measure:
            tell(interview, text=question.question.choices[1].title)
        else:
            tell(interview, answer=answer)
    raise AssertionError("the interview does not end")


def test_somebody_with_nothing_to_report_is_through_in_ten_questions() -> None:
    interview = Interview()
    assert answer_all(interview) <= 10
    triage = check(interview.record, CONTENT)
    assert (triage.level, triage.final) == (Level.SELF_CARE, True)


def test_what_was_said_or_denied_is_not_asked_again() -> None:
    interview = Interview()
    tell(interview, mention("bladder_retention", Status.ABSENT), mention("weight_loss"))
    for _ in range(40):
        question = next_question(interview, CONTENT)
        if question is None:
            break
        assert not {"bladder_retention", "weight_loss"} & {finding.id for finding in question.findings}
        tell(
            interview,
            answer="no",
            text=question.question.choices[0].title if question.question.measure else "no",
        )


def test_the_first_questions_are_the_source_articles() -> None:
    first = asked(Interview())
    assert {"bladder_incontinence", "bowel_incontinence"} <= {finding.id for finding in first.findings}


def test_a_bare_yes_to_emergency_signs_is_an_emergency() -> None:
    interview = Interview()
    asked(interview)
    tell(interview, answer="yes")
    assert supported(interview.record, CONTENT).level is Level.EMERGENCY
    assert next_question(interview, CONTENT) is None


def test_a_bare_yes_to_signs_of_different_weight_is_asked_back() -> None:
    interview = Interview()
    tell(
        interview,
        *(mention(f, Status.ABSENT) for f in CONTENT.findings if f not in ("cancer_history", "pregnancy")),
    )
    question = asked(interview)
    assert [finding.id for finding in question.findings] == ["cancer_history", "pregnancy"]
    tell(interview, answer="yes")
    assert asked(interview).which
    tell(interview, text=CONTENT.findings["pregnancy"].option)
    assert interview.record.value("pregnancy", CONTENT) is Value.PRESENT
    assert interview.record.value("cancer_history", CONTENT) is Value.ABSENT


def test_no_but_keeps_what_is_named_and_denies_the_rest() -> None:
    interview = Interview()
    first = asked(interview)
    tell(interview, mention("fever"), answer="no")
    assert interview.record.value("fever", CONTENT) is Value.PRESENT
    assert all(interview.record.value(f.id, CONTENT) is Value.ABSENT for f in first.findings)


def test_a_part_answer_leaves_the_rest_to_be_asked() -> None:
    interview = Interview()
    first = asked(interview)
    tell(interview, mention(first.findings[0].id, Status.ABSENT))
    again = asked(interview)
    assert again.question == first.question
    assert again.findings == first.findings[1:]


def test_a_box_left_empty_does_not_deny_what_was_told() -> None:
    interview = Interview()
    question = asked(interview)
    told, ticked = question.findings[0], question.findings[1]
    tell(interview, mention(told.id))
    interview.asking = Asking(question=question.question.id, findings=[told.id, ticked.id])
    hear(interview, CONTENT, Message("t", ticked.option, "", Reading()))
    assert interview.record.value(told.id, CONTENT) is Value.PRESENT


def test_several_ticks_say_yes_to_those_and_no_to_the_rest() -> None:
    interview = Interview()
    tell(interview, *(mention(f, Status.ABSENT) for q in CONTENT.triage_questions[:5] for f in q.findings))
    question = asked(interview)
    ticked = [finding.option for finding in question.findings[:2]]
    tell(interview, text="; ".join(ticked))
    values = [interview.record.value(finding.id, CONTENT) for finding in question.findings]
    assert values == [Value.PRESENT] * 2 + [Value.ABSENT] * (len(values) - 2)


def test_unclear_answers_end_after_three_and_an_emergency_item_counts_as_present() -> None:
    interview = Interview()
    for attempt in range(3):
        assert asked(interview).tries == attempt
        assert tell(interview, text="purple monkey").outcome == "unclear"
    assert supported(interview.record, CONTENT).level is Level.EMERGENCY


@pytest.mark.parametrize("answer", ["no", "unsure"])
def test_a_refusal_is_neither_a_no_nor_a_doubt(answer: Answer) -> None:
    interview = Interview()
    first = asked(interview).findings[0].id
    tell(interview, refuses=True, answer=answer)
    assert interview.record.entries[first].basis == "refused"


def test_side_questions_are_no_attempts_at_an_answer() -> None:
    interview = Interview()
    asked(interview)
    for _ in range(5):
        assert tell(interview, text="why do you ask?", aside=True).outcome == "unclear"
        assert asked(interview).tries == 0


def test_a_number_that_is_not_told_leaves_what_follows_from_it_unknown() -> None:
    interview = Interview()
    others = [f for q in CONTENT.triage_questions if not q.measure for f in q.findings]
    ages = {"under_18", "first_episode_over_50"}
    tell(interview, *(mention(f, Status.ABSENT) for f in others if f not in ages))
    assert asked(interview).question.measure == "age"
    tell(interview, refuses=True)
    answer_all(interview)
    assert {f for f in ages if interview.record.entries[f].basis == "refused"} == ages
    triage = check(interview.record, CONTENT)
    assert (triage.level, triage.final) == (Level.SOON, True)


def test_what_changes_the_result_brings_it_back_before_advice_is_asked_about() -> None:
    interview = Interview()
    answer_all(interview)
    concluded(interview)
    assert asked(interview).question in CONTENT.advice_questions
    tell(interview, mention("asthma"))
    assert interview.agenda == "advice"
    tell(interview, mention("cancer_history"))
    assert interview.agenda == "triage"
    assert next_question(interview, CONTENT) is None


@pytest.mark.parametrize(
    ("reading", "hours", "comes"),
    [
        (Reading(), 0, False),
        (Reading(mentions=(mention("fever"),)), 0, False),
        (Reading(mentions=(mention("worsening"),)), 0, True),
        (Reading(duration=Duration(14, "two weeks")), 0, True),
        (Reading(), 24, True),
    ],
)
def test_time_that_went_by_after_the_result_asks_again(reading: Reading, hours: int, comes: bool) -> None:
    interview = Interview()
    first = datetime(2026, 3, 1, 9, tzinfo=timezone.utc)
    hear(interview, CONTENT, Message("a", "", first.isoformat(), Reading(mentions=(mention("back_pain"),))))
    later = (first + timedelta(hours=hours)).isoformat()
    assert comes_back(concluded(interview), CONTENT, Message("b", "", later, reading)) is comes


def test_refusing_an_emergency_question_is_urgent_and_goes_on() -> None:
    interview = Interview()
    first = asked(interview)
    tell(interview, refuses=True)
    assert asked(interview).question != first.question
    answer_all(interview)
    triage = check(interview.record, CONTENT)
    assert (triage.level, triage.final) == (Level.URGENT, True)


def test_a_suspicion_is_asked_before_anything_else_and_only_once() -> None:
    interview = Interview()
    tell(interview, suspected=("leg_numbness", "saddle_numbness"))
    first = asked(interview)
    assert (first.sure, [finding.id for finding in first.findings]) == (True, ["leg_numbness"])
    tell(interview, answer="no")
    second = asked(interview)
    assert (second.sure, [finding.id for finding in second.findings]) == (True, ["saddle_numbness"])
    tell(interview, answer="no")
    assert not asked(interview).sure
    tell(interview, suspected=("leg_numbness",), answer="no")
    assert not asked(interview).sure


@pytest.mark.parametrize("finding", ["self_harm", "medicine_overdose", "pregnancy_danger_sign"])
def test_a_suspicion_of_what_no_question_asks_is_asked_too(finding: str) -> None:
    interview = Interview()
    tell(interview, suspected=(finding,))
    question = asked(interview)
    assert (question.sure, [item.id for item in question.findings]) == (True, [finding])
    tell(interview, answer="yes")
    assert supported(interview.record, CONTENT).level is Level.EMERGENCY


def test_a_duration_is_no_age() -> None:
    interview = Interview()
    others = [f for q in CONTENT.triage_questions if not q.only_if for f in q.findings]
    tell(interview, *(mention(f, Status.ABSENT) for f in others))
    assert asked(interview).question.measure == "age"
    tell(interview, text="about 2 weeks")
    assert "age" not in interview.record.numbers


def test_a_suspicion_after_a_denial_is_asked_again_once() -> None:
    interview = Interview()
    tell(interview, mention("leg_numbness", Status.ABSENT))
    tell(interview, suspected=("leg_numbness",))
    assert asked(interview).sure


def test_a_doubted_sign_counts_at_once_where_it_was_denied_before() -> None:
    interview = Interview()
    tell(interview, mention("collapse", Status.ABSENT))
    tell(interview, mention("collapse", Status.UNCERTAIN, doubted=True))
    assert supported(interview.record, CONTENT).level is Level.EMERGENCY


def test_a_doubted_sign_is_asked_first_and_counts_once_it_is_told_again() -> None:
    interview = Interview()
    doubted = mention("collapse", Status.UNCERTAIN, doubted=True)
    tell(interview, doubted)
    assert supported(interview.record, CONTENT).level is not Level.EMERGENCY
    assert {finding.id for finding in asked(interview).findings} == {"collapse"}
    tell(interview, doubted)
    assert supported(interview.record, CONTENT).level is Level.EMERGENCY


@pytest.mark.parametrize("status", [Status.PAST, Status.HYPOTHETICAL, Status.OTHER_PERSON, Status.UNCERTAIN])
def test_what_is_not_said_to_be_there_now_is_asked(status: Status) -> None:
    interview = Interview()
    tell(interview, mention("saddle_numbness", status))
    assert interview.record.value("saddle_numbness", CONTENT) is Value.UNKNOWN
    asked_about = {finding.id for finding in asked(interview).findings}
    assert (asked_about == {"saddle_numbness"}) is (status is Status.UNCERTAIN)


def test_an_uncertain_answer_to_the_question_itself_counts() -> None:
    interview = Interview()
    tell(interview, mention("saddle_numbness", Status.UNCERTAIN))
    asked(interview)
    tell(interview, mention("saddle_numbness", Status.UNCERTAIN))
    assert supported(interview.record, CONTENT).level is Level.EMERGENCY


def test_an_emergency_sign_is_not_denied_away_but_taken_back_by_confirmation() -> None:
    interview = Interview()
    tell(interview, mention("bladder_incontinence"))
    assert tell(interview, mention("bladder_incontinence", Status.ABSENT)).contradicts == (
        "bladder_incontinence",
    )
    assert supported(interview.record, CONTENT).level is Level.EMERGENCY
    interview.withdrawing = ["bladder_incontinence"]
    withdraw(interview, CONTENT, Message("w", "yes", "", Reading(answer="yes")))
    assert supported(interview.record, CONTENT).level is Level.SELF_CARE
    assert check(interview.record, CONTENT).level.rank >= Level.URGENT.rank


def test_what_makes_an_emergency_together_is_not_denied_away_either() -> None:
    interview = Interview()
    tell(interview, mention("fever"), mention("iv_drug_use"))
    assert tell(interview, mention("fever", Status.ABSENT)).contradicts == ("fever",)
    assert supported(interview.record, CONTENT).level is Level.EMERGENCY


def test_doubt_that_counts_as_an_emergency_is_not_denied_away_either() -> None:
    interview = Interview()
    tell(interview, mention("saddle_numbness", Status.UNCERTAIN))
    asked(interview)
    tell(interview, mention("saddle_numbness", Status.UNCERTAIN))
    assert tell(interview, mention("saddle_numbness", Status.ABSENT)).contradicts == ("saddle_numbness",)
    assert supported(interview.record, CONTENT).level is Level.EMERGENCY


@pytest.mark.parametrize(
    ("text", "reading", "confirms"),
    [
        ("yes", Reading(answer="yes"), True),
        ("Yes.", Reading(answer="yes"), True),
        ("yes it was wrong, I spilt my tea", Reading(answer="yes"), True),
        ("I don't have it", Reading(answer="no"), True),
        ("my foot is not numb", Reading(mentions=(mention("leg_numbness", Status.ABSENT),)), True),
        ("I do have it", Reading(answer="yes"), False),
        ("unfortunately it's true", Reading(answer="yes"), False),
        ("yes it still is", Reading(answer="yes"), False),
        (
            "yes my foot is numb, it was no mistake",
            Reading(answer="yes", mentions=(mention("leg_numbness"),)),
            False,
        ),
        ("no", Reading(answer="no"), False),
    ],
)
def test_a_sign_is_taken_back_only_by_words_that_say_so(text: str, reading: Reading, confirms: bool) -> None:
    interview = Interview()
    tell(interview, mention("leg_numbness"))
    interview.withdrawing = ["leg_numbness"]
    assert confirms_mistake(interview, CONTENT, Message("w", text, "", reading)) is confirms


def test_a_correction_of_anything_else_is_taken() -> None:
    interview = Interview()
    tell(interview, mention("fever"))
    tell(interview, mention("fever", Status.ABSENT))
    assert interview.record.value("fever", CONTENT) is Value.ABSENT


@pytest.mark.parametrize(
    ("text", "age", "young"), [("17", None, True), ("I'm 34", 34, False), ("Under 18", None, True)]
)
def test_age_settles_what_follows_from_it(text: str, age: int | None, young: bool) -> None:
    interview = Interview()
    others = [f for q in CONTENT.triage_questions if not q.only_if for f in q.findings]
    tell(interview, *(mention(f, Status.ABSENT) for f in others))
    assert asked(interview).question.measure == "age"
    tell(interview, text=text, age=age)
    assert (interview.record.value("under_18", CONTENT) is Value.PRESENT) is young


def test_a_duration_beyond_the_clinics_threshold_persists() -> None:
    interview = Interview()
    tell(interview, duration=Duration(CONTENT.clinic.thresholds["persisting_days"], "a fortnight"))
    assert interview.record.value("persisting", CONTENT) is Value.PRESENT
    assert interview.record.quote("persisting", CONTENT) == "a fortnight"


def test_a_message_is_heard_once() -> None:
    interview = Interview()
    asked(interview)
    message = Message("same", "purple monkey", "", Reading())
    for _ in range(5):
        hear(interview, CONTENT, message)
    assert asked(interview).tries == 1


def test_left_and_then_right_is_both() -> None:
    interview = Interview()
    tell(interview, mention("radiating_leg_pain", side="left"))
    tell(interview, mention("radiating_leg_pain", side="right"))
    assert interview.record.entries["radiating_leg_pain"].side == "both"
    assert supported(interview.record, CONTENT).level is Level.EMERGENCY


def test_somebody_who_comes_back_is_asked_the_emergency_signs_first_and_keeps_the_history() -> None:
    interview = Interview()
    tell(interview, mention("cancer_history"), mention("fever"))
    answer_all(interview)
    review(interview, CONTENT)
    assert interview.record.value("cancer_history", CONTENT) is Value.PRESENT
    assert interview.record.value("fever", CONTENT) is Value.UNKNOWN
    first = asked(interview)
    assert all(finding.level is Level.EMERGENCY for finding in first.findings)


def test_it_survives_storage_at_every_step() -> None:
    interview = Interview()
    for _ in range(40):
        interview = Interview.parse_raw(interview.json(exclude_defaults=True))
        question = next_question(interview, CONTENT)
        if question is None:
            break
        interview = Interview.parse_raw(interview.json(exclude_defaults=True))
        tell(interview, answer="no", text="30" if question.question.measure == "age" else "Less")
        if question.question.measure == "duration_days":
            tell(interview, duration=Duration(3, "3 days"))
    assert check(interview.record, CONTENT).final


said = st.lists(
    st.builds(
        mention,
        st.sampled_from(sorted(CONTENT.findings)),
        st.sampled_from([Status.PRESENT, Status.ABSENT]),
    ),
    unique_by=lambda m: m.finding,
    max_size=6,
)


@given(said, st.randoms(use_true_random=False))
@settings(max_examples=60, deadline=None)
def test_the_order_of_what_is_said_does_not_matter(mentions: list[Mention], chance: object) -> None:
    shuffled = list(mentions)
    chance.shuffle(shuffled)  # type: ignore[attr-defined] # hypothesis hands in a Random
    levels = set()
    for order in (mentions, shuffled):
        interview = Interview()
        for item in order:
            tell(interview, item)
        levels.add(check(interview.record, CONTENT).level)
    together = Interview()
    tell(together, *mentions)
    assert levels == {check(together.record, CONTENT).level}
