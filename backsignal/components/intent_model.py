"""The intent classifier: n-grams and the vector of a sentence encoder, weighed by one linear model.

Trained by `rasa train` in seconds from data/nlu. docs/intents.md compares it with Rasa's own classifiers.
"""

import json
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.classifiers.classifier import IntentClassifier
from rasa.shared.nlu.constants import INTENT, INTENT_NAME_KEY, PREDICTED_CONFIDENCE_KEY, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from backsignal.components.understood import understood_of
from backsignal.language.intents import IntentModel, train

_ARRAYS = "weights.npz"
_NAMES = "intents.json"
_KNOWN = "known.json"
_RANKED = 5


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=True)
class IntentModelClassifier(GraphComponent, IntentClassifier):
    """Gives each message its likeliest intent and a ranking; what stands in data/nlu needs no model."""

    def __init__(self, config: dict[str, Any], storage: ModelStorage, resource: Resource) -> None:
        self._config = config
        self._storage = storage
        self._resource = resource
        self.model: IntentModel | None = None
        self._known: dict[str, str] = {}

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """`strength`: how closely to follow the training messages; the others: see IntentModel."""
        return {"strength": 0.2, "encoder_share": 1.0, "sharpness": 5.0}

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> "IntentModelClassifier":
        """Made by Rasa before training."""
        return cls(config, model_storage, resource)

    @classmethod
    def load(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        **kwargs: Any,
    ) -> "IntentModelClassifier":
        """Made by Rasa from a trained model."""
        with model_storage.read_from(resource) as folder:
            names = json.loads((folder / _NAMES).read_text(encoding="utf-8"))
            known = json.loads((folder / _KNOWN).read_text(encoding="utf-8"))
            with np.load(folder / _ARRAYS, allow_pickle=False) as stored:
                arrays: dict[str, NDArray[Any]] = dict(stored)
        loaded = cls(config, model_storage, resource)
        loaded.model = IntentModel(tuple(names), arrays, config["encoder_share"], config["sharpness"])
        loaded._known = known
        return loaded

    def train(self, training_data: TrainingData) -> Resource:
        """Fit the model to the examples and store it as plain arrays."""
        examples = [(e.get(TEXT), e.get(INTENT)) for e in training_data.intent_examples if e.get(TEXT)]
        names, arrays = train(examples, self._config["strength"], self._config["encoder_share"])
        self.model = IntentModel(names, arrays, self._config["encoder_share"], self._config["sharpness"])
        self._known = {_plain(text): intent for text, intent in examples}
        with self._storage.write_to(self._resource) as folder:
            (folder / _KNOWN).write_text(json.dumps(self._known), encoding="utf-8")
            (folder / _NAMES).write_text(json.dumps(names), encoding="utf-8")
            np.savez_compressed(folder / _ARRAYS, **arrays)
        return self._resource

    def process(self, messages: list[Message]) -> list[Message]:
        """Add intent and ranking to each message that has a text."""
        for message in messages:
            text = message.get(TEXT)
            if not text or self.model is None:
                continue
            ranking = [
                {INTENT_NAME_KEY: name, PREDICTED_CONFIDENCE_KEY: confidence}
                for name, confidence in self._ranking(self.model, text)
            ]
            message.set(INTENT, ranking[0], add_to_output=True)
            message.set("intent_ranking", ranking, add_to_output=True)
        return messages

    def _ranking(self, model: IntentModel, text: str) -> list[tuple[str, float]]:
        known = self._known.get(_plain(text))
        if known:
            return [(known, 1.0)]
        beforehand = understood_of(text)
        return (beforehand.ranking if beforehand else model.ranking(text))[:_RANKED]


def _plain(text: str) -> str:
    return " ".join(text.casefold().split())
