"""The time that schedules go by."""

import os
import time
from pathlib import Path

# A file with a number of seconds to add to the time: for tests and demonstrations of what happens in a week.
SHIFT_VARIABLE = "BACKSIGNAL_CLOCK_SHIFT_FILE"


def now() -> float:
    """Seconds since the epoch."""
    path = os.environ.get(SHIFT_VARIABLE)
    return time.time() + (float(Path(path).read_text(encoding="ascii")) if path else 0)
