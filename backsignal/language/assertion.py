"""Decides how each finding is meant: affirmed, denied, past, hypothetical, of somebody else, uncertain.

Our own scope engine and not medspaCy's ConText: ConText needs spaCy (whose import pulls TensorFlow in, five
seconds before `assess` can read a line), targets of one stretch of tokens, and its scope is the sentence.
Patients put the "not" inside the finding ("my leg is not weak"), deny by lists without commas, and end a
scope by simply starting to tell something else ("no fever and my foot drags"). The rules stand as data in
the same way (category, direction, scope, terminate, pseudo): content/context_rules.yml.
"""

from bisect import bisect_left
from dataclasses import dataclass, field
from functools import cached_property

from backsignal.clinical.findings import Status
from backsignal.language.lexicon import STATUS_OF, ContextOutput
from backsignal.language.patterns import Chart

# The complaint itself is not put in doubt by how it is told; it may be denied or be somebody else's.
_OF_COMPLAINTS = frozenset({Status.ABSENT, Status.OTHER_PERSON, Status.PRESENT})


@dataclass
class Match:
    """A finding said at some tokens, before and after it is decided how it is meant."""

    finding: str
    start: int
    end: int
    parts: tuple[tuple[int, int], ...]
    absent: bool = False  # said as a function that is well
    absent_only: bool = False  # counts only where it is denied
    stubborn: bool = False  # only denied by a word right before it
    complaint: bool = False  # what the text is about (back pain)
    present_only: bool = False  # says nothing where it is denied ("no pain in my legs" is not about both)
    statuses: set[Status] = field(default_factory=set)
    denials: int = 0
    supposed: bool = False  # stands under an "if", which a later "I haven't" only confirms
    disowned: bool = False  # had by somebody else and not by the writer ("my mum leaks, I don't")
    outright: bool = False  # denied by words before it ("if I vanish it's not a collapse")

    def covers(self, start: int, end: int) -> bool:
        """Whether these tokens are words of the finding itself."""
        return self.words.issuperset(range(start, end))

    @cached_property
    def words(self) -> frozenset[int]:
        """Its tokens."""
        return frozenset(index for first, last in self.parts for index in range(first, last))

    @property
    def span(self) -> range:
        """All tokens from its first to its last."""
        return range(self.start, self.end)

    @property
    def size(self) -> int:
        """Number of tokens that make it up."""
        return sum(last - first for first, last in self.parts)


def starting_in(matches: list[Match], start: int, end: int) -> list[Match]:
    """Those of the matches, in order, that begin at tokens start to end."""
    first = bisect_left(matches, start, key=lambda match: match.start)
    return matches[first : bisect_left(matches, end, key=lambda match: match.start)]


@dataclass(frozen=True)
class Trigger:
    """A context rule's words at some tokens."""

    rule: ContextOutput
    start: int
    end: int


