"""How long the complaint has lasted, how bad it is from 0 to 10, and how old the patient is.

Every time expression of a text is a candidate ("two weeks", "since Easter", "it went on Wednesday"). Words
around it make it likelier to be the complaint's ("for", "ago", "my back") or something else's ("married",
"in", "mg"); the likeliest wins if it is likely at all. The words stand in content/lexicon/times.yml.
"""

from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path

from pydantic import StrictStr

from backsignal.clinical.content_files import ContentModel, read_content
from backsignal.clinical.findings import Duration
from backsignal.language.tokens import Token

_YEAR = 365.25
_TENS = 20
_ENOUGH = 1.0
_SURE = 5.0


class HolidayRule(ContentModel):
    """When a holiday falls: a day of a month, an nth weekday of a month, days from Easter, or listed dates."""

    month: int | None
    day: int | None
    weekday: int | None
    nth: int | None
    easter: int | None
    dates: list[date] = []


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
    leads: StrictStr
    follows: StrictStr
    still: StrictStr
    rates: StrictStr
    ahead: StrictStr
    other: StrictStr
    person: StrictStr
    things: StrictStr
    pain_words: StrictStr
    people_of_ten: StrictStr
    episode: StrictStr
    doses: StrictStr


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


@dataclass
class _View:
    """One text's forms, with its clauses."""

    norms: list[str]
    clauses: list[tuple[int, int]] = field(default_factory=list)
    sentences: list[tuple[int, int]] = field(default_factory=list)

    def clause(self, index: int) -> tuple[int, int]:
        return next(((s, e) for s, e in self.clauses if s <= index < e), (0, len(self.norms)))

    def sentence(self, index: int) -> tuple[int, int]:
        return next(((s, e) for s, e in self.sentences if s <= index < e), (0, len(self.norms)))

    def at(self, index: int) -> str:
        return self.norms[index] if 0 <= index < len(self.norms) else ""


