"""A question back: why is this asked, what does it mean."""

from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.executor import CollectingDispatcher

from actions.common import Events, intent_of, interview_of, utter
from backsignal.clinical.wording import Reply, explain, say
from backsignal.components.turns import content


class Explain(Action):
    """Explains the question that is waiting; the form then puts it again."""

    def name(self) -> str:
        """The action's name in the domain."""
        return "action_explain"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> Events:
        """Say why, or what it means."""
        asking = interview_of(tracker).asking
        what = "why" if intent_of(tracker) == "ask_why" else "meaning"
        if asking is None:
            utter(dispatcher, Reply(say(content(), f"{what}_in_general")))
            return []
        question = content().question(asking.question)
        own = question.why if what == "why" else question.meaning
        findings = [content().findings[finding] for finding in asking.findings]
        text = own or explain(findings, what) or say(content(), f"{what}_in_general")
        utter(dispatcher, Reply(text))
        return []
