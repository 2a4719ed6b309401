"""How long the complaint has lasted.

Every time expression of a text is a candidate ("two weeks", "since Easter", "it went on Wednesday"). Words
around it make it likelier to be the complaint's ("for", "ago", "my back") or something else's ("married",
"in", "mg"); the likeliest wins if it is likely at all. The words stand in content/lexicon/times.yml.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from backsignal.clinical.content_files import read_content
from backsignal.clinical.findings import Duration
from backsignal.language.calendar_days import HolidayRule, last_holiday, last_time, safe_date
from backsignal.language.grades import Grades
from backsignal.language.time_words import TimesFile, TimeWords, View, clauses
from backsignal.language.tokens import Token

_ENOUGH = 1.0
_SURE = 5.0


@dataclass(frozen=True)
class Numbers:
    """What a text says in numbers."""

    duration: Duration | None = None
    severity: int | None = None
    age: int | None = None
    age_at: tuple[int, int] | None = None  # tokens
    duration_at: tuple[int, int] | None = None
    sure: bool = False  # the duration is plainly the complaint's


@dataclass
class _Candidate:
    days: float
    start: int
    end: int
    kind: str  # "span" (two weeks), "point" (on Monday)
    unit: float = 1.0
    score: float = 0.0


class Times:
    """Reads durations, severities and ages."""

    def __init__(self, file: TimesFile) -> None:
        self._words = TimeWords(file)
        self._grades = Grades(self._words)
        self._phrases: dict[str, list[tuple[list[str], int | str | list[HolidayRule]]]] = {}
        entries: list[tuple[str, int | str | list[HolidayRule]]] = [
            *file.relative.items(),
            *file.holidays.items(),
        ]
        for phrase, meaning in entries:
            words = phrase.replace("'", "").split()
            self._phrases.setdefault(words[0], []).append((words, meaning))
        for options in self._phrases.values():
            options.sort(key=lambda option: -len(option[0]))

    def read(
        self,
        text: str,
        tokens: list[Token],
        sentences: list[tuple[int, int]],
        today: date,
        relations: frozenset[int],
    ) -> Numbers:
        """All numbers of one text; `relations` are the tokens that name somebody who is not the patient."""
        view = View([token.norm for token in tokens], sentences=sentences)
        view.clauses = clauses(view.norms, sentences)
        severity = self._grades.severity(view)
        age, age_at = self._grades.age(view, relations)
        candidates = self._candidates(view, today)
        for candidate in candidates:
            candidate.score = self._score(candidate, view, relations, len(candidates))
        best = max(candidates, key=lambda c: (c.score, -c.start), default=None)
        if best is None or best.score < _ENOUGH:
            return Numbers(None, severity, age, age_at)
        words = text[tokens[best.start].start : tokens[best.end - 1].end]
        at = (best.start, best.end)
        return Numbers(Duration(round(best.days, 2), words), severity, age, age_at, at, best.score >= _SURE)

    # -- time expressions

    def _candidates(self, view: View, today: date) -> list[_Candidate]:
        found: list[_Candidate] = []
        index = 0
        while index < len(view.norms):
            candidate = (
                self._day_count(view, index)
                or self._slash(view, index)
                or self._span(view, index, today)
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

    def _quantity(self, view: View, index: int) -> tuple[float, int] | None:
        """A number or a range before a unit; the middle of a range."""
        if view.at(index) in {"a", "an", "one"}:
            after = self._words.number(view, index + 1)
            if (
                after
                and view.at(index) != "one"
                and view.at(index + 1) in {"couple", "few", "single", "dozen"}
            ):
                return after
            if view.at(index + 1) in {"good", "whole", "full", "solid", "bare"}:
                return 1.0, index + 2
            if view.at(index) != "one":
                return 1.0, index + 1
        if view.at(index) in self._words.file.fractions and view.at(index + 1) in {"a", "an"}:
            return self._words.file.fractions[view.at(index)], index + 2
        first = self._words.number(view, index)
        if first is None:
            return None
        value, end = first
        if view.at(end) in {"or", "to", "-", "–", "/", "maybe"} or (view.at(end) in self._words.file.numbers):
            second = self._words.number(view, end + (view.at(end) not in self._words.file.numbers))
            if second and second[0] > value and self._unit(view, second[1]):
                return (value + second[0]) / 2, second[1]
        return value, end

    def _unit(self, view: View, index: int) -> float | None:
        return self._words.units.get(view.at(index))

    def _span(self, view: View, index: int, today: date) -> _Candidate | None:
        bare = self._words.units.get(view.at(index), 0.0)
        if (
            bare in {7, 14, 30.4, 365, 3650}
            and view.at(index) not in {"w", "y", "mo"}
            and self._bare(view, index)
        ):
            return self._extended(view, index, index + 1, bare, bare, today)
        quantity = self._quantity(view, index)
        if quantity is None:
            return None
        value, end = quantity
        while (
            view.at(end) in {"long", "solid", "full", "whole", "good", "bad", "odd", "or", "so", "straight"}
            and end < index + 6
        ):
            end += 1
        unit = self._unit(view, end)
        if unit is None:
            return None
        return self._extended(view, index, end + 1, value * unit, unit, today)

    def _bare(self, view: View, index: int) -> bool:
        """ "past month", "last week saturday", "months now", "years of it"."""
        before, after = view.at(index - 1), view.at(index + 1)
        return (
            before in {"past", "for"}
            or (before == "last" and view.at(index - 2) in {"the", "over", "for", "these"})
            or (view.norms[index + 1 : index + 4] == ["and", "a", "half"])
            or (
                view.at(index) == "week"
                and after in {"last", "on", "gone"}
                and view.at(index + 2) in self._words.file.weekdays
            )
        )

    def _extended(
        self, view: View, start: int, end: int, days: float, unit: float, today: date
    ) -> _Candidate:
        if view.at(end) == "and" and view.at(end + 1) in {"a", "an"} and view.at(end + 2) == "half":
            days, end = days + unit / 2, end + 3
        elif (
            view.at(end) == "and"
            and (more := self._quantity(view, end + 1))
            and (small := self._unit(view, more[1]))
        ):
            if small < unit:
                days, end = days + more[0] * small, more[1] + 1
        elif (
            view.at(end) in {"last", "on", "gone"}
            and view.at(end + 1) in self._words.file.weekdays
            and unit == 7
        ):
            back = (today.weekday() - self._words.file.weekdays[view.at(end + 1)]) % 7 or 7
            return _Candidate(float(back + days), start, end + 2, "span", unit)
        return _Candidate(days, start, end, "span", unit)

    def _day_count(self, view: View, index: int) -> _Candidate | None:
        """ "It is day four", "week two of this", "the second day"."""
        unit = self._words.units.get(view.at(index), 0.0)
        if unit in {1.0, 7.0} and len(view.at(index)) > 2 and not view.at(index).endswith("s"):
            number = self._words.number(view, index + 1)
            if number and number[0] < 60 and view.at(number[1]) not in self._words.units:
                return _Candidate(number[0] * unit, index, number[1], "span", unit)
        ordinal = self._words.file.ordinals.get(view.at(index))
        if (
            ordinal
            and view.at(index + 1) == "day"
            and view.at(index + 2) in {"of", "running", "now", "in", "with"}
        ):
            return _Candidate(float(ordinal), index, index + 2, "span", 1.0)
        return None

    def _slash(self, view: View, index: int) -> _Candidate | None:
        """Clinicians' fractions: 3/7 days, 2/52 weeks, 6/12 months."""
        value = view.at(index).lstrip("x")
        if (
            view.at(index + 1) != "/"
            or not value.isdecimal()
            or view.at(index + 2) not in self._words.file.slashes
        ):
            return None
        if view.at(index - 1) in {"on", "since", "from", "the"}:
            return None
        unit = self._words.file.slashes[view.at(index + 2)]
        return _Candidate(int(value) * unit, index, index + 3, "span", unit)

    def _date(self, view: View, index: int, today: date) -> _Candidate | None:
        """ "the 3rd of October", "22 October", "Feb 21st", "since 13/10"."""
        day = self._day_number(view, index)
        if day is not None:
            value, end = day
            if view.at(end) == "of":
                end += 1
            month = self._words.file.months.get(view.at(end))
            if month and 1 <= value <= 31:
                return self._point(last_time(today, month, value), today, index, end + 1)
            if (
                view.at(end) == "/"
                and view.at(end + 1).isdecimal()
                and view.at(index - 1) in {"since", "on", "from", "the"}
            ):
                month_number = int(view.at(end + 1))
                if 1 <= month_number <= 12 and 1 <= value <= 31:
                    stop = end + 4 if view.at(end + 2) == "/" and view.at(end + 3).isdecimal() else end + 2
                    return self._point(last_time(today, month_number, value), today, index, stop)
            ordinal = view.at(index) in self._words.file.ordinals or (
                view.at(index + 1) in {"st", "nd", "rd", "th"}
            )
            if (
                ordinal
                and view.at(index - 1) == "the"
                and view.at(index - 2) in {"since", "on"}
                and view.at(end) != "of"
            ):
                when = today.replace(day=1)
                when = safe_date(when.year, when.month, value)
                if when > today:
                    last = when.replace(day=1) - timedelta(days=1)
                    when = safe_date(last.year, last.month, value)
                return self._point(when, today, index, end)
        month = self._words.file.months.get(view.at(index))
        after = self._day_number(view, index + 1) if month else None
        if month and after and 1 <= after[0] <= 31 and view.at(after[1]) not in self._words.units:
            return self._point(last_time(today, month, after[0]), today, index, after[1])
        return None

    def _day_number(self, view: View, index: int) -> tuple[int, int] | None:
        word = view.at(index)
        if word in self._words.file.ordinals:
            return self._words.file.ordinals[word], index + 1
        if view.at(index) in self._words.file.numbers and view.at(index + 1) in self._words.file.ordinals:
            return self._words.file.numbers[word] + self._words.file.ordinals[view.at(index + 1)], index + 2
        if not word.isdecimal() or len(word) > 2:
            return None
        return int(word), index + 1 + (view.at(index + 1) in {"st", "nd", "rd", "th"})

    def _point(self, when: date, today: date, start: int, end: int) -> _Candidate:
        return _Candidate(float((today - when).days), start, end, "point")

    def _phrase(self, view: View, index: int, today: date) -> _Candidate | None:
        for words, meaning in self._phrases.get(view.at(index), ()):
            if view.norms[index : index + len(words)] != words:
                continue
            end = index + len(words)
            if isinstance(meaning, int):
                return _Candidate(float(meaning), index, end, "point")
            if isinstance(meaning, str):  # the weekend: its Saturday
                back = (today.weekday() - 5) % 7 or 7
                return _Candidate(float(back), index, end, "point")
            when = max(last_holiday(rule, today) for rule in meaning)
            eve = view.at(end) == "eve"
            if eve:
                end += 1
            return self._point(when - timedelta(days=int(eve)), today, index, end)
        return None

    def _named(self, view: View, index: int, today: date) -> _Candidate | None:
        """A weekday, a month or a season."""
        word = view.at(index)
        if word in self._words.file.weekdays and not (
            word in {"sat", "sun", "wed", "mon"} and view.at(index - 1) not in {"since", "on", "last", "this"}
        ):
            back = (today.weekday() - self._words.file.weekdays[word]) % 7 or 7
            return _Candidate(float(back), index, index + 1, "point")
        month = self._words.file.months.get(word)
        if month and (
            word not in {"may", "march", "mar", "sep", "dec"}
            or view.at(index - 1) in {"since", "in", "last", "of", "early", "late", "mid", "from", "until"}
        ):
            part = next(
                (
                    self._words.file.parts[view.at(i)]
                    for i in range(max(0, index - 3), index)
                    if view.at(i) in self._words.file.parts
                ),
                15,
            )
            if view.at(index - 1) == "last":
                part = 15
            when = last_time(today, month, part)
            if when.month == today.month and when.year == today.year - 1:
                when = today.replace(day=1)
            return self._point(when, today, index, index + 1)
        if (
            word in self._words.file.seasons
            and view.at(index - 1) in {"since", "last", "the", "in", "this", "from"}
            and (word != "fall" or (view.at(index - 1) in {"since", "last"} and view.at(index + 1) != "from"))
        ):
            month_text, day_text = self._words.file.seasons[word].split("-")
            when = last_time(today, int(month_text), int(day_text))
            return self._point(when, today, index, index + 1)
        return None

    # -- whose time is it

    def _score(  # noqa: PLR0912, PLR0915 - a list of hints, each a line or two
        self, candidate: _Candidate, view: View, relations: frozenset[int], count: int
    ) -> float:
        start, end = view.clause(candidate.start)
        first, last = view.sentence(candidate.start)
        clause = [view.norms[i] for i in range(start, end) if not candidate.start <= i < candidate.end]
        sentence = [view.norms[i] for i in range(first, last) if not candidate.start <= i < candidate.end]
        before = [view.at(candidate.start - k) for k in (1, 2, 3)]
        after = [view.at(candidate.end + k) for k in (0, 1, 2)]
        sets = self._words.sets
        score = 1.0
        if candidate.days < 0:
            return -9.0
        if self._is_not_it(candidate, view, before, after, clause):
            return -9.0
        own = sum(word in sets["complaint"] for word in clause)
        own_wide = sum(word in sets["complaint"] for word in sentence)
        score += 1.5 * min(own, 2) + 0.5 * min(own_wide, 2)
        if "back" in clause or "pain" in clause:
            score += 0.5
        if before[0] in {"since", "from"} or before[1] == "since" or (before[2] == "since"):
            score += 2.5
        if any(word in {"for", "past", "last", "on", "of"} for word in before[:2]):
            score += 1.0
        if any(
            word in {"been", "had", "going", "lasted", "started", "has", "ive", "this"} for word in before
        ):
            score += 0.5
        if after[0] in {"ago", "back"} or after[1] == "ago":
            score += 1.0 + (1.5 if any(word in sets["onset"] for word in clause) else 0.0)
        if after[0] in {"now", "of", "history", "hx", "already", "running", "on"}:
            score += 1.0
        if any(word in sets["still"] for word in clause):
            score += 0.7
        foreign = sum(word in sets["other"] for word in clause)
        score -= 2.5 * foreign
        if not foreign and own == 0:
            score -= 1.0 * min(1, sum(word in sets["other"] for word in sentence))
        if any(start <= i < end and i not in range(candidate.start, candidate.end) for i in relations):
            score -= 6.0
        earlier = any(view.at(i) == "but" for i in range(first, candidate.start))
        score += 2.5 * earlier
        if any(view.at(i) == "but" for i in range(candidate.end, last)) and count > 1:
            score -= 2.5
        if candidate.kind == "point":
            onset = any(word in sets["onset"] for word in view.norms[first:last])
            # "NYE, conga line." - a time that opens a sentence, and no other time in the text.
            if count == 1 and candidate.start - first <= 1:
                score += 2.5
            score += 1.0 if onset or own else -1.5
            if own == 0 and not onset:
                score -= 1.0
        if candidate.unit < 1:
            score -= 2.0
            if (
                after[0] in {"ago", "back", "hx", "history"}
                or (after[0] == "of" and own)
                or before[0] == "since"
            ):
                score += 3.0
        if (
            view.norms[last - 1 : last] == ["?"]
            and before[0] not in {"for", "since", "past"}
            and after[0] != "ago"
        ):
            score -= 4.0
        # "fine until three days ago", "good for years"
        until = any(word in {"till", "until", "til"} for word in before)
        if (any(word in {"fine", "good", "ok", "okay"} for word in before) and not until) or (
            candidate.unit >= 365
            and after[0] == "ago"
            and any(w in {"fine", "better", "healed", "same"} for w in sentence)
        ):
            score -= 3.0
        return score

    def _is_not_it(  # noqa: PLR0912 - a list of cases
        self, candidate: _Candidate, view: View, before: list[str], after: list[str], clause: list[str]
    ) -> bool:
        sets = self._words.sets
        if candidate.kind == "span":
            if after[0] in sets["not_after"]:
                return True
            if before[0] in sets["not_before"] and "ago" not in after:
                return True
            if before[0] in {"about", "around", "for"} and before[1] in sets["lasting_events"]:
                return True
            if after[0] in {"a", "per", "each", "every"} and self._words.units.get(after[1]):
                return True
            if before[0] in {"a", "times", "twice", "once"} and view.at(candidate.start) in {"a", "an"}:
                return True
            if any(word in {"times", "twice", "once"} for word in before[:1]):
                return True
            if self._words.units.get(view.at(candidate.end - 1)) == 1 and after[0] in {"a", "per"}:
                return True
            if candidate.unit < 0.01 or candidate.days < 0.03:
                return True
            start = candidate.start
            if set(view.norms[max(0, start - 4) : start]) & sets["doses"] and before[0] != "past":
                return True
            if (
                before[0] in self._words.units
                or before[:2] == ["it", "on"]
                or view.norms[candidate.start - 5 : candidate.start].count("takes")
            ):
                return True
        elif (
            before[0] in {"until", "till", "by", "next", "every", "before", "due", "for", "each"}
            or after[0] in {"coming"}
            or any(
                word
                in {
                    "appointment",
                    "scan",
                    "mri",
                    "due",
                    "wedding",
                    "scanning",
                    "booked",
                    "every",
                    "until",
                    "till",
                    "next",
                }
                for word in clause
            )
        ):
            return True
        if candidate.kind == "point" and {"ill", "will", "be"} & set(
            view.norms[max(0, candidate.start - 5) : candidate.start]
        ):
            return True
        return "if" in before or "should" in before[:2]


def load_times(content: Path) -> Times:
    """Read content/lexicon/times.yml; raises ContentError naming file and field."""
    return Times(read_content(content / "lexicon" / "times.yml", TimesFile))
