"""The red-flag checker, proved over the whole space of answers by decomposition.

The level is the highest over parts that look at few findings each: every finding alone, and every smallest
set of findings that can meet a rule. `test_the_level_is_the_highest_of_its_parts` shows that on records drawn
from the whole space; the other proofs then go through every state of every part.
"""

import itertools
import random
import sys
from collections.abc import Iterator, Mapping

import pytest

from backsignal.clinical.advice import advise
from backsignal.clinical.content import Content, Measure, Rule, Topic
from backsignal.clinical.levels import Level, highest
from backsignal.clinical.record import Record, Value
from backsignal.clinical.red_flags import check, open_always, supported
from tests.clinical.records import STATES, entry, record

CONTENT = Content.load()
FINDINGS = sorted(CONTENT.findings)
ALWAYS = [finding.id for finding in CONTENT.findings.values() if finding.ask_always]
NOT_ABSENT = [state for state in STATES if state != "absent"]
Numbers = Mapping[Measure, float]


def _rule_parts(rule: Rule) -> Iterator[tuple[str, ...]]:
    """The smallest sets of findings that can meet a rule."""
    for chosen in itertools.combinations(sorted(set(rule.any)), rule.least if rule.any else 0):
        yield tuple(dict.fromkeys([*rule.all, *chosen]))


PARTS = sorted({*((f,) for f in FINDINGS), *(part for rule in CONTENT.rules for part in _rule_parts(rule))})


def _numbers_around(rule: Rule) -> list[Numbers]:
    """No number at all, and numbers on both sides of each bound of a rule."""
    if rule.number is None:
        return [{}]
    bounds = [CONTENT.number(b) for b in (rule.number.at_least, rule.number.below) if b is not None]
    return [{}, *({rule.number.measure: bound + step} for bound in bounds for step in (-1, 0, 1))]


def _random_record(chance: random.Random) -> Record:
    states = {finding: chance.choice(STATES) if chance.random() < 0.3 else "absent" for finding in FINDINGS}
    numbers: Numbers = {
        "age": chance.choice([7, 16, 30, 49, 50, 64, 65, 80]),
        "duration_days": chance.choice([1, 13, 14, 41, 42, 400]),
    }
    return record(CONTENT, states, numbers if chance.random() < 0.7 else {})


def _restricted(whole: Record, part: tuple[str, ...]) -> Record:
    kept = record(CONTENT)
    kept.numbers = dict(whole.numbers)
    for finding in part:
        kept.entries.pop(finding)
        if finding in whole.entries:
            kept.entries[finding] = whole.entries[finding]
    return kept


def test_the_level_is_the_highest_of_its_parts() -> None:
    chance = random.Random(1)
    for _ in range(60):
        whole = _random_record(chance)
        parts = highest(check(_restricted(whole, part), CONTENT).level for part in PARTS)
        assert check(whole, CONTENT).level is parts


def test_turning_an_answer_from_absent_never_lowers_the_level(capsys: pytest.CaptureFixture[str]) -> None:
    checked = 0
    for part in PARTS:
        # Only rules that share a finding with the part can come to differ by its states.
        touching = [rule for rule in CONTENT.rules if set(rule.needs()) & set(part)]
        around: list[Numbers] = [{}, *(numbers for rule in touching for numbers in _numbers_around(rule))]
        for items in {tuple(sorted(numbers.items())) for numbers in around}:
            numbers: Numbers = dict(items)
            levels: dict[tuple[str, ...], Level] = {}
            for states in itertools.product(STATES, repeat=len(part)):
                made = record(CONTENT, dict(zip(part, states, strict=True)), numbers)
                levels[states] = check(made, CONTENT).level
                checked += 1
            for states, level in levels.items():
                for position in (p for p, state in enumerate(states) if state == "absent"):
                    for raised in NOT_ABSENT:
                        changed = (*states[:position], raised, *states[position + 1 :])
                        assert levels[changed].rank >= level.rank, (part, states, changed)
    with capsys.disabled():
        sys.stdout.write(f"\nred-flag checker: {checked} states of {len(PARTS)} parts checked\n")


@pytest.mark.parametrize("finding", ALWAYS)
@pytest.mark.parametrize("state", ["open", "refused"])
def test_self_care_is_never_reached_while_a_question_is_open(finding: str, state: str) -> None:
    triage = check(record(CONTENT, {finding: state}), CONTENT)
    assert triage.level is not Level.SELF_CARE
    if state == "open":
        assert finding in open_always(record(CONTENT, {finding: state}), CONTENT)
        assert not triage.final


def test_all_asked_and_absent_is_self_care() -> None:
    triage = check(record(CONTENT), CONTENT)
    assert (triage.level, triage.reasons, triage.final) == (Level.SELF_CARE, (), True)


