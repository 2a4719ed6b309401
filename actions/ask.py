"""Puts the next question of the interview."""

from collections.abc import Iterator
from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.advise import advice_asked
from actions.common import Events, intent_of, interview_of, saved, utter
from actions.hand_over import person_asked_for
from backsignal.clinical.interview import Interview, next_question
from backsignal.clinical.wording import introduce_person, noted, question_reply, say
from backsignal.components.turns import STAGE_SLOT, content

_OFF_TOPIC = ("other_health", "other_topic")
_LEFT_OPEN = ("refused", "unclear")


class AskInterview(Action):
    """Names what was understood, or that it was not, and asks what is still open."""

    def name(self) -> str:
        """Rasa's name for the action that asks for the form's slot."""
        return "action_ask_interview_form_interview_complete"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> Events:
        """Ask, with what the last message brought said first, and what it asked by the way answered."""
        interview = interview_of(tracker)
        before = list(_said_first(interview, intent_of(tracker)))
        aside = advice_asked(tracker, interview) or person_asked_for(tracker, interview)
        asked = next_question(interview, content())
        if interview.partly and asked and not before and not asked.which:
            before = [say(content(), "noted_only")]
        interview.news, interview.unclear, interview.partly = [], False, False
        if aside and asked:
            utter(dispatcher, aside)
        if asked:
            utter(dispatcher, question_reply(asked, content(), before))
        return [saved(interview), SlotSet(STAGE_SLOT, "interview")]


def _said_first(interview: Interview, intent: str) -> Iterator[str]:
    person = interview.record.speaking_for
    if person and person != interview.named:
        interview.named = person
        yield introduce_person(person, content())
    entries = interview.record.entries
    if any(entries[finding].basis in _LEFT_OPEN for finding in interview.news):
        yield say(content(), "left_open")
    elif interview.unclear and interview.asking:
        yield say(content(), intent if intent in _OFF_TOPIC else "not_understood")
    elif named := noted(interview.news, interview.record, content()):
        yield named
