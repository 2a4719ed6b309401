"""The check-in: agreed to at the end of a triage, asked when it is due, ended when the person wishes."""

from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import FollowupAction, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.common import Events, interview_of, saved, utter
from backsignal.clinical.check_in import check_in_phrase, reaches, when
from backsignal.clinical.interview import begin_check_in
from backsignal.clinical.wording import Reply, say
from backsignal.components import clock
from backsignal.components.turns import AGREED, CHECK_IN_SLOT, COMPLETE_SLOT, FORM, STOPPED, content


class AgreeToCheckIn(Action):
    """The person wants to be asked again. The channel's server sees the slot and writes the schedule."""

    def name(self) -> str:
        """The action's name in the domain."""
        return "action_agree_to_check_in"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> Events:
        """Say when, where the channel can do it."""
        channel = tracker.get_latest_input_channel()
        if not reaches(channel, content()):
            utter(dispatcher, Reply(check_in_phrase(content(), "cannot")))
            return []
        utter(dispatcher, Reply(check_in_phrase(content(), "agreed", when=when(channel, content()))))
        return [SlotSet(CHECK_IN_SLOT, AGREED)]


class StopCheckIns(Action):
    """The person does not want to be asked any more."""

    def name(self) -> str:
        """The action's name in the domain."""
        return "action_stop_check_ins"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> Events:
        """End the schedule."""
        utter(dispatcher, Reply(check_in_phrase(content(), "stopped")))
        return [SlotSet(CHECK_IN_SLOT, STOPPED)]


class CheckIn(Action):
    """A check-in is due: the emergency signs first, then better, the same or worse."""

    def name(self) -> str:
        """The action's name in the domain."""
        return "action_check_in"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> Events:
        """Begin the questions; where the last ones were left open, go on with those."""
        interview = interview_of(tracker)
        interview.heard = tracker.latest_message.get("message_id")
        utter(dispatcher, Reply(check_in_phrase(content(), "hello")))
        if interview.concluded:
            begin_check_in(interview, content(), clock.now())
        return [saved(interview), SlotSet(COMPLETE_SLOT, None), FollowupAction(FORM)]


class CheckInReminder(Action):
    """The check-in was not answered: the form puts its question once more after this."""

    def name(self) -> str:
        """The action's name in the domain."""
        return "action_check_in_reminder"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> Events:
        """Say that it is the last time."""
        utter(dispatcher, Reply(check_in_phrase(content(), "reminder")))
        if not tracker.active_loop.get("name"):
            utter(dispatcher, Reply(say(content(), "anything_else")))
        return []
