"""A call as its readers get it: plain data of the product's contract."""

import logging
from collections.abc import Callable
from typing import Any, TypeVar

from backsignal.assist.call import Call
from backsignal.assist.listening import Turn
from backsignal.assist.note import note_text
from backsignal.assist.suggest import next_question
from backsignal.clinical.advice import Advice, self_care
from backsignal.clinical.levels import Level
from backsignal.clinical.record import Value
from backsignal.clinical.red_flags import Reason, open_always
from backsignal.clinical.wording import emergency_text, reason_payload

# What is told to the caller besides advice: what to do now, and the signs to watch for.
BESIDES = ("action", "safety_net")
logger = logging.getLogger(__name__)
_STATUS = {Value.PRESENT: "present", Value.ABSENT: "absent", Value.UNKNOWN: "unsure"}
Made = TypeVar("Made")


def snapshot(call: Call) -> dict[str, Any]:
    """The whole call."""
    return {**state(call), "turns": [turn_view(turn, call) for turn in call.turns]}


def since(call: Call, version: int) -> dict[str, Any]:
    """The state of the call with the turns that are new or corrected since a version."""
    turns = [turn_view(turn, call) for turn in call.turns if call.changed[turn.id] > version]
    return {**state(call), "turns": turns}


def state(call: Call) -> dict[str, Any]:
    """Everything but the turns; its size does not grow with the call.

    A part that cannot be made is null and named in `failed`: the rest is shown all the same.
    """
    known: dict[str, Any] | None = call.memo.get("state")
    if known is None:
        known = call.memo["state"] = _state(call)
    return known


def _state(call: Call) -> dict[str, Any]:
    failed: list[str] = []

    def safely(part: str, make: Callable[[Call], Made]) -> Made | None:
        try:
            return make(call)
        except Exception as error:
            # What was said may stand in the error: only its kind is logged.
            logger.error("assist.view.failed part=%s error=%s", part, type(error).__name__)
            failed.append(part)
            return None

    parts = {
        "checklist": safely("checklist", checklist),
        "next_question": safely("next_question", question_view),
        "triage": safely("triage", triage_view),
        "emergency": safely("emergency", emergency_view),
        "advice": safely("advice", advice_view),
        "numbers": safely("numbers", numbers_view),
        "note": safely("note", note_text),
    }
    return {
        "id": call.id,
        "version": call.version,
        "owner": call.owner_name,
        "opened_at": call.opened_at,
        "closed_at": call.closed_at,
        "speaking_for": call.speaking_for,
        "remarks": call.remarks,
        "said": {part: at for part, at in call.advised.items() if part in BESIDES},
        "last_turn": call.turns[-1].id if call.turns else None,
        **parts,
        "failed": failed,
    }


def turn_view(turn: Turn, call: Call) -> dict[str, Any]:
    """One turn; `number` grows in the order of coming in, `asks` are the findings that it asks about."""
    asks = turn.understood.asks
    return {
        "id": turn.id,
        "number": call.numbered[turn.id],
        "role": turn.role,
        "text": turn.text,
        "at": turn.at,
        "by": turn.by,
        "started": turn.started,
        "segment": turn.segment,
        "corrected": turn.corrected,
        "read": not turn.understood.failed,
        "asks": [asked.finding for asked in asks.asked] if asks else [],
        "version": call.changed[turn.id],
    }


def checklist(call: Call) -> list[dict[str, Any]]:
    """A line for each finding, by group."""
    order = {group: place for place, group in enumerate(call.content.groups)}
    findings = sorted(call.content.clinical.findings.values(), key=lambda finding: order[finding.group])
    return [_row(finding.id, call) for finding in findings]


def _row(finding_id: str, call: Call) -> dict[str, Any]:
    finding, record = call.content.clinical.findings[finding_id], call.record()
    entry, machine, tick = (
        record.entries.get(finding_id),
        call.machine(finding_id),
        call.ticks.get(finding_id),
    )
    value = record.value(finding_id, call.content.clinical)
    if value is not Value.UNKNOWN or entry:
        status = _STATUS[value]
    else:
        status = "asked" if machine.asked else "not_asked"
    return {
        "finding": finding_id,
        "label": call.content.terms[finding_id],
        "say": call.content.singles[finding_id],
        "group": finding.group,
        "group_title": call.content.groups[finding.group],
        "level": finding.level.value if finding.level else None,
        "always": finding.ask_always,
        "status": status,
        "asked": machine.asked,
        "quote": call.quote(finding_id),
        "side": entry.side if entry else None,
        "by": entry.by if entry else None,
        "machine": {
            "status": _STATUS[machine.entry.value] if machine.entry else None,
            "quote": machine.entry.quote if machine.entry else "",
            "turn": call.source(finding_id),
        },
        "tick": {"status": tick.status, "by": tick.by, "at": tick.at, "because": tick.because}
        if tick
        else None,
        "contradicted": machine.contradicted if tick is None else None,
        "suspected": finding_id in call.suspected,
        "overridden": call.is_overridden(finding_id),
        "newer_than_tick": call.tick_is_older(finding_id),
        "version": call.row_version(finding_id),
    }


