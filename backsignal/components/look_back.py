"""What a turn looks back on of a long conversation. Rasa's work on a turn grows with it.

Rasa's own limit drops the oldest events one by one, and with them that a form is active: from then on its
rules see a conversation that never was, and a side question is answered with a loop of failures.
"""

from collections.abc import Sequence

from rasa.shared.core.constants import ACTION_LISTEN_NAME
from rasa.shared.core.events import (
    ActionExecuted,
    ActiveLoop,
    AllSlotsReset,
    Event,
    SessionStarted,
    SlotSet,
)

# About two turns at least, and twice as many before the oldest are left out again: Rasa replays all of them
# several times a turn.
_LEAST, MOST = 24, 48


def looked_back_on(events: Sequence[Event]) -> list[Event]:
    """The session's latest turns, whole, behind the slots and the form as they stood when these began."""
    begin = _last(events, SessionStarted)
    start = len(events) - _LEAST
    while start > begin and not _is_listening(events[start]):
        start -= 1
    if start <= begin:
        return list(events[begin:])
    before = events[begin:start]
    # What a person took back by starting over stays taken back.
    since = before[_last(before, AllSlotsReset) :]
    slots = {event.key: event for event in since if isinstance(event, SlotSet)}
    loop = [event for event in before if isinstance(event, ActiveLoop)][-1:]
    return [*slots.values(), *loop, *events[start:]]


def _last(events: Sequence[Event], kind: type[Event]) -> int:
    places = (place for place in range(len(events) - 1, -1, -1) if isinstance(events[place], kind))
    return next(places, 0)


def _is_listening(event: Event) -> bool:
    return isinstance(event, ActionExecuted) and event.action_name == ACTION_LISTEN_NAME
