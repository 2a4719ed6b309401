"""The person wants to talk to somebody."""

import secrets
from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.executor import CollectingDispatcher

from actions.common import Events, interview_of, introduce, saved, utter
from backsignal.clinical.interview import Interview
from backsignal.clinical.note import handover
from backsignal.components.turns import content

# Without letters and digits that are mistaken for each other when read out.
_ALPHABET = "ACDEFHJKMNPRTWXY3479"


class HandOver(Action):
    """Gives the clinic's telephone and hours, and a note with a reference that can be read out."""

    def name(self) -> str:
        """The action's name in the domain."""
        return "action_hand_over"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> Events:
        """Hand over."""
        interview = interview_of(tracker)
        introduce(dispatcher, tracker)
        utter(dispatcher, handover(interview, reference_of(interview), content()))
        return [saved(interview)]


def reference_of(interview: Interview) -> str:
    """The interview's reference, made at first need."""
    if interview.reference is None:
        interview.reference = "-".join("".join(secrets.choice(_ALPHABET) for _ in range(4)) for _ in range(2))
    return interview.reference
