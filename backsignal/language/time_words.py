"""Words of time and number (content/lexicon/times.yml) and the view of a text that they are looked up in."""

from bisect import bisect_right
from dataclasses import dataclass, field
from typing import Literal, get_args

from pydantic import StrictStr, validator

from backsignal.clinical.content_files import ContentModel
from backsignal.language.calendar_days import HolidayRule

TENS = 20
STOPS = frozenset({".", ",", ";", "!", "?", "\n", "…", "-", "(", ")"})

# Classes of words that the rules below speak of by name; each is a line of words in times.yml.
WordClass = Literal[
    "article", "few", "whole", "padding", "range", "joiner", "and", "of", "odd", "plus", "half_sign",
    "ordinal_sign", "next_weekday", "counted", "bare_before", "bare_last", "bare_after", "these", "eve",
    "mid_clock", "clock", "short_weekdays", "weekday_lead", "month_words", "month_lead", "season_lead",
    "fall", "fall_from", "since", "ago", "the", "date_lead", "was", "last", "back", "lead", "told",
    "running", "until", "fine", "healed", "but", "about", "each", "times_word", "past", "takes", "it_on",
    "not_point_before", "coming", "future", "unless", "should", "after_grade", "now", "to", "vague",
    "point", "ten", "out", "no_number_before", "no_number_after", "score", "rate", "rate_verb", "roughly",
    "at_grade", "at_most", "years_word", "years_old", "old", "age_word", "i_am", "am", "sex", "male",
    "with", "not_age_after", "still_age", "turned", "just", "third_is", "not_age_before", "at_age", "i",
    "y", "age_doubt", "you", "got_back", "every", "after_age", "complaint", "onset", "still", "other",
    "person", "things", "pain_words", "people_of_ten", "doses", "not_before", "not_after", "lasting_events",
    "booked",
]  # fmt: skip


class TimesFile(ContentModel):
    """content/lexicon/times.yml."""

    about: str = ""
    units: dict[str, StrictStr]
    several: dict[str, float]  # days of a unit that stands in the plural without a number
    slashes: dict[str, float]
    numbers: dict[str, int]
    ordinals: dict[str, int]
    weekdays: dict[str, int]
    months: dict[str, int]
    seasons: dict[str, StrictStr]
    relative: dict[str, int | StrictStr]
    since_relative: dict[str, int]  # only behind "since"
    stages: dict[str, int]  # ages of life
    holidays: dict[str, list[HolidayRule]]
    parts: dict[str, int]
    fractions: dict[str, float]
    classes: dict[WordClass, StrictStr]

    @validator("classes")
    def _all_classes(cls, value: dict[WordClass, str]) -> dict[WordClass, str]:  # noqa: N805 - pydantic's way
        missing = sorted(set(get_args(WordClass)) - value.keys())
        if missing:
            raise ValueError(f"the classes {', '.join(missing)} are missing")
        return value


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

    def before(self, index: int, count: int) -> list[str]:
        """The forms before a token, nearest first."""
        return [self.at(index - step) for step in range(1, count + 1)]


class TimeWords:
    """The file's words made ready to be looked up."""

    def __init__(self, file: TimesFile) -> None:
        self.file = file
        self.units = {word: float(days) for days, words in file.units.items() for word in words.split()}
        self.sets: dict[WordClass, frozenset[str]] = {
            name: frozenset(words.split()) for name, words in file.classes.items()
        }

    def has(self, name: WordClass, *words: str) -> bool:
        """Whether one of the words is of a class."""
        return not self.sets[name].isdisjoint(words)

    def number(self, view: View, index: int) -> tuple[float, int] | None:
        """A number at a token and where it ends: "3", "twenty one", "two and a half", "thirty odd", "20+"."""
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
            if value >= TENS and value % 10 == 0 and 0 < following < 10:
                value, index = value + following, index + 1
            if self.has("of", view.at(index)) and view.at(index - 1) in self.file.numbers:
                index += 1
        else:
            return None
        if self.has("odd", view.at(index)):
            index += 1
        if (
            self.has("and", view.at(index))
            and self.has("article", view.at(index + 1))
            and view.at(index + 2) in self.file.fractions
        ):
            return value + self.file.fractions[view.at(index + 2)], index + 3
        if self.has("half_sign", view.at(index)):
            return value + 0.5, index + 1
        return value, index


def _range_at(ranges: list[tuple[int, int]], index: int) -> tuple[int, int] | None:
    at = bisect_right(ranges, index, key=lambda each: each[0]) - 1
    return ranges[at] if at >= 0 and index < ranges[at][1] else None


def clauses(words: TimeWords, norms: list[str], sentences: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Sentences cut at commas, "but" and "and", so that a time belongs to the words around it."""
    joiners = words.sets["joiner"]
    clauses: list[tuple[int, int]] = []
    for first, last in sentences:
        start = first
        for index in range(first, last):
            if norms[index] in joiners and index > start:
                if words.has("and", norms[index]) and _is_half(words, norms[index + 1 : index + 3]):
                    continue
                clauses.append((start, index + (norms[index] == ",")))
                start = index + 1
        if start < last:
            clauses.append((start, last))
    return clauses


def _is_half(words: TimeWords, pair: list[str]) -> bool:
    return len(pair) == 2 and words.has("article", pair[0]) and pair[1] in words.file.fractions