class Times:
    """Reads durations, severities and ages."""

    def __init__(self, file: TimesFile) -> None:
        self._file = file
        self._units = {word: float(days) for days, words in file.units.items() for word in words.split()}
        self._phrases: dict[str, list[tuple[list[str], int | str | list[HolidayRule]]]] = {}
        entries: list[tuple[str, int | str | list[HolidayRule]]] = [*file.relative.items(), *file.holidays.items()]
        for phrase, meaning in entries:
            words = phrase.replace("'", "").split()
            self._phrases.setdefault(words[0], []).append((words, meaning))
        for options in self._phrases.values():
            options.sort(key=lambda option: -len(option[0]))
        self._sets = {
            name: frozenset(str(getattr(file, name)).split())
            for name in (
                "complaint", "onset", "leads", "follows", "still", "rates", "ahead", "other", "person", "things",
                "pain_words", "people_of_ten", "episode", "doses",
            )
        }  # fmt: skip

    def read(
        self, text: str, tokens: list[Token], sentences: list[tuple[int, int]], today: date, relations: frozenset[int]
    ) -> Numbers:
        """All numbers of one text; `relations` are the tokens that name somebody who is not the patient."""
        view = _View([token.norm for token in tokens], sentences=sentences)
        view.clauses = _clauses(view.norms, sentences)
        candidates = self._candidates(view, today)
        for candidate in candidates:
            candidate.score = self._score(candidate, view, relations, len(candidates))
        best = max(candidates, key=lambda c: (c.score, -c.start), default=None)
        duration = None
        if best is not None and best.score >= _ENOUGH:
            words = text[tokens[best.start].start : tokens[best.end - 1].end]
            duration = Duration(round(best.days, 2), words)
            return Numbers(
                duration, self._severity(view), *self._age(view, relations), (best.start, best.end), best.score >= _SURE
            )  # fmt: skip
        return Numbers(duration, self._severity(view), *self._age(view, relations))

    # -- time expressions

    def _candidates(self, view: _View, today: date) -> list[_Candidate]:
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

    def number(self, view: _View, index: int) -> tuple[float, int] | None:
        """A number at a token and where it ends: "3", "twenty one", "two and a half", "thirty odd"."""
        word = view.at(index)
        value: float
        if word[:1].isdecimal() and len(word) < 10:
            try:
                value = float(word.replace(",", "."))
            except ValueError:
                return None
            index += 1
        elif word in self._file.numbers:
            value = self._file.numbers[word]
            index += 1
            following = self._file.numbers.get(view.at(index), 100)
            if value >= _TENS and value % 10 == 0 and 0 < following < 10:
                value, index = value + following, index + 1
            if view.at(index) == "of" and view.at(index - 1) in self._file.numbers:
                index += 1
        else:
            return None
        if view.at(index) == "odd":
            index += 1
        if view.at(index) == "and" and view.at(index + 1) in {"a", "an"} and view.at(index + 2) in self._file.fractions:
            return value + self._file.fractions[view.at(index + 2)], index + 3
        if view.at(index) == "½":
            return value + 0.5, index + 1
        return value, index

    def _quantity(self, view: _View, index: int) -> tuple[float, int] | None:
        """A number or a range before a unit; the middle of a range."""
        if view.at(index) in {"a", "an", "one"}:
            after = self.number(view, index + 1)
            if after and view.at(index) != "one" and view.at(index + 1) in {"couple", "few", "single", "dozen"}:
                return after
            if view.at(index + 1) in {"good", "whole", "full", "solid", "bare"}:
                return 1.0, index + 2
            if view.at(index) != "one":
                return 1.0, index + 1
        if view.at(index) in self._file.fractions and view.at(index + 1) in {"a", "an"}:
            return self._file.fractions[view.at(index)], index + 2
        first = self.number(view, index)
        if first is None:
            return None
        value, end = first
        if view.at(end) in {"or", "to", "-", "–", "/", "maybe"} or (view.at(end) in self._file.numbers):
            second = self.number(view, end + (view.at(end) not in self._file.numbers))
            if second and second[0] > value and self._unit(view, second[1]):
                return (value + second[0]) / 2, second[1]
        return value, end

    def _unit(self, view: _View, index: int) -> float | None:
        return self._units.get(view.at(index))

    def _span(self, view: _View, index: int, today: date) -> _Candidate | None:
        bare = self._units.get(view.at(index), 0.0)
        if bare in {7, 14, 30.4, 365, 3650} and view.at(index) not in {"w", "y", "mo"} and self._bare(view, index):
            return self._extended(view, index, index + 1, bare, bare, today)
        quantity = self._quantity(view, index)
        if quantity is None:
            return None
        value, end = quantity
        while view.at(end) in {"long", "solid", "full", "whole", "good", "bad", "odd", "or", "so", "straight"} and end < index + 6:
            end += 1
        unit = self._unit(view, end)
        if unit is None:
            return None
        return self._extended(view, index, end + 1, value * unit, unit, today)

    def _bare(self, view: _View, index: int) -> bool:
        """"past month", "last week saturday", "months now", "years of it"."""
        before, after = view.at(index - 1), view.at(index + 1)
        return before in {"past", "for"} or (before == "last" and view.at(index - 2) in {"the", "over", "for", "these"}) or (
            view.norms[index + 1 : index + 4] == ["and", "a", "half"]
        ) or (view.at(index) == "week" and after in {"last", "on", "gone"} and view.at(index + 2) in self._file.weekdays)

    def _extended(self, view: _View, start: int, end: int, days: float, unit: float, today: date) -> _Candidate:
        if view.at(end) == "and" and view.at(end + 1) in {"a", "an"} and view.at(end + 2) == "half":
            days, end = days + unit / 2, end + 3
        elif view.at(end) == "and" and (more := self._quantity(view, end + 1)) and (small := self._unit(view, more[1])):
            if small < unit:
                days, end = days + more[0] * small, more[1] + 1
        elif view.at(end) in {"last", "on", "gone"} and view.at(end + 1) in self._file.weekdays and unit == 7:
            back = (today.weekday() - self._file.weekdays[view.at(end + 1)]) % 7 or 7
            return _Candidate(float(back + days), start, end + 2, "span", unit)
        return _Candidate(days, start, end, "span", unit)

    def _day_count(self, view: _View, index: int) -> _Candidate | None:
        """"It is day four", "week two of this", "the second day"."""
        unit = self._units.get(view.at(index), 0.0)
        if unit in {1.0, 7.0} and len(view.at(index)) > 2 and not view.at(index).endswith("s"):
            number = self.number(view, index + 1)
            if number and number[0] < 60 and view.at(number[1]) not in self._units:
                return _Candidate(number[0] * unit, index, number[1], "span", unit)
        ordinal = self._file.ordinals.get(view.at(index))
        if ordinal and view.at(index + 1) == "day" and view.at(index + 2) in {"of", "running", "now", "in", "with"}:
            return _Candidate(float(ordinal), index, index + 2, "span", 1.0)
        return None

    def _slash(self, view: _View, index: int) -> _Candidate | None:
        """Clinicians' fractions: 3/7 days, 2/52 weeks, 6/12 months."""
        value = view.at(index).lstrip("x")
        if view.at(index + 1) != "/" or not value.isdecimal() or view.at(index + 2) not in self._file.slashes:
            return None
        if view.at(index - 1) in {"on", "since", "from", "the"}:
            return None
        unit = self._file.slashes[view.at(index + 2)]
        return _Candidate(int(value) * unit, index, index + 3, "span", unit)

    def _date(self, view: _View, index: int, today: date) -> _Candidate | None:
        """"the 3rd of October", "22 October", "Feb 21st", "since 13/10"."""
        day = self._day_number(view, index)
        if day is not None:
            value, end = day
            if view.at(end) == "of":
                end += 1
            month = self._file.months.get(view.at(end))
            if month and 1 <= value <= 31:
                return self._point(_past(today, month, value), today, index, end + 1)
            if view.at(end) == "/" and view.at(end + 1).isdecimal() and view.at(index - 1) in {"since", "on", "from", "the"}:
                month_number = int(view.at(end + 1))
                if 1 <= month_number <= 12 and 1 <= value <= 31:
                    stop = end + 4 if view.at(end + 2) == "/" and view.at(end + 3).isdecimal() else end + 2
                    return self._point(_past(today, month_number, value), today, index, stop)
            ordinal = view.at(index) in self._file.ordinals or (view.at(index + 1) in {"st", "nd", "rd", "th"})
            if ordinal and view.at(index - 1) == "the" and view.at(index - 2) in {"since", "on"} and view.at(end) != "of":
                when = today.replace(day=1)
                when = _safe(when.year, when.month, value)
                if when > today:
                    last = when.replace(day=1) - timedelta(days=1)
                    when = _safe(last.year, last.month, value)
                return self._point(when, today, index, end)
        month = self._file.months.get(view.at(index))
        if month and (after := self._day_number(view, index + 1)) and 1 <= after[0] <= 31:
            if view.at(after[1]) not in self._units:
                return self._point(_past(today, month, after[0]), today, index, after[1])
        return None

    def _day_number(self, view: _View, index: int) -> tuple[int, int] | None:
        word = view.at(index)
        if word in self._file.ordinals:
            return self._file.ordinals[word], index + 1
        if view.at(index) in self._file.numbers and view.at(index + 1) in self._file.ordinals:
            return self._file.numbers[word] + self._file.ordinals[view.at(index + 1)], index + 2
        if not word.isdecimal() or len(word) > 2:
            return None
        return int(word), index + 1 + (view.at(index + 1) in {"st", "nd", "rd", "th"})

    def _point(self, when: date, today: date, start: int, end: int) -> _Candidate:
        return _Candidate(float((today - when).days), start, end, "point")

    def _phrase(self, view: _View, index: int, today: date) -> _Candidate | None:
        for words, meaning in self._phrases.get(view.at(index), ()):
            if view.norms[index : index + len(words)] != words:
                continue
            end = index + len(words)
            if isinstance(meaning, int):
                return _Candidate(float(meaning), index, end, "point")
            if isinstance(meaning, str):  # the weekend: its Saturday
                back = (today.weekday() - 5) % 7 or 7
                return _Candidate(float(back), index, end, "point")
            when = max(_holiday(rule, today) for rule in meaning)
            eve = view.at(end) == "eve"
            if eve:
                end += 1
            return self._point(when - timedelta(days=int(eve)), today, index, end)
        return None

    def _named(self, view: _View, index: int, today: date) -> _Candidate | None:
        """A weekday, a month or a season."""
        word = view.at(index)
        if word in self._file.weekdays and not (word in {"sat", "sun", "wed", "mon"} and view.at(index - 1) not in {"since", "on", "last", "this"}):
            back = (today.weekday() - self._file.weekdays[word]) % 7 or 7
            return _Candidate(float(back), index, index + 1, "point")
        month = self._file.months.get(word)
        if month and (word not in {"may", "march", "mar", "sep", "dec"} or view.at(index - 1) in {"since", "in", "last", "of", "early", "late", "mid", "from", "until"}):
            part = next((self._file.parts[view.at(i)] for i in range(max(0, index - 3), index) if view.at(i) in self._file.parts), 15)
            if view.at(index - 1) == "last":
                part = 15
            when = _past(today, month, part)
            if when.month == today.month and when.year == today.year - 1:
                when = today.replace(day=1)
            return self._point(when, today, index, index + 1)
        if word in self._file.seasons and view.at(index - 1) in {"since", "last", "the", "in", "this", "from"} and (
            word != "fall" or view.at(index - 1) in {"since", "last"} and view.at(index + 1) != "from"
        ):
            month_text, day_text = self._file.seasons[word].split("-")
            when = _past(today, int(month_text), int(day_text))
            return self._point(when, today, index, index + 1)
        return None

    # -- whose time is it

    def _score(self, candidate: _Candidate, view: _View, relations: frozenset[int], count: int) -> float:
        start, end = view.clause(candidate.start)
        first, last = view.sentence(candidate.start)
        clause = [view.norms[i] for i in range(start, end) if not candidate.start <= i < candidate.end]
        sentence = [view.norms[i] for i in range(first, last) if not candidate.start <= i < candidate.end]
        before = [view.at(candidate.start - k) for k in (1, 2, 3)]
        after = [view.at(candidate.end + k) for k in (0, 1, 2)]
        sets = self._sets
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
        if any(word in {"been", "had", "going", "lasted", "started", "has", "ive", "this"} for word in before):
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
            if after[0] in {"ago", "back", "hx", "history"} or (after[0] == "of" and own) or before[0] == "since":
                score += 3.0
        if view.norms[last - 1 : last] == ["?"] and before[0] not in {"for", "since", "past"} and after[0] != "ago":
            score -= 4.0
        # "fine until three days ago", "good for years"
        until = any(word in {"till", "until", "til"} for word in before)
        if (any(word in {"fine", "good", "ok", "okay"} for word in before) and not until) or (
            candidate.unit >= 365 and after[0] == "ago" and any(w in {"fine", "better", "healed", "same"} for w in sentence)
        ):
            score -= 3.0
        return score

    def _is_not_it(
        self, candidate: _Candidate, view: _View, before: list[str], after: list[str], clause: list[str]
    ) -> bool:
        sets = self._sets
        if candidate.kind == "span":
            if after[0] in {"old", "pregnant", "gone", "gestation", "along", "away", "time", "later", "postpartum", "wait", "shift", "shifts", "course", "younger", "older", "sober", "clean", "supply", "journey", "drive", "flight", "prior", "married", "apart", "today"} and after[:1] != ["today"]:
                return True
            if before[0] in {"in", "within", "next", "every", "each", "per", "another", "until", "till", "after", "takes", "take", "took", "twice", "once", "times", "lasts", "lasting", "rest", "expect", "wait", "him"} and "ago" not in after:
                return True
            if before[0] in {"about", "around", "for"} and before[1] in {"lasts", "last", "takes", "lasting", "wait", "in", "rest", "sit", "stand", "walk", "after", "hold"}:
                return True
            if after[0] in {"a", "per", "each", "every"} and self._units.get(after[1]):
                return True
            if before[0] in {"a", "times", "twice", "once"} and view.at(candidate.start) in {"a", "an"}:
                return True
            if any(word in {"times", "twice", "once"} for word in before[:1]):
                return True
            if self._units.get(view.at(candidate.end - 1)) == 1 and after[0] in {"a", "per"}:
                return True
            if candidate.unit < 0.01 or candidate.days < 0.03:
                return True
            start = candidate.start
            if set(view.norms[max(0, start - 4) : start]) & sets["doses"] and before[0] != "past":
                return True
            if before[0] in self._units or before[:2] == ["it", "on"] or view.norms[candidate.start - 5 : candidate.start].count("takes"):
                return True
        elif before[0] in {"until", "till", "by", "next", "every", "before", "due", "for", "each"} or after[0] in {"coming"}:
            return True
        elif any(word in {"appointment", "scan", "mri", "due", "wedding", "scanning", "booked", "every", "until", "till", "next"} for word in clause):
            return True
        if candidate.kind == "point" and {"ill", "will", "be"} & set(view.norms[max(0, candidate.start - 5) : candidate.start]):
            return True
        return "if" in before or "should" in before[:2]

    # -- severity

    def _severity(self, view: _View) -> int | None:
        found: list[tuple[float, int, int]] = []  # weight, value, position
        for index in range(len(view.norms)):
            value, weight = self._grade(view, index)
            if value is not None and 0 <= value <= 10:
                found.append((weight, int(round(value)), index))
        if not found:
            return None
        top = max(weight for weight, _, _ in found)
        best = [(value, index) for weight, value, index in found if weight == top]
        now = [
            value for value, index in best
            if any(view.at(i) in {"now", "currently", "today", "still"} for i in range(index - 3, index + 6))
            or (view.at(index - 1) == "to" or view.at(index - 2) == "to")
        ]  # fmt: skip
        return now[-1] if now and len(best) > 1 else max(value for value, _ in best)

    def _grade(self, view: _View, index: int) -> tuple[float | None, float]:
        number = self.number(view, index)
        if number is None or (view.at(index - 1) == "/" and view.at(index - 2)[:1].isdecimal()):
            return None, 0.0
        value, end = number
        if view.at(index - 1) == "and" and self.number(view, index - 2):
            return None, 0.0
        if view.at(index) in {"couple", "few", "several"} or (index and self.number(view, index - 1) and view.at(index - 1) in self._file.numbers):
            return None, 0.0
        if view.at(end) in {"ish", "point"}:
            end += 1
        ten = view.at(end) == "/" and view.at(end + 1) == "10"
        dated = view.at(index - 1) in {"the", "since", "from"} and ten
        scale = view.at(end) in {"out", "outta", "outa", "of"} and (
            view.at(end + 1) in {"10", "ten"} or (view.at(end + 1) in {"of", "a"} and view.at(end + 2) in {"10", "ten"})
        )
        if ten or scale:
            stop = end + 2 + (scale and view.at(end + 1) in {"of", "a"})
            following = {view.at(i) for i in range(stop, stop + 2)}
            if dated or following & self._sets["people_of_ten"]:
                return None, 0.0
            return value, 3.0
        if view.at(end) in self._units or view.at(end)[:1].isalpha() and view.at(end) not in _AFTER_GRADE:
            return None, 0.0
        if view.at(end) in {"/", "%", ":", "-", "°", "x"} or view.at(index - 1) in {"/", "£", "$", "@", "x", ":"}:
            return None, 0.0
        start, stop = view.clause(index)
        if view.at(index - 1) in {"a", "an"} and any(view.at(i) in self._sets["pain_words"] for i in range(max(start, index - 4), index - 1)):
            return value, 2.0
        if view.at(index - 1) in {"score", "severity", "vas", "nrs"} or (view.at(index - 2) in {"score", "severity"}):
            return value, 2.5
        if view.at(index - 1) in {"it", "at"} and view.at(index - 2) in {"rate", "call", "put", "give", "its", "is", "down", "it", "say", "pain"}:
            return value, 1.8
        if index == start or (index == start + 1 and view.at(start) in {"a", "an", "about", "maybe"}):
            if end >= stop or (end == stop - 1 and view.at(end) in _STOPS):
                return value, 1.0
            if view.at(end) in {"at"} and view.at(end + 1) in {"rest", "worst", "night", "its", "best"}:
                return value, 1.5
        return None, 0.0

    # -- age

    def _age(self, view: _View, relations: frozenset[int]) -> tuple[int | None, tuple[int, int] | None]:
        best: tuple[float, int, int] | None = None
        for index in range(len(view.norms)):
            value, weight = self._years(view, index, relations)
            if value is not None and 0 < value <= 115 and weight > (best[0] if best else 0.0):
                best = (weight, int(value), index)
        return (best[1], (best[2], best[2] + 1)) if best else (None, None)

    def _years(self, view: _View, index: int, relations: frozenset[int]) -> tuple[float | None, float]:
        number = self.number(view, index)
        previous = view.at(index - 1)
        if number is None or number[0] != int(number[0]) or previous in {"/", "£", "$", "turned", "turning", "be"} and previous != "turned":
            return None, 0.0
        if view.at(index) in {"couple", "few", "several"} or (previous in self._file.numbers and self._file.numbers[previous] >= _TENS):
            return None, 0.0
        value, end = number
        start, stop = view.clause(index)
        near = {view.at(i) for i in range(max(start, index - 5), min(stop, end + 4))}
        foreign = any(start <= i < index for i in relations)
        penalty = 5.0 if foreign or near & self._sets["things"] or previous in {"the", "and"} else 0.0
        following = view.at(end)
        if following in {"yo", "y/o", "yrs", "years", "year", "yr", "yro", "yos"} or (following == "y"):
            if following in {"yo", "y/o", "yro"} or view.at(end + 1) in {"old", "o"} or view.norms[end + 1 : end + 3] == ["of", "age"] or (following == "y" and view.at(end + 1) == "/"):
                return value, 4.0 - penalty
            if previous in {"am", "im", "aged", "age"} and view.at(end + 1) in _STOPS | {""}:
                return value, 3.0 - penalty
            return None, 0.0
        if following in {"m", "f", "male", "female"} and value >= 10 and (following not in {"m"} or view.at(end + 1) in _STOPS | {"", "with"} or view.at(index - 1) in _STOPS | {""}):
            return value, 3.5 - penalty
        if following in self._units or following in {"ft", "foot", "kg", "st", "stone", "weeks", "times", "mg", "%", "cm", "miles", "inches", "next"}:
            return None, 0.0
        if following in {"/", "out", "outa", "outta", ":", "-", "x"} or following == "of" and view.at(end + 1) in {"10", "ten"}:
            return None, 0.0
        if previous in {"aged", "age"} or (previous == "of" and view.at(index - 2) == "age"):
            return value, 4.0 - penalty
        if previous in {"im", "am"} and (previous == "im" or view.at(index - 2) == "i"):
            return value, 3.5 - penalty
        if previous == "still" and view.at(index - 2) in {"im", "am"}:
            return value, 3.6
        if previous == "turned" and view.at(index - 2) in {"i", "just"}:
            return value, 3.2 - penalty
        if previous in {"is", "hes", "shes", "whos", "s"} and value >= 1 and {view.at(i) for i in range(max(start, index - 4), index)} & self._sets["person"]:
            return value, 3.0 - penalty
        if previous == "at" and view.at(end) in {"im", "i"} and value >= 16:
            return value, 2.5 - penalty
        if value < 11:
            return None, 0.0
        lone = index == start and (end >= stop or view.at(end) in _STOPS)
        if lone and value <= 100 and view.at(index - 1) in _STOPS | {"", "\n"}:
            return value, 1.5 + (0.5 if index == 0 else 0.0)
        return None, 0.0


