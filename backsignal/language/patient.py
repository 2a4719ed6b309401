"""Who the patient is, and what is said of somebody else."""

from dataclasses import dataclass, field
from itertools import takewhile

from backsignal.clinical.findings import Status
from backsignal.language.assertion import Match, starting_in
from backsignal.language.patterns import Chart
from backsignal.language.speaker import VoiceMark, owner
from backsignal.language.tokens import Token, sentence_at

_NEAR = 4
_IDLE = ("SKIP", "FILL", "LINK", "be", "have", "WAS")
_NEVER_PATIENT = frozenset({"other"})
_SHE = frozenset(["mother", "wife", "daughter", "grandmother", "sister", "aunt", "niece", "mother_in_law"])
_HE = frozenset(["father", "husband", "son", "grandfather", "brother", "uncle", "nephew", "father_in_law"])
_DISTANT = frozenset({"uncle", "aunt", "cousin", "friend", "neighbour", "colleague", "acquaintance"})


@dataclass
class Voices:
    """The words of one text that show whose signs are told."""

    chart: Chart
    tokens: list[Token]
    marks: list[VoiceMark] = field(default_factory=list)
    kin: list[tuple[int, int]] = field(default_factory=list)
    spoken_for: str | None = None  # "I am writing for my mum"
    introduced: str | None = None  # "he's my window cleaner"

    def __post_init__(self) -> None:
        # Where "I am writing for" ends.
        chart = self.chart
        self.proxies = {end for index in range(len(chart.at)) for end in chart.ends(index, "PROXY")}

    def add_relation(self, start: int, end: int, relation: str) -> None:
        """Note that a relative, a friend or an animal is named."""
        if self._is_own_role(start) or self._owns_thing(end):
            return
        if relation in _NEVER_PATIENT and self.chart.has_any(range(start - 2, start + 1), "SIMILE"):
            return  # "weak as a kitten"
        self.marks.append(VoiceMark(end - 1, "third", relation))
        self.kin.append((start - 1, end))
        if start in self.proxies or start - 1 in self.proxies:
            self.spoken_for = self.spoken_for or relation
        if self.chart.has_any(range(start - 3, start), "INTRODUCES"):
            self.introduced = self.introduced or relation

    def in_order(self) -> list[VoiceMark]:
        """The marks as they stand; the "my" of "my mum" is not the writer's own."""
        kin = {index for start, end in self.kin for index in range(start, end)}
        kept = [mark for mark in self.marks if mark.relation or mark.at not in kin]
        return sorted(kept, key=lambda mark: (mark.at, mark.relation is None, mark.relation or ""))

    def _owns_thing(self, end: int) -> bool:
        """ "The dog's bowl", "my son's boots" only say whose a thing is."""
        said = self.tokens[end - 1].text.lower()
        return said.endswith(("'s", "\u2019s")) and (
            self.chart.has_any(range(end, end + 3), "THING")
            or self.chart.has_any(range(end - 6, end), "LIKENS")
        )

    def _is_own_role(self, at: int) -> bool:
        """ "I'm Mr Hall's neighbour", "I am her daughter" name the writer."""
        before = range(at - 1, max(-1, at - 4), -1)
        role = next((i for i in before if self.chart.has(i, "I_AM")), None)
        return role is not None and not any(
            self.chart.has(i, "MY_OWN") or self.tokens[i].norm.endswith("ing")
            for i in range(role + 1, at + 1)
        )


