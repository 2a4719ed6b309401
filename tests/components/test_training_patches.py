"""What a training reads and puts together is the same with the patches, only not so often."""

from collections.abc import Iterator

import pytest
import rasa
from rasa.shared.importers.importer import TrainingDataImporter
from rasa.shared.nlu.training_data import training_data
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from backsignal.components import training_patches
from tests.conftest import PROJECT

FILES = str(PROJECT / "config.yml"), str(PROJECT / "domain.yml"), [str(PROJECT / "data")]


@pytest.fixture(autouse=True)
def _restored() -> Iterator[None]:
    before = TrainingDataImporter.load_from_config, training_data.copy
    yield
    TrainingDataImporter.load_from_config = staticmethod(before[0])
    training_data.copy = before[1]


def test_what_is_trained_from_is_the_same() -> None:
    before = TrainingDataImporter.load_from_config(*FILES)
    assert training_patches.apply()
    after = TrainingDataImporter.load_from_config(*FILES)
    assert len(after.get_nlu_data().intent_examples) > 1_000
    assert after.get_nlu_data().fingerprint() == before.get_nlu_data().fingerprint()
    assert after.get_domain().fingerprint() == before.get_domain().fingerprint()
    assert after.get_stories().fingerprint() == before.get_stories().fingerprint()


def test_files_are_read_once() -> None:
    training_patches.apply()
    config, domain, data = FILES
    checked = TrainingDataImporter.load_from_config(
        domain_path=domain, training_data_paths=data, config_path=config
    )
    assert TrainingDataImporter.load_from_config(config, domain, data, {"augmentation_factor": 50}) is checked
    assert TrainingDataImporter.load_from_config(config, domain, [f"{PROJECT}/data/rules"]) is not checked


def test_what_is_put_together_stays_as_it_was() -> None:
    training_patches.apply()
    first, second = (TrainingData([Message.build(text, "greet")]) for text in ("hello", "good morning"))
    both = first.merge(second)
    assert [message.get("text") for message in both.training_examples] == ["hello", "good morning"]
    assert [message.get("text") for message in first.training_examples] == ["hello"]


def test_another_version_of_rasa_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rasa, "__version__", "3.7.0")
    before = TrainingDataImporter.load_from_config
    assert not training_patches.apply()
    assert TrainingDataImporter.load_from_config is before