_STOPS = frozenset({".", ",", ";", "!", "?", "\n", "…", "-", "(", ")"})
_AFTER_GRADE = frozenset(
    {"over", "now", "at", "when", "if", "on", "with", "and", "but", "most", "today", "i", "in", "since", "while", "right", "for", "still", "by", "or", "all", "even", "maybe", "worse", "sitting", "standing", "after", "then", "so", "for", "ish", "the"}
)


def _clauses(norms: list[str], sentences: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Sentences cut at commas, "but" and "and", so that a time belongs to the words around it."""
    clauses: list[tuple[int, int]] = []
    for first, last in sentences:
        start = first
        for index in range(first, last):
            if norms[index] in {",", "but", "-", "(", ")", "and", "though", "which", "so"} and index > start:
                if norms[index] == "and" and norms[index + 1 : index + 3] in (["a", "half"], ["a", "quarter"]):
                    continue
                clauses.append((start, index + (norms[index] == ",")))
                start = index + 1
        if start < last:
            clauses.append((start, last))
    return clauses


def _safe(year: int, month: int, day: int) -> date:
    while day > 1:
        try:
            return date(year, month, day)
        except ValueError:
            day -= 1
    return date(year, month, 1)


def _past(today: date, month: int, day: int) -> date:
    """The last such day of the year that is not in the future."""
    when = _safe(today.year, month, day)
    return when if when <= today else _safe(max(today.year - 1, 1), month, day)


def _easter(year: int) -> date:
    """Easter Sunday of a year (the anonymous Gregorian algorithm)."""
    a, b, c = year % 19, year // 100, year % 100
    d, e = b // 4, b % 4
    g = (8 * b + 13) // 25
    h = (19 * a + b - d - g + 15) % 30
    i, k = c // 4, c % 4
    m = (32 + 2 * e + 2 * i - h - k) % 7
    n = (a + 11 * h + 22 * m) // 451
    month, day = divmod(h + m - 7 * n + 114, 31)
    return date(year, month, day + 1)


def _holiday(rule: HolidayRule, today: date) -> date:
    """The last time that a holiday was."""
    if rule.dates:
        return max((when for when in rule.dates if when <= today), default=date.min)
    for year in (today.year, today.year - 1):
        if year < 1:
            break
        if rule.easter is not None:
            when = _easter(year) + timedelta(days=rule.easter)
        elif rule.weekday is not None and rule.nth is not None:
            when = _nth_weekday(year, rule.month or 1, rule.weekday, rule.nth)
        else:
            when = _safe(year, rule.month or 1, rule.day or 1)
        if when <= today:
            return when
    return date.min


def _nth_weekday(year: int, month: int, weekday: int, nth: int) -> date:
    if nth > 0:
        first = date(year, month, 1)
        return first + timedelta(days=(weekday - first.weekday()) % 7 + 7 * (nth - 1))
    last = _safe(year, month, 31)
    return last - timedelta(days=(last.weekday() - weekday) % 7)


def load_times(content: Path) -> Times:
    """Read content/lexicon/times.yml; raises ContentError naming file and field."""
    return Times(read_content(content / "lexicon" / "times.yml", TimesFile))
