"""The person wants to talk to somebody."""

import secrets
from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.executor import CollectingDispatcher

from actions.common import Events, has_run, intent_of, interview_of, introduce, saved, utter
from backsignal.clinical.interview import Interview, hear
from backsignal.clinical.note import handover
from backsignal.clinical.wording import Reply
from backsignal.components.turns import content, message_of

# Without letters and digits that are mistaken for each other when read out.
_ALPHABET = "ACDEFHJKMNPRTWXY3479"
_INTENT = "request_human"
_NAME = "action_hand_over"


class HandOver(Action):
    """Gives the clinic's telephone and hours, and a note with a reference that can be read out."""

    def name(self) -> str:
        """The action's name in the domain."""
        return _NAME

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> Events:
        """Hand over, with what the message told besides."""
        interview = interview_of(tracker)
        hear(interview, content(), message_of(tracker.latest_message))
        introduce(dispatcher, tracker)
        utter(dispatcher, handover(interview, reference_of(interview), content()))
        return [saved(interview)]


def person_asked_for(tracker: Tracker, interview: Interview) -> Reply | None:
    """The note, where a message asks for somebody besides answering the question, and has not got it yet."""
    if intent_of(tracker) != _INTENT or not interview.news or has_run(tracker, _NAME):
        return None
    return handover(interview, reference_of(interview), content())


def reference_of(interview: Interview) -> str:
    """The interview's reference, made at first need."""
    if interview.reference is None:
        interview.reference = "-".join("".join(secrets.choice(_ALPHABET) for _ in range(4)) for _ in range(2))
    return interview.reference
