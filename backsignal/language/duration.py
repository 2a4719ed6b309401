"""How long the complaint has lasted.

Every time of a text is a candidate ("two weeks", "since Easter", "it went on Wednesday"). Words and signs
around it make it likelier to be the complaint's ("for", "ago", "my back") or something else's ("married",
"in", "mg", a cancer of long ago); the likeliest wins if it is likely at all. The words stand in
content/lexicon/times.yml.
"""

from dataclasses import dataclass
from datetime import date
from pathlib import Path

from backsignal.clinical.content_files import read_content
from backsignal.clinical.findings import Duration
from backsignal.language.grades import Grades
from backsignal.language.time_expressions import Candidate, Expressions
from backsignal.language.time_words import TimesFile, TimeWords, View, WordClass, clauses
from backsignal.language.tokens import Token

_ENOUGH = 1.0
_SURE = 5.0
_NEVER = -9.0
_MINUTE, _HALF_AN_HOUR = 0.01, 0.02  # days
_SHORT = 8  # tokens of an answer that need not name the complaint
_SINCE_REACH = 10  # tokens between "since" and the "ago" that belongs to it


@dataclass(frozen=True)
class Numbers:
    """What a text says in numbers."""

    duration: Duration | None = None
    severity: int | None = None
    age: int | None = None
    age_at: tuple[int, int] | None = None  # tokens
    duration_at: tuple[int, int] | None = None
    sure: bool = False  # the duration is plainly the complaint's


@dataclass(frozen=True)
class Around:
    """Tokens that speak of the complaint, of what was long before it, and of somebody else."""

    signs: frozenset[int] = frozenset()
    history: frozenset[int] = frozenset()
    others: frozenset[int] = frozenset()


