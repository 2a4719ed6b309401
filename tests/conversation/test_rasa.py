"""Rasa's own checks of the conversation, and that domain, rules, actions and wording fit each other."""

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any, get_args

import yaml
from rasa_sdk.executor import ActionExecutor

import actions
from backsignal.clinical.content import Measure
from backsignal.components.emergency_policy import ANSWER, SUPPORT
from backsignal.components.turns import ANSWERING
from backsignal.serving import train
from tests.conftest import PROJECT

# Rasa gives these by itself.
_OF_RASA = {"action_listen", "action_deactivate_loop", "nlu_fallback"}


def load(path: str) -> Any:
    return yaml.safe_load((PROJECT / path).read_text(encoding="utf-8"))


DOMAIN = load("domain.yml")
RULES = [rule for path in sorted((PROJECT / "data/rules").glob("*.yml")) for rule in load(str(path))["rules"]]


def steps() -> list[dict[str, Any]]:
    """All steps of the rules, those under `or` one by one."""
    found = [step for rule in RULES for step in rule["steps"]]
    return [one for step in found for one in step.get("or", [step])]


def named(kind: str) -> set[str]:
    return {step[kind] for step in steps() if kind in step}


def implemented() -> set[str]:
    executor = ActionExecutor()
    executor.register_package(actions)
    return set(executor.actions)


def rasa(*arguments: str, folder: Path = PROJECT) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "backsignal.rasa_command", *arguments],
        cwd=folder,
        env={**os.environ, "RASA_TELEMETRY_ENABLED": "false", "LOG_LEVEL": "INFO"},
        capture_output=True,
        text=True,
        check=False,
    )


def test_rasa_finds_the_data_valid() -> None:
    done = rasa("data", "validate")
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_stories_go_as_told(tmp_path: Path) -> None:
    done = rasa(
        *("test", "core", "--e2e", "--stories", "tests/test_stories.yml", "--fail-on-prediction-errors"),
        *("--no-plot", "--out", str(tmp_path), "--model", str(train())),
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_action_is_implemented_and_every_implementation_is_known() -> None:
    assert set(DOMAIN["actions"]) == implemented()


def test_every_action_and_reply_of_the_rules_exists() -> None:
    said = set(DOMAIN["responses"])
    loops = set(DOMAIN["forms"])
    assert named("action") <= said | implemented() | loops | _OF_RASA


def test_every_reply_that_is_named_exists_and_every_reply_is_used() -> None:
    said = set(DOMAIN["responses"])
    sources = [path for folder in ("actions", "backsignal") for path in (PROJECT / folder).rglob("*.py")]
    code = "\n".join(path.read_text(encoding="utf-8") for path in sources)
    config = (PROJECT / "config.yml").read_text(encoding="utf-8")
    # `utter_message` and `utter_action` are Rasa's own names.
    by_code = set(re.findall(r"[\"' ](utter_(?!message|action)[a-z_]+)", code + config))
    used = by_code | {name for name in named("action") if name.startswith("utter_")}
    assert said == used


def test_every_phrase_that_the_code_names_exists_and_every_phrase_is_used() -> None:
    phrases = load("backsignal/content/replies.yml")["phrases"]
    sources = [path for folder in ("actions", "backsignal") for path in (PROJECT / folder).rglob("*.py")]
    literals = set(
        re.findall(r"[\"']([a-z_]+)[\"']", "\n".join(p.read_text(encoding="utf-8") for p in sources))
    )
    # Put together by the code from "why" and "meaning", and from the names of numbers.
    made = {"why_in_general", "meaning_in_general", *(f"note_{measure}" for measure in get_args(Measure))}
    assert set(phrases) <= literals | made


def test_every_intent_is_handled() -> None:
    by_rules = named("intent")
    assert set(DOMAIN["intents"]) <= by_rules | ANSWERING
    assert by_rules <= set(DOMAIN["intents"]) | _OF_RASA


def test_every_intent_of_the_form_is_in_the_domain() -> None:
    assert set(DOMAIN["intents"]) | _OF_RASA | {""} >= ANSWERING


def test_every_answering_intent_is_handled_outside_the_form_too() -> None:
    assert ANSWERING - {""} <= named("intent")


def test_the_policy_above_all_names_what_exists() -> None:
    assert ANSWER in DOMAIN["responses"]
    assert SUPPORT in DOMAIN["actions"]
