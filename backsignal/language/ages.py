"""How old the patient is."""

from backsignal.language.time_words import STOPS, TENS, TimeWords, View, WordClass

_OLDEST, _GROWN_UP, _SCHOOL_AGE, _OLDEST_ALONE = 115, 16, 11, 100
_LONGEST_PAIN = 40  # years: "57 yrs, driver" is an age, "20 yrs, worse today" is not
_YEAR_DIGITS = 4
_PENALTY = 5.0
_ENDS = STOPS | {""}
_HEADING = frozenset([":", "-", "(", ")", "is"])


class Ages:
    """Reads ages."""

    def __init__(self, words: TimeWords) -> None:
        self._words = words

    def _is(self, name: WordClass, view: View, index: int) -> bool:
        return self._words.is_(name, view, index)

    def age(self, view: View, others: frozenset[int], year: int) -> tuple[int | None, tuple[int, int] | None]:
        """The patient's age and its tokens, in a text of that year."""
        best: tuple[float, int, int] | None = None
        for index, word in enumerate(view.norms):
            if not (word[:1].isdecimal() or word in self._words.file.numbers):
                continue
            number = self._words.number(view, index)
            if number is None or number[0] != int(number[0]):
                continue
            value = int(number[0])
            if len(word) == _YEAR_DIGITS and self._is_birth(view, index):
                clause = range(view.clause(index)[0], index)
                if any(self._is("since", view, i) and not self._is("born", view, i + 1) for i in clause):
                    continue  # "I leak since Callum was born in 2009"
                value, weight = year - value, 3.0
            else:
                weight = self._weight(view, index, value, number[1], others)
                value -= self._is_next_birthday(view, index, number[1])
            if 0 < value <= _OLDEST and weight > (best[0] if best else 0.0):
                best = (weight, value, index)
        return (best[1], (best[2], best[2] + 1)) if best else (None, None)

    def _is_birth(self, view: View, index: int) -> bool:
        return self._is("born", view, index - 1) or self._is("born", view, index - 2)

    def _is_next_birthday(self, view: View, index: int, end: int) -> bool:
        """ "I'll be 39 in March", "39 next week"."""
        to_come = self._is("birthday", view, end + 1) or view.at(end + 1) in self._words.units
        return self._will_be(view, index) or (self._is("next", view, end) and to_come)

    def _will_be(self, view: View, index: int) -> bool:
        return self._is("be", view, index - 1) and any(
            self._is("will_be", view, index - i) for i in (2, 3, 4)
        )

    def _weight(self, view: View, index: int, value: int, end: int, others: frozenset[int]) -> float:
        """How surely a number is the patient's age."""
        if not 0 < value <= _OLDEST:
            return 0.0
        tens = self._words.file.numbers.get(view.at(index - 1), 0) >= TENS
        if tens or self._is("vague", view, index) or self._is("not_age_before", view, index - 1):
            return 0.0
        start, stop = view.clause(index)
        near = [view.at(i) for i in range(max(start, index - 5), min(stop, end + 4))]
        before = near[: index - max(start, index - 5)]
        both = self._is("both", view, index - 1)
        first = max(0, index - 2) if view.at(index - 1) == "(" else start  # "my son (9)"
        foreign = (any(first <= i < index for i in others) and not both) or self._words.has("things", *near)
        doubted = self._is("age_doubt", view, index - 1) or self._words.has("likens", *before)
        past = self._words.has("then_age", *before)
        penalty = _PENALTY * (foreign or doubted or past)
        if self._is("years_word", view, end):
            return self._with_unit(view, index, end) - penalty
        return max(
            self._by_sex(view, index, end, value) - penalty,
            self._told(view, index, end, value) - penalty,
            self._alone(view, index, end, value) - _PENALTY * past,
        )

    def _with_unit(self, view: View, index: int, end: int) -> float:
        """ "54 years old", "54 yo", "I am 54 years", "71 years young"."""
        if self._is("article", view, index - 1) and self._is("have", view, index - 2):
            return 0.0  # "I've a 3 year old to lift"
        if (
            self._is("years_old", view, end)
            or self._is("old", view, end + 1)
            or (self._is("of", view, end + 1) and self._is("age_word", view, end + 2))
            or (self._is("y", view, end) and (view.at(end + 1) == "/" or self._is("old", view, end + 2)))
        ):
            return 4.0
        said = self._is("am", view, index - 1) or self._is("age_word", view, index - 1)
        if said and (view.at(end + 1) in _ENDS or self._is("and", view, end + 1)):
            return 3.0
        opens = index == 0 and view.at(end + 1) in STOPS and view.at(end + 2) not in _ENDS
        number = self._words.number(view, index)
        return 1.0 if opens and number and number[0] > _LONGEST_PAIN else 0.0

    def _by_sex(self, view: View, index: int, end: int, value: int) -> float:
        """ "35F", "29/m", "m/19", "F34"."""
        if value < _SCHOOL_AGE:
            return 0.0
        stroke = view.at(end) == "/"
        if self._is("sex", view, end + stroke):
            bare = self._is("male", view, end) and not (
                view.at(end + 1) in _ENDS | {"/"}
                or self._is("with", view, end + 1)
                or view.at(index - 1) in _ENDS
            )  # not "12 m"
            return 0.0 if bare else 3.5
        lead = index - 1 - (view.at(index - 1) == "/")  # "m/19"
        letter = len(view.at(lead)) == 1 and self._is("sex", view, lead) and view.at(lead - 1) in _ENDS
        return 3.3 if letter and not self._is_measure(view, end) else 0.0

    def _is_measure(self, view: View, end: int) -> bool:
        of_ten = self._is("of", view, end) and self._is("ten", view, end + 1)
        return view.at(end) in self._words.units or self._is("not_age_after", view, end) or of_ten

    def _told(self, view: View, index: int, end: int, value: int) -> float:
        """The surest of what the words around it say."""
        if view.at(end) in self._words.units:
            return 0.0
        said = max(self._headed(view, index), self._birthday(view, index, end, value))
        if said or (self._is_measure(view, end) and not self._is("birthday", view, end + 1)):
            return said
        if value < _SCHOOL_AGE and self._words.number(view, end):
            return 0.0  # "I'm 5 11"
        return max(
            self._own(view, index, end, value),
            self._third(view, index, end, value),
        )

    def _headed(self, view: View, index: int) -> float:
        """ "Aged 54", "Age: 54", "the age of 54"."""
        before = view.before(index, 3)
        lead = next((i for i, word in enumerate(before) if word not in _HEADING), 2)
        of_age = self._words.has("of", before[0]) and self._words.has("age_word", before[1])
        return 4.0 if of_age or self._words.has("age_word", before[lead]) else 0.0

    def _birthday(self, view: View, index: int, end: int, value: int) -> float:
        """ "Just turned 54", "54 last birthday", "I'll be 54 in May", "I was 54 in June", "54 next week"."""
        if value < _SCHOOL_AGE:
            return 0.0
        if self._words.has("birthday", view.at(end), view.at(end + 1)):
            return 3.4
        if self._is("turned", view, index - 1) and not self._is_measure(view, end):
            return 0.0 if self._words.has("back", *view.before(index, 4)) else 3.2
        if self._will_be(view, index) and value >= _GROWN_UP and not self._is("out", view, end):
            return 3.1
        in_month = self._is("holiday_month", view, end) and view.at(end + 1) in self._words.file.months
        if in_month and self._is("was", view, index - 1) and self._is("i", view, index - 2):
            return 2.4 + _PENALTY  # it has a "was", yet it is of now
        opens = index == view.clause(index)[0]
        near = self._is("next", view, end) or (self._is("last", view, end) and opens)
        return 2.4 if near and value >= _GROWN_UP and view.at(end + 1) in self._words.units else 0.0

    def _own(self, view: View, index: int, end: int, value: int) -> float:
        """ "I'm 54", "I am still 54", "both 54", "being 54", "at 54 I"."""
        if self._is("i_am", view, index - 1) or (
            self._is("am", view, index - 1) and self._is("i", view, index - 2)
        ):
            return 3.5
        if self._is("still_age", view, index - 1) and self._is("am", view, index - 2):
            return 3.6
        if value < _GROWN_UP:
            return 0.0
        if self._is("both", view, index - 1) or self._is("age_being", view, index - 1):
            return 2.6
        ends = view.at(end) in _ENDS and self._is("self", view, view.clause(index)[0])
        return 2.5 if self._is("at", view, index - 1) and (ends or self._is("at_age", view, end)) else 0.0

    def _third(self, view: View, index: int, end: int, value: int) -> float:
        """ "She's 54", "Dad's 75", "my son (9)"."""
        start, _ = view.clause(index)
        if not (view.at(end) in _ENDS or self._is("after_age", view, end)):
            return 0.0  # "she's three blankets on"
        who = [view.at(i) for i in range(max(start, index - 4), index)]
        if self._is("third_is", view, index - 1) and self._words.has("person", *who):
            return 3.0
        if value >= _SCHOOL_AGE and self._is("kin", view, index - 1):
            return 2.8
        in_brackets = view.at(index - 1) == "(" and view.at(end) == ")" and value < _GROWN_UP
        return 2.6 if in_brackets and self._words.has("kin", *view.before(index, 4)) else 0.0

    def _alone(self, view: View, index: int, end: int, value: int) -> float:
        """A number that is a clause of its own: "71, fell on Sunday", "47 here", "only 26 and"."""
        start, stop = view.clause(index)
        if not _SCHOOL_AGE <= value <= _OLDEST_ALONE or self._is_measure(view, end):
            return 0.0
        lead = index
        while lead > start and (self._is("age_lead", view, lead - 1) or view.at(lead - 1) == ":"):
            lead -= 1
        opens = lead == start and not self._words.number(view, end)
        said = self._is("age_close", view, end)
        closes = end + said >= stop or view.at(end + said) in STOPS
        if not (opens and closes and view.at(start - 1) in _ENDS | {"and", "but"}):
            return 0.0
        return 1.5 + 0.5 * (start == 0) + 0.5 * said
