"""Every time that a text names: lengths, points, and both together ("two weeks last Monday")."""

from datetime import date

from backsignal.language.time_lengths import Lengths
from backsignal.language.time_points import Points
from backsignal.language.time_words import STOPS, Candidate, TimeWords, View, WordClass

_WEEK = 7.0
_LONGEST_GESTATION = 43 * _WEEK
_LEAD = 3  # tokens before a week that say that it is one of a pregnancy


class Expressions:
    """Finds the times of a text."""

    def __init__(self, words: TimeWords) -> None:
        self._words = words
        self._lengths = Lengths(words)
        self._points = Points(words)
        file = words.file
        leads = (words.sets[name] for name in ("article", "half_sign", "since", "earlier"))
        self._first_words = self._points.first_words.union(
            words.units, file.numbers, file.ordinals, file.fractions, file.parts,
            file.weekdays, file.months, file.seasons, file.stages, *leads,
        )  # fmt: skip

    def find(self, view: View, today: date, age: int | None) -> list[Candidate]:
        """All times from left to right; none overlaps another."""
        found: list[Candidate] = []
        index = 0
        while index < len(view.norms):
            word = view.norms[index]
            candidate = None
            if word in self._first_words or word.lstrip("x")[:1].isdecimal():
                length = self._lengths.at(view, index)
                candidate = (
                    self._anchored(view, length, today)
                    if length
                    else self._ranged(view, self._points.at(view, index, today, age), today)
                )
            candidate = candidate or self._unit_left_out(view, index, found)
            if candidate is None:
                index += 1
            else:
                found.append(candidate)
                index = candidate.end
        self._by_gestation(view, found)
        return found

    def _is(self, name: WordClass, view: View, index: int) -> bool:
        return self._words.is_(name, view, index)

    def _unit_left_out(self, view: View, index: int, found: list[Candidate]) -> Candidate | None:
        """ "A marathon in nine days, and my back has been tight for four"."""
        number = self._words.number(view, index) if self._is("for_so_long", view, index - 1) else None
        last = next((each for each in reversed(found) if each.kind == "span"), None)
        if not number or not last or view.at(number[1]) not in STOPS:
            return None
        if last.start < view.sentence(index)[0]:
            return None
        return Candidate(number[0] * last.unit, index, number[1], "span", last.unit)

    def _ranged(self, view: View, point: Candidate | None, today: date) -> Candidate | None:
        """ "Monday or Tuesday": the first of two points; "Monday the 16th": the exact one."""
        if point is None or point.end >= len(view.norms):
            return point
        at = point.end + self._is("the", view, point.end)
        beside = self._points.at(view, at, today, None)
        if beside is None and view.at(at) == ",":  # "Independence Day, 15 August"
            dated = self._points.at(view, at + 1, today, None)
            at, beside = (at + 1, dated) if dated and dated.exact else (at, None)
        if beside and beside.start == at and beside.days >= 0:
            said = beside.exact or beside.days <= 1
            return Candidate(
                beside.days if said else point.days, point.start, beside.end, "point", exact=beside.exact
            )
        if not self._is("range", view, point.end):
            return point
        second = self._points.at(view, point.end + 1, today, None)
        if second and second.start == point.end + 1 and 0 <= second.days <= point.days:
            point.end = second.end
        return point

    def _anchored(self, view: View, length: Candidate, today: date) -> Candidate:
        """A length with the day that it is counted from or to."""
        start, at = length.start, length.end
        at += self._is("exactly", view, at)
        if self._is("completes", view, at):  # "five years this Christmas", "two weeks on Monday, it will be"
            to = self._points.at(view, at + 1, today, None) or self._points.at(view, at, today, None)
            if to and to.start <= at + 1 and self._is_to_come(view, start, at):
                return Candidate(length.days, start, to.end, "span", length.unit)
            if self._is("coming_unit", view, at) and view.at(at + 1) in self._words.units:
                return Candidate(length.days, start, at + 2, "span", length.unit)
        shifted = self._is("before", view, at) or self._is("after", view, at)
        if shifted and (near := self._near_point(view, at + 1, today)):
            away = length.days if self._is("before", view, at) else -length.days
            return Candidate(max(near.days + away, 0.0), start, near.end, "point", length.unit)
        ago = self._is("ago", view, at)
        at += ago
        at += self._is("last", view, at) or self._is("next_weekday", view, at)
        back = self._points.at(view, at, today, None)
        if back and back.start == at and back.days >= 0 and length.unit >= 1:
            on_weekday = view.at(at) in self._words.file.weekdays and not ago
            relative = isinstance(self._words.file.relative.get(view.at(at)), int)
            if on_weekday or relative:
                return Candidate(length.days + back.days, start, back.end, "span", length.unit, since=ago)
        return length

    def _is_to_come(self, view: View, start: int, at: int) -> bool:
        """Whether the day behind a length is still to come."""
        if not self._is("upon", view, at):
            return True
        return any(self._is("will", view, i) for i in range(start - _LEAD, start))

    def _near_point(self, view: View, at: int, today: date) -> Candidate | None:
        at += self._is("the", view, at)
        point = self._points.at(view, at, today, None)
        return point if point and point.start == at else None

    def _by_gestation(self, view: View, found: list[Candidate]) -> None:
        """Count weeks of a pregnancy from the one that it is in: "30 weeks now, it began at 26 weeks"."""
        weeks = [each for each in found if each.unit == _WEEK and each.kind == "span"]
        weeks += [each for each in found if self._is("day_or_week", view, each.start)]
        then = [each for each in weeks if self._is_week_of_pregnancy(view, each)]
        if not then:
            return
        pregnant = any(self._words.has("pregnant", word) for word in view.norms)
        now = [
            each for each in weeks
            if each not in then and each.days < _LONGEST_GESTATION
            and (pregnant or self._is("gestation", view, each.end) or self._is_of_now(view, each))
        ]  # fmt: skip
        age = max(now, key=lambda each: each.days, default=None)
        for each in then:
            if age and each.days < age.days:
                each.days, each.since = age.days - each.days, True
                each.kind = "point"
        if age and any(each.since for each in then):
            age.days = -1.0

    def _is_of_now(self, view: View, week: Candidate) -> bool:
        return self._words.has("now", *view.norms[week.start : week.end + 1])

    def _is_week_of_pregnancy(self, view: View, week: Candidate) -> bool:
        before = view.before(week.start, 2)
        lead = before[1] if self._words.has("roughly", before[0]) else before[0]
        return self._words.has("at_week", lead)
