"""What the audit says of a message: question, answer, reading, what was known then, the level and why."""

from collections.abc import Sequence
from datetime import datetime, timezone
from itertools import dropwhile
from typing import Any

from rasa.shared.core.events import BotUttered, Event, UserUttered
from rasa.shared.core.trackers import DialogueStateTracker

from backsignal.clinical.evidence import findings_of, reasons_of, record_of
from backsignal.clinical.red_flags import supported
from backsignal.components import clock
from backsignal.components.responses import payload_of
from backsignal.components.turns import INTERVIEW_SLOT, READING_KEY, content
from backsignal.stores.audit import Told


def told(tracker: DialogueStateTracker, new: Sequence[Event]) -> Told | None:
    """What a turn's new events say of a message, and the tracker after them; None without a message."""
    message = next((event for event in new if isinstance(event, UserUttered)), None)
    if message is None:
        return None
    findings = findings_of((tracker.get_slot(INTERVIEW_SLOT) or {}).get("record") or {})
    record = record_of(findings)
    record.forget_unknown(content())
    payloads = [payload_of(event.data) for event in new if isinstance(event, BotUttered)]
    results = [payload for payload in payloads if payload.get("type") in ("emergency", "triage")]
    result = results[-1] if results else {}
    triage = supported(record, content())
    reasons = reasons_of(triage)
    if result.get("type") == "triage":
        reasons = [{"rule": it["rule"], "findings": it["findings"]} for it in result["reasons"]]
    data = {
        "at": datetime.fromtimestamp(message.timestamp, timezone.utc).isoformat(timespec="seconds"),
        "question": _question(tracker, message),
        "answer": message.text,
        "reading": {key: it for key, it in (message.parse_data.get(READING_KEY) or {}).items() if it},
        "findings": findings,
        "told": result.get("type"),
        "level": result.get("level", triage.level.value),
        "reasons": reasons,
    }
    return Told(clock.now(), content().version, data)


def _question(tracker: DialogueStateTracker, message: UserUttered) -> dict[str, Any] | None:
    """The question that the person had before them when they wrote."""
    before = dropwhile(lambda event: event is not message, reversed(tracker.events))
    next(before, None)
    for event in before:
        if isinstance(event, UserUttered):
            return None
        payload = payload_of(event.data) if isinstance(event, BotUttered) else {}
        if payload.get("type") == "question":
            return {"id": payload["id"], "findings": payload["findings"]}
    return None