@pytest.mark.parametrize("finding", [f.id for f in CONTENT.findings.values() if f.level])
def test_a_finding_alone_reaches_its_level(finding: str) -> None:
    known = CONTENT.findings[finding]
    triage = supported(record(CONTENT, {finding: "present"}), CONTENT)
    assert triage.level.rank >= (known.level or Level.SELF_CARE).rank
    assert finding in {reason.rule for reason in triage.reasons}


@pytest.mark.parametrize(
    "finding", [f.id for f in CONTENT.findings.values() if f.ask_always and f.level is Level.EMERGENCY]
)
def test_not_sure_of_an_emergency_item_counts_as_present_and_refusing_it_is_urgent(finding: str) -> None:
    assert check(record(CONTENT, {finding: "unsure"}), CONTENT).level is Level.EMERGENCY
    assert check(record(CONTENT, {finding: "refused"}), CONTENT).level is Level.URGENT


@pytest.mark.parametrize("rule", CONTENT.rules, ids=lambda rule: rule.id)
def test_every_rule_can_fire_and_needs_all_its_parts(rule: Rule) -> None:
    fired = 0
    for part in _rule_parts(rule):
        for numbers in _numbers_around(rule):
            states = dict.fromkeys(part, "present")
            met = rule.id in _rules_met(states, numbers)
            fired += met
            if met:
                # What follows from a number cannot be denied against it.
                for finding in (f for f in part if CONTENT.findings[f].present_if is None):
                    assert rule.id not in _rules_met({**states, finding: "absent"}, numbers)
    assert fired


def _rules_met(states: Mapping[str, str], numbers: Numbers) -> set[str]:
    return {reason.rule for reason in supported(record(CONTENT, states, numbers), CONTENT).reasons}


def test_a_long_standing_sign_that_was_checked_is_soon() -> None:
    for finding in CONTENT.findings.values():
        if finding.long_standing_level:
            triage = supported(record(CONTENT, {finding.id: "long_standing"}), CONTENT)
            assert triage.level is finding.long_standing_level is Level.SOON


def test_what_was_taken_back_still_calls_for_a_clinician() -> None:
    made = record(CONTENT)
    denied = entry("absent")
    assert denied
    made.entries["leg_weakness"] = entry("present") or denied
    made.withdraw("leg_weakness", denied, CONTENT)
    assert supported(made, CONTENT).level is Level.SELF_CARE
    assert check(made, CONTENT).level is CONTENT.unknown.withdrawn


def test_what_follows_from_both_sides_is_taken_back_with_the_sides() -> None:
    made, denied, told = record(CONTENT), entry("absent"), entry("present")
    assert denied
    assert told
    made.entries["radiating_leg_pain"] = told.copy(update={"side": "both"})
    assert supported(made, CONTENT).emergency_findings == ("both_legs",)
    made.withdraw("both_legs", denied, CONTENT)
    assert supported(made, CONTENT).emergency_findings == ()
    assert check(made, CONTENT).level is CONTENT.unknown.withdrawn
    assert made.value("radiating_leg_pain", CONTENT) is Value.PRESENT


def test_a_sign_told_as_new_stays_new() -> None:
    made, told = record(CONTENT), entry("present")
    assert told
    made.note("leg_numbness", told)
    made.note("leg_numbness", told.copy(update={"long_standing": True}))
    assert supported(made, CONTENT).level is Level.EMERGENCY


@pytest.mark.parametrize("topic", CONTENT.topics.values(), ids=lambda topic: topic.id)
def test_no_advice_on_offer_meets_its_contraindication(topic: Topic) -> None:
    assert advise(topic, record(CONTENT), CONTENT).status == "offered"
    for item in topic.contraindications:
        for state in NOT_ABSENT:
            advice = advise(topic, record(CONTENT, {item.finding: state}), CONTENT)
            assert advice.status != "offered", (item.finding, state)
            assert item.finding in advice.because or advice.status == "withheld"


def test_no_advice_but_help_is_offered_in_an_emergency() -> None:
    for finding in CONTENT.findings.values():
        if finding.level is Level.EMERGENCY:
            made = record(CONTENT, {finding.id: "present"})
            assert {advise(topic, made, CONTENT).status for topic in CONTENT.topics.values()} == {"withheld"}


def test_random_records_offer_no_contraindicated_advice() -> None:
    chance = random.Random(2)
    for _ in range(300):
        made = _random_record(chance)
        for topic in CONTENT.topics.values():
            if advise(topic, made, CONTENT).status == "offered":
                for item in topic.contraindications:
                    assert made.value(item.finding, CONTENT).value == "absent"
                assert check(made, CONTENT).level is not Level.EMERGENCY
