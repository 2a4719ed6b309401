"""A server without networks has no TensorFlow in it, and whoever needs it still gets it."""

import os
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from backsignal.components import deferred_tensorflow
from tests.conftest import PROJECT, Server

STILL_THERE = """
import sys
from backsignal.components.deferred_tensorflow import defer_tensorflow, model_is_loaded
assert defer_tensorflow(serving=True)
import rasa.core.agent, rasa.utils.train_utils
assert "tensorflow" not in sys.modules
model_is_loaded()

from rasa.engine.graph import GraphComponent
from rasa.graph_components.validators.default_recipe_validator import DefaultV1RecipeValidator
assert issubclass(DefaultV1RecipeValidator, GraphComponent)
assert "tensorflow" in sys.modules

import tensorflow
from rasa.core.policies.ted_policy import TEDPolicy
from rasa.utils.tensorflow.data_generator import RasaBatchDataGenerator
from rasa.utils.tensorflow.model_data import RasaModelData
assert issubclass(RasaBatchDataGenerator, tensorflow.keras.utils.Sequence)
made, _ = rasa.utils.train_utils.create_data_generators(RasaModelData(), [1, 1], 1)
assert type(made) is RasaBatchDataGenerator
logger = rasa.utils.train_utils.create_common_callbacks(1)[0]
assert isinstance(logger, tensorflow.keras.callbacks.Callback)
"""

TRAINS_WITHOUT = """
import sys
from pathlib import Path
from backsignal.components.deferred_tensorflow import defer_tensorflow, leave_networks_out
assert defer_tensorflow(serving=False)
assert leave_networks_out(Path("config.yml"))
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.shared.importers.importer import TrainingDataImporter
importer = TrainingDataImporter.load_from_config("config.yml", "domain.yml", ["data"])
graph = DefaultV1Recipe().graph_config_for_recipe(importer.get_config(), {})
graph.train_schema.nodes["schema_validator"].uses(graph.train_schema).validate(importer)
assert "tensorflow" not in sys.modules
"""
TRAINS_WITH = """
from pathlib import Path
from backsignal.components.deferred_tensorflow import defer_tensorflow, leave_networks_out
defer_tensorflow(serving=False)
config = Path(r"{config}")
config.write_text("pipeline: [{{name: DIETClassifier}}]")
assert not leave_networks_out(config)
from rasa.nlu.classifiers.diet_classifier import DIETClassifier
assert DIETClassifier.train
"""


def test_a_running_server_has_no_tensorflow(server: Server) -> None:
    family = psutil.Process(server.process.pid).children(recursive=True)
    loaded = {part.path for process in family for part in process.memory_maps()}
    assert any("onnxruntime" in path for path in loaded)
    assert not [path for path in loaded if "tensorflow" in path]


def test_what_trains_networks_gets_the_real_thing(tmp_path: Path) -> None:
    run(STILL_THERE)
    run(TRAINS_WITH.format(config=tmp_path / "config.yml"))


def test_a_model_without_networks_is_trained_without_tensorflow() -> None:
    run(TRAINS_WITHOUT)


def run(code: str) -> None:
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code],
        cwd=PROJECT,
        env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "2"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_another_version_of_rasa_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    before = dict(sys.modules)
    monkeypatch.setattr(deferred_tensorflow, "version", lambda _: "3.7.0")
    assert not deferred_tensorflow.defer_tensorflow(serving=True)
    assert dict(sys.modules) == before
