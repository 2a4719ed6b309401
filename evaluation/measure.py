"""Measures the language layer on labelled messages: a table and the misses.

python evaluation/measure.py evaluation/development/*.jsonl [--misses] [--brief] [--only ID]
"""

import argparse
import json
import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from backsignal.assess import heard
from backsignal.clinical.content import Content
from backsignal.clinical.findings import Reading
from backsignal.clinical.levels import Level
from backsignal.clinical.red_flags import supported
from backsignal.language.reader import Reader

STATUSES = ("present", "absent", "past", "hypothetical", "other_person", "uncertain")
_RANK = {"present": 0, "uncertain": 1, "absent": 2, "past": 3, "hypothetical": 4, "other_person": 5}
# Conditions that only the advice step asks for; the sets label none of them.
_UNLABELLED = frozenset(
    [
        "numb_skin",
        "poor_circulation",
        "broken_skin",
        "fresh_injury",
        "heart_condition",
        "medicine_patch",
        "raynaud",
        "leg_clot",
        "stomach_ulcer",
        "kidney_liver_heart_disease",
        "nsaid_allergy",
        "asthma",
    ]
)
_DEFAULT_DAY = date(2026, 11, 22)


@dataclass
class Score:
    """Hits and errors of one finding and status."""

    hit: int = 0
    false: int = 0
    missed: int = 0

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall; 1 where nothing was there to find."""
        total = 2 * self.hit + self.false + self.missed
        return 2 * self.hit / total if total else 1.0

    def __str__(self) -> str:
        precision = self.hit / (self.hit + self.false) if self.hit + self.false else 1.0
        recall = self.hit / (self.hit + self.missed) if self.hit + self.missed else 1.0
        counts = f"(n={self.hit + self.missed}, false={self.false})"
        return f"P {precision:.3f}  R {recall:.3f}  F1 {self.f1:.3f}  {counts}"


@dataclass
class Result:
    """All counts over the sets."""

    status: dict[str, Score] = field(default_factory=lambda: {s: Score() for s in STATUSES})
    finding: dict[tuple[str, str], Score] = field(default_factory=dict)
    numbers: dict[str, list[int]] = field(
        default_factory=lambda: {k: [0, 0] for k in ("duration", "severity", "age")}
    )
    emergencies: list[int] = field(default_factory=lambda: [0, 0])
    false_emergencies: list[int] = field(default_factory=lambda: [0, 0])
    misses: list[str] = field(default_factory=list)
    seconds: float = 0.0
    texts: int = 0


def statuses(reading: Reading) -> dict[str, str]:
    """Each finding's weightiest status in a reading."""
    best: dict[str, str] = {}
    for mention in reading.mentions:
        if mention.finding in _UNLABELLED:
            continue
        status = mention.status.value
        if mention.finding not in best or _RANK[status] < _RANK[best[mention.finding]]:
            best[mention.finding] = status
    return best


def is_emergency(text: str, reading: Reading, content: Content) -> bool:
    """Whether a text by itself reaches the level emergency."""
    return supported(heard(text, reading, content).record, content).level is Level.EMERGENCY


def day_of(row: dict[str, Any]) -> date:
    """The day on which a message was written."""
    return date.fromisoformat(row["today"]) if row.get("today") else _DEFAULT_DAY


def measure(reader: Reader, content: Content, rows: Iterable[dict[str, Any]]) -> Result:
    """Read all rows and compare."""
    result = Result()
    for row in rows:
        today = day_of(row)
        begin = time.perf_counter()
        reading = reader.read(row["text"], today=today)
        result.seconds += time.perf_counter() - begin
        result.texts += 1
        wrong = _findings(result, row, reading, content) if "present" in row else []
        if "duration_days" in row:
            wrong += _numbers(result, row, reading)
        if wrong:
            result.misses.append(f"{row['id']} {row['text']}\n      " + "; ".join(wrong))
    return result


