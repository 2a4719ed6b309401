"""A made-up finding in a content folder is asked, understood in free text and triaged; no Python changes."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from backsignal.clinical.content import CONTENT_VARIABLE
from tests.conftest import PROJECT, Server, start_server, stop_server
from tests.conversation.chat import Chat

FINDING = {
    "id": "glowing_ears",
    "name": "glowing ears",
    "group": "glow",
    "level": "emergency",
    "ask_always": True,
    "option": "Ears that glow in the dark",
    "question": "Do your ears glow in the dark?",
    "simpler": "Do your ears glow?",
    "meaning": "They give off light like a lamp.",
    "why": "Ears that glow are not yet in any guideline.",
    "sources": ["memory"],
    "phrases": ["ears are glowing", "glowing ears", "ears glow in the dark"],
}
MILD = {**FINDING, "id": "humming_toes", "name": "humming toes", "level": None, "option": "Toes that hum",
        "question": "Do your toes hum?", "phrases": ["toes hum", "humming toes"]}  # fmt: skip
QUESTION = {
    "id": "glow",
    "findings": ["glowing_ears", "humming_toes"],
    "opening": "Now the lights. Is any of these true?",
}
RULE = {
    "id": "humming_pain",
    "all": ["humming_toes", "radiating_leg_pain"],
    "level": "emergency",
    "why": "Toes that hum with pain down a leg are to be heard at once.",
    "sources": ["memory"],
}
EMERGENCY = {
    "id": "glow",
    "findings": ["glow"],
    "do": "Call {emergency_number} now and put on a hat.",
    "why": "Light must not get out.",
    "call": "{emergency_number}",
    "on_the_way": "Keep the hat on.",
    "tell": "Say that your ears glow.",
    "sources": ["memory"],
}


def change(path: Path, edit: Any) -> None:
    document = yaml.safe_load(path.read_text(encoding="utf-8"))
    edit(document)
    path.write_text(yaml.safe_dump(document, allow_unicode=True, sort_keys=False), encoding="utf-8")


@pytest.fixture(scope="module")
def clinic(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The assistant with a copy of the content, to which a finding and another number were added."""
    folder = tmp_path_factory.mktemp("clinic") / "content"
    shutil.copytree(PROJECT / "backsignal" / "content", folder)
    shutil.copy(PROJECT / "clinic.yml", folder)
    change(folder / "clinic.yml", lambda it: it.update(emergency_number="112"))
    change(folder / "findings.yml", lambda it: it["findings"].extend([FINDING, MILD]))
    change(folder / "questions.yml", lambda it: it["triage"].insert(0, QUESTION))
    change(folder / "rules.yml", lambda it: it["rules"].append(RULE))
    change(folder / "replies.yml", lambda it: it["emergencies"].insert(0, EMERGENCY))
    change(folder / "advice.yml", lambda it: it["topics"][0]["contraindications"].append(
        {"finding": "humming_toes", "instead": "Hum along first.", "sources": ["memory"]}
    ))  # fmt: skip
    started = start_server(folder.parent, **{CONTENT_VARIABLE: str(folder)})
    yield started
    stop_server(started)


def test_it_is_asked_with_its_own_words(clinic: Server) -> None:
    turn = Chat(clinic.url).say("my back hurts since yesterday")
    assert turn.payload("question")["findings"] == ["glowing_ears", "humming_toes"]
    assert "Now the lights" in turn.text
    assert "112" in turn.text


def test_a_yes_to_it_is_triaged_with_its_own_words(clinic: Server) -> None:
    chat = Chat(clinic.url)
    chat.say("my back hurts since yesterday")
    emergency = chat.say(FINDING["option"]).payload("emergency")
    assert emergency["findings"] == ["glowing_ears"]
    assert emergency["text"].startswith("Call 112 now and put on a hat.")
    assert "hat on" in chat.say("What do I do until I am seen?").text


def test_it_is_understood_in_free_text(clinic: Server) -> None:
    emergency = (
        Chat(clinic.url).say("my back went yesterday and now my ears are glowing").payload("emergency")
    )
    assert emergency["findings"] == ["glowing_ears"]


def test_its_denial_is_understood(clinic: Server) -> None:
    chat = Chat(clinic.url)
    turn = chat.say("my back hurts since yesterday, no glowing ears and no humming toes")
    assert turn.payload("question")["id"] == "bladder_and_bowel"


def test_its_rule_and_its_contraindication_hold(clinic: Server) -> None:
    chat = Chat(clinic.url)
    chat.say("my back hurts since yesterday")
    turn = chat.answer_rest(chat.say(MILD["option"]), {"default": "no", "age": "40"})
    assert turn.payload("triage")["final"]
    withheld = {item["topic"]: item for item in turn.payloads("advice") if item["status"] == "withheld"}
    assert "humming_toes" in withheld["heat"]["because"]
    assert "Hum along first." in turn.text
    emergency = chat.say("the pain runs down my leg now").payload("emergency")
    assert "humming_toes" in emergency["findings"]
