"""The end of the questions: the triage result, and the advice that is safe for this person."""

from dataclasses import replace
from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import FollowupAction, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.common import Events, interview_of, saved, utter
from backsignal.clinical.advice import Advice, advise, self_care
from backsignal.clinical.check_in import check_in_phrase, reaches, when
from backsignal.clinical.interview import Interview, is_done, next_question
from backsignal.clinical.red_flags import check
from backsignal.clinical.wording import Reply, advice_reply, say, triage_reply
from backsignal.components.turns import COMPLETE_SLOT, FORM, STAGE_SLOT, content, safe_reply


class Conclude(Action):
    """Says how urgently to be seen and why; then what was asked for, or all self-care that is safe."""

    def name(self) -> str:
        """The action's name in the domain."""
        return "action_conclude"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> Events:
        """Answer with the triage result or the advice, and ask what that advice needs asking."""
        interview = interview_of(tracker)
        if not is_done(interview, content()):
            # An action of the form failed, and Rasa takes the form for done.
            utter(dispatcher, safe_reply())
            return []
        return conclude(dispatcher, interview)


def conclude(dispatcher: CollectingDispatcher, interview: Interview) -> Events:
    """Give the result, or the advice that was waiting for answers; the events that follow."""
    record = interview.record
    if interview.agenda != "advice":
        triage = check(record, content())
        if interview.concluded:
            utter(dispatcher, Reply(say(content(), "result_changed")))
        utter(dispatcher, triage_reply(triage, record, content()))
        interview.told = [reason.rule for reason in triage.reasons]
        advice = [item for item in self_care(record, content()) if _is_news(item, interview)]
    else:
        advice = [advise(content().topics[topic], record, content()) for topic in interview.topics]
    interview.concluded = True
    return _give(dispatcher, interview, advice)


def _is_news(item: Advice, interview: Interview) -> bool:
    """Advice that was given in full is not said again with a second result."""
    return interview.advised.get(item.topic.id) != item.status


def _give(dispatcher: CollectingDispatcher, interview: Interview, advice: list[Advice]) -> Events:
    """Send the advice that is settled; go back to the form for what must be asked before the rest."""
    waiting = [item.topic.id for item in advice if item.status == "ask_first"]
    interview.agenda, interview.topics = "advice", waiting
    more = waiting and next_question(interview, content()) is not None
    said: set[str] = set()
    for item in advice:
        if item.status != "ask_first" or not more:
            once = replace(item, instead=tuple(line for line in item.instead if line not in said))
            utter(dispatcher, advice_reply(once, interview.record, content()))
            said.update(item.instead)
            interview.advised[item.topic.id] = item.status
    events = [saved(interview), SlotSet(COMPLETE_SLOT, None), SlotSet(STAGE_SLOT, "done")]
    if more:
        utter(dispatcher, Reply(say(content(), "before_advice")))
        return [*events, FollowupAction(FORM)]
    utter(dispatcher, _closing(interview))
    return events


def _closing(interview: Interview) -> Reply:
    """What can be asked next, and where the channel allows it whether to ask again in some days."""
    what_else = say(content(), "what_else")
    if not reaches(interview.channel, content()):
        return Reply(what_else, options=_further())
    offer = check_in_phrase(content(), "offer", when=when(interview.channel, content()))
    title = check_in_phrase(content(), "offer_title")
    return Reply(f"{offer}\n\n{what_else}", options=(title, *_further()))


def _further() -> tuple[str, ...]:
    """Titles of the topics on request, as buttons."""
    topics = [topic.title for topic in content().topics.values() if topic.information]
    return (*topics, say(content(), "talk_to_a_person"))
