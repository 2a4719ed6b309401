"""What is known of one person: findings with value, basis, quote and time, and a few numbers."""

from enum import Enum
from typing import Literal

from pydantic import BaseModel

from backsignal.clinical.content import Bound, Condition, Content, Finding, Measure
from backsignal.clinical.findings import Side


class Value(str, Enum):
    """Three values: unknown is never absent."""

    PRESENT = "present"
    ABSENT = "absent"
    UNKNOWN = "unknown"


Basis = Literal["told", "answered", "unsure", "refused", "unclear"]


class Entry(BaseModel, frozen=True):
    """What is known of one finding: the value, how it came about, whose words and when (ISO 8601)."""

    value: Value
    basis: Basis
    quote: str
    at: str
    by: str = "patient"
    side: Side | None = None
    long_standing: bool = False


class Number(BaseModel, frozen=True):
    """A number that the person gave, with their words."""

    value: float
    quote: str


class Record(BaseModel):
    """Everything known of one person. A finding without an entry is unknown and not yet asked."""

    entries: dict[str, Entry] = {}
    numbers: dict[Measure, Number] = {}
    speaking_for: str | None = None
    withdrawn: dict[str, Entry] = {}

    def twin(self) -> "Record":
        """The same record, to be changed by itself."""
        own = {"entries": {**self.entries}, "numbers": {**self.numbers}, "withdrawn": {**self.withdrawn}}
        return self.copy(update=own)

    def forget_unknown(self, content: Content) -> None:
        """Drop the findings that the content does not know: they are of another version of it."""
        for entries in (self.entries, self.withdrawn):
            for finding in entries.keys() - content.findings.keys():
                del entries[finding]

    def note(self, finding: str, entry: Entry) -> None:
        """Enter what was said of a finding; both sides heard one after the other make it two-sided.

        What was told as new does not become long-standing by a later word.
        """
        before = self.entries.get(finding)
        if before and entry.value is Value.PRESENT and before.value is Value.PRESENT:
            sides = {before.side, entry.side} - {None}
            side: Side | None = "both" if len(sides) > 1 else (entry.side or before.side)
            long_standing = before.long_standing and entry.long_standing
            entry = entry.copy(update={"side": side, "long_standing": long_standing})
        self.entries[finding] = entry

    def withdraw(self, finding: str, entry: Entry, content: Content) -> None:
        """Take back a finding after an explicit confirmation; what was said before is kept.

        One that follows from both sides of others is taken back with their sides.
        """
        known = content.findings[finding]
        before = self.entries.get(finding) or self._two_sided(known)
        if before:
            self.withdrawn[finding] = before
        for one_sided in known.both_sides_of:
            if one_sided in self.entries and self.entries[one_sided].side == "both":
                self.entries[one_sided] = self.entries[one_sided].copy(update={"side": None})
        self.entries[finding] = entry

    def value(self, finding: str, content: Content) -> Value:
        """The value of a finding: as entered, or as it follows from a side or a number that was given."""
        entry = self.entries.get(finding)
        if entry and entry.value is Value.PRESENT:
            return Value.PRESENT
        known = content.findings[finding]
        if self._two_sided(known) is not None:
            return Value.PRESENT
        if known.present_if and self.within(known.present_if, content):
            return Value.PRESENT
        if known.absent_if and self.within(known.absent_if, content):
            return Value.ABSENT
        return entry.value if entry else Value.UNKNOWN

    def within(self, bound: Bound, content: Content) -> bool:
        """Whether the bound's number is known and within it."""
        number = self.numbers.get(bound.measure)
        if number is None:
            return False
        low = bound.at_least is None or number.value >= content.number(bound.at_least)
        return low and (bound.below is None or number.value < content.number(bound.below))

    def meets(self, condition: Condition, content: Content) -> bool:
        """Whether every part of a condition holds for certain."""
        return (
            all(self.value(finding, content) is Value.PRESENT for finding in condition.present)
            and all(self.value(finding, content) is Value.ABSENT for finding in condition.absent)
            and (condition.number is None or self.within(condition.number, content))
        )

    def is_open(self, finding: str, content: Content) -> bool:
        """Whether the finding is still to be asked: nothing was said of it and no number settles it."""
        return finding not in self.entries and self.value(finding, content) is Value.UNKNOWN

    def quote(self, finding: str, content: Content) -> str:
        """The person's words behind a finding, empty where there are none."""
        entry = self.entries.get(finding)
        if entry:
            return entry.quote
        two_sided = self._two_sided(content.findings[finding])
        if two_sided:
            return two_sided.quote
        bound = content.findings[finding].present_if
        number = self.numbers.get(bound.measure) if bound else None
        return number.quote if number else ""

    def _two_sided(self, finding: Finding) -> Entry | None:
        """The entry of a finding on both sides that makes this one present."""
        entries = (self.entries.get(one_sided) for one_sided in finding.both_sides_of)
        return next((e for e in entries if e and e.side == "both" and e.value is Value.PRESENT), None)
