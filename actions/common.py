"""What all custom actions share: the interview out of the tracker, replies into the dispatcher."""

from typing import Any

from rasa_sdk import Tracker
from rasa_sdk.events import SlotSet
from rasa_sdk.executor import CollectingDispatcher

from backsignal.clinical.interview import Interview
from backsignal.clinical.wording import Reply, say
from backsignal.components.turns import INTERVIEW_SLOT, content, interview_from_slot, interview_to_slot

Events = list[dict[str, Any]]


def interview_of(tracker: Tracker) -> Interview:
    """The interview as the tracker holds it."""
    interview = interview_from_slot(tracker.get_slot(INTERVIEW_SLOT))
    interview.channel = tracker.get_latest_input_channel()
    return interview


def saved(interview: Interview) -> dict[str, Any]:
    """The event that stores the interview."""
    event: dict[str, Any] = SlotSet(INTERVIEW_SLOT, interview_to_slot(interview))
    return event


def intent_of(tracker: Tracker) -> str:
    """The intent of the latest message, empty where it has none."""
    return (tracker.latest_message.get("intent") or {}).get("name") or ""


def has_run(tracker: Tracker, action: str) -> bool:
    """Whether an action has run since the person's latest message."""
    for event in reversed(tracker.events):
        if event["event"] == "user":
            return False
        if event["event"] == "action" and event["name"] == action:
            return True
    return False


def introduce(dispatcher: CollectingDispatcher, tracker: Tracker) -> None:
    """Say what Backsignal is, where nothing was said yet."""
    if not any(event["event"] == "bot" for event in tracker.events):
        utter(dispatcher, Reply(say(content(), "introduction")))


def utter(dispatcher: CollectingDispatcher, reply: Reply) -> None:
    """Send one reply of the core: text, buttons and payload."""
    dispatcher.utter_message(
        text=reply.text,
        buttons=[{"title": title, "payload": title} for title in reply.options],
        json_message={"data": reply.data} if reply.data else None,
    )
