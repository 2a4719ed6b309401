"""A conversation as the web channel shows it, read from the tracker's events.

The tracker is the only place where a conversation is kept: what was answered to a message, what is on
offer and what a reload shows are all read from it, so that any server gives the same answer.
"""

from collections import OrderedDict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any

from rasa.shared.constants import INTENT_MESSAGE_PREFIX
from rasa.shared.core.constants import EXTERNAL_MESSAGE_PREFIX
from rasa.shared.core.events import BotUttered, Event, UserUttered

from backsignal.components.responses import payload_of

Entry = dict[str, Any]
PERSON = "person"
ASSISTANT = "assistant"
# Conversations in memory; another is read from its events.
_KEPT = 256
_SHOWN = ("buttons", "image", "custom")


def entries_of(events: Iterable[Event], before: Sequence[Entry] = ()) -> list[Entry]:
    """What was said, in order, behind what was said `before`; `n` numbers it and stays the same."""
    entries = list(before)
    for event in events:
        entry = _entry(event)
        if entry:
            entries.append({"n": len(entries), "at": _iso(event.timestamp), **entry})
    return entries


class Entries:
    """What was said in conversations that go on: of events that grow only the new ones are read."""

    def __init__(self) -> None:
        self._known: OrderedDict[str, tuple[list[Event], int, list[Entry]]] = OrderedDict()

    def of(self, sender: str, events: list[Event]) -> list[Entry]:
        """What was said in a conversation."""
        source, read, entries = self._known.get(sender, (None, 0, []))
        if source is not events:
            read, entries = 0, []
        entries = entries_of(events[read:], entries)
        self._known[sender] = (events, len(events), entries)
        self._known.move_to_end(sender)
        if len(self._known) > _KEPT:
            self._known.popitem(last=False)
        return entries

    def forget(self, sender: str) -> None:
        """Drop a conversation from memory."""
        self._known.pop(sender, None)


def answer_to(entries: list[Entry], message_id: str) -> list[Entry] | None:
    """A message and what was answered to it; None where the message was never handled."""
    place = next((entry["n"] for entry in entries if entry.get("id") == message_id), None)
    if place is None:
        return None
    later = (entry["n"] for entry in entries[place + 1 :] if entry["from"] == PERSON)
    return entries[place : next(later, len(entries))]


@dataclass(frozen=True)
class OfferedPayloads:
    """The payloads last offered, and whether several of them may be given at once."""

    payloads: frozenset[str] = frozenset()
    multiple: bool = False

    def admits(self, payloads: list[str]) -> bool:
        """Whether the payloads are an answer to what was offered."""
        return bool(payloads) and (self.multiple or len(payloads) == 1) and self.payloads.issuperset(payloads)


def offered(entries: list[Entry]) -> OfferedPayloads:
    """What the assistant offered since the person last spoke."""
    payloads: set[str] = set()
    multiple = False
    for entry in reversed(entries):
        if entry["from"] == PERSON:
            break
        data = payload_of(entry)
        multiple = multiple or bool(data.get("multiple"))
        options = [*(entry.get("buttons") or []), *(data.get("options") or [])]
        payloads.update(option["payload"] for option in options)
    return OfferedPayloads(frozenset(payloads), multiple)


def _entry(event: Event) -> Entry | None:
    if isinstance(event, UserUttered):
        text = event.text or ""
        # These come from the server itself (a reminder, a session start), not from the person.
        if not text or text.startswith((EXTERNAL_MESSAGE_PREFIX, INTENT_MESSAGE_PREFIX)):
            return None
        return {"from": PERSON, "id": event.message_id, "text": text}
    if isinstance(event, BotUttered):
        shown = {key: event.data[key] for key in _SHOWN if event.data.get(key)}
        if not event.text and not shown:
            return None
        return {"from": ASSISTANT, "text": event.text or "", **shown}
    return None


def _iso(timestamp: float) -> str:
    return datetime.fromtimestamp(timestamp, timezone.utc).isoformat(timespec="seconds")
