"""How long the complaint has lasted.

Every time of a text is a candidate ("two weeks", "since Easter", "it went on Wednesday"). Words and signs
around it make it likelier to be the complaint's ("for", "ago", "my back") or something else's ("married",
"in", "mg", a cancer of long ago); the likeliest wins if it is likely at all. The words stand in
content/lexicon/times.yml.
"""

from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from backsignal.clinical.content_files import read_content
from backsignal.clinical.findings import Duration
from backsignal.language.ages import Ages
from backsignal.language.grades import Grades
from backsignal.language.time_expressions import Expressions
from backsignal.language.time_words import STOPS, Candidate, TimesFile, TimeWords, View, WordClass, clauses
from backsignal.language.tokens import Token

_ENOUGH = 1.0
_SURE = 5.0
_YEAR_DIGITS = 4
_OF_BIRTH = 2.0
_AGE_TOKENS = 2
_WEEKS_OF_PREGNANCY = 84.0  # days from which "I'm so many weeks" can only be that
_SINCE_BIRTH = 4  # tokens of "since I had him"
_NEVER = -9.0
_MINUTE, _HALF_AN_HOUR = 0.01, 0.02  # days
_MONTH, _YEAR, _RECENT = 30.0, 365.0, 14.0  # days
_SHORT = 8  # tokens of an answer that need not name the complaint
_SINCE_NEAR = 5  # tokens behind "since" where its own time begins
_SINCE_REACH = 10  # tokens between "since" and the "ago" that belongs to it


