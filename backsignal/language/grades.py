"""How bad it is from 0 to 10, and how old the patient is."""

from backsignal.language.time_words import STOPS, TimeWords, View

TENS = 20
_AFTER_GRADE = frozenset(
    {
        "over",
        "now",
        "at",
        "when",
        "if",
        "on",
        "with",
        "and",
        "but",
        "most",
        "today",
        "i",
        "in",
        "since",
        "while",
        "right",
        "for",
        "still",
        "by",
        "or",
        "all",
        "even",
        "maybe",
        "worse",
        "sitting",
        "standing",
        "after",
        "then",
        "so",
        "ish",
        "the",
    }
)


class Grades:
    """Reads severities and ages."""

    def __init__(self, words: TimeWords) -> None:
        self._words = words

    def severity(self, view: View) -> int | None:
        """How bad it is now, from 0 to 10; the worst of several grades."""
        found: list[tuple[float, int, int]] = []  # weight, value, position
        for index in range(len(view.norms)):
            value, weight = self._grade(view, index)
            if value is not None and 0 <= value <= 10:
                found.append((weight, round(value), index))
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

    def _grade(self, view: View, index: int) -> tuple[float | None, float]:  # noqa: PLR0912 - a list of cases
        number = self._words.number(view, index)
        if number is None or (view.at(index - 1) == "/" and view.at(index - 2)[:1].isdecimal()):
            return None, 0.0
        value, end = number
        if view.at(index - 1) == "and" and self._words.number(view, index - 2):
            return None, 0.0
        if view.at(index) in {"couple", "few", "several"} or (
            index and self._words.number(view, index - 1) and view.at(index - 1) in self._words.file.numbers
        ):
            return None, 0.0
        if view.at(end) in {"ish", "point"}:
            end += 1
        ten = view.at(end) == "/" and view.at(end + 1) == "10"
        dated = view.at(index - 1) in {"the", "since", "from"} and ten
        scale = view.at(end) in {"out", "outta", "outa", "of"} and (
            view.at(end + 1) in {"10", "ten"}
            or (view.at(end + 1) in {"of", "a"} and view.at(end + 2) in {"10", "ten"})
        )
        if ten or scale:
            stop = end + 2 + (scale and view.at(end + 1) in {"of", "a"})
            following = {view.at(i) for i in range(stop, stop + 2)}
            if dated or following & self._words.sets["people_of_ten"]:
                return None, 0.0
            return value, 3.0
        if view.at(end) in self._words.units or (
            view.at(end)[:1].isalpha() and view.at(end) not in _AFTER_GRADE
        ):
            return None, 0.0
        if view.at(end) in {"/", "%", ":", "-", "°", "x"} or view.at(index - 1) in {
            "/",
            "£",
            "$",
            "@",
            "x",
            ":",
        }:
            return None, 0.0
        start, stop = view.clause(index)
        if view.at(index - 1) in {"a", "an"} and any(
            view.at(i) in self._words.sets["pain_words"] for i in range(max(start, index - 4), index - 1)
        ):
            return value, 2.0
        if view.at(index - 1) in {"score", "severity", "vas", "nrs"} or (
            view.at(index - 2) in {"score", "severity"}
        ):
            return value, 2.5
        if view.at(index - 1) in {"it", "at"} and view.at(index - 2) in {
            "rate",
            "call",
            "put",
            "give",
            "its",
            "is",
            "down",
            "it",
            "say",
            "pain",
        }:
            return value, 1.8
        if index == start or (index == start + 1 and view.at(start) in {"a", "an", "about", "maybe"}):
            if end >= stop or (end == stop - 1 and view.at(end) in STOPS):
                return value, 1.0
            if view.at(end) in {"at"} and view.at(end + 1) in {"rest", "worst", "night", "its", "best"}:
                return value, 1.5
        return None, 0.0

    # -- age

    def age(self, view: View, relations: frozenset[int]) -> tuple[int | None, tuple[int, int] | None]:
        """The patient's age and its tokens."""
        best: tuple[float, int, int] | None = None
        for index in range(len(view.norms)):
            value, weight = self._years(view, index, relations)
            if value is not None and 0 < value <= 115 and weight > (best[0] if best else 0.0):
                best = (weight, int(value), index)
        return (best[1], (best[2], best[2] + 1)) if best else (None, None)

    def _years(  # noqa: PLR0912 - a list of cases
        self, view: View, index: int, relations: frozenset[int]
    ) -> tuple[float | None, float]:
        number = self._words.number(view, index)
        previous = view.at(index - 1)
        if (
            number is None
            or number[0] != int(number[0])
            or (previous in {"/", "£", "$", "turned", "turning", "be"} and previous != "turned")
        ):
            return None, 0.0
        if view.at(index) in {"couple", "few", "several"} or (
            previous in self._words.file.numbers and self._words.file.numbers[previous] >= TENS
        ):
            return None, 0.0
        value, end = number
        start, stop = view.clause(index)
        near = {view.at(i) for i in range(max(start, index - 5), min(stop, end + 4))}
        foreign = any(start <= i < index for i in relations)
        penalty = 5.0 if foreign or near & self._words.sets["things"] or previous in {"the", "and"} else 0.0
        following = view.at(end)
        if following in {"yo", "y/o", "yrs", "years", "year", "yr", "yro", "yos"} or (following == "y"):
            if (
                following in {"yo", "y/o", "yro"}
                or view.at(end + 1) in {"old", "o"}
                or view.norms[end + 1 : end + 3] == ["of", "age"]
                or (following == "y" and view.at(end + 1) == "/")
            ):
                return value, 4.0 - penalty
            if previous in {"am", "im", "aged", "age"} and view.at(end + 1) in STOPS | {""}:
                return value, 3.0 - penalty
            return None, 0.0
        if (
            following in {"m", "f", "male", "female"}
            and value >= 10
            and (
                following not in {"m"}
                or view.at(end + 1) in STOPS | {"", "with"}
                or view.at(index - 1) in STOPS | {""}
            )
        ):
            return value, 3.5 - penalty
        if following in self._words.units or following in {
            "ft",
            "foot",
            "kg",
            "st",
            "stone",
            "weeks",
            "times",
            "mg",
            "%",
            "cm",
            "miles",
            "inches",
            "next",
        }:
            return None, 0.0
        if following in {"/", "out", "outa", "outta", ":", "-", "x"} or (
            following == "of" and view.at(end + 1) in {"10", "ten"}
        ):
            return None, 0.0
        if previous in {"aged", "age"} or (previous == "of" and view.at(index - 2) == "age"):
            return value, 4.0 - penalty
        if previous in {"im", "am"} and (previous == "im" or view.at(index - 2) == "i"):
            return value, 3.5 - penalty
        if previous == "still" and view.at(index - 2) in {"im", "am"}:
            return value, 3.6
        if previous == "turned" and view.at(index - 2) in {"i", "just"}:
            return value, 3.2 - penalty
        if (
            previous in {"is", "hes", "shes", "whos", "s"}
            and value >= 1
            and {view.at(i) for i in range(max(start, index - 4), index)} & self._words.sets["person"]
        ):
            return value, 3.0 - penalty
        if previous == "at" and view.at(end) in {"im", "i"} and value >= 16:
            return value, 2.5 - penalty
        if value < 11:
            return None, 0.0
        lone = index == start and (end >= stop or view.at(end) in STOPS)
        if lone and value <= 100 and view.at(index - 1) in STOPS | {"", "\n"}:
            return value, 1.5 + (0.5 if index == 0 else 0.0)
        return None, 0.0
