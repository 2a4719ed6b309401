"""What the chat would do with each labelled message: the level, and what it would ask first."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from backsignal.assess import assess
from backsignal.clinical.content import Content
from backsignal.clinical.levels import Level
from backsignal.language.reader import Reader
from evaluation.measure import day_of

_RANK = {level.value: level.rank for level in Level}


@dataclass
class Triaged:
    """Counts over labelled messages, and those that went wrong."""

    emergencies: int = 0
    by_level: int = 0
    by_question: int = 0
    others: int = 0
    false_emergencies: int = 0
    needless_questions: int = 0
    under_triaged: int = 0
    missed: list[str] = field(default_factory=list)
    cried_wolf: list[str] = field(default_factory=list)

    def rates(self) -> dict[str, float]:
        """Shares by name."""
        emergencies, others = max(self.emergencies, 1), max(self.others, 1)
        return {
            "emergencies caught": (self.by_level + self.by_question) / emergencies,
            "emergencies caught by level": self.by_level / emergencies,
            "false emergencies": self.false_emergencies / others,
            "needless questions first": self.needless_questions / others,
            "under-triage (level below the label)": self.under_triaged / (emergencies + others),
        }


def triage_all(rows: Iterable[dict[str, Any]], reader: Reader, content: Content) -> Triaged:
    """Assess each labelled row."""
    counts = Triaged()
    for row in rows:
        told = assess(row["text"], content, reader, day_of(row))
        counts.under_triaged += _RANK[told["level"]] < _RANK[row["level"]] and not told["ask_first"]
        if row["level"] == Level.EMERGENCY.value:
            _emergency(counts, row, told)
        else:
            _other(counts, row, told)
    return counts


def _emergency(counts: Triaged, row: dict[str, Any], told: dict[str, Any]) -> None:
    counts.emergencies += 1
    if told["level"] == Level.EMERGENCY.value:
        counts.by_level += 1
    elif set(told["ask_first"]) & {*row["present"], *row["uncertain"]}:
        counts.by_question += 1
    else:
        counts.missed.append(f"{row['id']} {row['text']}")


def _other(counts: Triaged, row: dict[str, Any], told: dict[str, Any]) -> None:
    counts.others += 1
    if told["level"] == Level.EMERGENCY.value:
        counts.false_emergencies += 1
        findings = [finding for reason in told["reasons"] for finding in reason["findings"]]
        counts.cried_wolf.append(f"{row['id']} {row['text']} {findings}")
    elif told["ask_first"]:
        counts.needless_questions += 1
