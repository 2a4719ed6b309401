"""How bad it is from 0 to 10, and how old the patient is."""

from backsignal.language.time_words import STOPS, TENS, TimeWords, View, WordClass

_OLDEST, _GROWN_UP, _SCHOOL_AGE, _OLDEST_ALONE = 115, 16, 11, 100
_ENDS = STOPS | {""}


class Grades:
    """Reads severities and ages."""

    def __init__(self, words: TimeWords) -> None:
        self._words = words

    def _is(self, name: WordClass, view: View, index: int) -> bool:
        return view.at(index) in self._words.sets[name]

    def _starts_vague(self, view: View, index: int) -> bool:
        """A number that belongs to another ("a few", "twenty one" from its end)."""
        return self._is("vague", view, index) or view.at(index - 1) in self._words.file.numbers

    # -- severity

    def severity(self, view: View) -> int | None:
        """How bad it is now, from 0 to 10; the worst of several grades."""
        found: list[tuple[float, int, int]] = []  # weight, value, position
        for index in range(len(view.norms)):
            value, weight = self._grade(view, index)
            if value is not None and weight and 0 <= value <= 10:
                found.append((weight, round(value), index))
        if not found:
            return None
        top = max(weight for weight, _, _ in found)
        best = [(value, index) for weight, value, index in found if weight == top]
        now = [
            value for value, index in best
            if any(self._is("now", view, i) for i in range(index - 3, index + 6))
            or self._is("to", view, index - 1) or self._is("to", view, index - 2)
        ]  # fmt: skip
        return now[-1] if now and len(best) > 1 else max(value for value, _ in best)

    def _grade(self, view: View, index: int) -> tuple[float | None, float]:
        """A grade at a token and how surely it is one."""
        number = self._words.number(view, index)
        if number is None or (view.at(index - 1) == "/" and view.at(index - 2)[:1].isdecimal()):
            return None, 0.0
        value, end = number
        joined = self._is("and", view, index - 1) and self._words.number(view, index - 2)
        if joined or self._starts_vague(view, index):
            return None, 0.0
        end += self._is("point", view, end)
        scale = self._scale(view, end)
        if scale:
            dated = self._is("date_lead", view, index - 1) and view.at(end) == "/"
            people = any(self._is("people_of_ten", view, i) for i in range(scale, scale + 2))
            return (None, 0.0) if dated or people else (value, 3.0)
        return value, self._bare_grade(view, index, end)

    def _scale(self, view: View, end: int) -> int:
        """Where "/10", "out of ten", "of a ten" ends; 0 if it does not stand there."""
        if view.at(end) == "/":
            return end + 2 if self._is("ten", view, end + 1) else 0
        if not self._is("out", view, end):
            return 0
        at = end + 1
        if self._is("of", view, at) or self._is("article", view, at):
            at += 1
        return at + 1 if self._is("ten", view, at) else 0

    def _bare_grade(self, view: View, index: int, end: int) -> float:
        """How surely a number without a scale is a grade: "a pain of 6", "I'd call it a 7", "8"."""
        after = view.at(end)
        if after in self._words.units or (after[:1].isalpha() and not self._is("after_grade", view, end)):
            return 0.0
        if self._is("no_number_after", view, end) or self._is("no_number_before", view, index - 1):
            return 0.0
        start, stop = view.clause(index)
        near = range(max(start, index - 4), index - 1)
        if self._is("article", view, index - 1) and any(self._is("pain_words", view, i) for i in near):
            return 2.0
        if self._is("score", view, index - 1) or self._is("score", view, index - 2):
            return 2.5
        if self._is("rate", view, index - 1) and self._is("rate_verb", view, index - 2):
            return 1.8
        if index == start or (index == start + 1 and self._is("roughly", view, start)):
            if end >= stop or (end == stop - 1 and after in STOPS):
                return 1.0
            if self._is("at_grade", view, end) and self._is("at_most", view, end + 1):
                return 1.5
        return 0.0

    # -- age

    def age(self, view: View, relations: frozenset[int]) -> tuple[int | None, tuple[int, int] | None]:
        """The patient's age and its tokens."""
        best: tuple[float, int, int] | None = None
        for index in range(len(view.norms)):
            number = self._words.number(view, index)
            if number is None or number[0] != int(number[0]) or not 0 < number[0] <= _OLDEST:
                continue
            weight = self._years(view, index, int(number[0]), number[1], relations)
            if weight > (best[0] if best else 0.0):
                best = (weight, int(number[0]), index)
        return (best[1], (best[2], best[2] + 1)) if best else (None, None)

    def _years(self, view: View, index: int, value: int, end: int, relations: frozenset[int]) -> float:
        """How surely a number is the patient's age."""
        tens = self._words.file.numbers.get(view.at(index - 1), 0) >= TENS
        if tens or self._is("vague", view, index) or self._is("not_age_before", view, index - 1):
            return 0.0
        start, stop = view.clause(index)
        near = [view.at(i) for i in range(max(start, index - 5), min(stop, end + 4))]
        foreign = any(start <= i < index for i in relations) or self._words.has("things", *near)
        penalty = 5.0 if foreign or self._is("age_doubt", view, index - 1) else 0.0
        if self._is("years_word", view, end):
            return self._with_unit(view, index, end) - penalty
        bare_m = self._is("male", view, end)
        if (
            self._is("sex", view, end)
            and value >= 10
            and (
                not bare_m
                or view.at(end + 1) in _ENDS
                or self._is("with", view, end + 1)
                or view.at(index - 1) in _ENDS
            )
        ):
            return 3.5 - penalty
        of_ten = self._is("of", view, end) and self._is("ten", view, end + 1)
        if view.at(end) in self._words.units or self._is("not_age_after", view, end) or of_ten:
            return 0.0
        return self._told(view, index, end, value, penalty) or self._alone(view, index, end, value)

    def _with_unit(self, view: View, index: int, end: int) -> float:
        """ "54 years old", "54 yo", "I am 54 years."""
        if (
            self._is("years_old", view, end)
            or self._is("old", view, end + 1)
            or (self._is("of", view, end + 1) and self._is("age_word", view, end + 2))
            or (self._is("y", view, end) and view.at(end + 1) == "/")
        ):
            return 4.0
        said = self._is("am", view, index - 1) or self._is("age_word", view, index - 1)
        return 3.0 if said and view.at(end + 1) in _ENDS else 0.0

    def _told(self, view: View, index: int, end: int, value: int, penalty: float) -> float:
        """ "aged 54", "I'm 54", "just turned 54", "she's 54", "at 54 I"."""
        start, _ = view.clause(index)
        if self._is("age_word", view, index - 1) or (
            self._is("of", view, index - 1) and self._is("age_word", view, index - 2)
        ):
            return 4.0 - penalty
        if self._is("i_am", view, index - 1) or (
            self._is("am", view, index - 1) and self._is("i", view, index - 2)
        ):
            return 3.5 - penalty
        if self._is("still_age", view, index - 1) and self._is("am", view, index - 2):
            return 3.6
        if self._is("turned", view, index - 1) and self._is("just", view, index - 2):
            return 3.2 - penalty
        who = [view.at(i) for i in range(max(start, index - 4), index)]
        ends = view.at(end) in _ENDS or self._is("after_age", view, end)  # not "she's three blankets on"
        if ends and self._is("third_is", view, index - 1) and self._words.has("person", *who):
            return 3.0 - penalty
        if self._is("at_age", view, index - 1) and self._is("at_age", view, end) and value >= _GROWN_UP:
            return 2.5 - penalty
        return 0.0

    def _alone(self, view: View, index: int, end: int, value: int) -> float:
        """A number that is a clause of its own: "71, fell on Sunday"."""
        start, stop = view.clause(index)
        alone = index == start and (end >= stop or view.at(end) in STOPS)
        if alone and _SCHOOL_AGE <= value <= _OLDEST_ALONE and view.at(index - 1) in _ENDS:
            return 1.5 + (0.5 if index == 0 else 0.0)
        return 0.0
