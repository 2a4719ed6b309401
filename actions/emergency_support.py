"""Everything said after an emergency was found: help until the person is seen, and nothing that distracts."""

from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import FollowupAction, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.common import Events, intent_of, interview_of, saved, utter
from actions.hand_over import reference_of
from backsignal.clinical.interview import Interview, confirms_mistake, hear, withdraw
from backsignal.clinical.note import handover
from backsignal.clinical.red_flags import supported
from backsignal.clinical.wording import Reply, emergency_options, emergency_text, listed, say
from backsignal.components.turns import COMPLETE_SLOT, EMERGENCY_SLOT, FORM, content, message_of

_TAKES_BACK = ("correct", "start_over")
_ASKS_BACK = ("ask_why", "ask_meaning")
_SAID_AFTER = {"affirm": "go_now", "thanks": "go_now", "goodbye": "go_now", "deny": "if_wrong_say"}


class EmergencySupport(Action):
    """Stays with the emergency; takes it back only after an explicit confirmation."""

    def name(self) -> str:
        """The action's name in the domain."""
        return "action_emergency_support"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> Events:
        """Answer what helps now."""
        interview, message = interview_of(tracker), message_of(tracker.latest_message)
        standing = _standing(interview)
        confirmed = message.text == say(content(), "yes_mistake")
        if interview.withdrawing and (confirmed or confirms_mistake(interview, content(), message)):
            withdraw(interview, content(), message)
            return _after_withdrawal(dispatcher, interview)
        heard = hear(interview, content(), message)
        insists = interview.withdrawing and message.reading.answer in ("yes", "no")
        mistaken = intent_of(tracker) in _TAKES_BACK or message.text == say(content(), "got_it_wrong")
        if heard.contradicts or (mistaken and not insists):
            interview.withdrawing = list(heard.contradicts or standing)
            utter(dispatcher, _confirmation(interview))
        else:
            interview.withdrawing = []
            utter(dispatcher, _support(interview, intent_of(tracker), message.text))
        return [saved(interview)]


def _after_withdrawal(dispatcher: CollectingDispatcher, interview: Interview) -> Events:
    if _standing(interview):
        utter(dispatcher, _stay(interview))
        return [saved(interview)]
    utter(dispatcher, Reply(say(content(), "withdrawn")))
    events = [saved(interview), SlotSet(EMERGENCY_SLOT, None), SlotSet(COMPLETE_SLOT, None)]
    return [*events, FollowupAction(FORM)]


def _standing(interview: Interview) -> tuple[str, ...]:
    return supported(interview.record, content()).emergency_findings


def _confirmation(interview: Interview) -> Reply:
    names = [content().findings[finding].name for finding in interview.withdrawing]
    do = emergency_text(_standing(interview), content()).do.format(**content().clinic.facts())
    text = say(content(), "confirm_withdrawal", findings=listed(names, content()), do=do)
    return Reply(text, options=(say(content(), "yes_mistake"), say(content(), "no_true")))


def _support(interview: Interview, intent: str, text: str) -> Reply:
    if intent == "request_human":
        return handover(interview, reference_of(interview), content())
    wording = emergency_text(_standing(interview), content())
    facts = content().clinic.facts()
    on_the_way, tell = wording.on_the_way.format(**facts), wording.tell.format(**facts)
    if text == say(content(), "what_until_then"):
        return _with_help(on_the_way)
    if text == say(content(), "what_to_tell"):
        return _with_help(tell)
    if intent in _ASKS_BACK:
        return _with_help(f"{wording.do.format(**facts)} {wording.why.format(**facts)}")
    if intent == "ask_emergency_help":
        return _with_help(f"{wording.do.format(**facts)}\n\n{on_the_way}\n\n{tell}")
    topic = content().topics.get(intent.removeprefix("ask_"))
    if topic and topic.contraindications:
        return _with_help(f"{say(content(), 'no_self_care_now')} {wording.do.format(**facts)}")
    return _stay(interview, _SAID_AFTER.get(intent, "still_here"))


def _stay(interview: Interview, phrase: str = "still_here") -> Reply:
    wording = emergency_text(_standing(interview), content())
    return _with_help(f"{wording.do.format(**content().clinic.facts())} {say(content(), phrase)}")


def _with_help(text: str) -> Reply:
    return Reply(text, options=emergency_options(content()))
