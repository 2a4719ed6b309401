"""Reads one message: text in, `Reading` out."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from datetime import date
from functools import lru_cache
from itertools import pairwise
from pathlib import Path

from backsignal.clinical.content import CONTENT_FOLDER
from backsignal.clinical.findings import Answer, Mention, Reading, Side, Status
from backsignal.language.assertion import Match, Scopes, Trigger, decide
from backsignal.language.binding import Binder, Bound
from backsignal.language.derived import Derivation, load_derivations
from backsignal.language.duration import Numbers, Times, load_times
from backsignal.language.lexicon import (
    ContextOutput,
    FindingOutput,
    Lexicon,
    MarkOutput,
    TopicOutput,
    load_lexicon,
)
from backsignal.language.patterns import Chart, Found
from backsignal.language.speaker import Turn, VoiceMark, english, owner, turns
from backsignal.language.suspicion import Suspicion
from backsignal.language.together import describe
from backsignal.language.tokens import closed, sentences, tokenize

_GREETING_TOKENS = 4
# On these the text has spoken; a finding of another time or person may have been misread.
_SETTLED = frozenset({Status.PRESENT, Status.ABSENT, Status.UNCERTAIN})
_NEAR = 4
# Fewer words than this beside what the rules read can hide nothing.
_UNREAD = 2
_NEVER_PATIENT = frozenset({"other"})
_DISTANT = frozenset({"uncle", "aunt", "cousin", "friend", "neighbour", "colleague"})


class Reader:
    """The language layer's entry point."""

    def __init__(
        self,
        lexicon: Lexicon,
        times: Times,
        derivations: list[Derivation],
        suspicion: Suspicion | None = None,
    ) -> None:
        self._lexicon = lexicon
        self._times = times
        self._derivations = derivations
        self._suspicion = suspicion

    @classmethod
    def load(cls, content: Path = CONTENT_FOLDER, *, detector: bool = True) -> "Reader":
        """Compile the content, with the learned detector or without.

        Raises ContentError naming file and field where the content is wrong.
        """
        suspicion = Suspicion.load() if detector else None
        return cls(load_lexicon(content), load_times(content), load_derivations(content), suspicion)

    def read(self, text: str, *, today: date) -> Reading:
        """All that one message says. Never raises on any str; takes time linear in its length."""
        return _Text(self._lexicon, self._times, self._derivations, text, today).reading(self._suspicion)


