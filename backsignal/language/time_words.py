"""Words of time and number (content/lexicon/times.yml), and the view of a text that they are looked up in."""

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
    "ordinal_sign", "next_weekday", "counted", "bare_before", "bare_last", "these", "eve", "mid_clock",
    "clock", "short_weekdays", "weekday_lead", "month_words", "month_lead", "season_lead", "fall",
    "fall_from", "since", "ago", "the", "date_lead", "was", "last", "back", "lead", "told", "running",
    "until", "fine", "healed", "but", "about", "each", "times_word", "past", "takes", "it_on",
    "not_point_before", "coming", "future", "unless", "should", "after_grade", "now", "to", "vague",
    "point", "ten", "out", "no_number_before", "no_number_after", "score", "rate", "rate_verb", "roughly",
    "at_grade", "at_most", "years_word", "years_old", "old", "age_word", "i_am", "am", "sex", "male",
    "with", "not_age_after", "still_age", "turned", "just", "third_is", "not_age_before", "at_age", "i",
    "y", "age_doubt", "you", "every", "after_age", "complaint", "onset", "still", "other", "person",
    "things", "pain_words", "people_of_ten", "doses", "not_before", "not_after", "lasting_events", "booked",
    "between", "before", "after", "filler", "day_or_week", "likened", "then", "who_was", "since_age",
    "onwards", "year_lead", "it_began", "this", "earlier", "around_holiday", "holiday_month", "day_part",
    "gone", "it_is", "exactly", "completes", "coming_unit", "upon", "will", "at_week", "pregnant",
    "gestation", "or", "function", "idle", "mine", "theirs", "worse", "again", "being", "state", "heading",
    "later", "present", "post_birth", "likens", "since_only", "self", "who", "beside", "born", "next",
    "birthday", "be", "then_age", "kin", "both", "will_be", "age_being", "at", "age_lead", "age_close",
    "was_grade", "then_grade", "bad_day", "graded", "grade_adjective", "grade_close", "heading_filler",
    "pain_heading", "scale", "pronoun", "began", "way_back", "whose_back", "returned", "from_there", "it",
    "setting", "care", "episodic", "have", "for_so_long", "say_grade", "asks", "singular", "now_word",
    "past_verb", "never", "had", "pointing", "tomorrow", "given_birth", "little_one",
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
    parts: dict[str, int]  # day of a month of thirty
    periods: dict[str, Literal["week", "month", "year"]]
    fractions: dict[str, float]
    other_phrases: list[StrictStr]  # matters beside the complaint
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
    hanging: int = -1  # the last "since" that names no time itself

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


@dataclass
class Candidate:
    """A time that may be the complaint's."""

    days: float
    start: int
    end: int
    kind: Literal["span", "point"]  # "two weeks", "on Monday"
    unit: float = 1.0
    since: bool = False  # says itself that it is the time of an onset
    exact: bool = False  # a date with its day
    score: float = 0.0
    own: bool = False  # its sentence names the complaint


class TimeWords:
    """The file's words made ready to be looked up."""

    def __init__(self, file: TimesFile) -> None:
        self.file = file
        self.units = {word: float(days) for days, words in file.units.items() for word in words.split()}
        self.sets: dict[WordClass, frozenset[str]] = {
            name: frozenset(words.split()) for name, words in file.classes.items()
        }
        small: tuple[WordClass, ...] = ("function", "of", "and", "range", "other", "ago", "out", "age_word")
        # Between a number and its unit these are no adjectives.
        self.no_adjective = frozenset(self.units).union(
            file.numbers, file.ordinals, file.weekdays, file.months, file.fractions,
            *(self.sets[name] for name in small),
        )  # fmt: skip
        self._other_phrases: dict[str, list[list[str]]] = {}
        for phrase in file.other_phrases:
            self._other_phrases.setdefault(phrase.split()[0], []).append(phrase.split())

    def has(self, name: WordClass, *words: str) -> bool:
        """Whether one of the words is of a class."""
        return not self.sets[name].isdisjoint(words)

    def phrases_at(self, view: View) -> frozenset[int]:
        """Tokens of the phrases that name matters beside the complaint."""
        return frozenset(
            index + step
            for index, word in enumerate(view.norms)
            for phrase in self._other_phrases.get(word, ())
            if view.norms[index : index + len(phrase)] == phrase
            for step in range(len(phrase))
        )

    def is_(self, name: WordClass, view: View, index: int) -> bool:
        """Whether a token is of a class."""
        return view.at(index) in self.sets[name]

    def number(self, view: View, index: int) -> tuple[float, int] | None:
        """A number at a token and where it ends: "3", "twenty one", "two and a half", "2 1/2", "20+"."""
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
        elif self.has("half_sign", word):
            return 0.5, index + 1
        else:
            return None
        if self.has("odd", view.at(index)):
            index += 1
        part, end = self._and_part(view, index)
        return value + part, end

    def _and_part(self, view: View, index: int) -> tuple[float, int]:
        """What "and a half", "½" or the "1/2" of "2 1/2" adds, and where it ends."""
        if self.has("half_sign", view.at(index)):
            return 0.5, index + 1
        at = index + self.has("and", view.at(index))
        if view.at(at) == "1" and view.at(at + 1) == "/" and view.at(at + 2) in {"2", "4"}:
            return 1 / int(view.at(at + 2)), at + 3
        if at > index:
            at += self.has("article", view.at(at))
            part = self.file.fractions.get(view.at(at))
            if part is not None:
                return part, at + 1
        return 0.0, index


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
            if (norms[index] in joiners or _is_slash(norms, index)) and index > start:
                if words.has("and", norms[index]) and _is_half(words, norms[index + 1 : index + 3]):
                    continue
                if words.has("range", norms[index]) and _is_number(words, norms[index - 1 : index + 2 : 2]):
                    continue
                clauses.append((start, index + (norms[index] == ",")))
                start = index + 1
        if start < last:
            clauses.append((start, last))
    return clauses


def _is_slash(norms: list[str], index: int) -> bool:
    """Whether a stroke parts two headings ("Age: 27 / Duration: 3 days")."""
    return norms[index] == "/" and index + 2 < len(norms) and norms[index + 2] == ":"


def _is_half(words: TimeWords, pair: list[str]) -> bool:
    return bool(pair) and (
        pair[0] in words.file.fractions
        or (words.has("article", pair[0]) and pair[-1] in words.file.fractions)
    )


def _is_number(words: TimeWords, pair: list[str]) -> bool:
    return len(pair) == 2 and all(word[:1].isdecimal() or word in words.file.numbers for word in pair)
