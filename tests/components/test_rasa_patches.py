"""The patches do what Rasa does, only once."""

import ast
import inspect
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import pytest
import rasa
from jsonschema import ValidationError
from rasa.core import processor
from rasa.core.actions import forms
from rasa.core.actions.action import RemoteAction
from rasa.core.policies import rule_policy
from rasa.core.policies.rule_policy import RULES, RULES_FOR_LOOP_UNHAPPY_PATH, RulePolicy
from rasa.engine.graph import ExecutionContext, GraphComponent, GraphSchema, SchemaNode
from rasa.engine.runner.dask import DaskGraphRunner
from rasa.engine.storage.local_model_storage import LocalModelStorage
from rasa.engine.storage.resource import Resource
from rasa.shared.core.constants import ACTION_LISTEN_NAME
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import (
    ActionExecuted,
    DefinePrevUserUtteredFeaturization,
    Event,
    SlotSet,
    UserUttered,
)
from rasa.shared.core.trackers import DialogueStateTracker
from rasa.shared.utils.common import all_subclasses

from backsignal.components import rasa_patches
from backsignal.components.rasa_patches import OrderedGraphRunner
from tests.conftest import PROJECT

COPYING = (processor, forms, rule_policy)


@pytest.fixture(autouse=True)
def _restored() -> Iterator[None]:
    before = RemoteAction._validate_action_result, Event.resolve_by_type
    find_action = RulePolicy._find_action_from_rules
    is_empty, copies = Domain.is_empty, [module.copy for module in COPYING]
    yield
    for module, copy in zip(COPYING, copies, strict=True):
        module.copy = copy
    RemoteAction._validate_action_result, Event.resolve_by_type = before[0], staticmethod(before[1])
    Domain.is_empty = is_empty
    RulePolicy._find_action_from_rules = find_action
    processor.DaskGraphRunner = DaskGraphRunner


def test_answers_of_actions_are_still_checked() -> None:
    assert rasa_patches.apply()
    action = RemoteAction("action_any", None)
    assert action._validate_action_result(
        {"events": [{"event": "slot", "name": "a", "value": 1}], "responses": []}
    )
    with pytest.raises(ValidationError):
        action._validate_action_result({"events": [{"event": 5}], "responses": []})
    with pytest.raises(ValidationError):
        action._validate_action_result({"events": [], "responses": "many"})


def test_a_domain_is_empty_as_before() -> None:
    domains = [
        Domain.empty(),
        Domain.from_dict({"intents": ["greet"]}),
        Domain.load(str(PROJECT / "domain.yml")),
    ]
    before = [domain.is_empty() for domain in domains]
    rasa_patches.apply()
    assert [domain.is_empty() for domain in domains] == before == [True, False, False]


def test_every_event_type_is_found_as_before() -> None:
    types = {cls.type_name for cls in all_subclasses(Event)}
    before = {name: Event.resolve_by_type(name) for name in types}
    rasa_patches.apply()
    assert {name: Event.resolve_by_type(name) for name in types} == before
    assert Event.resolve_by_type("slot") is SlotSet
    with pytest.raises(ValueError, match="Unknown event"):
        Event.resolve_by_type("no such event")


@pytest.mark.parametrize("user", [{"text": "hello you"}, {"intent": "greet"}], ids=["words", "intent"])
def test_rules_that_go_by_words_are_found_where_there_are_any(user: dict[str, str], tmp_path: Path) -> None:
    domain = Domain.load(str(PROJECT / "domain.yml"))
    state = {"prev_action": {"action_name": ACTION_LISTEN_NAME}, "user": user}
    lookup = {RULES: {json.dumps([state]): "utter_thanks"}, RULES_FOR_LOOP_UNHAPPY_PATH: {}}
    storage, context = LocalModelStorage(tmp_path), ExecutionContext(GraphSchema({}))
    policy = RulePolicy(RulePolicy.get_default_config(), storage, Resource("rules"), context, lookup=lookup)
    said = UserUttered("hello you", {"name": "greet"})
    listening = ActionExecuted(ACTION_LISTEN_NAME)
    tracker = DialogueStateTracker.from_events(
        "a", [listening, said, DefinePrevUserUtteredFeaturization("text" in user)]
    )
    before = [policy._find_action_from_rules(tracker, domain, by_words) for by_words in (True, False)]
    rasa_patches.apply()
    after = [policy._find_action_from_rules(tracker, domain, by_words) for by_words in (True, False)]
    assert [found[0] for found in after] == [found[0] for found in before]
    assert after["text" not in user][0] == "utter_thanks"


@pytest.mark.parametrize("module", COPYING, ids=lambda module: module.__name__)
def test_only_debug_lines_go_without_a_copy(module: ModuleType) -> None:
    def uses(tree: ast.AST) -> list[ast.AST]:
        nodes = [node for node in ast.walk(tree) if isinstance(node, ast.Attribute)]
        return [node for node in nodes if isinstance(node.value, ast.Name) and node.value.id == "copy"]

    tree = ast.parse(inspect.getsource(module))
    lines = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    debug = [node for node in lines if ast.unparse(node.func) == "structlogger.debug"]
    assert uses(tree)
    assert len(uses(tree)) == sum(len(uses(node)) for node in debug)


def test_another_version_of_rasa_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rasa, "__version__", "3.7.0")
    before = RemoteAction._validate_action_result
    assert not rasa_patches.apply()
    assert RemoteAction._validate_action_result is before


@pytest.mark.parametrize("targets", [["sum"], ["sum", "first"], None])
def test_components_run_as_before(targets: list[str] | None) -> None:
    schema = GraphSchema(
        {
            "sum": a_node({"one": "first", "two": "second"}, is_target=True),
            "second": a_node({"one": "first", "again": "first", "given": "input"}),
            "first": a_node({"given": "input"}),
            "unused": a_node({"given": "input"}),
        }
    )
    results = []
    for kind in (DaskGraphRunner, OrderedGraphRunner):
        ran: list[str] = []
        runner = kind(GraphSchema({}), None, ExecutionContext(schema))
        runner._graph_schema = schema
        runner._instantiated_nodes = {name: a_component(name, ran) for name in schema.nodes}
        results.append((runner.run({"input": 3}, targets), sorted(ran)))
        assert ran.index("first") < ran.index("second") < ran.index("sum")
    assert results[0] == results[1]


def a_node(needs: dict[str, str], is_target: bool = False) -> SchemaNode:
    return SchemaNode(needs, GraphComponent, "create", "process", {}, is_target=is_target)


def a_component(name: str, ran: list[str]) -> Callable[..., tuple[str, str]]:
    def component(*given: tuple[str, object]) -> tuple[str, str]:
        ran.append(name)
        return name, f"{name}({dict(given)})"

    return component
