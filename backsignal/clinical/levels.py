"""How urgently to be seen."""

from collections.abc import Iterable
from enum import Enum


class Level(str, Enum):
    """Triage levels, from the lowest to the highest."""

    SELF_CARE = "self_care"
    SOON = "soon"
    URGENT = "urgent"
    EMERGENCY = "emergency"

    @property
    def rank(self) -> int:
        """Position in the order of urgency, 0 the lowest."""
        return _ORDER[self]


_ORDER = {level: rank for rank, level in enumerate(Level)}


def highest(levels: Iterable[Level]) -> Level:
    """The most urgent of the levels; self-care where there is none."""
    return max(levels, key=lambda level: level.rank, default=Level.SELF_CARE)
