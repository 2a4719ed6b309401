"""Takes in what a person answers while the interview form is running."""

from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.common import Events, intent_of, interview_of, saved
from backsignal.clinical.interview import hear, is_done
from backsignal.components.turns import COMPLETE_SLOT, RETURN_INTENT, content, message_of


class ValidateInterviewForm(Action):
    """Hears the message; a side question sets nothing, so that the form steps aside for the rules."""

    def name(self) -> str:
        """The action's name in the domain."""
        return "validate_interview_form"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> Events:
        """Enter the answer; complete the form where nothing is left to ask."""
        interview, message = interview_of(tracker), message_of(tracker.latest_message)
        if message.id == interview.heard:
            return []
        if interview.concluded and intent_of(tracker) == RETURN_INTENT:
            return []
        heard = hear(interview, content(), message)
        if heard.outcome == "unclear" and message.aside:
            return []
        events = [saved(interview)]
        if is_done(interview, content()):
            events.append(SlotSet(COMPLETE_SLOT, True))
        return events
