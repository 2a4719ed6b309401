"""The patches do what Rasa does, only once."""

import ast
import inspect
from collections.abc import Callable, Iterator
from types import ModuleType

import pytest
import rasa
from jsonschema import ValidationError
from rasa.core import processor
from rasa.core.actions import forms
from rasa.core.actions.action import RemoteAction
from rasa.core.policies import rule_policy
from rasa.engine.graph import ExecutionContext, GraphComponent, GraphSchema, SchemaNode
from rasa.engine.runner.dask import DaskGraphRunner
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import Event, SlotSet
from rasa.shared.utils.common import all_subclasses

from backsignal.components import rasa_patches
from backsignal.components.rasa_patches import OrderedGraphRunner
from tests.conftest import PROJECT

COPYING = (processor, forms, rule_policy)


@pytest.fixture(autouse=True)
def _restored() -> Iterator[None]:
    before = RemoteAction._validate_action_result, Event.resolve_by_type
    is_empty, copies = Domain.is_empty, [module.copy for module in COPYING]
    yield
    for module, copy in zip(COPYING, copies, strict=True):
        module.copy = copy
    RemoteAction._validate_action_result, Event.resolve_by_type = before[0], staticmethod(before[1])
    Domain.is_empty = is_empty
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