@dataclass(frozen=True)
class Numbers:
    """What a text says in numbers."""

    duration: Duration | None = None
    severity: float | None = None
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
        self._ages = Ages(self._words)
        self._expressions = Expressions(self._words)

    def read(
        self, text: str, tokens: list[Token], sentences: list[tuple[int, int]], today: date, around: Around
    ) -> Numbers:
        """All numbers of one text."""
        view = View([token.norm for token in tokens], sentences=sentences)
        view.clauses = clauses(self._words, view.norms, sentences)
        severity = self._grades.severity(view)
        age, age_at = self._ages.age(view, around.others, today.year)
        candidates = [
            candidate
            for candidate in self._expressions.find(view, today, age)
            if age_at is None or not self._is_of_age(candidate, age_at[0], view)
        ]
        phrases = self._words.phrases_at(view)
        around = replace(around, history=around.history | phrases)
        view.hanging = self._hanging(view, candidates)
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

    def _is_of_age(self, candidate: Candidate, age_at: int, view: View) -> bool:
        """Whether it is the age itself or a birthday ("seventy last week")."""
        if candidate.kind == "span":
            return candidate.start <= age_at < candidate.end
        between = view.norms[age_at + 1 : candidate.start]
        return 0 < candidate.start - age_at <= _AGE_TOKENS and not STOPS.intersection(between)

    def _any(self, name: WordClass, words: list[str]) -> bool:
        return self._words.has(name, *words)

    # -- whose time is it

    def _score(self, candidate: Candidate, view: View, around: Around, count: int) -> float:
        before = view.before(candidate.start, 3)
        after = [view.at(candidate.end + step) for step in range(3)]
        start, end = view.clause(candidate.start)
        end = max(end, view.clause(candidate.end - 1)[1])
        clause = [i for i in range(start, end) if not candidate.start <= i < candidate.end]
        words = [view.norms[i] for i in clause]
        if candidate.days < 0 or self._is_not_it(candidate, view, before, after, words):
            return _NEVER
        first, last = view.sentence(candidate.start)
        sentence = [i for i in range(first, last) if not candidate.start <= i < candidate.end]
        alone = self._is_alone(candidate, view, around, words)
        linked = self._is_since(before) or self._any("lead", before[:1]) or self._any("ago", after[:1])
        own = self._own(view, around, clause)
        candidate.own = self._own(view, around, sentence) > 0 or len(view.norms) <= _SHORT
        score = 1.0 + self._link(candidate, before, after, words)
        score += (
            self._alone(candidate, view) if alone else self._matter(candidate, view, around, clause, sentence)
        )
        score += self._whose(view, words)
        score += self._told_as(candidate, view, sentence, words, own, count)
        if candidate.exact and count > 1:
            score += 1.0
        if candidate.kind == "point":
            score += self._as_point(candidate, view, own, count, alone)
            if not around.signs and not linked and self._any("you", words):
                score -= 4.0  # "did you see the match last night"
        elif candidate.unit < 1 and not alone:
            near = self._any("ago", after[:1]) or self._any("since", before[:1])
            score += 1.0 if near or (self._any("of", after[:1]) and own) else -2.0
        only = alone and view.norms.count("?") == 1  # "few weeks I guess?"
        if view.norms[last - 1 : last] == ["?"] and not linked and not only:
            score -= 5.0
        return score

    def _is_alone(self, candidate: Candidate, view: View, around: Around, words: list[str]) -> bool:
        """Whether its clause says nothing else ("Six weeks, roughly.") and goes on from nothing else."""
        idle = self._words.sets["idle"]
        if not all(word in idle or not word[:1].isalnum() for word in words):
            return False
        start, first = view.clause(candidate.start)[0], view.sentence(candidate.start)[0]
        if start == first:
            return True
        before = list(range(view.clause(start - 1)[0], start))
        return not self._foreign(view, around, before) and not any(i in around.others for i in before)

    def _hanging(self, view: View, candidates: list[Candidate]) -> int:
        """The last "since" that names no time itself ("ever since", "since we got out"), or -1."""
        starts = {candidate.start for candidate in candidates}
        return max(
            (
                index
                for index, word in enumerate(view.norms)
                if word in self._words.sets["since_only"]
                and starts.isdisjoint(range(index, index + _SINCE_NEAR))
            ),
            default=-1,
        )

    def _is_past_year(self, word: str) -> bool:
        return len(word) == _YEAR_DIGITS and word.isdecimal() and word[:2] in {"19", "20"}

    def _onset_in(self, view: View, first: int, last: int) -> bool:
        return self._any("onset", view.norms[first:last])

    def _alone(self, candidate: Candidate, view: View) -> float:
        """A clause or a whole sentence that is no more than a time ("My back. Four weeks.")."""
        clause, sentence = view.clause(candidate.start), view.sentence(candidate.start)
        return 4.0 if clause == sentence else 3.5 if clause[0] == sentence[0] else 2.5

    def _whose(self, view: View, words: list[str]) -> float:
        """ "Mum has had hers thirty years, me three days"."""
        mine = self._words.sets["mine"]
        if self._any("mine", words):
            return 3.0
        if self._any("theirs", words) and any(word in mine for word in view.norms):
            return -5.0
        return 0.0

    def _told_as(
        self, candidate: Candidate, view: View, sentence: list[int], words: list[str], own: int, count: int
    ) -> float:
        """What the sentence says of it: what came before a "but", what healed, what only made it worse."""
        score = 0.0
        before = view.before(candidate.start, 3)
        first, last = view.sentence(candidate.start)
        ago = self._is_ago(view, candidate.end)
        if self._since_then(candidate, view, view.clause(candidate.start)[0]):
            score += 6.0 if candidate.unit >= _YEAR and candidate.kind == "point" else 3.5
        hangs = view.hanging >= candidate.end
        if hangs and (ago or candidate.kind == "point"):
            score += 2.5  # "on Saturday ... and stiff ever since"
        if self._any("but", view.norms[first : candidate.start]):
            score += 2.5
        if count > 1 and self._any("but", view.norms[candidate.end : last]):
            score -= 2.5
        if count > 1 and self._any("worse", words):
            score -= 2.5
        until = self._any("until", before)
        if until and ago:
            score += 4.0  # "fine until three days ago"
        healed = candidate.unit >= _YEAR and ago
        if (self._any("fine", before) and not until) or (
            healed and self._any("healed", [view.norms[i] for i in sentence])
        ):
            score -= 3.0
        complaint = self._words.sets["complaint"] - self._words.sets["it"]
        strong = own and not complaint.isdisjoint(words)
        if candidate.unit >= _MONTH and ago and not (strong or self._any("onset", words) or hangs):
            score -= 2.5  # "gallbladder out four years ago"
        still = self._any("still", [view.norms[i] for i in sentence])
        if candidate.kind == "span" and not ago and any(self._is_past_year(word) for word in words):
            score -= 4.0  # "three weeks off with it in 2019"
        if candidate.unit >= _YEAR and ago and self._any("had", words) and not (hangs or still):
            score -= 3.5  # "ten years ago I had sciatica"
        if candidate.kind == "point" and candidate.unit >= _YEAR and not candidate.since:
            told = hangs or self._any("began", words)
            score += 0.0 if told else -6.0  # "the disc slipped in 2011"
        if candidate.unit >= _YEAR and not candidate.since and self._any("again", view.norms):
            score -= 3.0  # "had it in 2015, now it is back again"
        return score

    def _own(self, view: View, around: Around, indices: list[int]) -> int:
        """How many tokens name the complaint."""
        complaint = self._words.sets["complaint"]
        empty = self._words.sets["other"] | self._words.sets["told"]
        return sum(
            (view.norms[i] in complaint and not (self._is_return(view, i) or self._points_away(view, i)))
            or (i in around.signs and view.norms[i] not in empty)
            for i in indices
        )

    def _points_away(self, view: View, index: int) -> bool:
        """ "This house", not "this back", "like this for weeks"."""
        following = view.at(index + 1)
        if not self._words.is_("pointing", view, index) or not following.isalpha():
            return False
        known = (self._any(name, [following]) for name in ("complaint", "function", "idle", "still", "onset"))
        return following not in self._words.units and not any(known)

    def _is_return(self, view: View, index: int) -> bool:
        """ "Got back from Spain", "back in May"; not "my back in spasm"."""
        if not self._words.is_("way_back", view, index) or self._words.is_("whose_back", view, index - 1):
            return False
        return self._words.is_("returned", view, index - 1) or self._words.is_("from_there", view, index + 1)

    def _foreign(self, view: View, around: Around, indices: list[int]) -> int:
        """How many tokens name other matters."""
        other = self._words.sets["other"]
        return sum(i in around.history or view.norms[i] in other for i in indices)

    def _matter(
        self, candidate: Candidate, view: View, around: Around, clause: list[int], sentence: list[int]
    ) -> float:
        """Whether clause and sentence speak of the complaint or of something else."""
        own = self._own(view, around, clause)
        told_of = clause
        if candidate.kind == "span" and self._words.is_("since_only", view, candidate.end):
            told_of = [i for i in clause if i < candidate.start]  # "six months since my second baby"
        foreign: float = self._foreign(view, around, told_of)
        if self._since_then(candidate, view, view.clause(candidate.start)[0]):
            foreign = 0  # the matter is what it has hurt since
        names = [view.norms[i] for i in clause]
        if self._since_birth(view) and (self._any("old", names) or self._any("little_one", names)):
            return _OF_BIRTH
        whole = self._own(view, around, sentence)
        ago = candidate.kind == "point" or self._is_ago(view, candidate.end)
        happened = self._is_ago(view, candidate.end) or self._tells_past(view, candidate, clause)
        if ago and candidate.days <= _RECENT and happened:  # "12 hour shift yesterday and my back went"
            foreign -= sum(self._words.is_("setting", view, i) for i in clause)
            foreign = min(foreign, 0.5) if whole > own else max(foreign, 0.0)
            foreign = 0.0 if view.hanging >= candidate.end else foreign
        score = 1.5 * min(own, 2) + 0.5 * min(whole, 2) - 2.5 * foreign
        if self._any("back", [view.norms[i] for i in clause]):
            score += 0.5
        if not foreign and own == 0 and self._foreign(view, around, sentence):
            score -= 1.0
        if foreign and not own and candidate.since:
            score -= 1.5
        if not own and self._is_state(view, clause, candidate.start):
            score -= 3.0
        elsewhere = not whole or (candidate.unit >= _MONTH and not own)
        told = self._any("told", [view.norms[i] for i in clause])
        if candidate.kind == "span" and elsewhere and around.signs and not (ago or told):
            score -= 1.5  # "Drove lorries 15 years. Now my back aches."
        if ago and any(self._words.is_("care", view, candidate.start - step) for step in (1, 2)):
            score -= 5.0  # "an MRI three weeks ago for my back"
        if self._is_somebody_else(view, around, candidate, clause):
            score -= 6.0
        return score

    def _is_somebody_else(self, view: View, around: Around, candidate: Candidate, clause: list[int]) -> bool:
        """Whether another is the subject, not only met in it ("I lifted my boy on the 12th")."""
        first, _ = view.sentence(candidate.start)
        named = [
            i for i in {*clause, *range(first, candidate.start)}
            if i in around.others and not any(self._words.is_("beside", view, i - step) for step in (1, 2, 3))
        ]  # fmt: skip
        if not named:
            return False
        last = max(named)
        begins = view.clause(last)[0]
        own_before = any(self._words.is_("self", view, i) for i in range(begins, last))
        own_after = any(
            self._words.is_("self", view, i) or self._words.is_("whose_back", view, i)
            for i in range(last + 1, candidate.start)
            if view.clause(i)[0] != begins or self._words.is_("self", view, i)
        )
        return not own_after and (not own_before or self._words.is_("who", view, last + 1))

    def _tells_past(self, view: View, candidate: Candidate, clause: list[int]) -> bool:
        """Whether something happened on that day, or the day opens its clause ("Friday, on the boat")."""
        if view.norms[candidate.start] not in self._words.file.weekdays:
            return True  # "yesterday", "last week" can be no other
        words = [view.norms[i] for i in clause]
        opens = view.clause(candidate.start)[0] == candidate.start
        past = self._any("past_verb", words) or self._any("onset", words)
        return opens or past or view.hanging >= candidate.end or any(word.endswith("ed") for word in words)

    def _is_state(self, view: View, clause: list[int], start: int) -> bool:
        """ "I've been a roofer", "been here", "been with him"."""
        if clause and self._words.is_("upon", view, clause[0]) and clause[0] + 1 < start:
            return True  # "On pregabalin 4 years"
        return any(
            self._words.is_("being", view, i) and self._words.is_("state", view, i + 1) and i + 1 < start
            for i in clause
        )

    def _link(self, candidate: Candidate, before: list[str], after: list[str], clause: list[str]) -> float:
        """What the words right at it say: "for", "since", "ago", "now"."""
        score = 0.0
        if candidate.since or self._is_since(before):
            score += 2.5
        if self._any("lead", before[:2]):
            score += 1.0
        if self._any("told", before):
            score += 0.5
        if self._any("heading", before):
            score += 2.0
        if candidate.kind == "span" and self._any("since_only", after[:1]) and after[1][:1].isalpha():
            score += 2.5  # "7 weeks since the crash"
        if self._any("ago", after[:2]):
            score += 1.0 + 1.5 * self._any("onset", clause)
        if self._any("running", after[:1]):
            score += 1.0
        if self._any("still", clause):
            score += 0.7
        return score

    def _is_ago(self, view: View, end: int) -> bool:
        """ "Ago", "back", or the "since" of "that is sixty years since"."""
        since = self._words.is_("since_only", view, end) and not view.at(end + 1)[:1].isalpha()
        return since or self._words.is_("ago", view, end)

    def _is_since(self, before: list[str]) -> bool:
        return self._any("since", before[:1]) or self._any("since_only", before)

    def _since_then(self, candidate: Candidate, view: View, start: int) -> bool:
        """ "Since I had my baby four months ago": the time is of what it has hurt since."""
        near = view.norms[max(start, candidate.start - _SINCE_REACH) : candidate.start]
        if not self._any("since_only", near):
            return False
        point = candidate.kind == "point" and self._words.is_("upon", view, candidate.start - 1)
        return point or self._is_ago(view, candidate.end)

    def _as_point(self, candidate: Candidate, view: View, own: int, count: int, alone: bool) -> float:
        """A day needs something that happened on it, or to open its sentence ("NYE, conga line.")."""
        first, last = view.sentence(candidate.start)
        onset = self._onset_in(view, first, last)
        score = (2.5 if count == 1 else 1.0) if candidate.start - first <= 1 else 0.0
        if not (onset or alone or view.hanging >= candidate.end):
            if self._words.is_("now_word", view, candidate.end - 1):
                return score - 4.0  # "three out of ten just now"
            clause = list(range(*view.clause(candidate.start)))
            if not own and not self._tells_past(view, candidate, clause):
                return score - 2.5  # "our flight's on Tuesday"
        if own or onset:
            return score + 1.0
        if alone or candidate.own:
            return score + (1.0 if candidate.days <= _RECENT else 0.5)
        return score - (0.0 if candidate.days <= _RECENT and count == 1 else 2.5)

    # -- what it cannot be

    def _is_not_it(
        self, candidate: Candidate, view: View, before: list[str], after: list[str], clause: list[str]
    ) -> bool:
        if candidate.kind == "span" and candidate.days == candidate.unit and self._any("never", before[:1]):
            return True  # "never a day's bother"
        if self._any("unless", before) or self._any("should", before[:2]):
            return True
        if candidate.kind == "point" and not candidate.since and self._is_asked(candidate, view):
            return True
        if candidate.kind == "span":
            return self._is_measure(candidate, view, before, after) or self._is_lasting(
                candidate, view, before, after, clause
            )
        if candidate.since:
            return False
        until = self._any("until", before[:1]) and self._any("fine", before[1:])
        just_before = until or (
            self._any("before", before[:1]) and (self._any("just", before[1:2]) or self._any("onset", clause))
        )
        return (
            (self._any("not_point_before", before[:1]) and not just_before)
            or self._any("coming", after[:1])
            or self._any("booked", clause)
            or self._is_birthday(candidate, view)
            or self._any("future", view.norms[max(0, candidate.start - 5) : candidate.start])
        )

    def _since_birth(self, view: View) -> bool:
        """ "My girl is 8 weeks old and it has hurt since she was born"."""
        if view.hanging < 0:
            return False
        then = view.norms[view.hanging : view.hanging + _SINCE_BIRTH + 2]
        return self._any("born", then) or (self._any("had", then) and self._any("given_birth", then))

    def _is_birthday(self, candidate: Candidate, view: View) -> bool:
        """ "I turned fifty in May"."""
        start, _ = view.clause(candidate.start)
        return any(
            self._words.is_("turned", view, i) and self._words.number(view, i + 1)
            for i in range(start, candidate.start)
        )

    def _is_lasting(
        self, candidate: Candidate, view: View, before: list[str], after: list[str], clause: list[str]
    ) -> bool:
        """ "in two weeks", "three years old", "lasts an hour"."""
        if self._any("later", after[:1]):
            return not self._any("present", clause)  # "two days later I still can't bend"
        if self._any("old", after[:1]):
            ached = self._any("complaint", clause) or self._any("complaint", after[1:2])
            return not self._since_birth(view) and not (ached and not self._any("likens", clause))
        if self._any("am", before[:1]) and (after[0] in STOPS or candidate.days > _WEEKS_OF_PREGNANCY):
            return True  # "I'm 30 weeks, back's cramping"
        if self._any("post_birth", after[:2]):
            return not self._any("since", view.norms)
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
            or self._any("likens", before)
            or self._is_each_time(candidate, view)
            or self._is_attribute(candidate, view)
            or self._any("every", after[:1])
            or self._any("times_word", before[:1])
            or (short and not self._any("ago", after[:1]))
            or (
                self._any("doses", view.norms[max(0, start - 4) : start])
                and not self._any("past", before[:1])
            )
            or before[0] in units
            or self._is_rate(candidate, view)
            or (self._any("it_on", before[:1]) and self._any("it_on", before[1:2]))
            or self._any("takes", view.norms[max(0, start - 5) : start])
        )

    def _is_asked(self, candidate: Candidate, view: View) -> bool:
        """ "Does back pain get worse in winter?"."""
        first, last = view.sentence(candidate.start)
        return view.at(last - 1) == "?" and self._words.is_("asks", view, first)

    def _is_attribute(self, candidate: Candidate, view: View) -> bool:
        """ "A four week waiting list", not "a four week history"."""
        after = view.at(candidate.end)
        kept = any(self._any(name, [after]) for name in ("complaint", "running", "ago", "function", "idle"))
        singular = self._words.is_("singular", view, candidate.end - 1)
        return singular and candidate.days > candidate.unit and after.isalpha() and not kept

    def _is_each_time(self, candidate: Candidate, view: View) -> bool:
        """ "Every other week it goes for a couple of days"."""
        start, _ = view.clause(candidate.start)
        return any(
            self._words.is_("every", view, i)
            and (self._words.is_("episodic", view, i + 1) or view.at(i + 1) in self._words.file.seasons)
            for i in range(start, candidate.start)
        )

    def _is_rate(self, candidate: Candidate, view: View) -> bool:
        """ "20 a day", "eight painkillers a day"."""
        if not self._words.is_("article", view, candidate.start):
            return False
        at = candidate.start - 1
        counted = self._words.number(view, at) or (view.at(at).isalpha() and self._words.number(view, at - 1))
        return bool(counted) and view.at(at) not in self._words.units


def load_times(content: Path) -> Times:
    """Read content/lexicon/times.yml; raises ContentError naming file and field."""
    return Times(read_content(content / "lexicon" / "times.yml", TimesFile))
