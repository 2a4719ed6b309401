"""What the audit says of a call: each change that bears on the level, what was known then, and why."""

from datetime import datetime
from typing import Any

from backsignal.assist.call import Call, Event
from backsignal.clinical.evidence import findings_of, reasons_of
from backsignal.stores.audit import Told


def told(call: Call, event: Event) -> Told | None:
    """What the audit says of an event that was taken in just now; None where no level hangs on it."""
    if event.kind == "said":
        change = _turn(call, event.data["turn"]["id"])
    elif event.kind == "corrected":
        change = _turn(call, event.data["turn"])
    elif event.kind in ("ticked", "numbered", "completed"):
        change = event.data
    else:
        return None
    triage = call.triage()
    data = {
        "at": event.at,
        "by": event.by,
        "change": event.kind,
        **change,
        "findings": findings_of(call.record().dict()),
        "told": "triage",
        "level": triage.level.value,
        "supported": call.supported().level.value,
        "reasons": reasons_of(triage),
    }
    return Told(datetime.fromisoformat(event.at).timestamp(), call.content.clinical.version, data)


def _turn(call: Call, turn_id: str) -> dict[str, Any]:
    index = call.index(turn_id)
    turn = call.turns[index]
    reading = turn.understood.reading or {}
    return {
        "turn": turn.id,
        "role": turn.role,
        "question": _question(call, index) if turn.role == "caller" else None,
        "said": turn.text,
        "read": not turn.understood.failed,
        "reading": {key: it for key, it in reading.items() if it},
        "asks": turn.understood.asks.dict(exclude_defaults=True) if turn.understood.asks else {},
    }


def _question(call: Call, index: int) -> dict[str, Any] | None:
    """What an agent had asked last before a turn, as far as it was understood."""
    for turn in reversed(call.turns[:index]):
        if turn.understood.failed:
            return None
        asks = turn.understood.asks
        if asks and not asks.keeps_open:
            asked = {"findings": [item.finding for item in asks.asked], "measures": asks.measures}
            return {"turn": turn.id, **asked} if any(asked.values()) else None
    return None
