"""Training messages of the intents: complete, without contradictions, apart from what is measured."""

import json
import re
from collections import defaultdict
from pathlib import Path

from ruamel.yaml import YAML

from backsignal.clinical.content import Content

ROOT = Path(__file__).resolve().parents[2]
MEASURED = ROOT / "evaluation" / "development" / "intents.jsonl"


def training() -> list[tuple[str, str]]:
    found = []
    for file in sorted((ROOT / "data" / "nlu").glob("*.yml")):
        for block in YAML(typ="safe").load(file)["nlu"]:
            found += [(line.removeprefix("- "), block["intent"]) for line in block["examples"].splitlines()]
    return found


def test_every_intent_that_people_have_has_messages_and_is_in_the_domain() -> None:
    domain = YAML(typ="safe").load(ROOT / "domain.yml")
    counts = defaultdict(int)
    for _, intent in training():
        counts[intent] += 1
    measured = {json.loads(line)["intent"] for line in MEASURED.read_text("utf-8").splitlines()}
    # The others are set by the screen or by the clock and have no messages.
    assert measured <= set(counts) <= set(domain["intents"])
    assert min(counts.values()) >= 10


def test_no_message_has_two_intents() -> None:
    intents = defaultdict(set)
    for text, intent in training():
        intents[text.strip().lower()].add(intent)
    assert not {text: found for text, found in intents.items() if len(found) > 1}


def test_only_the_commonest_short_messages_are_both_trained_on_and_measured() -> None:
    trained = {_bare(text) for text, _ in training()}
    lines = MEASURED.read_text("utf-8").splitlines()
    both = trained & {_bare(json.loads(line)["text"]) for line in lines}
    assert not {text for text in both if len(text.split()) > 4}


def test_every_button_of_the_assistant_is_a_message_of_its_intent() -> None:
    content = Content.load()
    phrases = content.replies.phrases
    expected = {
        phrases["yes"]: "affirm",
        phrases["yes_mistake"]: "affirm",
        phrases["no"]: "deny",
        phrases["no_true"]: "deny",
        phrases["none_of_these"]: "deny",
        phrases["not_sure"]: "unsure",
        phrases["talk_to_a_person"]: "request_human",
        phrases["what_until_then"]: "ask_emergency_help",
        phrases["what_to_tell"]: "ask_emergency_help",
    }
    expected |= {topic.title: f"ask_{topic.id}" for topic in content.topics.values()}
    expected |= {finding.option: "inform" for finding in content.findings.values() if finding.option}
    for question in (*content.triage_questions, *content.advice_questions):
        expected |= {choice.title: "inform" for choice in question.choices or ()}
    trained = dict(training())
    assert {text: intent for text, intent in expected.items() if trained.get(text) != intent} == {}


def _bare(text: str) -> str:
    return re.sub(r"\W+", " ", text.lower()).strip()
