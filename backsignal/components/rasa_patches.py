"""The places where Rasa 3.6.21 does the same work again on every turn and has no setting against it.

Each answer of an action is checked against a schema, and the schema itself is checked each time: a fifth of a
turn. The schema is checked once here, and what our own process answered needs no check. Each stored event is
read by looking through all event classes for its type. Each message, and each prediction, has the graph of
components ordered anew and written into a log line that nobody asked for. For each message an empty domain is
made, to see that ours is not. What goes into debug lines is copied, whether such lines are written or not.
Rules are looked for that go by a message's words, of which there are none. On another version of Rasa nothing
is changed.
"""

from contextlib import nullcontext
from functools import lru_cache
from graphlib import TopologicalSorter
from typing import Any, TypeVar

import rasa
from jsonschema import Draft7Validator
from rasa.core import processor
from rasa.core.actions import forms
from rasa.core.actions.action import RemoteAction
from rasa.core.policies import rule_policy
from rasa.core.policies.rule_policy import RULES, RulePolicy
from rasa.engine.constants import PLACEHOLDER_MESSAGE
from rasa.engine.runner.dask import DaskGraphRunner
from rasa.shared.core.constants import USER
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import Event
from rasa.shared.core.trackers import DialogueStateTracker
from rasa.shared.nlu.constants import TEXT

from backsignal.components.action_endpoint import InProcessActions
from backsignal.telemetry.stages import stage

PATCHED_VERSION = "3.6.21"
_resolve = Event.resolve_by_type
_find_action = RulePolicy._find_action_from_rules
Component = TypeVar("Component")


class _AsItIs:
    """Stands for the module `copy` where only debug lines use it: they are written at once."""

    @staticmethod
    def deepcopy(value: Any) -> Any:
        """The value itself."""
        return value


class OrderedGraphRunner(DaskGraphRunner):
    """Runs the components one after another, in an order that is worked out once for each target."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._orders: dict[tuple[str, ...], list[tuple[str, tuple[str, ...]]]] = {}

    def run(self, inputs: dict[str, Any] | None = None, targets: list[str] | None = None) -> dict[str, Any]:
        """The outputs of the targets. Raises what a component raises."""
        wanted = tuple(targets or self._graph_schema.target_names)
        outputs: dict[str, Any] = dict(inputs or {})
        with nullcontext() if PLACEHOLDER_MESSAGE in outputs else stage("policies"):
            for name, needs in self._order(wanted):
                given = [(need, outputs[need]) for need in needs]
                outputs[name] = self._instantiated_nodes[name](*given)[1]
        return {name: outputs[name] for name in wanted}

    def component(self, kind: type[Component]) -> Component | None:
        """The component of a kind, where the pipeline has one."""
        components = (node._component for node in self._instantiated_nodes.values())
        return next((component for component in components if isinstance(component, kind)), None)

    def _order(self, targets: tuple[str, ...]) -> list[tuple[str, tuple[str, ...]]]:
        if targets not in self._orders:
            nodes = self._graph_schema.minimal_graph_schema(list(targets)).nodes
            needs = {name: tuple(dict.fromkeys(node.needs.values())) for name, node in nodes.items()}
            order = TopologicalSorter(needs).static_order()
            self._orders[targets] = [(name, needs[name]) for name in order if name in needs]
        return self._orders[targets]


def apply() -> bool:
    """Apply them where the version is the one they were written for; says whether it did."""
    if rasa.__version__ != PATCHED_VERSION:
        return False
    RemoteAction._validate_action_result = _validate_action_result
    Event.resolve_by_type = staticmethod(_resolved)
    Domain.is_empty = _is_empty
    processor.DaskGraphRunner = OrderedGraphRunner
    RulePolicy._find_action_from_rules = _found_action
    processor.copy = forms.copy = rule_policy.copy = _AsItIs
    return True


@lru_cache(maxsize=1)
def _validator() -> Draft7Validator:
    return Draft7Validator(RemoteAction.action_response_format_spec())


def _validate_action_result(action: RemoteAction, result: dict[str, Any]) -> bool:
    if not isinstance(action.action_endpoint, InProcessActions):
        _validator().validate(result)
    return True


@lru_cache(maxsize=1)
def _nothing() -> dict[str, Any]:
    data: dict[str, Any] = Domain.empty().as_dict()
    return data


def _is_empty(domain: Domain) -> bool:
    return bool(domain.as_dict() == _nothing())


@lru_cache(maxsize=256)
def _resolved(type_name: str, default: type[Event] | None = None) -> type[Event] | None:
    found: type[Event] | None = _resolve(type_name, default)
    return found


def _found_action(
    policy: RulePolicy, tracker: DialogueStateTracker, domain: Domain, use_text_for_last_user_input: bool
) -> tuple[str | None, str | None, bool]:
    if use_text_for_last_user_input and not any(map(_has_words, policy.lookup[RULES])):
        return None, None, False
    found: tuple[str | None, str | None, bool] = _find_action(
        policy, tracker, domain, use_text_for_last_user_input
    )
    return found


@lru_cache(maxsize=1024)
def _has_words(rule: str) -> bool:
    return any(TEXT in state.get(USER, {}) for state in RulePolicy._rule_key_to_state(rule))