class _Text:
    """One text being read."""

    def __init__(
        self, lexicon: Lexicon, times: Times, derivations: list[Derivation], text: str, today: date
    ) -> None:
        self._lexicon = lexicon
        self._times = times
        self._derivations = derivations
        self._text = text
        self._today = today
        self._tokens = closed(tokenize(text))
        self._sentences = sentences(self._tokens)
        self._turns = turns(text, lexicon.asks, lexicon.replies)
        self._sentences = self._split_at_turns(self._sentences)
        self._chart = self._fill()
        self._matches: list[Match] = []
        self._owners: dict[int, VoiceMark | None] = {}
        self._run()

    def _split_at_turns(self, ranges: list[tuple[int, int]]) -> list[tuple[int, int]]:
        """No sentence goes on over a change of speakers, whatever the marks."""
        if not self._turns:
            return ranges
        cuts = {bisect_left(self._tokens, turn.label, key=lambda token: token.start) for turn in self._turns}
        split: list[tuple[int, int]] = []
        for start, end in ranges:
            bounds = [start, *sorted(cut for cut in cuts if start < cut < end), end]
            split += pairwise(bounds)
        return split

    # -- from tokens to matches

    def _fill(self) -> Chart:
        chart = Chart(len(self._tokens))
        for index, token in enumerate(self._tokens):
            chart.at[index] = dict.fromkeys(self._lexicon.symbols(token.norm), (index + 1,))
        return chart

    def _run(self) -> None:
        chart = self._chart
        size = len(chart.at)
        skippable = [chart.has(i, "SKIP") for i in range(size)]
        for turn in self._turns:
            # "Bladder? Patient: Fine." reads as "Bladder? Fine."
            for index in self._label_of(turn):
                skippable[index] = True
        fillers = [chart.has(i, "FILL") or skippable[i] for i in range(size)]
        stops = [chart.has(i, "BREAK") for i in range(size)]
        found = self._lexicon.matcher.run(chart, skippable, stops, fillers)
        found += self._lexicon.idioms.run(chart, [False] * size, stops, fillers)
        blocked = [False] * size
        self._terminators: list[int] = []
        self._new_clauses: list[int] = []
        self._triggers: list[Trigger] = []
        self._voices: list[VoiceMark] = []
        self._kin: list[tuple[int, int]] = []
        self._spoken_for: str | None = None
        # Where "I am writing for" ends.
        self._proxies = {end for i in range(size) for end in chart.at[i].get("PROXY", ())}
        self._answers: list[tuple[int, int, Answer]] = []
        self._refusals: list[int] = []
        self._topics: list[tuple[int, int, str]] = []
        pseudo: list[tuple[int, int]] = []
        idioms: list[tuple[int, int]] = []
        said: list[Found] = []
        for item in found:
            output = item.output
            if isinstance(output, MarkOutput):
                if output.kind == "block":
                    idioms.append((item.start, item.end))
                self._mark(output, item, blocked, pseudo)
            elif isinstance(output, ContextOutput):
                self._triggers.append(Trigger(output, item.start, item.end))
            elif isinstance(output, TopicOutput):
                self._topics.append((item.start, item.end, output.finding))
            else:
                said.append(item)
        # "my mum" is not the writer's own
        kin = {i for start, end in self._kin for i in range(start, end)}
        self._voices = [mark for mark in self._voices if mark.relation or mark.at not in kin]
        self._voices.sort(key=lambda mark: (mark.at, mark.relation is None, mark.relation or ""))
        self._triggers = [
            t for t in self._triggers
            if not any(s <= t.start and t.end <= e and (e - s) > (t.end - t.start) for s, e in pseudo)
        ]  # fmt: skip
        self._triggers = _longest(self._triggers)
        matches = [self._match(item) for item in said if not self._is_blocked(item, blocked, idioms)]
        well = frozenset(i for match in matches if match.absent and match.size > 1 for i in match.words)
        binder = Binder(self._lexicon, chart, blocked, well)
        for start, end in self._sentences:
            for bound in binder.bind(start, end):
                matches.append(
                    Match(
                        bound.finding, bound.start, bound.end, bound.parts,
                        absent_only=bound.absent_only,
                        stubborn=bound.finding in self._lexicon.stubborn,
                        complaint=bound.finding in self._lexicon.stubborn,
                        present_only=bound.present_only
                        or (bound.place is None and bound.finding in self._lexicon.stubborn)
                        or (bound.finding in self._lexicon.both_sides and not self._names_both(bound)),
                    )
                )  # fmt: skip
        matches += describe(self._lexicon.together, chart, blocked)
        matches = self._without_crossed(self._without_doubled(matches))
        self._matches = sorted(_without_contained(matches), key=_start)

    def _without_doubled(self, matches: list[Match]) -> list[Match]:
        """Drop "no altered feeling" where "altered feeling" is itself the finding: its "no" denies it."""
        words = {(m.finding, m.words) for m in matches if not m.absent}
        return [
            match
            for match in map(self._deny_own_no, matches)
            if match.absent
            or match.size < 2
            or not self._chart.has(match.start, "DENIAL")
            or (match.finding, match.words - {match.start}) not in words
        ]

    def _deny_own_no(self, match: Match) -> Match:
        """ "No altered sensation down there" holds its own denial, "no sensation" is the finding."""
        first = match.start
        if (
            not match.absent
            and match.size > 1
            and self._chart.has(first, "DENIAL")
            and self._chart.has(first + 1, "LOSS_WORD")
        ):
            match.denials += 1
            match.statuses.add(Status.ABSENT)
        return match

    def _without_crossed(self, matches: list[Match]) -> list[Match]:
        """Drop what takes a word out of "feet fine" but belongs elsewhere ("feet fine, pride hurt").

        And the other way round: "can't feel my foot properly" does not say that the foot is well.
        """
        matches = [m for m in matches if not m.absent or not (self._changes_subject(m) or self._fails(m))]
        matches = [m for m in matches if not (m.absent and self._is_only_part(m, matches))]
        well: dict[int, list[Match]] = {}
        for match in matches:
            if match.absent and match.size > 1:
                for index in match.words:
                    well.setdefault(index, []).append(match)
        if not well:
            return matches
        dropped: set[int] = set()
        for match in matches:
            if match.absent:
                continue
            for other in {id(w): w for index in match.words for w in well.get(index, ())}.values():
                if other.words <= match.words:
                    continue
                if self._is_object(match, other):
                    dropped.add(id(other))
                elif other.end < match.end and not self._negated_inside(match):
                    dropped.add(id(match))
                elif match.start < other.start and self._has(range(match.start, other.start), "COMMA"):
                    dropped.add(id(match))  # "no numbness, my legs are strong"
        return [match for match in matches if id(match) not in dropped]

    def _changes_subject(self, match: Match) -> bool:
        """Whether "feet ..., I'm all right" was taken for one statement."""
        words = match.words
        between = (i for i in range(match.start + 1, match.end - 1) if i + 1 not in words)
        return self._has(between, "NEW_SUBJECT")

    def _fails(self, match: Match) -> bool:
        """Whether "walk well" stands in "can't walk well", or "leg is well" in "leg is well sore"."""
        if self._chart.has(match.end - 1, "VERY") and self._chart.has(match.end, "ILL_WORD"):
            return True
        before = range(match.start - 2, match.start)
        return self._has(before, "CANT") and not self._has(before, "COMMA")

    def _is_only_part(self, match: Match, matches: list[Match]) -> bool:
        """Whether the place said to be well only says where: "power in the legs is normal"."""
        return self._chart.has(match.start, "BODY") and any(
            other.absent
            and other.finding != match.finding
            and other.start < match.start
            and other.end == match.end
            and match.words < other.words
            and not self._has(range(other.start, match.start), "LIST_MARK")
            for other in matches
        )

    def _is_object(self, match: Match, well: Match) -> bool:
        """Whether the words said to be well are only the object of something that fails."""
        before = range(match.start, well.start)
        words = match.words
        return self._has((i for i in before if i in words), "CANT") and not self._has(before, "COMMA")

    def _has(self, indexes: Iterable[int], symbol: str) -> bool:
        return any(self._chart.has(index, symbol) for index in indexes)

    def _negated_inside(self, match: Match) -> bool:
        return any(self._chart.has(index, "NOT") for index in range(match.start, match.end))

    def _mark(
        self, output: MarkOutput, item: Found, blocked: list[bool], pseudo: list[tuple[int, int]]
    ) -> None:
        if output.kind == "block":
            for index in range(item.start, item.end):
                blocked[index] = True
        elif output.kind == "pseudo":
            pseudo.append((item.start, item.end))
        elif output.kind == "terminate":
            self._terminators.append(item.start)
        elif output.kind == "new_clause":
            self._new_clauses.append(item.start)
        elif output.kind == "relation":
            if self._is_own_role(item.start) or self._owns_thing(item.end):
                return
            self._voices.append(VoiceMark(item.end - 1, "third", output.name))
            self._kin.append((item.start - 1, item.end))
            if item.start in self._proxies or item.start - 1 in self._proxies:
                self._spoken_for = self._spoken_for or output.name
        elif output.kind == "voice":
            self._voices.append(VoiceMark(item.start, output.name))  # type: ignore[arg-type]
        elif output.kind == "refusal":
            self._refusals.append(item.start)
        elif output.kind == "answer":
            self._answers.append((item.start, item.end, output.name))  # type: ignore[arg-type]

    def _owns_thing(self, end: int) -> bool:
        """ "The dog's bowl", "my son's boots" only say whose a thing is."""
        said = self._tokens[end - 1].text.lower()
        return said.endswith(("'s", "\u2019s")) and (
            self._has(range(end, end + 3), "THING") or self._has(range(end - 6, end), "LIKENS")
        )

    def _is_own_role(self, at: int) -> bool:
        """ "I'm Mr Hall's neighbour", "I am her daughter" name the writer."""
        before = range(at - 1, max(-1, at - 4), -1)
        role = next((i for i in before if self._chart.has(i, "I_AM")), None)
        return role is not None and not any(
            self._chart.has(i, "MY_OWN") or self._tokens[i].norm.endswith("ing")
            for i in range(role + 1, at + 1)
        )

    def _match(self, item: Found) -> Match:
        output = item.output
        assert isinstance(output, FindingOutput)
        stubborn = output.finding in self._lexicon.stubborn
        return Match(
            output.finding, item.start, item.end, item.parts,
            absent=output.absent, absent_only=output.denied, stubborn=stubborn, complaint=stubborn,
            present_only=(output.finding in self._lexicon.both_sides and not self._names_both(item))
            or (stubborn and item.end == item.start + 1 and self._chart.has(item.start, "BACKWARDS")),
        )  # fmt: skip

    def _is_blocked(self, item: Found, blocked: list[bool], idioms: list[tuple[int, int]]) -> bool:
        """Whether an idiom takes a word of it; one that "steady on my feet" itself holds takes none."""
        if not any(any(blocked[first:last]) for first, last in item.parts):
            return False
        output = item.output
        assert isinstance(output, FindingOutput)
        if not output.absent or len(item.parts) < 2:
            return True
        return any(
            first < item.end and item.start < last and not (item.start <= first and last <= item.end)
            for first, last in idioms
        )

    def _names_both(self, item: Found | Bound) -> bool:
        """ "No numbness in my legs" is not about both legs, "not in both legs" is."""
        return any(self._chart.has(index, "BOTH_NAMED") for index in range(item.start, item.end))

    # -- from matches to the reading

    def reading(self, suspicion: Suspicion | None) -> Reading:
        """Decide all matches and put the reading together."""
        self._assert()
        self._answer_questions()
        patient = self._give_owners()
        statuses = [(match, decide(match, match.finding in self._lexicon.lasting)) for match in self._matches]
        statuses = self._dialogue(statuses)
        times = self._times.read(
            self._text, self._tokens, self._sentences, self._today, self._others(patient)
        )
        mentions = self._mentions(statuses + self._derived(times))
        suspected: tuple[str, ...] = ()
        if suspicion is not None and self._leaves_open(mentions, times):
            settled = {mention.finding for mention in mentions if mention.status in _SETTLED}
            elsewhere = {mention.finding for mention in mentions} - settled
            suspected = suspicion.suspects(self._text, settled, elsewhere)
        return Reading(
            mentions=mentions,
            answer=self._answer(),
            duration=times.duration,
            severity=times.severity,
            age=times.age,
            speaking_for=patient,
            suspected=suspected,
            english=english(
                self._tokens,
                self._lexicon.little_words,
                self._lexicon.spelling.common,
                self._lexicon.foreign_words,
            ),
        )

    def _leaves_open(self, mentions: tuple[Mention, ...], times: Numbers) -> bool:
        """Whether there is more to the text than the rules read ("back pain, 4 days, I'm 50" says it all)."""
        spans = [(mention.start, mention.end) for mention in mentions if mention.status is Status.PRESENT]
        spans += [
            (self._tokens[at[0]].start, self._tokens[at[1] - 1].end)
            for at in (times.duration_at, times.age_at)
            if at is not None
        ]
        others = {mark.at for mark in self._voices if mark.relation}
        for index, symbols in enumerate(self._chart.at):
            others.update(at for end in symbols.get("PROXY", ()) for at in range(index, end))
        unread = [
            token
            for index, token in enumerate(self._tokens)
            if token.norm.isalpha()
            and token.norm not in self._lexicon.little_words
            and index not in others
            and not any(start <= token.start < end for start, end in spans)
        ]
        return len(unread) >= _UNREAD

    def _only_asked(self, match: Match, start: int, end: int) -> bool:
        """ "Is numbness a bad sign?" tells of nobody; "why is my foot numb?" does."""
        first = start
        while first < min(end, start + _GREETING_TOKENS) and not self._chart.has(first, "QUESTION"):
            lead = self._chart.has(first, "ANSWER_LEAD") or self._chart.has(first, "SKIP")
            if not lead or self._chart.has(first, "SUBJECT"):
                return False
            first += 1
        if first >= match.start or not self._chart.has(first, "QUESTION"):
            return False
        own = any(
            mark.at in range(first, match.end) and (mark.relation or self._chart.has(mark.at, "SUBJECT"))
            for mark in self._voices
            if mark.voice != "you"
        )
        if own:
            return False
        # Without its mark a question shows by its order: "can sitting make it numb", not "can feel it".
        turned = self._chart.has(first, "MODAL") and self._chart.has(first + 1, "ASKED_OF")
        return self._tokens[end - 1].norm == "?" or turned

    def _inside(self, start: int, end: int) -> list[Match]:
        return self._matches[
            bisect_left(self._matches, start, key=_start) : bisect_left(self._matches, end, key=_start)
        ]

    def _sentence_at(self, index: int) -> tuple[int, int]:
        return self._sentences[bisect_right(self._sentences, index, key=lambda sentence: sentence[0]) - 1]

    def _assert(self) -> None:
        scopes = Scopes(self._chart, self._terminators, self._new_clauses)
        previous: list[Match] = []
        unfinished: list[Match] = []
        telling_past = False
        for start, end in self._sentences:
            inside = self._inside(start, end)
            # What began in the sentence before and ends here ("20 weeks. No leaking") is denied here.
            carried = [m for m in unfinished if any(start <= first < end for first, _ in m.parts)]
            unfinished = [m for m in (*unfinished, *inside) if m.end > end]
            triggers = self._triggers[
                bisect_left(self._triggers, start, key=_start) : bisect_left(self._triggers, end, key=_start)
            ]
            scopes.note([*carried, *inside], triggers)
            if not self._turns:
                for match in inside:
                    if not match.absent and not match.stubborn and self._only_asked(match, start, end):
                        match.statuses.add(Status.HYPOTHETICAL)
            telling_past = self._tells_past(start, end, triggers, telling_past)
            if telling_past:
                for match in inside:
                    match.statuses.add(Status.PAST)
            if inside:
                previous = inside
                continue
            for trigger in triggers:
                if trigger.rule.whole or (
                    trigger.rule.reaches_back and trigger.start <= start + _GREETING_TOKENS * 2
                ):
                    scopes.apply(trigger, [match for match in previous if not match.absent])
                    break

    def _tells_past(self, start: int, end: int, triggers: list[Trigger], before: bool) -> bool:
        """Whether a story of long ago goes on: "I had it seven years ago. Couldn't pee, numb feet"."""
        tense = {name for i in range(start, end) for name in ("NOWISH", "WAS") if self._chart.has(i, name)}
        opened = "WAS" in tense and any(
            t.rule.opens_story and ("NOWISH" not in tense or t.start == start) for t in triggers
        )
        return opened or (before and "WAS" in tense and "NOWISH" not in tense)

    def _answer(self) -> Answer | None:
        """How the whole message answers: a plain no as its last sentence wins, a refusal answers nothing."""
        if any(start <= _GREETING_TOKENS for start in self._refusals):
            return None
        if self._sentences and len(self._sentences) > 1:
            start, end = self._sentences[-1]
            told = [i for i in range(start, end) if not self._chart.has(i, "ANSWER_TAIL")]
            plain = [i for i in told if self._chart.has(i, "PLAIN_NO")]
            if plain and len(plain) == len(told):
                return "no"
        return self._answer_at(0, len(self._tokens))

    def _answer_at(self, start: int, end: int) -> Answer | None:
        """How tokens answer a yes/no question: the longest answer phrase at their beginning."""
        acknowledged: Answer | None = None
        position = start
        while position < min(end, start + _GREETING_TOKENS):
            here = [
                (stop, answer) for begin, stop, answer in self._answers if begin == position and stop <= end
            ]
            if here and (max(here)[0] > position + 1 or not self._chart.has(position, "ANSWER_LEAD")):
                return max(here)[1]
            if here:
                acknowledged = acknowledged or max(here)[1]  # "right. no" is no, "right" alone is yes
            elif not (self._chart.has(position, "SKIP") or self._chart.has(position, "ANSWER_LEAD")):
                break
            position += 1
        return acknowledged

    def _answer_questions(self) -> None:
        """ "Numbness? No." and "Any tingling? yes, both feet": a short question and its own answer."""
        if self._turns:
            return
        for (start, end), (next_start, next_end) in pairwise(self._sentences):
            if self._tokens[end - 1].norm != "?":
                continue
            answer = self._answer_at(next_start, next_end)
            inside = self._inside(start, end)
            if answer is None or not inside:
                continue
            for match in inside:
                if answer == "no" and not match.denials:
                    match.statuses.add(Status.ABSENT)
                    match.denials = 1
                elif answer == "yes" and not (match.supposed or self._chart.has(next_start, "ONLY_WORD")):
                    match.statuses -= {Status.HYPOTHETICAL, Status.UNCERTAIN}
                elif answer == "unsure":
                    match.statuses.add(Status.UNCERTAIN)

    def _give_owners(self) -> str | None:
        """Decide who the patient is and mark what is said of anybody else; returns the patient's relation."""
        marks = self._voices
        last: VoiceMark | None = None
        last_relation: VoiceMark | None = None
        owned: list[tuple[Match, VoiceMark | None]] = []
        cursor = 0
        for start, end in self._sentences:
            inside = self._inside(start, end)
            here: list[VoiceMark] = []
            while cursor < len(marks) and marks[cursor].at < end:
                mark = marks[cursor]
                cursor += 1
                if mark.relation:
                    # "she called me by the dog's name": she is not the dog
                    if mark.relation not in _NEVER_PATIENT or last_relation is None:
                        last_relation = mark
                elif mark.voice == "third" and last_relation is not None:
                    mark = VoiceMark(mark.at, "third", last_relation.relation)
                here.append(mark)
            owned += [(match, self._holder(match, here, start, last)) for match in inside]
            subjects = [mark for mark in here if mark.voice != "you"]
            subjects = [mark for mark in subjects if mark.relation not in _NEVER_PATIENT]
            last = next(reversed(subjects), last)
        patient = self._patient(owned)
        for match, holder in owned:
            relation = holder.relation if holder else None
            if patient is None:
                foreign = relation is not None
            else:
                # The one who writes for another quotes them ("she said I can't feel the flannel").
                foreign = relation != patient and (
                    relation is not None or self._is_writers_own(match, holder)
                )
            if foreign:
                match.statuses.add(Status.OTHER_PERSON)
        of_patient = self._lexicon.of_patient
        self._matches = [
            match
            for match in self._matches
            if match.finding not in of_patient or Status.OTHER_PERSON not in match.statuses
        ]
        return patient

    def _holder(
        self, match: Match, here: list[VoiceMark], start: int, last: VoiceMark | None
    ) -> VoiceMark | None:
        """The mark of the one whose finding it is, of those in its sentence (`here`) or the `last` before."""
        if self._is_complaint(match) and not here:
            return None  # "Now there's a back ache", whoever was spoken of before
        reach = 1 if match.stubborn else 3 * _NEAR
        nearby = [m for m in here if m.relation not in _NEVER_PATIENT or match.start - m.at <= reach]
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

    def _others(self, patient: str | None) -> frozenset[int]:
        """Tokens that name somebody who is not the patient."""
        named = frozenset(mark.at for mark in self._voices if mark.relation and mark.relation != patient)
        if patient is not None:
            named |= {mark.at for mark in self._voices if mark.voice == "self" and not mark.relation}
            named -= {mark.at - k for mark in self._voices if mark.relation == patient for k in (0, 1)}
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
            if mark is not None and mark.relation and match.finding not in self._lexicon.of_patient
        ]
        eligible = [relation for _, relation in theirs if relation not in _NEVER_PATIENT]
        if self._own_complaint(owned) or self._has(range(len(self._tokens)), "WRITER_IS_MEANT"):
            return None
        if self._spoken_for is not None and self._spoken_for not in _NEVER_PATIENT:
            return self._spoken_for
        if not theirs:
            close = bool(relations) and relations[0] not in _DISTANT | _NEVER_PATIENT
            return relations[0] if close and not own else None
        # "My mate's foot went numb, mine's just achy."
        never = _NEVER_PATIENT | _DISTANT if self._speaks_of_mine() else _NEVER_PATIENT
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
                own |= match.start - mark.at <= _NEAR
            elif mark is not None and mark.relation and self._is_current(match):
                theirs |= mark.relation not in _DISTANT | _NEVER_PATIENT
        return own and not theirs

    def _is_complaint(self, match: Match) -> bool:
        return match.finding in self._lexicon.stubborn

    def _is_current(self, match: Match) -> bool:
        """Whether a relative's sign is told as something of now and not as their history."""
        start, end = self._sentence_at(match.start)
        return (
            any(self._chart.has(i, "CURRENT") for i in range(start, end))
            and Status.PAST not in match.statuses
        )

    def _dialogue(self, statuses: list[tuple[Match, Status | None]]) -> list[tuple[Match, Status | None]]:
        """In a dialogue what the other party asks is settled by the reply that follows."""
        if not self._turns:
            return statuses
        spans = [self._token_range(turn) for turn in self._turns]
        result: list[tuple[Match, Status | None]] = []
        for match, status in statuses:
            said_at = match.parts[-1][0]
            index = next((i for i, (start, end) in enumerate(spans) if start <= said_at < end), None)
            if index is None or not self._turns[index].asks:
                result.append((match, status))
                continue
            result.append((match, self._replied(index, spans, match, status)))
        return result + self._topics_settled(
            spans, {match.start for match, told in result if told is not None}
        )

    def _topics_settled(
        self, spans: list[tuple[int, int]], told: set[int]
    ) -> list[tuple[Match, Status | None]]:
        """What the other party asks by name alone ("And your water?") and the reply says is well."""
        settled: list[tuple[Match, Status | None]] = []
        for index, ((start, end), (first, last)) in enumerate(pairwise(spans)):
            if not self._turns[index].asks or self._turns[index + 1].asks:
                continue
            for at, stop, finding in self._topics:
                if start <= at < end and not any(start <= i < end for i in told):
                    begin, finish = self._sentence_at(at)
                    if self._is_well(max(begin, start), min(finish, end), first, last):
                        match = Match(finding, at, stop, ((at, stop),), absent=True)
                        settled.append((match, Status.ABSENT))
        return settled

    def _is_well(self, start: int, end: int, first: int, last: int) -> bool:
        """Whether a reply (first to last) says that what is asked (start to end) is well."""
        answer = self._answer_at(first, last)
        opening = range(first, min(last, first + 2 * _NEAR))
        if self._has(opening, "ALL_WELL") and not self._has(opening, "NOT"):
            return True
        asked = range(start, end)
        if self._has(asked, "PROBLEM") or self._has(asked, "OFF_WORD"):
            return answer == "no"
        if self._has(asked, "MODAL") or self._has(asked, "ALL_WELL") or self._has(asked, "feel"):
            return answer == "yes"
        return answer == "no" and end - start <= _NEAR + 2

    def _replied(
        self, index: int, spans: list[tuple[int, int]], match: Match, status: Status | None
    ) -> Status | None:
        start, end = spans[index]
        asked = self._asks(match, start, end)
        following = index + 1
        if following >= len(spans) or self._turns[following].asks:
            return None if asked else status
        if match.stubborn and self._has(range(match.start - 1, match.start + 1), "PRESUPPOSED"):
            return Status.PRESENT  # "and the back pain, how long?"
        answer = self._answer_at(*spans[following])
        first, last = spans[following]
        opening = range(first, min(last, first + 2 * _NEAR))
        well = answer is None and self._has(opening, "ALL_WELL") and not self._has(opening, "NOT")
        if match.absent and asked:
            return Status.ABSENT if well or answer == "yes" else None
        if answer is None and self._has(range(first, min(last, first + _NEAR)), "TIME_REPLY"):
            answer = "yes"  # "Do you ever leak? - Yesterday."
        if well:
            answer = "no"  # "Any numbness in the legs? - Legs okay."
        if status is Status.PRESENT and self._has(opening, "PAST_REPLY"):
            return Status.PAST
        if not asked:
            return status if answer != "no" else None
        if answer == "no":
            return None if match.absent or match.present_only else Status.ABSENT
        if answer == "yes" and match.present_only and self._has(opening, "ONE_SIDE"):
            return None  # "Does it go into your legs? - Yes, the left one."
        if answer == "yes":
            return status if status in {Status.ABSENT, Status.PAST} else Status.PRESENT
        return Status.UNCERTAIN if answer == "unsure" and not match.absent else None

    def _asks(self, match: Match, start: int, end: int) -> bool:
        first, last = self._sentence_at(match.start)
        if any(self._tokens[i].norm == "?" for i in range(match.end, min(last, end))):
            return True
        marks = any(self._tokens[i].norm == "?" for i in range(len(self._tokens)))
        return self._chart.has(max(first, start), "ASKING") or (
            not marks and any(self._chart.has(i, "ASKING") for i in range(max(first, start), match.start))
        )

    def _label_of(self, turn: Turn) -> range:
        """Tokens of the label ("Patient:") before a turn."""
        first = bisect_left(self._tokens, turn.label, key=lambda token: token.start)
        return range(first, bisect_left(self._tokens, turn.start, key=lambda token: token.start))

    def _token_range(self, turn: Turn) -> tuple[int, int]:
        inside = [i for i, token in enumerate(self._tokens) if turn.start <= token.start < turn.end]
        return (inside[0], inside[-1] + 1) if inside else (0, 0)

    def _derived(self, times: Numbers) -> list[tuple[Match, Status | None]]:
        """Findings that follow from how long it has lasted and how old the patient is."""
        needed = {rule.needs for rule in self._derivations if rule.needs}
        concepts = frozenset(symbol for at in self._chart.at for symbol in needed if symbol in at)
        days = times.duration.days if times.duration and times.sure else None
        result: list[tuple[Match, Status | None]] = []
        for rule in self._derivations:
            at = times.duration_at if rule.days_from is not None else times.age_at
            if at is not None and rule.holds(days, times.age, concepts):
                result.append((Match(rule.finding, *at, parts=(at,)), Status.PRESENT))
        return result

    def _complaint_once(
        self, statuses: list[tuple[Match, Status | None]]
    ) -> list[tuple[Match, Status | None]]:
        """The complaint has one status: a message about a sore back may also tell of sore backs of old."""
        kept = list(statuses)
        for finding in self._lexicon.stubborn:
            told = [status for match, status in kept if match.finding == finding and status is not None]
            if Status.PRESENT in told:
                kept = [(m, s) for m, s in kept if m.finding != finding or s is Status.PRESENT]
        return kept

    def _mentions(self, statuses: list[tuple[Match, Status | None]]) -> tuple[Mention, ...]:
        statuses = self._complaint_once(statuses)
        chosen: list[tuple[Match, Status]] = []
        for match, status in sorted(
            ((m, s) for m, s in statuses if s is not None), key=lambda pair: (pair[0].start, -pair[0].end)
        ):
            double = next(
                (i for i, (other, told) in enumerate(chosen)
                 if other.finding == match.finding and told == status and match.start < other.end),
                None,
            )  # fmt: skip
            if double is None:
                chosen.append((match, status))
            elif match.size > chosen[double][0].size:
                chosen[double] = (match, status)
        settled = self._long_standing()
        return tuple(
            Mention(
                finding=match.finding,
                status=status,
                text=self._text[self._tokens[match.start].start : self._tokens[match.end - 1].end],
                start=self._tokens[match.start].start,
                end=self._tokens[match.end - 1].end,
                side=self._side(match),
                long_standing=settled and status is Status.PRESENT,
            )
            for match, status in sorted(
                chosen, key=lambda pair: (pair[0].start, pair[0].end, pair[0].finding)
            )
        )

    def _long_standing(self) -> bool:
        chart = self._chart
        has = {s for at in chart.at for s in ("OLD", "CHECKED") if s in at}
        same = {j for i in range(len(chart.at)) for j in range(i, chart.longest(i, "UNCHANGED"))}
        asked = {
            index
            for start, end in self._sentences
            if self._tokens[end - 1].norm == "?"
            for index in range(start, end)
        }
        changed = any(
            "CHANGED" in at and i not in same and i not in asked and not self._tells_only_complaint(i)
            for i, at in enumerate(chart.at)
        )
        return len(has) == 2 and not changed

    def _tells_only_complaint(self, index: int) -> bool:
        """Whether the sentence at a token speaks of the complaint alone ("Today my back is stiff.")."""
        start, end = self._sentence_at(index)
        inside = self._inside(start, end)
        elsewhere = any(self._chart.has(i, s) for i in range(start, end) for s in ("OTHER_PLACE", "=it"))
        return bool(inside) and all(match.stubborn for match in inside) and not elsewhere

    def _side(self, match: Match) -> Side | None:
        window = range(max(0, match.start - _NEAR), min(len(self._tokens), match.end + 2))
        if match.finding in self._lexicon.both_sides:
            return "both"
        found: set[Side] = set()
        for index in window:
            if self._chart.has(index, "LEFT_SIDE"):
                found.add("left")
            if self._chart.has(index, "RIGHT_SIDE"):
                found.add("right")
            if self._chart.has(index, "BOTH_SIDES"):
                return "both"
        return "both" if len(found) == 2 else next(iter(found), None)


