"""Decides how each finding is meant: affirmed, denied, past, hypothetical, of somebody else, uncertain.

Our own scope engine and not medspaCy's ConText: ConText needs spaCy (whose import pulls TensorFlow in, five
seconds before `assess` can read a line), targets of one stretch of tokens, and its scope is the sentence.
Patients put the "not" inside the finding ("my leg is not weak"), deny by lists without commas, and end a
scope by simply starting to tell something else ("no fever and my foot drags"). The rules stand as data in
the same way (category, direction, scope, terminate, pseudo): content/context_rules.yml.
"""

from dataclasses import dataclass, field

from backsignal.clinical.findings import Status
from backsignal.language.lexicon import STATUS_OF, ContextOutput
from backsignal.language.patterns import Chart


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
    present_only: bool = False  # says nothing where it is denied ("no pain in my legs" is not about both)
    statuses: set[Status] = field(default_factory=set)
    denials: int = 0

    def covers(self, start: int, end: int) -> bool:
        """Whether these tokens are words of the finding itself."""
        return self.words.issuperset(range(start, end))

    @property
    def words(self) -> frozenset[int]:
        """Its tokens."""
        return frozenset(index for first, last in self.parts for index in range(first, last))

    @property
    def size(self) -> int:
        """Number of tokens that make it up."""
        return sum(last - first for first, last in self.parts)


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

    def note(self, matches: list[Match], triggers: list[Trigger]) -> None:
        """Note on each match of one sentence how the triggers of that sentence speak of it."""
        said = [match for match in matches if not match.absent and not match.denials]
        for trigger in triggers:
            if any(match.covers(trigger.start, trigger.end) for match in said):
                continue  # "no control", "can't feel": the negation is a part of the sign
            direction = trigger.rule.direction
            if trigger.rule.whole:
                self.apply(trigger, [match for match in said if match.end <= trigger.start])
                continue
            if direction == "forward":
                self.apply(trigger, self._forward(trigger, matches))
            else:
                self.apply(trigger, self._backward(trigger, matches))

    def apply(self, trigger: Trigger, matches: list[Match]) -> None:
        """Note on matches what a trigger says of them."""
        status = STATUS_OF[trigger.rule.category]
        for match in matches:
            match.statuses.add(status)
            match.denials += status is Status.ABSENT

    def _forward(self, trigger: Trigger, matches: list[Match]) -> list[Match]:
        reached: list[Match] = []
        pointer = trigger.end
        for match in sorted(matches, key=lambda m: (m.start, m.end)):
            target = next((first for first, _ in match.parts if first >= trigger.end), None)
            if target is None or match.covers(trigger.start, trigger.end):
                continue
            if match.absent and match.start < trigger.end:
                continue  # "never woken by it" is said with its own "never"
            if match.stubborn and match.start <= trigger.start and not self._chart.has(target, "PAIN"):
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

    def _backward(self, trigger: Trigger, matches: list[Match]) -> list[Match]:
        reached: list[Match] = []
        pointer = trigger.start
        for match in sorted(matches, key=lambda m: -m.end):
            if match.end > trigger.start or ((match.stubborn or match.absent) and trigger.start > match.end):
                continue
            if match.end < pointer and not self._passes(trigger, match.end, pointer, back=True):
                continue
            reached.append(match)
            pointer = min(pointer, match.start)
        return reached

    def _ended(self, trigger: Trigger, start: int, end: int) -> bool:
        ends = self._hard if trigger.rule.over_clauses else self._soft
        return any(index in ends for index in range(start, end + 1))

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
        if match.denials or statuses & {Status.HYPOTHETICAL, Status.OTHER_PERSON, Status.UNCERTAIN}:
            return None
        return Status.ABSENT
    if Status.OTHER_PERSON in statuses:
        return Status.OTHER_PERSON
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
