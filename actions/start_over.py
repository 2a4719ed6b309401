"""The person wants to begin again."""

from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import AllSlotsReset
from rasa_sdk.executor import CollectingDispatcher

from actions.common import Events


class StartOver(Action):
    """Forgets the answers given so far and opens anew."""

    def name(self) -> str:
        """The action's name in the domain."""
        return "action_start_over"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> Events:
        """Reset all slots, and leave the form."""
        dispatcher.utter_message(response="utter_welcome")
        return [AllSlotsReset(), {"event": "active_loop", "name": None}]
