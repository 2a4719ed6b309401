"""A question about heat, ice, massage, exercise, medicines, causes and the like, at any time."""

from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import FollowupAction, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.common import Events, intent_of, interview_of, saved, utter
from backsignal.clinical.advice import advise
from backsignal.clinical.interview import next_question
from backsignal.clinical.wording import Reply, advice_reply, say
from backsignal.components.turns import COMPLETE_SLOT, FORM, content

_PREFIX = "ask_"


class Advise(Action):
    """Answers with the topic that the intent names: in full, shortly, or why not."""

    def name(self) -> str:
        """The action's name in the domain."""
        return "action_advise"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> Events:
        """Advise; where only contraindications are open, ask about them next."""
        interview = interview_of(tracker)
        topic = content().topics[intent_of(tracker).removeprefix(_PREFIX)]
        advice = advise(topic, interview.record, content())
        if tracker.active_loop.get("name") or advice.status != "ask_first":
            utter(dispatcher, advice_reply(advice, interview.record, content()))
            return []
        if not topic.information and not interview.concluded:
            utter(dispatcher, advice_reply(advice, interview.record, content()))
            utter(dispatcher, Reply(say(content(), "tell_me_first")))
            return []
        interview.agenda, interview.topics = "advice", [topic.id]
        interview.heard = tracker.latest_message.get("message_id")
        if next_question(interview, content()) is None:
            utter(dispatcher, advice_reply(advice, interview.record, content()))
            return []
        utter(dispatcher, Reply(say(content(), "before_advice")))
        return [saved(interview), SlotSet(COMPLETE_SLOT, None), FollowupAction(FORM)]
