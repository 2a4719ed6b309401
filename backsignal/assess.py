"""Reads texts offline, one JSON object a line, with the same language layer and rules as the chat."""

import json
import sys
from collections.abc import Iterable
from datetime import date
from typing import IO, Any

from tqdm import tqdm

from backsignal.clinical.content import Content
from backsignal.clinical.findings import Mention, Reading, Status
from backsignal.clinical.interview import Interview, Message, hear
from backsignal.clinical.levels import Level
from backsignal.clinical.red_flags import supported
from backsignal.clinical.wording import reason_payload
from backsignal.language.reader import Reader


def assess_lines(lines: Iterable[bytes], out: IO[str], today: date | None = None) -> int:
    """Assess each line of the input and write a line for it; returns the exit status.

    A malformed line gets an error on its own line, and the status is 1.
    """
    content, reader = Content.load(), Reader.load()
    status = 0
    for line in tqdm(lines, unit=" texts", disable=not sys.stderr.isatty(), file=sys.stderr):
        if not line.strip():
            continue
        try:
            told = _as_json(_assess_line(line, content, reader, today or date.today()))
        except (ValueError, RecursionError) as error:
            told, status = _as_json({"id": None, "error": str(error)}), 1
        out.write(told + "\n")
    return status


def _assess_line(line: bytes, content: Content, reader: Reader, today: date) -> dict[str, Any]:
    try:
        row = json.loads(line.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise ValueError(f"not a line of JSON: {error}") from error
    if not isinstance(row, dict) or not isinstance(row.get("text"), str) or "id" not in row:
        raise ValueError('a line is an object with "id" and "text", and the text is a string')
    return {"id": row["id"], **assess(row["text"], content, reader, today)}


def _as_json(result: dict[str, Any]) -> str:
    """A result as a line. Raises ValueError or RecursionError where an id is nothing that JSON can say."""
    line = json.dumps(result, ensure_ascii=False, allow_nan=False)
    # Half of a surrogate pair has no bytes of its own; it goes out as it came in, as \\ud800.
    return line.encode("utf-8", "backslashreplace").decode("utf-8")


def assess(text: str, content: Content, reader: Reader, today: date) -> dict[str, Any]:
    """What a text supports: level, findings, duration, reasons, and what is to be asked first."""
    reading = reader.read(text, today=today)
    interview = heard(text, reading, content)
    triage = supported(interview.record, content)
    return {
        "level": triage.level.value,
        "findings": [_finding(mention) for mention in reading.mentions if _concerns(mention, content)],
        "ask_first": _ask_first(reading, interview, content),
        "duration": {"days": reading.duration.days, "text": reading.duration.text}
        if reading.duration
        else None,
        "reasons": [reason_payload(reason, interview.record, content) for reason in triage.reasons],
    }


def heard(text: str, reading: Reading, content: Content) -> Interview:
    """An interview in which nothing was said but a text."""
    interview = Interview()
    hear(interview, content, Message(id="", text=text, at="", reading=reading))
    return interview


def _concerns(mention: Mention, content: Content) -> bool:
    """Whether a finding bears on the urgency: not one that only the advice asks about."""
    return all(mention.finding not in question.findings for question in content.advice_questions) or any(
        mention.finding in question.findings for question in content.triage_questions
    )


def _finding(mention: Mention) -> dict[str, Any]:
    return {
        "id": mention.finding,
        "status": mention.status.value,
        "text": mention.text,
        "start": mention.start,
        "end": mention.end,
        "side": mention.side,
    }


def _ask_first(reading: Reading, interview: Interview, content: Content) -> list[str]:
    """Emergency findings that are suspected, or that the text is unsure of, and that it does not report."""
    unsure = [m.finding for m in reading.mentions if m.status is Status.UNCERTAIN]
    emergencies = [
        f
        for f in (*unsure, *interview.suspected)
        if f in content.findings and content.findings[f].level is Level.EMERGENCY
    ]
    present = {m.finding for m in reading.mentions if m.status is Status.PRESENT}
    return [f for f in dict.fromkeys(emergencies) if f not in present]
