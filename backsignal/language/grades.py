"""How bad it is from 0 to 10."""

from dataclasses import dataclass

from backsignal.language.time_words import STOPS, TimeWords, View, WordClass

_WORST = 10
_HEADING = 4  # tokens between "pain" and its number: "pain level is about 6"
_FROM_SCALE = 8  # tokens between "on a scale of one to ten" and the number
_NEAR_NOW, _NEAR_THEN = 3, 5


@dataclass(frozen=True)
class _Grade:
    value: float
    weight: float  # how surely it is one
    start: int
    end: int


class Grades:
    """Reads severities."""

    def __init__(self, words: TimeWords) -> None:
        self._words = words

    def _is(self, name: WordClass, view: View, index: int) -> bool:
        return self._words.is_(name, view, index)

    def severity(self, view: View) -> float | None:
        """How bad it is now, from 0 to 10: now before then, the usual before the worst."""
        found: list[_Grade] = []
        index = 0
        while index < len(view.norms):
            word = view.norms[index]
            plain = word[:1].isdecimal() or word in self._words.file.numbers
            grade = self._grade(view, index) if plain else None
            if grade and grade.weight and 0 <= grade.value <= _WORST:
                found.append(grade)
            index = grade.end if grade and grade.weight else index + 1
        if not found:
            return None
        value = self._chosen(view, found)
        return int(value) if value == int(value) else value

    def _chosen(self, view: View, found: list[_Grade]) -> float:
        present = [grade for grade in found if not self._is_then(view, grade)]
        now = [grade for grade in present if self._is_now(view, grade)]
        if now and len(present) < len(found):
            return now[-1].value
        usual = [grade for grade in present if not self._is_bad_day(view, grade)]
        chosen = usual or present or found
        top = max(grade.weight for grade in chosen)
        best = [grade for grade in chosen if grade.weight == top]
        now = [grade for grade in best if self._is_now(view, grade)]
        return now[-1].value if now and len(best) > 1 else max(grade.value for grade in best)

    def _is_now(self, view: View, grade: _Grade) -> bool:
        """ "A three now", "down to a two"."""
        near = range(grade.start - _NEAR_NOW, grade.end + _NEAR_THEN)
        return any(self._is("now", view, i) for i in near) or any(
            self._is("to", view, grade.start - step) for step in (1, 2)
        )

    def _is_then(self, view: View, grade: _Grade) -> bool:
        """ "Was a nine to start with"."""
        start, end = view.clause(grade.start)
        said = [view.at(i) for i in range(max(start, grade.start - _NEAR_THEN), grade.start)]
        return self._words.has("was_grade", *said) or any(
            self._is("then_grade", view, i) for i in range(grade.end, min(end, grade.end + _NEAR_THEN))
        )

    def _is_bad_day(self, view: View, grade: _Grade) -> bool:
        """ "Nine on a bad one"."""
        _, end = view.clause(grade.start)
        return any(self._is("bad_day", view, i) for i in range(grade.end, min(end, grade.end + _NEAR_THEN)))

    # -- one grade

    def _grade(self, view: View, index: int) -> _Grade | None:
        """The grade at a token."""
        number = self._words.number(view, index)
        if number is None or (view.at(index - 1) == "/" and view.at(index - 2)[:1].isdecimal()):
            return None
        value, end = number
        start = index
        value, end = self._ranged(view, start, value, end)
        if self._is("vague", view, index) or view.at(index - 1) in self._words.file.numbers:
            return None
        end += self._is("point", view, end)
        scale = self._scale(view, end)
        if scale:
            dated = self._is("date_lead", view, index - 1) and view.at(end) == "/"
            people = any(self._is("people_of_ten", view, i) for i in range(scale, scale + 2))
            return None if dated or people else _Grade(value, 3.0, start, scale)
        return _Grade(value, self._weight(view, index, end), start, end)

    def _ranged(self, view: View, index: int, value: float, end: int) -> tuple[float, int]:
        """ "5-6", "7 or 8", "between a six and a seven": the middle."""
        between = self._words.has("between", *view.before(index, 2))
        if not (
            self._is("range", view, end) or view.at(end) == "/" or (between and self._is("and", view, end))
        ):
            return value, end
        at = end + 1 + self._is("article", view, end + 1)
        second = self._words.number(view, at)
        if not second or not value < second[0] <= min(_WORST, value + 2):
            return value, end
        if view.at(end) == "/" and self._is("ten", view, at) and not self._scale(view, second[1]):
            return value, end
        return (value + second[0]) / 2, second[1]

    def _scale(self, view: View, end: int) -> int:
        """Where "/10", "out of ten", "by ten", "of a ten" ends; 0 if it does not stand there."""
        if view.at(end) == "/":
            return end + 2 if self._is("ten", view, end + 1) else 0
        if not self._is("out", view, end):
            return 0
        at = end + 1
        if self._is("of", view, at) or self._is("article", view, at):
            at += 1
        return at + 1 if self._is("ten", view, at) else 0

    def _weight(self, view: View, index: int, end: int) -> float:
        """How surely a number without a scale is a grade: "a pain of 6", "I'd call it a 7", "8"."""
        after = view.at(end)
        if after in self._words.units or self._is("no_number_after", view, end):
            return 0.0
        if self._is("pronoun", view, index) or (after == "," and self._words.number(view, end + 1)):
            return 0.0  # "a bad one", "two, three days"
        if self._is("no_number_before", view, index - 1) and not self._is_heading(view, index):
            return 0.0
        start, stop = view.clause(index)
        if self._is("graded", view, index - 1) or self._is_heading(view, index):
            return 2.5
        if after[:1].isalpha() and not (
            self._is("after_grade", view, end) or self._is("grade_close", view, end)
        ):
            return 0.0
        if self._after_scale(view, index):
            return 2.6
        lead = index - 1
        while self._is("grade_adjective", view, lead):
            lead -= 1
        if self._is("article", view, lead):
            named = any(self._is("pain_words", view, i) for i in range(max(start, lead - 3), lead))
            if named or self._closes(view, end, stop):
                return 2.0
            return 1.7 if after[:1].isalpha() else 0.0  # "hardly a two if I'm sat down"
        if self._is("upon", view, end) and any(self._is("scale", view, end + step) for step in (1, 2)):
            return 2.6  # "about 5 on the scale"
        said = self._is("rate", view, index - 1) and self._is("rate_verb", view, index - 2)
        if said or (self._is("say_grade", view, index - 1) and self._closes(view, end, stop)):
            return 1.8
        return self._alone(view, index, end, lead)

    def _alone(self, view: View, index: int, end: int, lead: int) -> float:
        """How surely a number that opens its clause is a grade: "8", "about 7", "six most days"."""
        start, stop = view.clause(index)
        if self._is("and", view, start - 1) or view.at(start - 1) == "(":
            return 0.0  # "two kids, 5 and 2", "my son (9)"
        if lead >= start and not (lead == start and self._is("roughly", view, start)):
            return 0.0
        if self._closes(view, end, stop):
            return 1.5 if lead < index - 1 or end < stop - 1 else 1.0
        return 1.5 if self._is("at_grade", view, end) and self._is("at_most", view, end + 1) else 0.0

    def _closes(self, view: View, end: int, stop: int) -> bool:
        """Whether no more is said of it than "now", "I reckon", "most days"."""
        at = end
        while at < stop and self._is("grade_close", view, at):
            at += 1
        return at >= stop or view.at(at) in STOPS

    def _is_heading(self, view: View, index: int) -> bool:
        """ "Pain: 5", "pain level - 6", "severity is 4", "mine's a 7"."""
        at = index - 1
        while at > index - 1 - _HEADING and self._is("heading_filler", view, at):
            if self._is("score", view, at):
                return True
            at -= 1
        if self._is("score", view, at):
            return True
        _, stop = view.clause(index)
        number = self._words.number(view, index)
        return (
            self._is("pain_heading", view, at)
            and number is not None
            and (self._closes(view, number[1], stop) or self._is("after_grade", view, number[1]))
        )

    def _after_scale(self, view: View, index: int) -> bool:
        """ "On a scale of one to ten I'd say 7"."""
        first = view.sentence(index)[0]
        reach = range(index - 1, max(index - _FROM_SCALE, -1), -1)
        scale = next((i for i in reach if self._is("ten", view, i)), None)
        if scale is None or (scale < first and view.at(first - 1) != "?"):
            return False
        return any(self._is("scale", view, i) for i in range(scale - _HEADING - 1, scale))
