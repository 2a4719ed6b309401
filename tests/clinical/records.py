"""Builds records for the tests of the core."""

from collections.abc import Mapping

from backsignal.clinical.content import Content, Measure
from backsignal.clinical.record import Basis, Entry, Number, Record, Value

# Everything that can be known of one finding, each with how much it may count: unknown is never absent.
STATES = ("absent", "open", "refused", "unsure", "long_standing", "present")


def entry(state: str) -> Entry | None:
    """The entry for a state, None where nothing was asked or said."""
    bases: dict[str, tuple[Value, Basis]] = {
        "absent": (Value.ABSENT, "answered"),
        "refused": (Value.UNKNOWN, "refused"),
        "unsure": (Value.UNKNOWN, "unsure"),
        "present": (Value.PRESENT, "told"),
        "long_standing": (Value.PRESENT, "told"),
    }
    if state == "open":
        return None
    value, basis = bases[state]
    return Entry(value=value, basis=basis, quote=state, at="", long_standing=state == "long_standing")


def record(
    content: Content,
    states: Mapping[str, str] | None = None,
    numbers: Mapping[Measure, float] | None = None,
    rest: str = "absent",
) -> Record:
    """A record where the named findings are in the given states and all others in `rest`."""
    wanted = dict.fromkeys(content.findings, rest) | dict(states or {})
    entries = {finding: made for finding, state in wanted.items() if (made := entry(state))}
    given: dict[Measure, Number] = {m: Number(value=v, quote=str(v)) for m, v in (numbers or {}).items()}
    return Record(entries=entries, numbers=given)
