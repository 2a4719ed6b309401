"""What the scenarios exercise between them: a part of the content that none plays would go unnoticed."""

from typing import Any

import pytest
import yaml

from backsignal.clinical.content import Content
from backsignal.clinical.levels import Level
from tests.conversation.chat import scenario_files

CONTENT = Content.load()
KINDS = (
    "straight_through", "emergency_volunteered", "emergency_by_question", "suspected", "corrections",
    "digressions", "negations", "someone_else", "unsure", "refusal", "returning", "wrong_input", "crisis",
    "advice", "small_talk", "handover",
)  # fmt: skip


def expectations() -> list[dict[str, Any]]:
    files = [yaml.safe_load(path.read_text(encoding="utf-8")) for path in scenario_files()]
    return [turn["expect"] for file in files for turn in file["turns"] if "expect" in turn]


def expected(key: str) -> set[str]:
    """All values of a kind of expectation."""
    found: set[str] = set()
    for expect in expectations():
        value = expect.get(key, [])
        found |= set(value if isinstance(value, list) else [value])
    return found


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_has_scenarios(kind: str) -> None:
    assert len(scenario_files(f"chat/{kind}")) >= 4


def test_there_are_enough_of_them() -> None:
    assert len(scenario_files()) >= 90


def test_every_emergency_sign_is_found_in_a_scenario() -> None:
    signs = {finding.id for finding in CONTENT.findings.values() if finding.level is Level.EMERGENCY}
    assert signs <= expected("emergency")


def test_every_level_and_every_number_to_call_is_reached() -> None:
    assert {level.value for level in Level} == expected("level")
    clinic = CONTENT.clinic
    numbers = {clinic.emergency_number, clinic.crisis.number, clinic.maternity.number}
    assert numbers == {str(call) for call in expected("call")}


def test_every_question_is_asked_in_a_scenario() -> None:
    # What only a check-in asks is played in tests/messaging.
    asked = {question.id for question in (*CONTENT.triage_questions, *CONTENT.advice_questions)}
    assert asked <= expected("question")


def test_every_topic_is_offered_and_where_it_can_be_withheld() -> None:
    seen = {
        (topic, status) for expect in expectations() for topic, status in expect.get("advice", {}).items()
    }
    assert {(topic, "offered") for topic in CONTENT.topics} <= seen
    withheld = {topic.id for topic in CONTENT.topics.values() if topic.contraindications}
    assert {(topic, "withheld") for topic in withheld} <= seen


def test_the_scenarios_name_what_exists() -> None:
    assert expected("rules") <= {*CONTENT.findings, *(rule.id for rule in CONTENT.rules)} | {
        "emergency_unknown",
        "other_unknown",
        "withdrawn",
    }
    assert expected("question") <= set(CONTENT.questions)
    assert expected("asks") | expected("asks_not") | expected("emergency") <= set(CONTENT.findings)
