"""Somebody comes back: what changed is asked, the emergency signs first."""

from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import FollowupAction, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.common import Events, interview_of, saved, utter
from actions.open_interview import open_anew
from backsignal.clinical.interview import hear, review
from backsignal.clinical.wording import Reply, say
from backsignal.components.turns import COMPLETE_SLOT, FORM, content, message_of


class Review(Action):
    """Begins a new round of questions; history such as medicines is kept."""

    def name(self) -> str:
        """The action's name in the domain."""
        return "action_review"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> Events:
        """Forget what can have changed, hear what the message says of it, and ask."""
        interview = interview_of(tracker)
        if not interview.asked:
            return open_anew(dispatcher, tracker)
        message = message_of(tracker.latest_message)
        if not interview.concluded:
            hear(interview, content(), message)
            utter(dispatcher, Reply(say(content(), "welcome_back_to_questions")))
            return [saved(interview), FollowupAction(FORM)]
        review(interview, content())
        hear(interview, content(), message)
        utter(dispatcher, Reply(say(content(), "welcome_back")))
        return [saved(interview), SlotSet(COMPLETE_SLOT, None), FollowupAction(FORM)]
