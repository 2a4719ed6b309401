"""Words of time and number (content/lexicon/times.yml) and the view of a text that they are looked up in."""

from bisect import bisect_right
from dataclasses import dataclass, field

from pydantic import StrictStr

from backsignal.clinical.content_files import ContentModel
from backsignal.language.calendar_days import HolidayRule

_TENS = 20
STOPS = frozenset({".", ",", ";", "!", "?", "\n", "…", "-", "(", ")"})


class TimesFile(ContentModel):
    """content/lexicon/times.yml."""

    about: str = ""
    units: dict[str, StrictStr]
    slashes: dict[str, float]
    numbers: dict[str, int]
    ordinals: dict[str, int]
    weekdays: dict[str, int]
    months: dict[str, int]
    seasons: dict[str, StrictStr]
    relative: dict[str, int | StrictStr]
    holidays: dict[str, list[HolidayRule]]
    parts: dict[str, int]
    fractions: dict[str, float]
    complaint: StrictStr
    onset: StrictStr
    still: StrictStr
    other: StrictStr
    person: StrictStr
    things: StrictStr
    pain_words: StrictStr
    people_of_ten: StrictStr
    doses: StrictStr
    not_before: StrictStr
    not_after: StrictStr
    lasting_events: StrictStr
    booked: StrictStr


@dataclass
class View:
    """One text's forms, with its clauses."""

    norms: list[str]
    clauses: list[tuple[int, int]] = field(default_factory=list)
    sentences: list[tuple[int, int]] = field(default_factory=list)

    def clause(self, index: int) -> tuple[int, int]:
        """Range of the clause that a token is in."""
        return _range_at(self.clauses, index) or (0, len(self.norms))

    def sentence(self, index: int) -> tuple[int, int]:
        """Range of the sentence that a token is in."""
        return _range_at(self.sentences, index) or (0, len(self.norms))

    def at(self, index: int) -> str:
        """Form of a token, empty outside the text."""
        return self.norms[index] if 0 <= index < len(self.norms) else ""


class TimeWords:
    """The file's words made ready to be looked up."""

    def __init__(self, file: TimesFile) -> None:
        self.file = file
        self.units = {word: float(days) for days, words in file.units.items() for word in words.split()}
        self.sets = {
            name: frozenset(str(getattr(file, name)).split())
            for name in (
                "complaint",
                "onset",
                "still",
                "other",
                "person",
                "things",
                "pain_words",
                "people_of_ten",
                "doses",
                "not_before",
                "not_after",
                "lasting_events",
                "booked",
            )
        }

    def number(self, view: View, index: int) -> tuple[float, int] | None:
        """A number at a token and where it ends: "3", "twenty one", "two and a half", "thirty odd"."""
        word = view.at(index)
        value: float
        if word[:1].isdecimal() and len(word) < 10:
            try:
                value = float(word.replace(",", "."))
            except ValueError:
                return None
            index += 1
        elif word in self.file.numbers:
            value = self.file.numbers[word]
            index += 1
            following = self.file.numbers.get(view.at(index), 100)
            if value >= _TENS and value % 10 == 0 and 0 < following < 10:
                value, index = value + following, index + 1
            if view.at(index) == "of" and view.at(index - 1) in self.file.numbers:
                index += 1
        else:
            return None
        if view.at(index) == "odd":
            index += 1
        if (
            view.at(index) == "and"
            and view.at(index + 1) in {"a", "an"}
            and view.at(index + 2) in self.file.fractions
        ):
            return value + self.file.fractions[view.at(index + 2)], index + 3
        if view.at(index) == "½":
            return value + 0.5, index + 1
        return value, index


def _range_at(ranges: list[tuple[int, int]], index: int) -> tuple[int, int] | None:
    at = bisect_right(ranges, index, key=lambda each: each[0]) - 1
    return ranges[at] if at >= 0 and index < ranges[at][1] else None


def clauses(norms: list[str], sentences: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Sentences cut at commas, "but" and "and", so that a time belongs to the words around it."""
    clauses: list[tuple[int, int]] = []
    for first, last in sentences:
        start = first
        for index in range(first, last):
            if norms[index] in {",", "but", "-", "(", ")", "and", "though", "which", "so"} and index > start:
                if norms[index] == "and" and norms[index + 1 : index + 3] in (
                    ["a", "half"],
                    ["a", "quarter"],
                ):
                    continue
                clauses.append((start, index + (norms[index] == ",")))
                start = index + 1
        if start < last:
            clauses.append((start, last))
    return clauses