def _start(item: Match | Trigger) -> int:
    return item.start


def _longest_first(match: Match) -> tuple[object, ...]:
    # The last parts only make the order the same in every process.
    return (-match.size, match.start, match.absent, match.absent_only, match.finding, match.parts)


def _longest(triggers: list[Trigger]) -> list[Trigger]:
    """Of triggers of one category over the same words only the longest, so that nothing is denied twice."""
    kept: list[Trigger] = []
    for trigger in sorted(triggers, key=lambda t: (t.start - t.end, t.start, t.rule.rule)):
        if not any(
            other.start <= trigger.start and trigger.end <= other.end
            and other.rule.category == trigger.rule.category
            and other.rule.direction == trigger.rule.direction
            and (other.start, other.end) != (trigger.start, trigger.end)
            for other in kept
        ):  # fmt: skip
            kept.append(trigger)
    return sorted(kept, key=lambda t: (t.start, t.rule.rule))


def _lies_within(match: Match, holding: dict[int, list[tuple[Match, frozenset[int]]]]) -> bool:
    """Whether "in a leg" only belongs to "numbness in a leg"."""
    return any(
        other.start < match.start and match.end <= other.end and not other.absent_only and not other.absent
        for word in match.words
        for other, _ in holding.get(word, ())
    )


def _without_contained(matches: list[Match]) -> list[Match]:
    """Drop a reading of words that a longer one takes in ("pee fine" in "can't pee fine")."""
    kept: list[Match] = []
    # By token, so that only neighbours are compared.
    holding: dict[int, list[tuple[Match, frozenset[int]]]] = {}
    for match in sorted(matches, key=_longest_first):
        words = match.words
        contained = any(
            words <= others
            and (other.absent != match.absent or other.absent_only <= match.absent_only)
            and (
                other.finding == match.finding
                or (match.absent_only and not other.absent_only and not other.absent)
                or (other.absent and not match.absent and words < others)
            )
            for other, others in holding.get(match.parts[0][0], ())
        ) or (match.absent_only and _lies_within(match, holding))
        if not contained:
            kept.append(match)
            for word in words:
                holding.setdefault(word, []).append((match, words))
    return kept


@lru_cache(maxsize=1)
def shared_reader() -> Reader:
    """The process's own reader: it keeps nothing of what it reads, so one serves chat and calls alike."""
    return Reader.load()
