"""What a level rests on, short enough to be kept with every message, and the record again from it."""

from typing import Any

from backsignal.clinical.record import Entry, Number, Record, Value
from backsignal.clinical.red_flags import Triage


def findings_of(record: dict[str, Any]) -> dict[str, Any]:
    """What the levels of a record (as its slot holds it) rest on; the words stand in the answers."""
    return {
        "entries": {finding: _short(entry) for finding, entry in record.get("entries", {}).items()},
        "numbers": {measure: number["value"] for measure, number in record.get("numbers", {}).items()},
        "withdrawn": {finding: _short(entry) for finding, entry in record.get("withdrawn", {}).items()},
    }


def record_of(findings: dict[str, Any]) -> Record:
    """The record that `findings_of` was made from, without words. It is not checked again."""
    numbers = findings["numbers"].items()
    return Record.construct(
        entries={finding: _entry(short) for finding, short in findings["entries"].items()},
        numbers={measure: Number.construct(value=value, quote="") for measure, value in numbers},
        withdrawn={finding: _entry(short) for finding, short in findings["withdrawn"].items()},
    )


def reasons_of(triage: Triage) -> list[dict[str, Any]]:
    """The rules behind a level, each with its findings."""
    return [{"rule": reason.rule, "findings": list(reason.findings)} for reason in triage.reasons]


def _short(entry: dict[str, Any]) -> str | list[Any]:
    """Value, basis, side and whether long-standing: in a row for each message, names would be most of it."""
    short = f"{Value(entry['value']).value} {entry['basis']}"
    side, long_standing = entry.get("side"), entry.get("long_standing", False)
    return [short, side, long_standing] if side or long_standing else short


def _entry(short: str | list[Any]) -> Entry:
    words, side, long_standing = short if isinstance(short, list) else (short, None, False)
    value, basis = words.split(" ")
    return Entry.construct(
        value=Value(value), basis=basis, quote="", at="", side=side, long_standing=long_standing
    )
