"""A person tells what happened while no interview is running."""

from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import FollowupAction, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.common import Events, interview_of, introduce, saved, utter
from actions.conclude import conclude
from backsignal.clinical.interview import Interview, Message, comes_back, hear, is_done, review
from backsignal.clinical.wording import Reply, noted, say
from backsignal.components.turns import COMPLETE_SLOT, FORM, content, message_of


class OpenInterview(Action):
    """Hears the story, says what Backsignal is if that was not said yet, and starts the questions."""

    def name(self) -> str:
        """The action's name in the domain."""
        return "action_open_interview"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> Events:
        """Hear, then go on to the form, or to the conclusion where nothing is left to ask."""
        interview = interview_of(tracker)
        if interview.concluded:
            return _after_conclusion(dispatcher, interview, message_of(tracker.latest_message))
        return open_anew(dispatcher, tracker)


def open_anew(dispatcher: CollectingDispatcher, tracker: Tracker) -> Events:
    """Hear the story of somebody who has no result yet, and ask."""
    interview = interview_of(tracker)
    introduce(dispatcher, tracker)
    hear(interview, content(), message_of(tracker.latest_message))
    return go_on(dispatcher, interview)


def _after_conclusion(dispatcher: CollectingDispatcher, interview: Interview, message: Message) -> Events:
    if comes_back(interview, content(), message):
        utter(dispatcher, Reply(say(content(), "welcome_back")))
        review(interview, content())
        hear(interview, content(), message)
        return go_on(dispatcher, interview)
    heard = hear(interview, content(), message)
    if heard.outcome == "unclear":
        utter(dispatcher, Reply(say(content(), "anything_else")))
        return [saved(interview)]
    named = noted(heard.entered, interview.record, content())
    if named:
        utter(dispatcher, Reply(named))
    return go_on(dispatcher, interview)


def go_on(dispatcher: CollectingDispatcher, interview: Interview) -> Events:
    """Ask what is open; conclude where nothing is."""
    if is_done(interview, content()):
        return conclude(dispatcher, interview)
    return [saved(interview), SlotSet(COMPLETE_SLOT, None), FollowupAction(FORM)]
