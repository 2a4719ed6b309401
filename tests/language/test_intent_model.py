"""The intent model: trained once from data/nlu, measured on the development messages."""

import json
import subprocess
import sys
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from ruamel.yaml import YAML

from backsignal.language.intents import IntentModel, train
from backsignal.serving import MODEL_INGREDIENTS
from tests.language.test_intent_messages import training

ROOT = Path(__file__).resolve().parents[2]
MACRO_F1_FLOOR = 0.84
OFF_TOPIC = {"other_health", "other_topic"}


@pytest.fixture(scope="module")
def settings() -> dict:
    pipeline = YAML(typ="safe").load(ROOT / "config.yml")["pipeline"]
    return next(step for step in pipeline if step["name"].endswith("IntentModelClassifier"))


@pytest.fixture(scope="module")
def model(settings: dict) -> IntentModel:
    names, arrays = train(training(), settings["strength"], settings["encoder_share"])
    return IntentModel(names, arrays, settings["encoder_share"], settings["sharpness"])


@pytest.fixture(scope="module")
def predicted(model: IntentModel) -> list[tuple[str, str]]:
    lines = (ROOT / "evaluation" / "development" / "intents.jsonl").read_text("utf-8").splitlines()
    rows = [json.loads(line) for line in lines]
    return [(row["intent"], model.ranking(row["text"])[0][0]) for row in rows]


def test_it_is_right_about_messages_it_has_not_seen(predicted: list[tuple[str, str]]) -> None:
    assert _macro_f1(predicted) >= MACRO_F1_FLOOR


def test_back_trouble_is_seldom_taken_for_another_topic(predicted: list[tuple[str, str]]) -> None:
    about_backs = [found for wanted, found in predicted if wanted not in OFF_TOPIC]
    assert sum(found in OFF_TOPIC for found in about_backs) / len(about_backs) <= 0.03


def test_buttons_mean_what_they_say(model: IntentModel) -> None:
    said = {"Yes": "affirm", "No": "deny", "None of these": "deny", "Not sure": "unsure"}
    said |= {"Talk to a person": "request_human", "Heat": "ask_heat", "Heat or ice": "ask_heat_or_ice"}
    assert {text: model.ranking(text)[0][0] for text in said} == said


def test_confidences_are_shares_in_order(model: IntentModel) -> None:
    for text in ("hello", "", "   ", "\ud800", "x" * 5000):
        ranking = model.ranking(text)
        assert sum(share for _, share in ranking) == pytest.approx(1.0, abs=1e-4)
        assert [share for _, share in ranking] == sorted((share for _, share in ranking), reverse=True)


def test_training_twice_gives_the_same(settings: dict) -> None:
    some = [(text, intent) for text, intent in training() if intent in {"affirm", "deny", "greet"}]
    once, twice = (train(some, settings["strength"], settings["encoder_share"]) for _ in range(2))
    assert once[0] == twice[0]
    assert all(np.array_equal(once[1][name], twice[1][name]) for name in once[1])


def test_the_sources_that_make_the_model_are_its_ingredients() -> None:
    code = (
        "import sys, backsignal.components.intent_model, backsignal.language.ngram_training\n"
        "ours = [it.__file__ for name, it in sys.modules.items() if name.startswith('backsignal')]\n"
        "print(*ours, sep='\\n')"
    )
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    run = {str(Path(line).relative_to(ROOT)) for line in done.stdout.splitlines()}
    assert {name for name in run if not name.endswith("__init__.py")} == {
        name for name in MODEL_INGREDIENTS if name.endswith(".py")
    }


def _macro_f1(pairs: list[tuple[str, str]]) -> float:
    wanted, found = Counter(w for w, _ in pairs), Counter(f for _, f in pairs)
    right = Counter(w for w, f in pairs if w == f)
    return sum(2 * right[intent] / (wanted[intent] + found[intent]) for intent in wanted) / len(wanted)
