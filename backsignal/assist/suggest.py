"""The one next question: what an agent should ask now, in words to say, and why."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from backsignal.assist.call import Call
from backsignal.assist.content import CallContent
from backsignal.clinical.advice import self_care
from backsignal.clinical.content import Question
from backsignal.clinical.levels import Level
from backsignal.clinical.record import Record

# sure: something was suspected; ask: on the list; number: an age or a duration; advice: before advice.
Kind = Literal["sure", "ask", "number", "advice"]


@dataclass(frozen=True)
class Suggestion:
    """A question to ask: its id, the findings it settles, what to say, why, and what kind it is."""

    id: str
    findings: tuple[str, ...]
    text: str
    why: str
    kind: Kind
    asked: bool


def next_question(call: Call) -> Suggestion | None:
    """What to ask now; None in an emergency, and when all is asked."""
    if call.supported().level is Level.EMERGENCY:
        return None
    for finding in call.suspected:
        return _about((finding,), "sure", call)
    record, content = call.record(), call.content
    for question in content.clinical.triage_questions:
        suggestion = _of(question, record, call, "ask")
        if suggestion:
            return suggestion
    return _before_advice(record, call)


def _of(question: Question, record: Record, call: Call, kind: Kind) -> Suggestion | None:
    content = call.content
    if question.only_if and not record.meets(question.only_if, content.clinical):
        return None
    still = [f for f in question.findings if record.is_open(f, content.clinical)]
    if question.measure:
        if question.measure in record.numbers or not still:
            return None
        asked = any(call.machine(finding).asked for finding in still)
        text, why = content.measures[question.measure], question.why or content.number_why
        return Suggestion(question.id, tuple(still), text, why, "number", asked)
    return _about(_breath(still, content), kind, call) if still else None


def _breath(still: list[str], content: CallContent) -> tuple[str, ...]:
    """As many of the open findings as are asked in one breath, the first among them."""
    for together in content.together:
        if still[0] in together.findings and set(together.findings) <= set(still):
            return tuple(together.findings)
    return (still[0],)


def _about(findings: tuple[str, ...], kind: Kind, call: Call) -> Suggestion:
    content = call.content
    known = content.clinical.findings[findings[0]]
    together = next((item.say for item in content.together if tuple(item.findings) == findings), None)
    return Suggestion(
        id="+".join(findings),
        findings=findings,
        text=together or content.singles[findings[0]],
        why=known.why,
        kind=kind,
        asked=all(call.machine(finding).asked for finding in findings) and kind != "sure",
    )


def _before_advice(record: Record, call: Call) -> Suggestion | None:
    clinical = call.content.clinical
    wanted = _open_for_advice(record, call)
    for question in clinical.advice_questions:
        still = [f for f in question.findings if f in wanted and record.is_open(f, clinical)]
        if still:
            return _about(_breath(still, call.content), "advice", call)
    return None


def _open_for_advice(record: Record, call: Call) -> set[str]:
    decided: Iterable[tuple[str, ...]] = (
        advice.because for advice in self_care(record, call.content.clinical) if advice.status == "ask_first"
    )
    return {finding for because in decided for finding in because}
