"""Lengths of time: "two weeks", "a year and a half", "3/52", "for months", "day four of this"."""

from backsignal.language.time_words import STOPS, Candidate, TimeWords, View, WordClass

_WEEK, _YEAR = 7.0, 365.0
_SHORTEST_BARE = 3  # letters of a unit that may stand without a number
_SHORTEST_ADJECTIVE = 3
_MOST_PADDING = 5
_MOST_DAYS_COUNTED = 60
_NEAR = 2
_WHOLE = 10  # a plain number of so many at most may have any adjective behind it ("three miserable weeks")


class Lengths:
    """Finds the lengths of time of a text."""

    def __init__(self, words: TimeWords) -> None:
        self._words = words

    def at(self, view: View, index: int) -> Candidate | None:
        """The length of time that begins at a token."""
        return self._day_count(view, index) or self._slash(view, index) or self._span(view, index)

    def unit(self, view: View, index: int) -> float | None:
        """Days of the unit at a token."""
        return self._words.units.get(view.at(index))

    def _is(self, name: WordClass, view: View, index: int) -> bool:
        return self._words.is_(name, view, index)

    # -- how many

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
        between = self._is("and", view, end) and self._is("between", view, index - 1)
        joined = end + (between or self._is("range", view, end) or view.at(end) == ",")
        second = self._words.number(view, joined)
        near = joined > end or (second and second[0] <= value + _NEAR)  # "two three days"
        if second and near and second[0] > value and self.unit(view, second[1]):
            return (value + second[0]) / 2, second[1]
        return value, end

    def _fraction(self, view: View, index: int) -> tuple[float, int] | None:
        """ "half an hour", "half a year", "three quarters of a year"."""
        number = self._words.number(view, index)
        start = number[1] if number else index + self._is("article", view, index)
        part = self._words.file.fractions.get(view.at(start))
        if part is None:
            return None
        end = start + 1 + self._is("of", view, start + 1)
        end += self._is("article", view, end)
        if (end == start + 1 and number) or self.unit(view, end) is None:
            return None
        return part * (number[0] if number else 1.0), end

    # -- a quantity and its unit

    def _span(self, view: View, index: int) -> Candidate | None:
        bare = self._bare(view, index)
        if bare is not None:
            return self._extended(view, index, index + 1, bare, self._words.units[view.at(index)])
        quantity = self._quantity(view, index)
        if quantity is None:
            return None
        value, end = quantity
        first = end
        while self._is("padding", view, end) and end <= first + _MOST_PADDING:
            end += 1
        unit = self.unit(view, end)
        if unit is None and value <= _WHOLE and self._is_adjective(view, end):
            end += 1
            unit = self.unit(view, end)
        if unit is None:
            return None
        end += 1
        if self._is("plus", view, end) and not self._words.number(view, end + 1):
            end += 1
        return self._extended(view, index, end, value * unit, unit)

    def _is_adjective(self, view: View, index: int) -> bool:
        """Any word between number and unit, as in "three sleepless nights"."""
        word = view.at(index)
        return (
            word.isalpha()
            and len(word) >= _SHORTEST_ADJECTIVE
            and word not in self._words.no_adjective
            and len(view.at(index + 1)) >= _SHORTEST_BARE
        )

    def _bare(self, view: View, index: int) -> float | None:
        """Days of a unit without a number: "past month", "for weeks", "months now", "week and a half"."""
        word = view.at(index)
        unit = self._words.units.get(word, 0.0)
        if not unit:
            return None
        at = index + 1
        if self._is("and", view, at):
            at += 1 + self._is("article", view, at + 1)
            if view.at(at) in self._words.file.fractions and self.unit(view, at + 1) is None:
                return unit
        if unit < 1 or len(word) < _SHORTEST_BARE:
            return None
        several = self._words.file.several.get(word)
        before = self._is("bare_before", view, index - 1) or (
            self._is("bare_last", view, index - 1) and self._is("these", view, index - 2)
        )
        if several is None:
            on_weekday = (
                self._is("next_weekday", view, index + 1) and view.at(index + 2) in self._words.file.weekdays
            )
            beside = self._is("before", view, index + 1) or self._is("after", view, index + 1)
            opens = view.clause(index)[0] == index and (
                self._is("filler", view, index + 1) or self._is("tomorrow", view, index + 1)
            )
            return unit if (unit >= _WEEK and (before or opens)) or on_weekday or beside else None
        alone = view.clause(index)[0] == index and not view.at(index + 1)[:1].isalpha()
        held = self._is("told", view, index - 1) or self._is("filler", view, index + 1)
        return several if before or alone or held else None

    def _extended(self, view: View, start: int, end: int, days: float, unit: float) -> Candidate:
        """With what follows the unit: "and a half", "and three days", "or two"."""
        file = self._words.file
        other = self._words.number(view, end + 1) if self._is("or", view, end) and days == unit else None
        if other and other[0] > 1 and self.unit(view, other[1]) is None:
            return Candidate(unit * (1 + other[0]) / 2, start, other[1], "span", unit)
        if self._is("and", view, end):
            at = end + 1 + self._is("article", view, end + 1)
            part = file.fractions.get(view.at(at))
            if part is not None and self.unit(view, at + 1) is None:
                return Candidate(days + unit * part, start, at + 1, "span", unit)
            more = self._quantity(view, end + 1)
            small = self.unit(view, more[1]) if more else None
            if more and small and small < unit:
                return Candidate(days + more[0] * small, start, more[1] + 1, "span", unit)
        return Candidate(days, start, end, "span", unit)

    # -- counted

    def _day_count(self, view: View, index: int) -> Candidate | None:
        """ "It is day four", "week two of this", "the second day", "my 3rd week of"."""
        file = self._words.file
        if self._is("day_or_week", view, index):
            number = self._words.number(view, index + 1)
            if number and number[0] == 1 and self._is("likened", view, index - 1):
                return None  # "as bad as day one"
            if number and number[0] < _MOST_DAYS_COUNTED and self.unit(view, number[1]) is None:
                return Candidate(number[0] * self._words.units[view.at(index)], index, number[1], "span", 1.0)
        ordinal, end = file.ordinals.get(view.at(index)), index + 1
        if view.at(index).isdecimal() and self._is("ordinal_sign", view, index + 1):
            ordinal, end = int(view.at(index)[:3]), index + 2
        unit = self._words.units.get(view.at(end), 0.0)
        from_it = self._is("since", view, index - 1) or self._is("since", view, index - 2)
        first_of = ordinal == 1 and not self._is("complaint", view, end + 2)  # "the first day of term"
        told = self._is("counted", view, end + 1) or (
            view.clause(index)[0] == index and view.at(end + 1) in STOPS  # "Third day."
        )
        if ordinal and 1.0 <= unit < _YEAR and told and not (from_it or first_of):
            return Candidate(ordinal * unit, index, end + 1, "span", unit)
        return None

    def _slash(self, view: View, index: int) -> Candidate | None:
        """Clinicians' fractions: 3/7 days, 2/52 weeks, 6/12 months."""
        value = view.at(index).lstrip("x")
        unit = self._words.file.slashes.get(view.at(index + 2))
        if view.at(index + 1) != "/" or not value.isdecimal() or unit is None:
            return None
        if self._is("date_lead", view, index - 1) or view.at(index + 3) == "/":
            return None
        return Candidate(int(value[:4]) * unit, index, index + 3, "span", unit)
