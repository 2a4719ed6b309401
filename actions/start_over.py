"""The person wants to begin again."""

from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import AllSlotsReset
from rasa_sdk.executor import CollectingDispatcher

from actions.common import Events, utter
from backsignal.clinical.wording import Reply, say
from backsignal.components.turns import content


class StartOver(Action):
    """Forgets the answers given so far and opens anew."""

    def name(self) -> str:
        """The action's name in the domain."""
        return "action_start_over"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> Events:
        """Reset all slots, and leave the form."""
        utter(dispatcher, Reply(say(content(), "introduction")))
        dispatcher.utter_message(response="utter_ask_what_happened")
        return [AllSlotsReset(), {"event": "active_loop", "name": None}]
