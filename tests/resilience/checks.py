"""What must hold of conversations, whatever happened: nothing lost, doubled, out of order or mixed up."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from backsignal.clinical.red_flags import supported
from backsignal.components.turns import INTERVIEW_SLOT, content, interview_from_slot
from tests.resilience.patients import Conversation, words_in


@dataclass
class Stored:
    """A conversation as the database has it."""

    user_ids: list[str]
    words: set[str]
    record: dict[str, str]
    level: str


def stored_in(engine: sa.engine.Engine) -> dict[str, Stored]:
    """All conversations in a database, by sender."""
    rows: dict[str, list[dict[str, Any]]] = {}
    with engine.connect() as connection:
        for sender, data in connection.execute(sa.text("SELECT sender_id, data FROM events ORDER BY id")):
            rows.setdefault(sender, []).append(json.loads(data))
    return {sender: _stored(events) for sender, events in rows.items()}


def _stored(events: list[dict[str, Any]]) -> Stored:
    slots = [it["value"] for it in events if it["event"] == "slot" and it["name"] == INTERVIEW_SLOT]
    record = interview_from_slot(slots[-1] if slots else None).record
    return Stored(
        [it["message_id"] for it in events if it["event"] == "user" and it.get("text")],
        words_in(json.dumps(events)),
        {finding: entry.value.value for finding, entry in record.entries.items()},
        supported(record, content()).level.value,
    )


def wrong_in_store(conversation: Conversation, stored: Stored | None) -> Iterator[str]:
    if stored is None:
        yield f"{conversation.word} is not in the store"
        return
    acknowledged = [it.id for it in conversation.tries if it.acknowledged]
    counted = Counter(stored.user_ids)
    yield from (f"{it} was lost" for it in acknowledged if not counted[it])
    yield from (f"{it} is stored {times} times" for it, times in counted.items() if times > 1)
    # Ids grow with each message and each new try.
    if list(counted) != sorted(counted):
        yield f"{conversation.word} is out of order: {stored.user_ids}"


def strange_words(conversation: Conversation) -> Iterator[str]:
    for attempt in conversation.tries:
        strange = words_in(json.dumps(attempt.answers)) - {conversation.word}
        if strange:
            yield f"{attempt.id} was answered with words of {strange}"
