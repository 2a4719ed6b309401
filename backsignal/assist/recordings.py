"""Recorded calls that can be played into the console: the scenario files that are marked for it."""

from pathlib import Path

import yaml
from pydantic import BaseModel

RECORDINGS = Path(__file__).resolve().parents[2] / "scenarios" / "calls"


class RecordedTurn(BaseModel):
    """One turn, and how many seconds into the call it begins."""

    role: str
    text: str
    started: float


class Recording(BaseModel):
    """A call to play."""

    id: str
    title: str
    turns: list[RecordedTurn]


def recordings(folder: Path) -> dict[str, Recording]:
    """The recorded calls of a folder of scenarios, by their file's name."""
    found = {}
    for path in sorted(folder.glob("*.yml")):
        scenario = yaml.safe_load(path.read_text(encoding="utf-8"))
        if scenario.get("recording"):
            turns = [_turn(step) for step in scenario["steps"] if "caller" in step or "agent" in step]
            found[path.stem] = Recording(id=path.stem, title=scenario["title"], turns=turns)
    return found


def _turn(step: dict[str, object]) -> RecordedTurn:
    role = "caller" if "caller" in step else "agent"
    return RecordedTurn(role=role, text=str(step[role]), started=float(str(step["at"])))