def _findings(result: Result, row: dict[str, Any], reading: Reading, content: Content) -> list[str]:
    said = statuses(reading)
    wrong: list[str] = []
    for status in STATUSES:
        expected = set(row.get(status) or ())
        found = {finding for finding, told in said.items() if told == status}
        for finding in expected | found:
            score = result.finding.setdefault((finding, status), Score())
            for each in (score, result.status[status]):
                each.hit += finding in expected and finding in found
                each.false += finding not in expected
                each.missed += finding not in found
            if finding not in expected:
                words = next(
                    m.text for m in reading.mentions if m.finding == finding and m.status.value == status
                )
                wrong.append(f"+{finding}:{status} ({words!r})")
            elif finding not in found:
                wrong.append(f"-{finding}:{status}")
    if row.get("level"):
        emergency, truly = is_emergency(row["text"], reading, content), row["level"] == "emergency"
        counts = result.emergencies if truly else result.false_emergencies
        counts[0] += emergency
        counts[1] += 1
        if emergency != truly:
            wrong.insert(0, "MISSED EMERGENCY" if truly else "FALSE EMERGENCY")
    return wrong


def _numbers(result: Result, row: dict[str, Any], reading: Reading) -> list[str]:
    wrong: list[str] = []
    expected, found = row["duration_days"], reading.duration
    right = (expected is None) == (found is None)
    if right and found is not None:
        right = abs(found.days - expected) <= max(row.get("tolerance_days") or 0, 0.5)
    pairs = [("duration", right, expected, found)]
    pairs += [
        (key, getattr(reading, key) == row[key], row[key], getattr(reading, key))
        for key in ("severity", "age")
        if key in row
    ]
    for key, fine, want, got in pairs:
        result.numbers[key][0] += fine
        result.numbers[key][1] += 1
        if not fine:
            wrong.append(f"{key}: want {want}, got {got} (today {row.get('today')})")
    return wrong


def table(result: Result, per_finding: bool = True) -> str:
    """The result as text."""
    lines = [f"{status:<13} {score}" for status, score in result.status.items()]
    if per_finding:
        for (finding, status), score in sorted(result.finding.items(), key=lambda item: item[1].f1):
            if status in {"present", "absent"} and score.false + score.missed:
                lines.append(f"  {finding:<28} {status:<8} {score}")
    for name, (hit, total) in result.numbers.items():
        if total:
            lines.append(f"{name:<13} {hit}/{total} = {hit / total:.3f}")
    for name, (hit, total) in {
        "emergencies": result.emergencies,
        "false emerg.": result.false_emergencies,
    }.items():
        if total:
            lines.append(f"{name:<13} {hit}/{total} = {hit / total:.3f}")
    lines.append(
        f"time          {1000 * result.seconds / max(result.texts, 1):.2f} ms a text, {result.texts} texts"
    )
    return "\n".join(lines)


def rows_of(paths: Iterable[Path]) -> list[dict[str, Any]]:
    """All rows of JSON Lines files."""
    return [
        json.loads(line) for path in paths for line in path.read_text(encoding="utf-8").splitlines() if line
    ]


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sets", nargs="+", type=Path)
    parser.add_argument("--misses", action="store_true", help="list every message that is read wrongly")
    parser.add_argument("--brief", action="store_true", help="no lines for single findings")
    parser.add_argument("--only", help="list only misses that name this")
    options = parser.parse_args()
    reader, content = Reader.load(), Content.load()
    for path in options.sets:
        rows = rows_of([path])
        result = measure(reader, content, rows)
        kinds = Counter(str(row.get("kind")) for row in rows)
        print(f"== {path.name}: {len(rows)} texts {dict(kinds.most_common(6))}")  # noqa: T201
        print(table(result, per_finding=not options.brief))  # noqa: T201
        if options.misses or options.only:
            for miss in result.misses:
                if not options.only or options.only in miss.split("\n")[1]:
                    print("  -", miss)  # noqa: T201


if __name__ == "__main__":
    main()
