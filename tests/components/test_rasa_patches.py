"""The patches do what Rasa does, only once."""

import pytest
import rasa
from jsonschema import ValidationError
from rasa.core.actions.action import RemoteAction
from rasa.shared.core.events import Event, SlotSet
from rasa.shared.utils.common import all_subclasses

from backsignal.components import rasa_patches


@pytest.fixture(autouse=True)
def _restored() -> object:
    before = RemoteAction._validate_action_result, Event.resolve_by_type
    yield
    RemoteAction._validate_action_result, Event.resolve_by_type = before[0], staticmethod(before[1])


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


def test_every_event_type_is_found_as_before() -> None:
    types = {cls.type_name for cls in all_subclasses(Event)}
    before = {name: Event.resolve_by_type(name) for name in types}
    rasa_patches.apply()
    assert {name: Event.resolve_by_type(name) for name in types} == before
    assert Event.resolve_by_type("slot") is SlotSet
    with pytest.raises(ValueError, match="Unknown event"):
        Event.resolve_by_type("no such event")


def test_another_version_of_rasa_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rasa, "__version__", "3.7.0")
    before = RemoteAction._validate_action_result
    assert not rasa_patches.apply()
    assert RemoteAction._validate_action_result is before
