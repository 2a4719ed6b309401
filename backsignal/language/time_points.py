"""Points in time: "on Monday", "the 3rd of October", "since Easter", "early last month", "when I was 30"."""

from datetime import date, timedelta

from backsignal.language.calendar_days import HolidayRule, last_holiday, last_time, period, safe_date
from backsignal.language.time_words import Candidate, TimeWords, View, WordClass

_WEEK, _MONTH, _YEAR = 7, 30, 365.0
_MIDDLE, _SEASON = 15, 90  # days: the middle of a month, the length of a season
_FIRST_YEAR, _DIGITS_OF_YEAR = 1930, 4
_DECADE = 10  # years
_MOST_TO_AGE = 5  # tokens between "since" and the age that it speaks of
_DAYS_IN_MONTH, _MONTHS = 31, 12
_ABOUT = 7  # days that "before Christmas" lies before it


class Points:
    """Finds the points in time of a text."""

    def __init__(self, words: TimeWords) -> None:
        self._words = words
        file = words.file
        self._phrases: dict[str, list[tuple[list[str], int | str | list[HolidayRule]]]] = {}
        entries: list[tuple[str, int | str | list[HolidayRule]]] = [
            *file.relative.items(),
            *file.holidays.items(),
        ]
        for phrase, meaning in entries:
            # Tokens lose the "'s", people lose the apostrophe.
            for form in {phrase.replace("'s", ""), phrase.replace("'", "")}:
                parts = form.split()
                self._phrases.setdefault(parts[0], []).append((parts, meaning))
        for options in self._phrases.values():
            options.sort(key=lambda option: -len(option[0]))

    @property
    def first_words(self) -> frozenset[str]:
        """Words that a phrase begins with."""
        return frozenset(self._phrases)

    def at(self, view: View, index: int, today: date, age: int | None) -> Candidate | None:
        """The point in time that begins at a token."""
        return (
            self._at_age(view, index, age)
            or self._since(view, index, today)
            or self._date(view, index, today)
            or self._part(view, index, today)
            or self._phrase(view, index, today)
            or self._weekday(view, index, today)
            or self._month(view, index, today)
            or self._season(view, index, today)
            or self._year(view, index, today)
        )

    def _is(self, name: WordClass, view: View, index: int) -> bool:
        return self._words.is_(name, view, index)

    def _point(self, when: date, today: date, start: int, end: int) -> Candidate:
        return Candidate(float((today - when).days), start, end, "point")

    # -- what only "since" makes a time

    def _since(self, view: View, index: int, today: date) -> Candidate | None:
        """A year, getting up, an hour of the day."""
        if not self._is("since", view, index):
            return None
        at = index + 1
        while self._is("mid_clock", view, at) and at < index + 4:
            at += 1
        word = view.at(at)
        file = self._words.file
        if self._is_year(word, today):
            return Candidate(self._days_from_year(int(word), today), at, at + 1, "point", since=True)
        two = f"{word} {view.at(at + 1)}"
        for phrase, words in ((two, 2), (word, 1)):
            if phrase in file.since_relative:
                return Candidate(float(file.since_relative[phrase]), at, at + words, "point", since=True)
        number = self._words.number(view, at)
        if number and self._is("clock", view, number[1]):
            return Candidate(0.0, at, number[1] + 1, "point", since=True)
        return None

    # -- an age of life

    def _at_age(self, view: View, index: int, age: int | None) -> Candidate | None:
        """ "Since I was thirty", "from the age of 12", "the year I turned 48", "I was 25 when"."""
        if age is None:
            return None
        then, end = self._words.file.stages.get(view.at(index)), index + 1
        if then is not None and not self._is_stage(view, index):
            return None
        if then is not None and (part := self._words.file.parts.get(view.at(index - 1))):
            then += round((part - _MIDDLE) * _DECADE / _MONTH)  # "my late thirties"
        number = self._words.number(view, index) if then is None else None
        if number:
            then, end = int(number[0]), number[1]
            if view.at(end) in self._words.units and not self._is("years_word", view, end):
                return None
            if not self._tells_age(view, index, end):
                return None
        if then is None or not 0 < then < age:
            return None
        first, last = view.sentence(index)
        since = self._words.has("onset", *view.norms[first:last]) or self._words.has(
            "since_age", *view.before(index, _MOST_TO_AGE)
        )
        return Candidate((age - then) * _YEAR, index, end, "point", _YEAR, since=since)

    def _is_stage(self, view: View, index: int) -> bool:
        """ "From my teens", "since I was a kid", not "I'm in my fifties"."""
        before = view.before(index, _MOST_TO_AGE)
        return self._words.has("since_age", *before) and not self._words.has("am", *before)

    def _tells_age(self, view: View, index: int, end: int) -> bool:
        before = view.before(index, _MOST_TO_AGE)
        lead = next((i for i, word in enumerate(before) if not self._words.has("roughly", word)), 0)
        nearest, second = before[lead : lead + 2] if lead + 1 < len(before) else ("", "")
        if self._words.has("was", nearest):
            return self._words.has("who_was", second) and not self._is("no_number_after", view, end)
        if self._words.has("at", nearest):
            return not view.at(end)[:1].isalnum() and "." not in view.at(index)
        if self._words.has("turned", nearest):
            return self._words.has("then", *before[lead + 1 :])
        if self._words.has("of", nearest) or self._words.has("age_word", nearest):
            return self._words.has("since_age", *before[lead:])
        return self._words.has("since", nearest) and self._is("onwards", view, end)

    # -- dates

    def _date(self, view: View, index: int, today: date) -> Candidate | None:
        """ "the 3rd of October", "22 October", "Feb 21st", "since 13/10", "20.01.2026"."""
        day = self._day_number(view, index)
        found = (
            self._day_and_month(view, index, day, today)
            or self._in_figures(view, index, day, today)
            or self._day_alone(view, index, day, today)
            if day is not None
            else self._month_and_day(view, index, today)
        )
        if found:
            found.exact = True
        return found

    def _month_and_day(self, view: View, index: int, today: date) -> Candidate | None:
        month = self._words.file.months.get(view.at(index))
        if not month:
            return None
        after = self._day_number(view, index + 1 + self._is("the", view, index + 1))
        if after and 1 <= after[0] <= _DAYS_IN_MONTH and view.at(after[1]) not in self._words.units:
            return self._in_year(view, last_time(today, month, after[0]), today, index, after[1])
        return None

    def _day_and_month(self, view: View, index: int, day: tuple[int, int], today: date) -> Candidate | None:
        value, end = day
        of = end + self._is("of", view, end)
        month = self._words.file.months.get(view.at(of))
        if month and 1 <= value <= _DAYS_IN_MONTH:
            return self._in_year(view, last_time(today, month, value), today, index, of + 1)
        if of == end or not (self._is("this", view, of) or self._is("last", view, of)):
            return None
        if self._words.units.get(view.at(of + 1), 0.0) // 1 != _MONTH:
            return None
        first, _ = period(today, "month", back=int(self._is("last", view, of)))
        return self._point(safe_date(first.year, first.month, value), today, index, of + 2)

    def _in_figures(self, view: View, index: int, day: tuple[int, int], today: date) -> Candidate | None:
        """ "13/10", "13/10/25", "20.01.2026"; the month comes first where it cannot come second."""
        value, end = day
        figures = view.at(index).split(".")
        if len(figures) == 2 and view.at(index + 1) == "." and self._is_year(view.at(index + 2), today):
            value, month, year, stop = int(figures[0]), int(figures[1]), view.at(index + 2), index + 3
        elif view.at(end) == "/" and view.at(end + 1).isdecimal():
            month, year, stop = int(view.at(end + 1)[:4]), "", end + 2
            if view.at(end + 2) == "/" and view.at(end + 3).isdecimal():
                year, stop = view.at(end + 3)[:4], end + 4
        else:
            return None
        if month > _MONTHS >= value and year:
            value, month = month, value
        if not (1 <= month <= _MONTHS and 1 <= value <= _DAYS_IN_MONTH):
            return None
        if not year and not self._is("date_lead", view, index - 1):
            clear = index == 0 and value > _MONTHS
            if not clear or month in {int(part) for part in self._words.file.slashes}:
                return None
        when = last_time(today, month, value)
        if year:
            full = int(year) if len(year) == _DIGITS_OF_YEAR else today.year // 100 * 100 + int(year)
            when = safe_date(max(full, 1), month, value)
        return self._point(when, today, index, stop)

    def _day_alone(self, view: View, index: int, day: tuple[int, int], today: date) -> Candidate | None:
        """ "On the 23rd"."""
        value, end = day
        ordinal = view.at(index) in self._words.file.ordinals or self._is("ordinal_sign", view, index + 1)
        if (
            ordinal
            and not self._is("of", view, end)
            and not view.at(end)[:1].isalpha()
            and self._is("the", view, index - 1)
            and self._is("date_lead", view, index - 2)
        ):
            return self._point(_last_day(today, value), today, index, end)
        return None

    def _day_number(self, view: View, index: int) -> tuple[int, int] | None:
        word, file = view.at(index), self._words.file
        if word in file.ordinals:
            return file.ordinals[word], index + 1
        if word in file.numbers and view.at(index + 1) in file.ordinals:
            return file.numbers[word] + file.ordinals[view.at(index + 1)], index + 2
        if not word[:1].isdecimal() or len(word.split(".")[0]) > 2:
            return None
        return int(word.split(".")[0].split(",")[0]), index + 1 + self._is("ordinal_sign", view, index + 1)

    def _in_year(self, view: View, when: date, today: date, start: int, end: int) -> Candidate:
        """A point with the year that may follow it: "of 2024", "last year"."""
        at = end + (self._is("of", view, end) or view.at(end) == ",")
        if self._is_year(view.at(at), today):
            when, end = safe_date(int(view.at(at)), when.month, when.day), at + 1
        elif self._words.units.get(view.at(at + 1)) == _YEAR:
            if self._is("last", view, at):
                when, end = safe_date(max(today.year - 1, 1), when.month, when.day), at + 2
            elif self._is("this", view, at):
                end = at + 2
        return self._point(when, today, start, end)

    def _is_year(self, word: str, today: date) -> bool:
        return word.isdecimal() and len(word) == _DIGITS_OF_YEAR and _FIRST_YEAR < int(word) <= today.year

    def _is_answer(self, view: View, index: int) -> bool:
        """Whether the token is the whole text ("May.")."""
        return index == 0 and len(view.norms) <= 2  # with its full stop

    def _days_from_year(self, year: int, today: date) -> float:
        middle = today.replace(month=1, day=1) if year == today.year else date(year, 7, 1)
        return float((today - middle).days)

    def _year(self, view: View, index: int, today: date) -> Candidate | None:
        """ "in 2019", "2019 it started"."""
        word = view.at(index)
        if not self._is_year(word, today):
            return None
        opens = self._is_answer(view, index) or (
            index == view.sentence(index)[0] and self._is("it_began", view, index + 1)
        )
        if not (opens or self._is("year_lead", view, index - 1)):
            return None
        return Candidate(self._days_from_year(int(word), today), index, index + 1, "point", _YEAR)

    # -- parts of a week, a month, a year

    def _part(self, view: View, index: int, today: date) -> Candidate | None:
        """ "the beginning of this month", "late last week", "earlier this year"."""
        part = self._words.file.parts.get(view.at(index))
        early = self._is("earlier", view, index)
        if part is None and not early:
            return None
        at = index + 1 + (self._is("of", view, index + 1) or self._is("upon", view, index + 1))
        last = self._is("last", view, at)
        if last or self._is("this", view, at):
            at += 1
        elif at == index + 1:
            return None
        unit = self._words.file.periods.get(view.at(at))
        if unit is None:
            return None
        first, length = period(today, unit, back=int(last))
        if early:
            length = max((today - first).days, 0) if not last else length
            part = _MIDDLE
        when = first + timedelta(days=round(length * (part or 0) / _MONTH))
        if when > today:  # "the end of the month" said at its beginning
            first, length = period(today, unit, back=1)
            when = first + timedelta(days=round(length * (part or 0) / _MONTH))
        return self._point(when, today, index, at + 1)

    def _part_before(self, view: View, index: int) -> int | None:
        """The part named right before: "early", "the end of"."""
        parts = self._words.file.parts
        return next((parts[word] for word in view.before(index, 4) if word in parts), None)

    # -- phrases and holidays

    def _phrase(self, view: View, index: int, today: date) -> Candidate | None:
        for words, meaning in self._phrases.get(view.at(index), ()):
            if view.norms[index : index + len(words)] != words:
                continue
            end = index + len(words)
            if isinstance(meaning, int):
                return Candidate(float(meaning), index, end, "point")
            if isinstance(meaning, str):  # the weekend: its Saturday
                days = (today.weekday() - 5) % 7 or (7 if self._is("last", view, index) else 1)
                return Candidate(float(days), index, end, "point")
            return self._holiday(view, index, end, meaning, today)
        return None

    def _holiday(
        self, view: View, index: int, end: int, rules: list[HolidayRule], today: date
    ) -> Candidate | None:
        when = max(last_holiday(rule, today) for rule in rules)
        if when == date.min:
            return None
        weekdays = self._words.file.weekdays
        if self._is("eve", view, end):
            when, end = when - timedelta(days=1), end + 1
        elif view.at(end) in weekdays:
            away = (weekdays[view.at(end)] - when.weekday() + 3) % 7 - 3
            when, end = when + timedelta(days=away), end + 1
        else:
            whole = end + self._is("padding", view, end)  # "the long weekend"
            end = whole + 1 if self._is("around_holiday", view, whole) else end
        if self._is("holiday_month", view, end) and view.at(end + 1) in self._words.file.months:
            end += 2  # "the clocks went back in October"
        other = self._phrase(view, end + 1, today) if self._is("and", view, end) else None
        if other and self._is("between", view, index - 1):
            days = ((today - when).days + min(other.days, (today - when).days)) / 2
            return Candidate(float(days), index, other.end, "point")
        if self._is("before", view, index - 1):
            when -= timedelta(days=_ABOUT)
        return self._in_year(view, when, today, index, end)

    # -- names of days and times of the year

    def _weekday(self, view: View, index: int, today: date) -> Candidate | None:
        """ "on Monday", "last Friday week", "the Thursday before last", "Tuesday of last week"."""
        weekday = self._words.file.weekdays.get(view.at(index))
        if weekday is None:
            return None
        end = index + 1
        while self._is("day_part", view, end):
            end += 1
        spoken = end > index + 1 or self._is("weekday_lead", view, index - 1) or self._is("gone", view, end)
        if self._is("short_weekdays", view, index) and not spoken and view.at(end)[:1].isalpha():
            return None
        back = (today.weekday() - weekday) % 7
        if not back and (self._is("it_is", view, index - 1) or self._is("now", view, end)):
            return Candidate(-1.0, index, end, "point")  # "it is Tuesday now"
        back = back or 7
        while self._is("gone", view, end):
            end += 1
        last = self._is("last", view, index - 1)
        if self._words.units.get(view.at(end)) == _WEEK and (
            last or self._is("ago", view, end + 1) or self._is("gone", view, end + 1)
            or not view.at(end + 1)[:1].isalpha()
        ):  # fmt: skip
            back, end = (
                back + _WEEK,
                end + 1 + (self._is("ago", view, end + 1) or self._is("gone", view, end + 1)),
            )
        elif self._is("before", view, end) and self._is("last", view, end + 1):
            back, end = back + _WEEK, end + 2
        elif (
            self._is("of", view, end)
            and self._is("last", view, end + 1)
            and self._words.units.get(view.at(end + 2)) == _WEEK
        ):
            back, end = today.weekday() + _WEEK - weekday, end + 3
        return Candidate(float(back), index, end, "point")

    def _month(self, view: View, index: int, today: date) -> Candidate | None:
        month = self._words.file.months.get(view.at(index))
        if not month:
            return None
        part = self._part_before(view, index)
        if self._is("month_words", view, index) and not self._is("month_lead", view, index - 1):
            dated = self._is_year(view.at(index + 1), today)
            if not (dated or self._is_answer(view, index)):
                return None
        last = self._is("last", view, index - 1)
        when = last_time(today, month, _MIDDLE if last or part is None else part)
        if last and month == today.month:
            when = safe_date(max(today.year - 1, 1), month, _MIDDLE)
        elif month == today.month and when.year < today.year:
            when = today.replace(day=1)
        return self._in_year(view, when, today, index, index + 1)

    def _season(self, view: View, index: int, today: date) -> Candidate | None:
        word, file = view.at(index), self._words.file
        if word not in file.seasons or not self._is("season_lead", view, index - 1):
            return None
        if self._is("fall", view, index):  # "the fall" is rather a tumble
            named = self._is("since", view, index - 1) or self._is("last", view, index - 1)
            if not named or self._is("fall_from", view, index + 1):
                return None
        number, day = file.seasons[word].split("-")
        part = self._part_before(view, index)
        when = last_time(today, int(number), int(day))
        if part is not None and not self._is("last", view, index - 1):
            away = timedelta(days=round((part - _MIDDLE) * _SEASON / _MONTH))
            when = when + away if when + away <= today else when
        return self._in_year(view, when, today, index, index + 1)


def _last_day(today: date, day: int) -> date:
    """The last such day of a month that is not in the future."""
    when = safe_date(today.year, today.month, day)
    if when <= today:
        return when
    before = today.replace(day=1) - timedelta(days=1)
    return safe_date(before.year, before.month, day)
