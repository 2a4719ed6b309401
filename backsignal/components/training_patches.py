"""The places where Rasa 3.6.21 does the same work again in a training and has no setting against it.

The files are read once to be checked and once to be trained from. Whenever training data is put together all
of it is copied deeply, a dozen times, and each copy has its fingerprint taken anew. On another version of
Rasa nothing is changed.
"""

from copy import copy
from functools import lru_cache
from typing import Any

import rasa
from rasa.shared.importers.importer import TrainingDataImporter
from rasa.shared.nlu.training_data import training_data

from backsignal.components.rasa_patches import PATCHED_VERSION

_load = TrainingDataImporter.load_from_config


class _OnlyLists:
    """Stands for the module `copy` where training data is put together: lists are copied, not messages."""

    copy = deepcopy = staticmethod(copy)


def apply() -> bool:
    """Apply them where the version is the one they were written for; says whether it did."""
    if rasa.__version__ != PATCHED_VERSION:
        return False
    TrainingDataImporter.load_from_config = staticmethod(_loaded)
    training_data.copy = _OnlyLists
    return True


def _loaded(
    config_path: str,
    domain_path: str | None = None,
    training_data_paths: list[str] | None = None,
    args: dict[str, Any] | None = None,
) -> TrainingDataImporter:
    """What is checked is what is trained from. The arguments are for importers that config.yml can name."""
    return _loaded_once(config_path, domain_path, tuple(training_data_paths or ()))


@lru_cache(maxsize=1)
def _loaded_once(config: str, domain: str | None, data: tuple[str, ...]) -> TrainingDataImporter:
    return _load(config, domain, list(data))
