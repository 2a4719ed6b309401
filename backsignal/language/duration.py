"""Durations, severity and age."""

from dataclasses import dataclass
from datetime import date
from pathlib import Path

from backsignal.clinical.findings import Duration
from backsignal.language.patterns import Chart
from backsignal.language.tokens import Token


@dataclass(frozen=True)
class Numbers:
    """What a text says in numbers."""

    duration: Duration | None = None
    severity: int | None = None
    age: int | None = None


class Times:
    """Reads durations."""

    def read(
        self, text: str, tokens: list[Token], sentences: list[tuple[int, int]], chart: Chart, today: date
    ) -> Numbers:
        """All numbers of one text."""
        return Numbers()


def load_times(content: Path) -> Times:
    """Load."""
    return Times()
