"""A question about heat, ice, massage, exercise, medicines, causes and the like, at any time."""

from dataclasses import replace
from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import FollowupAction, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.common import Events, has_run, intent_of, interview_of, introduce, saved, utter
from actions.open_interview import go_on
from backsignal.clinical.advice import advise
from backsignal.clinical.content import Topic
from backsignal.clinical.interview import Interview, hear, next_question
from backsignal.clinical.wording import Reply, advice_reply, say
from backsignal.components.turns import COMPLETE_SLOT, FORM, content, message_of

_PREFIX = "ask_"
_NAME = "action_advise"


class Advise(Action):
    """Answers with the topic that the intent names: in full, shortly, or why not."""

    def name(self) -> str:
        """The action's name in the domain."""
        return _NAME

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> Events:
        """Advise; go on with the questions where the message told something besides."""
        interview = interview_of(tracker)
        topic = content().topics[intent_of(tracker).removeprefix(_PREFIX)]
        if tracker.active_loop.get("name"):
            utter(dispatcher, _reply(topic, interview))
            return []
        introduce(dispatcher, tracker)
        told = hear(interview, content(), message_of(tracker.latest_message)).outcome == "answered"
        if interview.concluded:
            return _after_the_result(dispatcher, interview, topic)
        if told:
            utter(dispatcher, replace(_reply(topic, interview), text=topic.brief))
            return go_on(dispatcher, interview)
        utter(dispatcher, _reply(topic, interview))
        if advise(topic, interview.record, content()).status == "ask_first":
            utter(dispatcher, Reply(say(content(), "tell_me_first")))
        return [saved(interview)]


def advice_asked(tracker: Tracker, interview: Interview) -> Reply | None:
    """What a message asks by the way that also answers the question, and that nothing has answered yet."""
    topic = content().topics.get(intent_of(tracker).removeprefix(_PREFIX))
    if topic is None or not interview.news or has_run(tracker, _NAME):
        return None
    return _reply(topic, interview)


def _reply(topic: Topic, interview: Interview) -> Reply:
    return advice_reply(advise(topic, interview.record, content()), interview.record, content())


def _after_the_result(dispatcher: CollectingDispatcher, interview: Interview, topic: Topic) -> Events:
    """Advise in full, once what bears on it was asked; a message that changes the result gives that first."""
    if interview.agenda == "triage":
        return go_on(dispatcher, interview)
    interview.agenda, interview.topics = "advice", [topic.id]
    waits = advise(topic, interview.record, content()).status == "ask_first"
    if waits and next_question(interview, content()) is not None:
        utter(dispatcher, Reply(say(content(), "before_advice")))
        return [saved(interview), SlotSet(COMPLETE_SLOT, None), FollowupAction(FORM)]
    utter(dispatcher, _reply(topic, interview))
    return [saved(interview)]