class Scopes:
    """Applies the context rules of one text, sentence by sentence."""

    def __init__(self, chart: Chart, terminators: list[int], new_clauses: list[int]) -> None:
        self._chart = chart
        self._hard = frozenset(terminators)
        self._soft = self._hard | frozenset(new_clauses)
        self._retold = False

    def note(self, matches: list[Match], triggers: list[Trigger]) -> None:
        """Note on each match of one sentence how the triggers of that sentence speak of it."""
        said = [match for match in matches if not match.absent and not match.denials]
        # "The form asks if I am numb, if I leak": these are questions and no suppositions.
        self._retold = any(
            trigger.rule.category == "hypothetical" and not trigger.rule.supposes for trigger in triggers
        )
        for trigger in triggers:
            if any(self._is_own_negation(match, trigger) for match in said):
                continue  # "no control", "can't feel": the negation is a part of the sign
            direction = trigger.rule.direction
            if direction == "forward" and self._is_supposed(trigger, triggers):
                continue
            if trigger.rule.whole:
                self.apply(trigger, [match for match in said if match.end <= trigger.start])
                continue
            if direction == "forward":
                self.apply(trigger, self._forward(trigger, matches))
            elif not self._denies_next(trigger, triggers, matches):
                self.apply(trigger, self._backward(trigger, matches))

    def _is_own_negation(self, match: Match, trigger: Trigger) -> bool:
        """Whether a negation belongs to the sign ("neither leg would take me", not "neither leg hurts")."""
        if not match.covers(trigger.start, trigger.end):
            return False
        return not self._chart.has(trigger.start, "NEITHER") or not any(
            self._chart.has(index, "ILL_WORD") for index in match.words
        )

    def _denies_next(self, trigger: Trigger, triggers: list[Trigger], matches: list[Match]) -> bool:
        """Whether the "no" of "Legs: no weakness" speaks of what follows and answers nothing."""
        return trigger.rule.category == "negated" and any(
            other.rule.direction == "forward"
            and other.rule.category == "negated"
            and trigger.start <= other.start < trigger.end <= other.end
            and any(other.end <= first <= other.end + 1 for match in matches for first, _ in match.parts)
            for other in triggers
        )

    def _is_supposed(self, trigger: Trigger, triggers: list[Trigger]) -> bool:
        """Whether a denial is itself a part of what is only supposed: "if I stop being able to go"."""
        return self._chart.has(trigger.start, "CEASE") and any(
            other.rule.category == "hypothetical"
            and other.rule.direction == "forward"
            and other.end <= trigger.start
            and not any(
                index in self._soft or self._chart.has(index, "COMMA")
                for index in range(other.end, trigger.start + 1)
            )
            for other in triggers
        )

    def apply(self, trigger: Trigger, matches: list[Match]) -> None:
        """Note on matches what a trigger says of them."""
        status = STATUS_OF[trigger.rule.category]
        for match in matches:
            if match.complaint and (status not in _OF_COMPLAINTS or trigger.rule.whole):
                continue  # "I want to ask about my bad back"
            if trigger.rule.of_well and not match.absent:
                continue
            match.statuses.add(status)
            match.denials += status is Status.ABSENT
            match.supposed |= trigger.rule.supposes and not self._retold
            match.disowned |= trigger.rule.whole and self._chart.has(trigger.start, "SUBJECT_I")
            match.outright |= status is Status.ABSENT and trigger.rule.direction == "forward"

    def _forward(self, trigger: Trigger, matches: list[Match]) -> list[Match]:
        reached: list[Match] = []
        pointer = trigger.end
        for match in sorted(matches, key=lambda m: (m.start, m.end)):
            target = next((first for first, _ in match.parts if first >= trigger.end), None)
            if match.absent and match.start < trigger.end:
                if match.start >= trigger.start:
                    pointer = max(pointer, match.end)  # "no weakness/numbness": the list goes on
                continue  # "never woken by it" is said with its own "never"
            if target is None or self._is_own_negation(match, trigger):
                continue
            if match.absent and target == match.start and self._chart.has(target, "DENIAL"):
                pointer = max(pointer, match.end)
                continue  # "no tingling no weakness": the second is denied by its own "no"
            if self._fails_later(match, target):
                continue  # "no pain in the leg, it just won't lift"
            if trigger.rule.category == "past" and self._goes_on(trigger, match, target):
                continue  # "used to be a hose, now it's a drip"
            denies = trigger.rule.category == "negated" or match.complaint
            if (
                denies
                and match.stubborn
                and match.start <= trigger.start
                and not self._chart.has(target, "PAIN")
            ):
                continue  # "low back, doesn't go down the leg"
            if target > pointer and not self._passes(trigger, pointer, target):
                continue
            if target <= pointer and self._ended(trigger, trigger.end, target):
                continue
            if (
                (match.stubborn or match.absent)
                and trigger.rule.category != "other_person"
                and target - trigger.end > 1
            ):
                continue
            reached.append(match)
            # A list goes on from its last item: "no numbness, tingling or weakness".
            pointer = max(pointer, match.end)
        return reached

    def _goes_on(self, trigger: Trigger, match: Match, target: int) -> bool:
        """Whether the match begins within a trigger's reach and is told on behind what ends it."""
        between = range(target + 1, match.parts[-1][0] + 1)
        return any(self._chart.has_any(between, stop) for stop in trigger.rule.stops)

    def _fails_later(self, match: Match, target: int) -> bool:
        """Whether the match names its part at the target and goes on in a clause of its own that fails."""
        cuts = [index for index in range(target + 1, match.end) if index in self._soft]
        return bool(cuts) and any(
            self._chart.has_any(range(cuts[0], cuts[0] + 3), again)
            and self._chart.has_any(range(cuts[0], match.end), fails)
            for again in ("it", "they")
            for fails in ("CANT", "WONT")
        )

    def _backward(self, trigger: Trigger, matches: list[Match]) -> list[Match]:
        reached: list[Match] = []
        pointer = trigger.start
        for match in sorted(matches, key=lambda m: -m.end):
            # What is told in several parts ("bled ... pregnancy") is past where one of them is.
            told_apart = match.stubborn and not match.complaint and trigger.rule.category == "past"
            reach = match.start + 1 if told_apart or trigger.rule.category == "present" else match.end
            if reach > trigger.start or ((match.stubborn or match.absent) and trigger.start > match.end):
                continue
            only_again = trigger.rule.category == "negated" and not self._chart.has(trigger.start, "ASKED")
            if match.absent and only_again:
                continue  # "nothing in the legs, none of that" only says it again
            if match.end < pointer and not self._passes(trigger, match.end, pointer, back=True):
                continue
            reached.append(match)
            # "Left foot yes, weakness no": where it is was said before the "yes".
            parted = any(index in self._hard for index in range(match.start, match.end))
            pointer = min(pointer, match.parts[-1][0] if parted else match.start)
        return reached

    def _ended(self, trigger: Trigger, start: int, end: int) -> bool:
        # "sciatica at first but that cleared up"
        back_to = trigger.rule.category == "past" and trigger.rule.direction == "backward"
        ends = self._hard if trigger.rule.over_clauses else self._soft
        return any(
            index in ends and not (back_to and self._chart.has(index + 1, "REFERS_BACK"))
            for index in range(start, end + 1)
        )

    def _passes(self, trigger: Trigger, start: int, end: int, back: bool = False) -> bool:
        """Whether a trigger's reach crosses the tokens from start to end."""
        if self._ended(trigger, start, end - (1 if back else 0)):
            return False
        steps = 0
        for index in range(start, end):
            if any(self._chart.has(index, stop) for stop in trigger.rule.stops):
                return False
            steps += not self._chart.has(index, "SKIP")
            if trigger.rule.scope and steps > trigger.rule.scope:
                return False
        return True


def decide(match: Match, lasting: bool) -> Status | None:
    """The one status of a match; None where its words say nothing of the finding after all."""
    statuses = match.statuses
    if match.absent:
        # "I can't pee fine" denies nothing; "if my bladder is fine" neither.
        if match.denials or statuses & {Status.HYPOTHETICAL, Status.OTHER_PERSON, Status.PAST}:
            return None
        # Not to know whether one empties properly is not to know whether one retains.
        return Status.UNCERTAIN if Status.UNCERTAIN in statuses else Status.ABSENT
    if Status.OTHER_PERSON in statuses and not match.disowned:
        return Status.OTHER_PERSON
    if match.denials and match.supposed and not match.outright:
        return Status.HYPOTHETICAL
    if match.denials:
        return None if match.present_only else Status.ABSENT
    if match.absent_only:
        return None
    if Status.PRESENT in statuses:
        return Status.PRESENT
    if Status.HYPOTHETICAL in statuses:
        return Status.HYPOTHETICAL
    if Status.PAST in statuses and not lasting:
        return Status.PAST
    if Status.UNCERTAIN in statuses:
        return Status.UNCERTAIN
    return Status.PRESENT
