"""A clock that tests move: what happens tomorrow or in six weeks, seen now."""

import time
from pathlib import Path

from backsignal.components.clock import SHIFT_VARIABLE

# Longer than a day with the hours added in which nobody is written to.
NEXT_DAY = 1.6


class Days:
    """The clock, by the file that the server reads."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "shift"
        self._days = 0.0
        self.add(0)

    @property
    def setting(self) -> dict[str, str]:
        """The environment of a server that goes by this clock."""
        return {SHIFT_VARIABLE: str(self._path)}

    def now(self) -> float:
        """The time by this clock, in seconds."""
        return time.time() + self._days * 86_400

    def add(self, days: float) -> None:
        """Let days pass."""
        self._days += days
        # Written beside and renamed, so that a server never reads half of it.
        draft = self._path.with_suffix(".draft")
        draft.write_text(str(self._days * 86_400))
        draft.replace(self._path)