class Times:
    """Reads durations, severities and ages."""

    def __init__(self, file: TimesFile) -> None:
        self._words = TimeWords(file)
        self._grades = Grades(self._words)
        self._expressions = Expressions(self._words)

    def read(
        self, text: str, tokens: list[Token], sentences: list[tuple[int, int]], today: date, around: Around
    ) -> Numbers:
        """All numbers of one text."""
        view = View([token.norm for token in tokens], sentences=sentences)
        view.clauses = clauses(self._words, view.norms, sentences)
        severity = self._grades.severity(view)
        age, age_at = self._grades.age(view, around.others)
        candidates = self._expressions.find(view, today, age)
        for candidate in candidates:
            candidate.score = self._score(candidate, view, around, len(candidates))
        best = max(candidates, key=lambda c: (c.score, -c.start), default=None)
        if best is None or best.score < _ENOUGH:
            return Numbers(None, severity, age, age_at)
        words = text[tokens[best.start].start : tokens[best.end - 1].end]
        at = (best.start, best.end)
        return Numbers(
            Duration(round(best.days, 2), words), severity, age, age_at, at, best.own and best.score >= _SURE
        )

    def _any(self, name: WordClass, words: list[str]) -> bool:
        return self._words.has(name, *words)

    # -- whose time is it

    def _score(self, candidate: Candidate, view: View, around: Around, count: int) -> float:
        before = view.before(candidate.start, 3)
        after = [view.at(candidate.end + step) for step in range(3)]
        start, end = view.clause(candidate.start)
        clause = [i for i in range(start, end) if not candidate.start <= i < candidate.end]
        words = [view.norms[i] for i in clause]
        if candidate.days < 0 or self._is_not_it(candidate, view, before, after, words):
            return _NEVER
        first, last = view.sentence(candidate.start)
        sentence = [i for i in range(first, last) if not candidate.start <= i < candidate.end]
        score = 1.0 + self._link(candidate, before, after, words)
        score += self._matter(view, around, clause, sentence)
        if self._since_then(candidate, view, start):
            score += 3.5
        if self._any("but", view.norms[first : candidate.start]):
            score += 2.5
        if count > 1 and self._any("but", view.norms[candidate.end : last]):
            score -= 2.5
        own = self._own(view, around, clause)
        candidate.own = self._own(view, around, sentence) > 0 or len(view.norms) <= _SHORT
        if candidate.kind == "point":
            score += self._as_point(candidate, view, own, count)
        if candidate.unit < 1:
            near = self._any("ago", after[:1]) or self._any("since", before[:1])
            score += 1.0 if near or (self._any("of", after[:1]) and own) else -2.0
        linked = self._any("since", before) or self._any("lead", before[:1]) or self._any("ago", after[:1])
        if view.norms[last - 1 : last] == ["?"] and not linked:
            score -= 4.0
        if candidate.kind == "point" and not around.signs and not linked and self._any("you", words):
            score -= 4.0  # "did you see the match last night"
        until = self._any("until", before)
        if until and self._any("ago", after[:1]):
            score += 4.0  # "fine until three days ago"
        fine = self._any("fine", before) and not until
        healed = candidate.unit >= 365 and self._any("ago", after[:1])
        if fine or (healed and self._any("healed", [view.norms[i] for i in sentence])):
            score -= 3.0
        return score

    def _own(self, view: View, around: Around, indices: list[int]) -> int:
        """How many tokens name the complaint."""
        complaint = self._words.sets["complaint"]
        empty = self._words.sets["other"] | self._words.sets["told"]
        return sum(
            view.norms[i] in complaint or (i in around.signs and view.norms[i] not in empty) for i in indices
        )

    def _foreign(self, view: View, around: Around, indices: list[int]) -> int:
        """How many tokens name other matters."""
        other = self._words.sets["other"]
        return sum(i in around.history or view.norms[i] in other for i in indices)

    def _matter(self, view: View, around: Around, clause: list[int], sentence: list[int]) -> float:
        """Whether clause and sentence speak of the complaint or of something else."""
        own, foreign = self._own(view, around, clause), self._foreign(view, around, clause)
        score = 1.5 * min(own, 2) + 0.5 * min(self._own(view, around, sentence), 2) - 2.5 * foreign
        if self._any("back", [view.norms[i] for i in clause]):
            score += 0.5
        if not foreign and own == 0 and self._foreign(view, around, sentence):
            score -= 1.0
        if any(i in around.others for i in clause):
            score -= 6.0
        return score

    def _link(self, candidate: Candidate, before: list[str], after: list[str], clause: list[str]) -> float:
        """What the words right at it say: "for", "since", "ago", "now"."""
        score = 0.0
        if candidate.since or self._any("since", before):
            score += 2.5
        if self._any("lead", before[:2]):
            score += 1.0
        if self._any("told", before):
            score += 0.5
        if self._any("ago", after[:2]):
            score += 1.0 + 1.5 * self._any("onset", clause)
        if self._any("running", after[:1]):
            score += 1.0
        if self._any("still", clause):
            score += 0.7
        return score

    def _since_then(self, candidate: Candidate, view: View, start: int) -> bool:
        """ "since I had my baby four months ago": the time is of what it has hurt since."""
        near = view.norms[max(start, candidate.start - _SINCE_REACH) : candidate.start]
        return self._any("ago", [view.at(candidate.end)]) and self._any("since", near)

    def _as_point(self, candidate: Candidate, view: View, own: int, count: int) -> float:
        """A day needs something that happened on it, or to open its sentence ("NYE, conga line.")."""
        first, last = view.sentence(candidate.start)
        onset = self._any("onset", view.norms[first:last])
        score = 2.5 if count == 1 and candidate.start - first <= 1 else 0.0
        score += 1.0 if onset or own else -1.5
        return score if own or onset else score - 1.0

    # -- what it cannot be

    def _is_not_it(
        self, candidate: Candidate, view: View, before: list[str], after: list[str], clause: list[str]
    ) -> bool:
        if self._any("unless", before) or self._any("should", before[:2]):
            return True
        if candidate.kind == "span":
            return self._is_measure(candidate, view, before, after) or self._is_lasting(before, after)
        if candidate.since:
            return False
        return (
            self._any("not_point_before", before[:1])
            or self._any("coming", after[:1])
            or self._any("booked", clause)
            or self._any("future", view.norms[max(0, candidate.start - 5) : candidate.start])
        )

    def _is_lasting(self, before: list[str], after: list[str]) -> bool:
        """ "in two weeks", "three years old", "lasts an hour"."""
        return (
            self._any("not_after", after[:1])
            or (self._any("not_before", before[:1]) and not self._any("ago", after[:1]))
            or (self._any("about", before[:1]) and self._any("lasting_events", before[1:2]))
        )

    def _is_measure(self, candidate: Candidate, view: View, before: list[str], after: list[str]) -> bool:
        """ "three a day", "50 mg for five days", "an hour each", a few minutes."""
        units, start = self._words.units, candidate.start
        short = candidate.unit < _MINUTE or candidate.days < _HALF_AN_HOUR
        return (
            (self._any("each", after[:1]) and after[1] in units)
            or self._any("every", after[:1])
            or self._any("times_word", before[:1])
            or (short and not self._any("ago", after[:1]))
            or (
                self._any("doses", view.norms[max(0, start - 4) : start])
                and not self._any("past", before[:1])
            )
            or before[0] in units
            or (self._any("it_on", before[:1]) and self._any("it_on", before[1:2]))
            or self._any("takes", view.norms[max(0, start - 5) : start])
        )


def load_times(content: Path) -> Times:
    """Read content/lexicon/times.yml; raises ContentError naming file and field."""
    return Times(read_content(content / "lexicon" / "times.yml", TimesFile))