class Owners:
    """Gives each match of one text to the writer, the patient or somebody else."""

    def __init__(
        self,
        voices: Voices,
        sentences: list[tuple[int, int]],
        complaints: frozenset[str],
        of_patient: frozenset[str],
    ) -> None:
        self._voices = voices.in_order()
        self._spoken_for = voices.spoken_for
        self._introduced = voices.introduced
        self._chart = voices.chart
        self._sentences = sentences
        self._complaints = complaints
        self._of_patient = of_patient
        self._referred: list[VoiceMark] = []  # each "he" and "she" with the relation it stands for

    def assign(self, matches: list[Match]) -> str | None:
        """Decide who the patient is and mark what is said of anybody else; returns the patient's relation."""
        marks = self._voices
        last: VoiceMark | None = None
        named: list[str] = []
        owned: list[tuple[Match, VoiceMark | None]] = []
        cursor = 0
        for start, end in self._sentences:
            inside = starting_in(matches, start, end)
            here: list[VoiceMark] = []
            while cursor < len(marks) and marks[cursor].at < end:
                mark = marks[cursor]
                cursor += 1
                if mark.relation:
                    # "she called me by the dog's name": she is not the dog
                    if mark.relation not in _NEVER_PATIENT or not named:
                        named.append(mark.relation)
                elif mark.voice == "third":
                    mark = VoiceMark(mark.at, "third", self._referred_to(mark, named))
                    self._referred.append(mark)
                here.append(mark)
            owned += [(match, self._holder(match, here, start, last)) for match in inside]
            subjects = [mark for mark in here if mark.voice != "you"]
            subjects = [mark for mark in subjects if mark.relation not in _NEVER_PATIENT]
            last = next(reversed(subjects), last)
        patient = self._patient(owned)
        may_be_stranger = self._own_complaint(owned) and not self._carries_another()
        for match, holder in owned:
            relation = holder.relation if holder else None
            if patient is None:
                # "His feet tingle, I just have a sore back."
                stranger = (
                    may_be_stranger
                    and holder is not None
                    and match.start - holder.at <= _NEAR
                    and not self._chart.has_any(range(holder.at, match.start), "COMMA")
                    and self._is_unnamed(holder)
                )
                foreign = relation is not None or stranger
            else:
                # The one who writes for another quotes them ("she said I can't feel the flannel").
                foreign = relation != patient and (
                    relation is not None or self._is_writers_own(match, holder)
                )
            if foreign and not self._is_echoed(match):
                match.statuses.add(Status.OTHER_PERSON)
        return patient

    def _carries_another(self) -> bool:
        """Whether a "he" or "she" may be a child that is not born yet."""
        return self._chart.has_any(range(len(self._chart.at)), "CARRIES_ANOTHER")

    def _is_echoed(self, match: Match) -> bool:
        """ "My cousin's leg drags. Mine started dragging on Thursday": both have it."""
        said = {word for index in match.words for word in self._words(index)}
        return any(
            said & self._words(index)
            for mine in range(match.end, min(match.end + 3 * _NEAR, len(self._chart.at)))
            if self._chart.has(mine, "MINE")
            for index in takewhile(lambda i: not self._chart.has(i, "NOT"), range(mine + 1, mine + _NEAR))
        )

    def _words(self, index: int) -> set[str]:
        """Base forms at a token that says something."""
        if not 0 <= index < len(self._chart.at) or any(self._chart.has(index, idle) for idle in _IDLE):
            return set()
        return {symbol for symbol in self._chart.at[index] if symbol.isalpha() and symbol.islower()}

    def _referred_to(self, mark: VoiceMark, named: list[str]) -> str | None:
        """Of those named so far the last whom a "he" or "she" can mean, else whom it is told to be later."""
        wrong = _HE if self._chart.has(mark.at, "SHE") else _SHE if self._chart.has(mark.at, "HE") else ()
        able = [relation for relation in named if relation not in wrong]
        if able:
            return able[-1]
        if self._introduced not in wrong and self._is_unnamed(mark):
            return self._introduced  # "His leg was weak. He's my window cleaner."
        strangers = any(other.relation in _NEVER_PATIENT and other.at < mark.at for other in self._voices)
        return "other" if strangers else None

    def _holder(
        self, match: Match, here: list[VoiceMark], start: int, last: VoiceMark | None
    ) -> VoiceMark | None:
        """The mark of the one whose finding it is, of those in its sentence (`here`) or the `last` before."""
        if self._is_complaint(match) and not here:
            return None  # "Now there's a back ache", whoever was spoken of before
        reach = 1 if match.stubborn else 3 * _NEAR
        nearby = [m for m in here if m.relation not in _NEVER_PATIENT or match.start - m.at <= reach]
        # "My legs are as good as they were": things
        nearby = [m for m in nearby if not (m.at in match.span and self._chart.has(m.at, "THEY"))]
        if match.absent or match.denials:
            # "my brother had it, so: no numbness, no leaks"
            ended = [i for i in range(start, match.start) if self._chart.has(i, "OWNER_ENDS")]
            nearby = [m for m in nearby if not ended or m.at > ended[-1]]
            if ended and not nearby:
                return None
        does = self._chart.has(match.start, "EXCRETES")
        return owner(nearby, start, match.start, match.end, last, by_subject=does)

    def _is_writers_own(self, match: Match, mark: VoiceMark | None) -> bool:
        return (
            mark is not None
            and mark.voice == "self"
            and any(self._chart.has(i, "=my") for i in range(max(0, match.start - 2), match.end))
        )

    def others(self, patient: str | None) -> frozenset[int]:
        """Tokens that name somebody who is not the patient."""
        referred = [mark for mark in self._referred if mark.relation not in _NEVER_PATIENT]
        marks = [*self._voices, *referred]
        named = frozenset(mark.at for mark in marks if mark.relation and mark.relation != patient)
        if patient is not None:
            named |= {mark.at for mark in self._voices if mark.voice == "self" and not mark.relation}
            # "my daughter", "my 12 year old daughter"
            named -= {
                mark.at - k for mark in self._voices if mark.relation == patient for k in range(_NEAR + 1)
            }
        return named

    def _patient(self, owned: list[tuple[Match, VoiceMark | None]]) -> str | None:
        """The relation of the patient, None where it is the writer."""
        relations = [mark.relation for mark in self._voices if mark.relation]
        own = [
            match
            for match, mark in owned
            if (mark.voice == "self" if mark is not None else not self._is_complaint(match))
        ]
        theirs = [
            (match, mark.relation)
            for match, mark in owned
            if mark is not None and mark.relation and match.finding not in self._of_patient
        ]
        eligible = [relation for _, relation in theirs if relation not in _NEVER_PATIENT]
        if self._own_complaint(owned) or any("WRITER_IS_MEANT" in symbols for symbols in self._chart.at):
            return None
        if self._spoken_for is not None and self._spoken_for not in _NEVER_PATIENT:
            return self._spoken_for
        if not theirs:
            close = bool(relations) and relations[0] not in _DISTANT | _NEVER_PATIENT
            return relations[0] if close and not own else None
        # "My mate's foot went numb, mine's just achy."
        never = _NEVER_PATIENT | _DISTANT if own or self._speaks_of_mine() else _NEVER_PATIENT
        current = [r for match, r in theirs if self._is_current(match) and r not in never]
        told = [m for m in own if not m.absent and not m.denials and Status.HYPOTHETICAL not in m.statuses]
        if self._narrates():
            return None
        if len(current) > len(told):
            return max(sorted(set(current)), key=current.count)
        if eligible and not own and not any(mark.voice == "self" for mark in self._voices):
            return eligible[0]
        return None

    def _narrates(self) -> bool:
        """Whether the writer tells of themselves throughout and of others in passing."""
        own = sum(mark.voice == "self" for mark in self._voices)
        others = sum(mark.voice == "third" for mark in self._voices)
        return own >= _NEAR and own > 3 * others

    def _speaks_of_mine(self) -> bool:
        return any(self._chart.has(mark.at, "MINE") for mark in self._voices)

    def _own_complaint(self, owned: list[tuple[Match, VoiceMark | None]]) -> bool:
        """Whether the writer's own complaint is told ("my back") and no near relative's."""
        own = theirs = False
        for match, mark in owned:
            if not self._is_complaint(match) or match.denials or Status.HYPOTHETICAL in match.statuses:
                continue
            if mark is not None and mark.voice == "self":
                # "He said ooh my back" tells of his.
                quoted = self._chart.has_any(range(mark.at - _NEAR, mark.at), "REPORTS")
                own |= match.start - mark.at <= _NEAR and not quoted
            elif mark is not None and mark.relation and self._is_current(match):
                theirs |= mark.relation not in _DISTANT | _NEVER_PATIENT
        return own and not theirs

    def _is_unnamed(self, mark: VoiceMark) -> bool:
        """Whether it is a "he" or "she" that stands for nobody named, and is not only quoted ("she said")."""
        gendered = self._chart.has(mark.at, "SHE") or self._chart.has(mark.at, "HE")
        return gendered and not mark.relation and not self._chart.has(mark.at + 1, "REPORTS")

    def _is_complaint(self, match: Match) -> bool:
        return match.finding in self._complaints

    def _is_current(self, match: Match) -> bool:
        """Whether a relative's sign is told as something of now and not as their history."""
        start, end = sentence_at(self._sentences, match.start)
        return (
            any(self._chart.has(i, "CURRENT") for i in range(start, end))
            and Status.PAST not in match.statuses
        )
