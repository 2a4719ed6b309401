"""Plays the scenarios of scenarios/calls/ against the pure core, without a server."""

from datetime import date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
import yaml

from backsignal.assist.call import Call, Event, Kind, NeedsReasonError, StaleError
from backsignal.assist.content import CallContent
from backsignal.assist.listening import Turn
from backsignal.assist.note import note_text
from backsignal.assist.suggest import next_question
from backsignal.assist.understanding import Understanding
from backsignal.assist.view import checklist
from backsignal.clinical.levels import Level

CALLS = Path(__file__).resolve().parents[2] / "scenarios" / "calls"
TODAY = date(2026, 11, 22)
_BEGINNING = datetime(2026, 11, 22, 9, 0, tzinfo=timezone.utc)


class Play:
    """One call as it is played."""

    def __init__(self, content: CallContent, understanding: Understanding) -> None:
        self.events: list[Event] = []
        self.call = Call("5c1e0a7d3f2b4c68", content)
        self._understanding = understanding
        opened = {"owner": "jo", "owner_name": "Jo", "content_version": content.clinical.version}
        self.happen("opened", opened)

    def happen(self, kind: Kind, data: dict[str, Any]) -> None:
        """Let something happen, and the change of level that follows."""
        self._add(kind, data)
        level = self.call.supported().level
        if level is not (self.call.level or Level.SELF_CARE):
            self._add("level", {"level": level.value})

    def _add(self, kind: Kind, data: dict[str, Any]) -> None:
        event = Event(seq=len(self.events) + 1, kind=kind, at=self._now(), by="jo", name="Jo", data=data)
        self.call.apply(event)
        self.events.append(event)

    def _now(self) -> str:
        return (_BEGINNING + timedelta(seconds=7 * len(self.events))).isoformat(timespec="milliseconds")

    def say(self, role: str, text: str, started: float | None = None, segment: str | None = None) -> None:
        """A turn."""
        spoken = {"role": role, "text": text, "started": started, "segment": segment}
        turn = Turn.parse_obj({**spoken, "id": f"t{len(self.events)}", "at": self._now(), "by": "Jo"})
        self.happen("said", self._understanding.said(self.call, turn, TODAY))

    def correct(self, segment: str, text: str) -> None:
        """The correction of a segment."""
        turn = self.call.segment(segment)
        assert turn
        self.happen("corrected", self._understanding.corrected(self.call, turn.id, text, TODAY))

    def tick(self, finding: str, status: Any, because: Any = None, version: int | None = None) -> None:
        """An agent's tick."""
        self.happen("ticked", self.call.plan_tick(finding, status, because, version))

    def step(self, step: dict[str, Any], timed: bool) -> None:
        """One step of a scenario; `timed` where its times are those of the turns."""
        if "tick" in step:
            if "refused" in step:
                with pytest.raises(_ERRORS[step["refused"]]):
                    self.tick(**step["tick"])
            else:
                self.tick(**step["tick"])
        elif "correct" in step:
            self.correct(**step["correct"])
        else:
            role = "caller" if "caller" in step else "agent"
            self.say(role, step[role], step.get("at") if timed else None, step.get("segment"))
        check(self.call, step.get("expect", {}), str(step))


_ERRORS = {"needs_reason": NeedsReasonError, "stale": StaleError}


def check(call: Call, expected: dict[str, Any], where: str) -> None:
    """Compare a call with what a scenario expects of it."""
    rows = {row["finding"]: row for row in checklist(call)}
    for status in ("present", "absent", "unsure", "asked"):
        if status not in expected:
            continue
        found = {finding for finding, row in rows.items() if row["status"] == status}
        wanted = set(expected[status])
        assert wanted <= found if wanted else not found, f"{where}: {status} is {sorted(found)}"
    if "level" in expected:
        assert call.supported().level.value == expected["level"], f"{where}: {call.supported().level.value}"
    if "acting" in expected:
        assert call.triage().level.value == expected["acting"], f"{where}: {call.triage().level.value}"
    if "next" in expected:
        question = next_question(call)
        findings = list(question.findings) if question else None
        assert findings == expected["next"], f"{where}: next is {findings}"
    if "speaking_for" in expected:
        assert call.speaking_for == expected["speaking_for"], where
    for measure, value in expected.get("numbers", {}).items():
        known = {name: number.value for name, number in call.record().numbers.items()}
        assert known.get(measure) == value, f"{where}: {known}"
    for finding, side in expected.get("side", {}).items():
        assert rows[finding]["side"] == side, where
    note = note_text(call)
    for words in expected.get("note", []):
        assert words in note, f"{where}: the note is\n{note}"


def scenario(path: Path) -> dict[str, Any]:
    """A scenario file."""
    loaded: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return loaded
