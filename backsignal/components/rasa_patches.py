"""The two places where Rasa 3.6.21 does the same work again on every turn and has no setting against it.

Each answer of an action is checked against a schema, and the schema itself is checked each time: a fifth of a
turn. Each stored event is read by looking through all event classes for its type: a fourteenth. Both are done
once here. On another version of Rasa nothing is changed.
"""

from functools import lru_cache
from typing import Any

import rasa
from jsonschema import Draft7Validator
from rasa.core.actions.action import RemoteAction
from rasa.shared.core.events import Event

PATCHED_VERSION = "3.6.21"
_resolve = Event.resolve_by_type


def apply() -> bool:
    """Apply both where the version is the one they were written for; says whether it did."""
    if rasa.__version__ != PATCHED_VERSION:
        return False
    RemoteAction._validate_action_result = _validate_action_result
    Event.resolve_by_type = staticmethod(_resolved)
    return True


@lru_cache(maxsize=1)
def _validator() -> Draft7Validator:
    return Draft7Validator(RemoteAction.action_response_format_spec())


def _validate_action_result(_: RemoteAction, result: dict[str, Any]) -> bool:
    _validator().validate(result)
    return True


@lru_cache(maxsize=256)
def _resolved(type_name: str, default: type[Event] | None = None) -> type[Event] | None:
    found: type[Event] | None = _resolve(type_name, default)
    return found
