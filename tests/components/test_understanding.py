"""A message that reports a finding is about a back; what could be said of anything says nothing of that."""

import pytest
from rasa.shared.nlu.training_data.message import Message

from backsignal.components.understanding import Understanding

OFF_TOPIC, POLITE = "other_health", "thanks"


@pytest.fixture(scope="module")
def understanding() -> Understanding:
    return Understanding([OFF_TOPIC], [POLITE])


@pytest.mark.parametrize(
    ("text", "predicted", "meant"),
    [
        ("my back aches", OFF_TOPIC, "inform"),
        ("I can't feel it when I wipe", OFF_TOPIC, "inform"),
        ("thanks, and I have wet myself", POLITE, "inform"),
        ("ringing in the ears for months now", OFF_TOPIC, OFF_TOPIC),
        ("the cat is poorly", OFF_TOPIC, OFF_TOPIC),
        ("thanks, my back aches", POLITE, POLITE),
    ],
)
def test_what_a_message_reports_goes_before_what_it_looks_like(
    understanding: Understanding, text: str, predicted: str, meant: str
) -> None:
    message = Message({"text": text, "intent": {"name": predicted, "confidence": 0.9}})
    understanding.process([message])
    assert message.get("intent")["name"] == meant