def question_view(call: Call) -> dict[str, Any] | None:
    """The one next question."""
    question = next_question(call)
    if question is None:
        return None
    return {
        "id": question.id,
        "findings": list(question.findings),
        "text": question.text,
        "why": question.why,
        "kind": question.kind,
        "asked": question.asked,
    }


def triage_view(call: Call) -> dict[str, Any]:
    """The level to act on if the call ended now, the level by what was said alone, and why."""
    triage, record = call.triage(), call.record()
    clinical = call.content.clinical
    facts = clinical.clinic.facts()
    return {
        "level": triage.level.value,
        "label": call.content.levels[triage.level],
        "supported": call.supported().level.value,
        "supported_label": call.content.levels[call.supported().level],
        "highest": call.highest.value,
        "final": triage.final,
        "open": len(open_always(record, clinical)),
        "all": sum(finding.ask_always for finding in clinical.findings.values()),
        "reasons": [_reason(reason, call) for reason in triage.reasons],
        "say": clinical.replies.levels[triage.level].format(**facts),
        "safety_net": [item.text.format(**facts) for item in clinical.replies.safety_net],
        "content_version": call.content_version,
        "history": [{"at": at, "level": level.value} for at, level in call.levels],
    }


def _reason(reason: Reason, call: Call) -> dict[str, Any]:
    payload = reason_payload(reason, call.record(), call.content.clinical)
    why = call.content.why_unknown.get(reason.rule)
    return {**payload, "why": why} if why else payload


def emergency_view(call: Call) -> dict[str, Any] | None:
    """What to do and say in an emergency, None where it is none."""
    triage = call.triage()
    if triage.level is not Level.EMERGENCY:
        return None
    clinical = call.content.clinical
    facts = clinical.clinic.facts()
    wording = emergency_text(triage.emergency_findings, clinical)
    return {
        "call": wording.call.format(**facts),
        "do": wording.do.format(**facts),
        "why": wording.why.format(**facts),
        "until_then": wording.on_the_way.format(**facts),
        "tell": wording.tell.format(**facts),
    }


def advice_view(call: Call) -> list[dict[str, Any]]:
    """Each self-care topic: may it be read out, and if not, why."""
    return [_advice(advice, call) for advice in self_care(call.record(), call.content.clinical)]


def _advice(advice: Advice, call: Call) -> dict[str, Any]:
    topic = advice.topic
    offered = advice.status == "offered"
    return {
        "topic": topic.id,
        "title": topic.title,
        "status": advice.status,
        "because": [call.content.terms[finding] for finding in advice.because],
        "instead": list(advice.instead),
        "say": [item.text for item in topic.do] if offered else [],
        "movements": [f"{m.name}: {m.how} {m.times}" for m in topic.movements] if offered else [],
        "dont": [item.text for item in topic.dont] if offered else [],
        "stop_if": list(topic.stop_if) if offered else [],
        "given": call.advised.get(topic.id),
    }


def numbers_view(call: Call) -> dict[str, Any]:
    """Age, days of pain and severity, with the words behind them."""
    numbers = call.record().numbers
    return {
        measure: {
            "value": number.value,
            "quote": number.quote,
            "by": "agent" if measure in call.numbers else "machine",
        }
        for measure, number in numbers.items()
    }


def summary(call: Call) -> dict[str, Any]:
    """One line of the list of calls."""
    return {
        "id": call.id,
        "owner": call.owner_name,
        "opened_at": call.opened_at,
        "closed_at": call.closed_at,
        "version": call.version,
        "turns": len(call.turns),
        "level": call.triage().level.value,
        "supported": call.supported().level.value,
        "open": len(open_always(call.record(), call.content.clinical)),
    }
