"""The NLU component that reads every message with the language layer.

It stands after the intent classifier: a message that reports a finding is not about something else,
whatever the model thinks. What the reading means for urgency is the EmergencyPolicy's and the core's.
"""

from datetime import date
from typing import Any

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.shared.nlu.constants import ENTITIES, INTENT, INTENT_NAME_KEY, PREDICTED_CONFIDENCE_KEY, TEXT
from rasa.shared.nlu.training_data.message import Message as RasaMessage
from rasa.shared.nlu.training_data.training_data import TrainingData

from backsignal.clinical.findings import Mention, Reading, Status
from backsignal.components.turns import READING_KEY, content
from backsignal.components.understood import understood_of
from backsignal.language.reader import shared_reader

_ENTITY = "finding"
_INFORM = "inform"
_NOT_ENGLISH = "not_english"
# What tells of a finding, asks nothing and is hardly anything else for the model is just that.
_DOUBTFUL = 0.5


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=False)
class Understanding(GraphComponent):
    """Adds the reading and the findings as entities; sets the intent where a rule is surer than the model."""

    def __init__(self, off_topic: list[str], polite: list[str]) -> None:
        """Takes the intents that a message with a finding in it cannot have, or with a warning sign in it."""
        self._off_topic = frozenset(off_topic)
        self._polite = frozenset(polite)
        self._reader = shared_reader()

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """The component's options in config.yml."""
        return {"off_topic": [], "polite": []}

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> "Understanding":
        """Made by Rasa from the pipeline's configuration."""
        return cls(config["off_topic"], config["polite"])

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        """Training examples need no reading."""
        return training_data

    def process(self, messages: list[RasaMessage]) -> list[RasaMessage]:
        """Read each message; what is found travels in its output."""
        for message in messages:
            self._understand(message)
        return messages

    def _understand(self, message: RasaMessage) -> None:
        text = message.get(TEXT) or ""
        beforehand = understood_of(text)
        reading = beforehand.reading if beforehand else self._reader.read(text, today=date.today())
        message.set(READING_KEY, reading.to_json(), add_to_output=True)
        message.set(ENTITIES, [_entity(m) for m in reading.mentions], add_to_output=True)
        intent = self._certain_intent(text, reading, message.get(INTENT) or {})
        if intent:
            message.set(INTENT, {INTENT_NAME_KEY: intent, PREDICTED_CONFIDENCE_KEY: 1.0}, add_to_output=True)

    def _certain_intent(self, text: str, reading: Reading, predicted: dict[str, Any]) -> str | None:
        if not reading.english and not reading.mentions:
            return _NOT_ENGLISH
        present = {mention.finding for mention in reading.mentions if mention.status is Status.PRESENT}
        # "For months", or an age, can be said of anything.
        told = {finding for finding in present if not content().findings[finding].present_if}
        sign = reading.suspected or any(content().findings[finding].level for finding in told)
        overruled = self._off_topic | self._polite if sign else self._off_topic
        doubtful = predicted.get(PREDICTED_CONFIDENCE_KEY, 0) < _DOUBTFUL and "?" not in text
        if (told or sign) and (doubtful or predicted.get(INTENT_NAME_KEY) in overruled):
            return _INFORM
        return None


def _entity(mention: Mention) -> dict[str, Any]:
    return {
        "entity": _ENTITY,
        "value": mention.finding,
        "role": mention.status.value,
        "start": mention.start,
        "end": mention.end,
        "extractor": "Understanding",
    }
