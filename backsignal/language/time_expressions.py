"""Every time that a text names: "two weeks", "3/52", "on Monday", "since Easter", "since I was thirty"."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from backsignal.language.calendar_days import HolidayRule, last_holiday, last_time, safe_date
from backsignal.language.time_words import TimeWords, View, WordClass

_WEEK, _YEAR = 7.0, 365.0
_SHORTEST_BARE = 3  # letters of a unit that may stand without a number
_MOST_DAYS_COUNTED = 60


@dataclass
class Candidate:
    """A time that may be the complaint's."""

    days: float
    start: int
    end: int
    kind: Literal["span", "point"]  # "two weeks", "on Monday"
    unit: float = 1.0
    since: bool = False  # says itself that it is the time of an onset
    score: float = 0.0
    own: bool = False  # its sentence names the complaint


class Expressions:
    """Finds the times of a text."""

    def __init__(self, words: TimeWords) -> None:
        self._words = words
        file = words.file
        self._phrases: dict[str, list[tuple[list[str], int | str | list[HolidayRule]]]] = {}
        entries: list[tuple[str, int | str | list[HolidayRule]]] = [
            *file.relative.items(),
            *file.holidays.items(),
        ]
        for phrase, meaning in entries:
            parts = phrase.replace("'", "").split()
            self._phrases.setdefault(parts[0], []).append((parts, meaning))
        for options in self._phrases.values():
            options.sort(key=lambda option: -len(option[0]))

    def find(self, view: View, today: date, age: int | None) -> list[Candidate]:
        """All times from left to right; none overlaps another."""
        found: list[Candidate] = []
        index = 0
        while index < len(view.norms):
            candidate = (
                self._day_count(view, index)
                or self._slash(view, index)
                or self._span(view, index, today)
                or self._since(view, index, today, age)
                or self._date(view, index, today)
                or self._phrase(view, index, today)
                or self._named(view, index, today)
            )
            if candidate is None:
                index += 1
            else:
                found.append(candidate)
                index = candidate.end
        return found

    def _is(self, name: WordClass, view: View, index: int) -> bool:
        return view.at(index) in self._words.sets[name]

    # -- lengths of time

    def _quantity(self, view: View, index: int) -> tuple[float, int] | None:
        """A number or a range before a unit; the middle of a range."""
        fraction = self._fraction(view, index)
        if fraction:
            return fraction
        if self._is("article", view, index):
            if self._is("few", view, index + 1):
                return self._words.number(view, index + 1)
            end = index + 1
            while self._is("whole", view, end):
                end += 1
            more = self._words.number(view, end) if end > index + 1 else None  # "a good three weeks"
            return more or (1.0, end)
        first = self._words.number(view, index)
        if first is None:
            return None
        value, end = first
        if self._is("range", view, end) or view.at(end) in self._words.file.numbers:
            second = self._words.number(view, end + (view.at(end) not in self._words.file.numbers))
            if second and second[0] > value and self._unit(view, second[1]):
                return (value + second[0]) / 2, second[1]
        return value, end

    def _fraction(self, view: View, index: int) -> tuple[float, int] | None:
        """ "half an hour", "a quarter of a year", "three quarters of a year"."""
        number = self._words.number(view, index)
        start = number[1] if number else index + self._is("article", view, index)
        part = self._words.file.fractions.get(view.at(start))
        if part is None:
            return None
        end = start + 1 + self._is("of", view, start + 1)
        if not self._is("article", view, end) or self._unit(view, end + 1) is None:
            return None
        return part * (number[0] if number else 1.0), end + 1

    def _unit(self, view: View, index: int) -> float | None:
        return self._words.units.get(view.at(index))

    def _span(self, view: View, index: int, today: date) -> Candidate | None:
        bare = self._bare(view, index)
        if bare is not None:
            return self._extended(view, index, index + 1, bare, self._words.units[view.at(index)], today)
        quantity = self._quantity(view, index)
        if quantity is None:
            return None
        value, end = quantity
        while self._is("padding", view, end) and end < index + 6:
            end += 1
        unit = self._unit(view, end)
        if unit is None:
            return None
        end += 1
        if self._is("plus", view, end) and not self._words.number(view, end + 1):
            end += 1
        return self._extended(view, index, end, value * unit, unit, today)

    def _bare(self, view: View, index: int) -> float | None:
        """Days of a unit without a number: "past month", "for weeks", "months now", "week last Saturday"."""
        word = view.at(index)
        unit = self._words.units.get(word, 0.0)
        if unit < 1 or len(word) < _SHORTEST_BARE:
            return None
        several = self._words.file.several.get(word)
        if several is None and unit < _WEEK:
            return None
        before = self._is("bare_before", view, index - 1) or (
            self._is("bare_last", view, index - 1) and self._is("these", view, index - 2)
        )
        and_a_half = self._is("and", view, index + 1) and view.at(index + 3) in self._words.file.fractions
        on_weekday = (
            several is None
            and self._is("next_weekday", view, index + 1)
            and view.at(index + 2) in self._words.file.weekdays
        )
        if several is not None:
            return several if before or self._is("bare_after", view, index + 1) else None
        return unit if before or and_a_half or on_weekday else None

    def _extended(self, view: View, start: int, end: int, days: float, unit: float, today: date) -> Candidate:
        file = self._words.file
        if self._is("and", view, end) and self._is("article", view, end + 1):
            if view.at(end + 2) in file.fractions:
                days, end = days + unit * file.fractions[view.at(end + 2)], end + 3
        elif self._is("and", view, end) and (more := self._quantity(view, end + 1)):
            small = self._unit(view, more[1])
            if small and small < unit:
                days, end = days + more[0] * small, more[1] + 1
        elif unit == _WEEK and self._is("next_weekday", view, end) and view.at(end + 1) in file.weekdays:
            back = (today.weekday() - file.weekdays[view.at(end + 1)]) % 7 or 7
            return Candidate(float(back + days), start, end + 2, "span", unit)
        elif self._is("ago", view, end) and isinstance(extra := file.relative.get(view.at(end + 1)), int):
            return Candidate(days + extra, start, end + 2, "span", unit, since=True)  # "a week ago yesterday"
        return Candidate(days, start, end, "span", unit)

    def _day_count(self, view: View, index: int) -> Candidate | None:
        """ "It is day four", "week two of this", "the second day", "my 3rd week of"."""
        file = self._words.file
        unit = self._words.units.get(view.at(index), 0.0)
        if (
            unit in {1.0, _WEEK}
            and len(view.at(index)) >= _SHORTEST_BARE
            and not view.at(index).endswith("s")
        ):
            number = self._words.number(view, index + 1)
            if number and number[0] < _MOST_DAYS_COUNTED and view.at(number[1]) not in self._words.units:
                return Candidate(number[0] * unit, index, number[1], "span", unit)
        ordinal, end = file.ordinals.get(view.at(index)), index + 1
        if view.at(index).isdecimal() and self._is("ordinal_sign", view, index + 1):
            ordinal, end = int(view.at(index)[:3]), index + 2
        unit = self._words.units.get(view.at(end), 0.0)
        from_it = self._is("since", view, index - 1) or self._is("since", view, index - 2)
        if ordinal and 1.0 <= unit < _YEAR and self._is("counted", view, end + 1) and not from_it:
            return Candidate(ordinal * unit, index, end + 1, "span", unit)
        return None

    def _slash(self, view: View, index: int) -> Candidate | None:
        """Clinicians' fractions: 3/7 days, 2/52 weeks, 6/12 months."""
        value = view.at(index).lstrip("x")
        unit = self._words.file.slashes.get(view.at(index + 2))
        if view.at(index + 1) != "/" or not value.isdecimal() or unit is None:
            return None
        if self._is("date_lead", view, index - 1):
            return None
        return Candidate(int(value[:4]) * unit, index, index + 3, "span", unit)

    # -- points in time

    def _point(self, when: date, today: date, start: int, end: int) -> Candidate:
        return Candidate(float((today - when).days), start, end, "point")

    def _since(self, view: View, index: int, today: date, age: int | None) -> Candidate | None:
        """What only "since" makes a time: a year, an age, getting up, an hour of the day."""
        if not self._is("since", view, index):
            return None
        at = index + 1
        while self._is("mid_clock", view, at) and at < index + 4:
            at += 1
        word = view.at(at)
        file = self._words.file
        if word.isdecimal() and len(word) == 4 and 1930 < int(word) <= today.year:
            middle = today.replace(month=1, day=1) if int(word) == today.year else date(int(word), 7, 1)
            return Candidate(float((today - middle).days), at, at + 1, "point", since=True)
        if word in file.since_relative and not self._is("got_back", view, at + 1):
            return Candidate(float(file.since_relative[word]), at, at + 1, "point", since=True)
        number = self._words.number(view, at)
        if number and self._is("clock", view, number[1]):
            return Candidate(0.0, at, number[1] + 1, "point", since=True)
        then = file.stages.get(word)
        if number and self._is("was", view, at - 1):
            then = int(number[0])
        if then is not None and age is not None and then < age:
            end = number[1] if number else at + 1
            return Candidate((age - then) * _YEAR, at, end, "point", since=True)
        return None

    def _date(self, view: View, index: int, today: date) -> Candidate | None:
        """ "the 3rd of October", "22 October", "Feb 21st", "since 13/10"."""
        months = self._words.file.months
        day = self._day_number(view, index)
        if day is not None:
            value, end = day
            of = self._is("of", view, end)
            month = months.get(view.at(end + of))
            if month and 1 <= value <= 31:
                return self._point(last_time(today, month, value), today, index, end + of + 1)
            if (
                view.at(end) == "/"
                and view.at(end + 1).isdecimal()
                and self._is("date_lead", view, index - 1)
                and 1 <= int(view.at(end + 1)[:4]) <= 12
                and 1 <= value <= 31
            ):
                stop = end + 4 if view.at(end + 2) == "/" and view.at(end + 3).isdecimal() else end + 2
                when = last_time(today, int(view.at(end + 1)), value)
                return self._point(when, today, index, stop)
            ordinal = view.at(index) in self._words.file.ordinals or self._is("ordinal_sign", view, index + 1)
            if (
                ordinal
                and not of
                and self._unit(view, end) is None
                and self._is("the", view, index - 1)
                and self._is("date_lead", view, index - 2)
            ):
                return self._point(_last_day(today, value), today, index, end)
        month = months.get(view.at(index))
        after = self._day_number(view, index + 1) if month else None
        if month and after and 1 <= after[0] <= 31 and view.at(after[1]) not in self._words.units:
            return self._point(last_time(today, month, after[0]), today, index, after[1])
        return None

    def _day_number(self, view: View, index: int) -> tuple[int, int] | None:
        word, file = view.at(index), self._words.file
        if word in file.ordinals:
            return file.ordinals[word], index + 1
        if word in file.numbers and view.at(index + 1) in file.ordinals:
            return file.numbers[word] + file.ordinals[view.at(index + 1)], index + 2
        if not word.isdecimal() or len(word) > 2:
            return None
        return int(word), index + 1 + self._is("ordinal_sign", view, index + 1)

    def _phrase(self, view: View, index: int, today: date) -> Candidate | None:
        for words, meaning in self._phrases.get(view.at(index), ()):
            if view.norms[index : index + len(words)] != words:
                continue
            end = index + len(words)
            if isinstance(meaning, int):
                return Candidate(float(meaning), index, end, "point")
            if isinstance(meaning, str):  # the weekend: its Saturday
                return Candidate(float((today.weekday() - 5) % 7 or 7), index, end, "point")
            eve = self._is("eve", view, end)
            when = max(last_holiday(rule, today) for rule in meaning) - timedelta(days=int(eve))
            return self._point(when, today, index, end + eve)
        return None

    def _named(self, view: View, index: int, today: date) -> Candidate | None:
        """A weekday, a month or a season."""
        word, file = view.at(index), self._words.file
        weekday = file.weekdays.get(word)
        if weekday is not None and not (
            self._is("short_weekdays", view, index) and not self._is("weekday_lead", view, index - 1)
        ):
            back = (today.weekday() - weekday) % 7 or 7
            week = self._words.units.get(view.at(index + 1)) == _WEEK and self._is("last", view, index - 1)
            return Candidate(float(back + 7 * week), index, index + 1 + week, "point")
        month = file.months.get(word)
        if month and (not self._is("month_words", view, index) or self._is("month_lead", view, index - 1)):
            part = next((file.parts[w] for w in view.before(index, 3)[::-1] if w in file.parts), 15)
            if self._is("last", view, index - 1):
                part = 15
            when = last_time(today, month, part)
            if when.month == today.month and when.year == today.year - 1:
                when = today.replace(day=1)
            return self._point(when, today, index, index + 1)
        if word in file.seasons and self._is("season_lead", view, index - 1):
            falls = self._is("fall", view, index)  # "the fall" is rather a tumble
            named = self._is("since", view, index - 1) or self._is("last", view, index - 1)
            if not falls or (named and not self._is("fall_from", view, index + 1)):
                number, day = file.seasons[word].split("-")
                return self._point(last_time(today, int(number), int(day)), today, index, index + 1)
        return None


def _last_day(today: date, day: int) -> date:
    """The last such day of a month that is not in the future."""
    when = safe_date(today.year, today.month, day)
    if when <= today:
        return when
    before = today.replace(day=1) - timedelta(days=1)
    return safe_date(before.year, before.month, day)
