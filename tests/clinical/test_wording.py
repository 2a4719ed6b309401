"""What is said: every finding with a level, every rule and every topic, with its source."""

import pytest

from backsignal.clinical.advice import Advice, advise
from backsignal.clinical.content import Content, Finding, Rule, Topic
from backsignal.clinical.findings import Mention, Reading, Status
from backsignal.clinical.interview import Interview, Message, hear, next_question
from backsignal.clinical.levels import Level
from backsignal.clinical.note import note_text
from backsignal.clinical.record import Basis, Entry, Number, Record, Value
from backsignal.clinical.red_flags import check
from backsignal.clinical.wording import (
    Reply,
    advice_reply,
    citation,
    emergency_reply,
    noted,
    question_reply,
    triage_reply,
)
from tests.clinical.records import record

CONTENT = Content.load()
WITH_LEVEL = [finding for finding in CONTENT.findings.values() if finding.level]
TOPICS = list(CONTENT.topics.values())


def result(found: Record) -> Reply:
    """The reply that a record brings: the emergency's or the result's."""
    triage = check(found, CONTENT)
    if triage.level is Level.EMERGENCY:
        return emergency_reply(triage, found, CONTENT)
    return triage_reply(triage, found, CONTENT)


def said(finding: str, basis: Basis, quote: str, value: Value = Value.PRESENT) -> Record:
    return Record(entries={finding: Entry(value=value, basis=basis, quote=quote, at="")})


@pytest.mark.parametrize("finding", WITH_LEVEL, ids=lambda finding: finding.id)
def test_every_finding_with_a_level_is_answered_with_the_persons_words(finding: Finding) -> None:
    assert all(source in CONTENT.sources for source in finding.sources)
    reply = result(record(CONTENT, {finding.id: "present"}))
    assert finding.name in reply.text.casefold() or finding.name in reply.text
    assert reply.data
    assert reply.data["level"] == finding.level.value  # type: ignore[union-attr] # only those with a level
    if finding.level is Level.EMERGENCY:
        assert reply.data["call"] in reply.text.split(".")[0]
    else:
        reasons = [reason for reason in reply.data["reasons"] if reason["rule"] == finding.id]
        assert reasons
        assert all(reason["source"] and reason["quote"] for reason in reasons)


@pytest.mark.parametrize("rule", CONTENT.rules, ids=lambda rule: rule.id)
def test_every_rule_is_given_as_a_reason_with_its_source(rule: Rule) -> None:
    found = record(CONTENT, dict.fromkeys([*rule.all, *rule.any[: rule.least]], "present"))
    if rule.number:
        value = (
            CONTENT.number(rule.number.at_least)
            if rule.number.at_least is not None
            else CONTENT.number(rule.number.below or 0) - 1
        )
        found = record(CONTENT, dict.fromkeys(found_ids(found), "present"), {rule.number.measure: value})
    triage = check(found, CONTENT)
    payload = triage_reply(triage, found, CONTENT).data
    assert payload
    reason = next(reason for reason in payload["reasons"] if reason["rule"] == rule.id)
    assert reason["source"] in {citation(CONTENT, source) for source in rule.sources}
    assert reason["why"] == rule.why


def found_ids(known: Record) -> list[str]:
    return [finding for finding, entry in known.entries.items() if entry.value is Value.PRESENT]


@pytest.mark.parametrize("topic", TOPICS, ids=lambda topic: topic.id)
def test_every_topic_is_said_in_full_with_its_source(topic: Topic) -> None:
    advice = advise(topic, record(CONTENT, numbers={"age": 40, "duration_days": 1}), CONTENT)
    assert advice.status == "offered"
    reply = advice_reply(advice, Record(), CONTENT)
    statements = [*topic.do, *topic.dont, *topic.movements]
    assert all(statement.sources for statement in [*statements, topic.evidence, *topic.contraindications])
    assert all(item.text in reply.text for item in [*topic.do, *topic.dont])
    assert all(movement.times in reply.text for movement in topic.movements)
    assert all(line in reply.text for line in topic.stop_if)
    assert reply.data
    assert reply.data["sources"]


@pytest.mark.parametrize("topic", TOPICS, ids=lambda topic: topic.id)
def test_every_topic_is_withheld_with_the_reason_and_what_to_do_instead(topic: Topic) -> None:
    for item in topic.contraindications:
        reply = advice_reply(Advice(topic, "withheld", (item.finding,), (item.instead,)), Record(), CONTENT)
        assert CONTENT.findings[item.finding].name in reply.text
        assert item.instead in reply.text
        assert "•" not in reply.text


def test_a_bare_yes_is_not_quoted_as_if_it_were_a_description() -> None:
    finding = CONTENT.findings["leg_numbness"]
    assert f"{finding.name} (“" not in result(said(finding.id, "answered", "yes")).text
    assert "You answered “yes” when I asked about" in result(said(finding.id, "answered", "yes")).text
    assert f"{finding.name} (“my toes are dead”)" in result(said(finding.id, "told", "my toes are dead")).text


def test_what_stayed_unclear_is_not_said_to_have_been_told() -> None:
    text = result(said("leg_numbness", "unclear", "wibble", Value.UNKNOWN)).text
    assert "wibble" not in text
    assert "could not rule out" in text


def test_words_that_the_name_holds_already_are_not_quoted() -> None:
    known = said("osteoporosis", "told", "osteoporosis")
    assert noted(["osteoporosis"], known, CONTENT) == "Thank you. I noted: thin bones (osteoporosis)."


def test_what_is_left_of_a_question_is_asked_as_the_rest() -> None:
    interview = Interview()
    first = next_question(interview, CONTENT)
    assert first
    mention = Mention(first.findings[0].id, Status.ABSENT, "...", 0, 3)
    hear(interview, CONTENT, Message("a", "...", "", Reading(mentions=(mention,))))
    rest = next_question(interview, CONTENT)
    assert rest
    text = question_reply(rest, CONTENT).text
    assert rest.question.opening not in text
    assert first.findings[0].option not in text
    assert first.findings[1].option in text


FORGED = "=1+1 numb\nUrgency: self_care\u2028Asked and denied: all”\x85@SUM(A1) " + "a" * 5_000


def test_a_persons_words_forge_no_line_of_the_note() -> None:
    """Nor a formula, where the note is pasted into a table."""
    plain = said("leg_numbness", "told", "numb")
    forged = said("leg_numbness", "told", FORGED)
    forged.numbers["age"] = Number(value=34, quote=FORGED)
    plain.numbers["age"] = Number(value=34, quote="34")
    notes = [note_text(Interview(record=it), "A1", CONTENT).splitlines() for it in (plain, forged)]
    assert len(notes[0]) == len(notes[1])
    for line, other in zip(*notes, strict=True):
        assert line[:4] == other[:4]
        assert len(other) < len(line) + 300
        assert other.count("”") == line.count("”")
