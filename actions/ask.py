"""Puts the next question of the interview."""

from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.common import Events, intent_of, interview_of, saved, utter
from backsignal.clinical.interview import Interview, next_question
from backsignal.clinical.wording import noted, question_reply, say
from backsignal.components.turns import STAGE_SLOT, content

_OFF_TOPIC = ("other_health", "other_topic")


class AskInterview(Action):
    """Names what was understood, or that it was not, and asks what is still open."""

    def name(self) -> str:
        """Rasa's name for the action that asks for the form's slot."""
        return "action_ask_interview_form_interview_complete"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> Events:
        """Ask, with what the last message brought said first."""
        interview = interview_of(tracker)
        before = _said_first(interview, intent_of(tracker))
        asked = next_question(interview, content())
        interview.news, interview.unclear = [], False
        if asked:
            utter(dispatcher, question_reply(asked, content(), before))
        return [saved(interview), SlotSet(STAGE_SLOT, "interview")]


def _said_first(interview: Interview, intent: str) -> list[str]:
    if interview.unclear and interview.asking:
        return [say(content(), intent if intent in _OFF_TOPIC else "not_understood")]
    named = noted(interview.news, interview.record, content())
    return [named] if named else []
