"""Counts what comes of a turn: results by level, emergencies, and what was not understood."""

from collections.abc import Iterable

from rasa.shared.core.events import ActionExecuted, BotUttered, Event, SlotSet, UserUttered

from backsignal.clinical.levels import Level
from backsignal.components.emergency_policy import ANSWER
from backsignal.components.responses import payload_of
from backsignal.components.turns import ANSWERING, INTERVIEW_SLOT
from backsignal.telemetry import metrics

_NOT_UNDERSTOOD = "utter_not_understood"
_EMERGENCY = "emergency"
for _level in Level:
    metrics.triages.labels(_level.value)


def count(new: Iterable[Event]) -> None:
    """Count a turn by its new events, once they are stored."""
    intent, unclear, emergency = None, False, 0
    for event in new:
        if isinstance(event, UserUttered):
            intent = (event.intent or {}).get("name") or ""
            metrics.messages.labels(event.input_channel or "none").inc()
        elif isinstance(event, BotUttered):
            emergency -= count_result(payload_of(event.data))
        elif isinstance(event, ActionExecuted):
            unclear = unclear or event.action_name == _NOT_UNDERSTOOD
            emergency += event.action_name == ANSWER
        elif isinstance(event, SlotSet) and event.key == INTERVIEW_SLOT:
            # What does not try to answer is no answer that was not understood.
            unclear = unclear or (intent in ANSWERING and bool((event.value or {}).get("unclear")))
    if unclear:
        metrics.not_understood.inc()
    if emergency > 0:
        # Rasa swallows what goes wrong in an answer.
        metrics.emergencies_failed.inc()


def count_result(payload: dict[str, object]) -> bool:
    """Count a result; says whether it is an emergency."""
    kind, level = payload.get("type"), payload.get("level")
    if kind in ("triage", _EMERGENCY):
        metrics.triages.labels(Level(level).value).inc()
    if kind == _EMERGENCY:
        metrics.emergencies.inc()
    return kind == _EMERGENCY
