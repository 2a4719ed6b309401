"""TensorFlow left out of processes that use none of it: it takes seconds to start and hundreds of megabytes.

Rasa 3.6.21 imports it for every bot in two places. One module needs three names of it for training networks
and for nothing else: they are functions here, which import the real thing when they are called. And loading a
model looks up the class that checked config.yml before the training, which knows all of Rasa's networks:
while a server starts, an empty class of that name stands in for it. While a model without networks is
trained, empty classes stand in for the networks themselves.

Rasa's networks (DIET, TED) import what they need by themselves, so that a config.yml with them works as ever.
On another version of Rasa nothing is changed.
"""

import sys
from collections.abc import Callable
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from types import ModuleType
from typing import Any

WRITTEN_FOR = "3.6.21"
_NEEDS_NAMES = "rasa.utils.train_utils"
_NAMES = {
    "rasa.utils.tensorflow.callback": ("RasaTrainingLogger", "RasaModelCheckpoint"),
    "rasa.utils.tensorflow.data_generator": ("RasaBatchDataGenerator",),
}
_CHECKS_CONFIG = ("rasa.graph_components.validators.default_recipe_validator", "DefaultV1RecipeValidator")
_NETWORKS = {
    "rasa.nlu.classifiers.diet_classifier": "DIETClassifier",
    "rasa.nlu.selectors.response_selector": "ResponseSelector",
    "rasa.nlu.featurizers.dense_featurizer.convert_featurizer": "ConveRTFeaturizer",
    "rasa.nlu.featurizers.dense_featurizer.lm_featurizer": "LanguageModelFeaturizer",
    "rasa.core.policies.ted_policy": "TEDPolicy",
    "rasa.core.policies.unexpected_intent_policy": "UnexpecTEDIntentPolicy",
}


def defer_tensorflow(*, serving: bool) -> bool:
    """Keep TensorFlow out of what is imported from now on; says whether it did.

    To be called before Rasa is imported. When `serving`, `model_is_loaded` has to follow.
    """
    if version("rasa") != WRITTEN_FOR or _NEEDS_NAMES in sys.modules:
        return False
    for module, names in _NAMES.items():
        sys.modules[module] = _stand_in(module, {name: _later(module, name) for name in names})
    try:
        import_module(_NEEDS_NAMES)
    finally:
        # Whoever else imports these gets the real ones.
        for module in _NAMES:
            del sys.modules[module]
    if serving:
        _leave_empty(*_CHECKS_CONFIG)
    return True


def leave_networks_out(config: Path) -> bool:
    """Keep Rasa's networks out of a training for a configuration that names none; says whether it did."""
    told = config.read_text(encoding="utf-8")
    if version("rasa") != WRITTEN_FOR or any(name in told for name in _NETWORKS.values()):
        return False
    for module, name in _NETWORKS.items():
        _leave_empty(module, name)
    return True


def model_is_loaded() -> None:
    """The empty class has done its work: a server can be told to train, and needs the real one then."""
    module, _ = _CHECKS_CONFIG
    if getattr(sys.modules.get(module), "__file__", None) is None:
        sys.modules.pop(module, None)


def _leave_empty(module: str, name: str) -> None:
    sys.modules[module] = _stand_in(module, {name: type(name, (), {"__module__": module})})


def _stand_in(module: str, names: dict[str, Any]) -> ModuleType:
    stand_in = ModuleType(module)
    vars(stand_in).update(names)
    return stand_in


def _later(module: str, name: str) -> Callable[..., Any]:
    def make(*arguments: Any, **options: Any) -> Any:
        return getattr(import_module(module), name)(*arguments, **options)

    return make
