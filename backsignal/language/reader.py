"""Reads one message: text in, `Reading` out."""

from bisect import bisect_left
from dataclasses import replace
from datetime import date
from functools import lru_cache
from itertools import pairwise
from pathlib import Path

from backsignal.clinical.content import CONTENT_FOLDER
from backsignal.clinical.findings import Mention, Reading, Side, Status
from backsignal.language.assertion import Match, Scopes, Trigger, decide, starting_in
from backsignal.language.binding import Binder, Bound
from backsignal.language.derived import Derivation, load_derivations
from backsignal.language.dialogue import Answers, Decided, Dialogue, label_of, split_at_turns
from backsignal.language.duration import Around, Numbers, Times, load_times
from backsignal.language.lexicon import (
    ContextOutput,
    FindingOutput,
    Lexicon,
    MarkOutput,
    TopicOutput,
    load_lexicon,
)
from backsignal.language.overlaps import settle
from backsignal.language.patient import Owners, Voices
from backsignal.language.patterns import Chart, Found
from backsignal.language.speaker import VoiceMark, english, turns
from backsignal.language.suspicion import Hints, Suspicion
from backsignal.language.together import describe
from backsignal.language.tokens import closed, sentence_at, sentences, tokenize

_GREETING_TOKENS = 4
# On these the text has spoken; a finding of another time or person may have been misread.
_TOLD = frozenset({Status.PRESENT, Status.UNCERTAIN, Status.PAST})
_SETTLED = frozenset({Status.PRESENT, Status.ABSENT, Status.UNCERTAIN})
_ELSEWHERE = frozenset({Status.PAST, Status.HYPOTHETICAL, Status.OTHER_PERSON})
_NEAR = 4
# Fewer words than this beside what the rules read can hide nothing.
_UNREAD = 2


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
        self._turns = turns(text, lexicon.asks, lexicon.replies)
        self._sentences = split_at_turns(sentences(self._tokens), self._turns, self._tokens)
        self._chart = self._fill()
        self._matches: list[Match] = []
        self._run()

    # -- from tokens to matches

    def _fill(self) -> Chart:
        return Chart(self._lexicon.symbols(token.norm) for token in self._tokens)

    def _run(self) -> None:
        chart = self._chart
        size = len(chart.at)
        skippable = [chart.has(i, "SKIP") for i in range(size)]
        for turn in self._turns:
            # "Bladder? Patient: Fine." reads as "Bladder? Fine."
            for index in label_of(turn, self._tokens):
                skippable[index] = True
        fillers = [chart.has(i, "FILL") or skippable[i] for i in range(size)]
        stops = [chart.has(i, "BREAK") for i in range(size)]
        found = self._lexicon.matcher.run(chart, skippable, stops, fillers)
        # An idiom keeps to its clause.
        clauses = [stop or chart.has(i, "NEW_THERE") for i, stop in enumerate(stops)]
        found += self._lexicon.idioms.run(chart, [False] * size, clauses, fillers)
        blocked = [False] * size
        self._terminators: list[int] = []
        self._new_clauses: list[int] = []
        self._triggers: list[Trigger] = []
        self._told_by = Voices(chart, self._tokens)
        self._answers = Answers(chart, self._sentences, [], [])
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
        self._voices = self._told_by.in_order()
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
        self._matches = settle(matches, chart)

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
            self._told_by.add_relation(item.start, item.end, output.name)
        elif output.kind == "voice":
            self._told_by.marks.append(VoiceMark(item.start, output.name))  # type: ignore[arg-type] # a voice
        elif output.kind == "refusal":
            self._answers.refusals.append(item.start)
        elif output.kind == "answer":
            self._answers.phrases.append((item.start, item.end, output.name))  # type: ignore[arg-type] # an answer

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
        output = item.output
        assert isinstance(output, FindingOutput)
        if output.fixed or not any(any(blocked[first:last]) for first, last in item.parts):
            return False
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
        owners = Owners(self._told_by, self._sentences, self._lexicon.stubborn, self._lexicon.of_patient)
        patient = owners.assign(self._matches)
        statuses: Decided = [
            (match, decide(match, match.finding in self._lexicon.lasting))
            for match in self._matches
            if match.finding not in self._lexicon.of_patient or Status.OTHER_PERSON not in match.statuses
        ]
        if self._turns:
            dialogue = Dialogue(self._chart, self._tokens, self._turns, self._answers, self._topics)
            statuses = dialogue.settle(statuses)
        times = self._times.read(
            self._text,
            self._tokens,
            self._sentences,
            self._today,
            self._around(statuses, owners.others(patient)),
        )
        mentions = self._mentions(statuses + self._derived(times))
        suspected: tuple[str, ...] = ()
        if suspicion is not None and self._leaves_open(mentions, times):
            hints = suspicion.read(self._text)
            # In a dialogue the replies say what holds.
            if not self._turns:
                mentions = tuple(_with_second_opinion(mention, hints) for mention in mentions)
            settled = {mention.finding for mention in mentions if mention.status in _SETTLED}
            elsewhere = {mention.finding for mention in mentions} - settled
            suspected = hints.suspects(settled, elsewhere)
        return Reading(
            mentions=mentions,
            answer=self._answers.of_all(),
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
        for index in range(len(self._tokens)):
            others.update(at for end in self._chart.ends(index, "PROXY") for at in range(index, end))
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
        return starting_in(self._matches, start, end)

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
            for trigger in triggers:
                if inside and not trigger.rule.while_telling:
                    continue
                if trigger.rule.whole or (
                    trigger.rule.reaches_back and trigger.start <= start + _GREETING_TOKENS * 2
                ):
                    scopes.apply(trigger, [match for match in previous if not match.absent])
                    break
            signs = [match for match in (*carried, *inside) if not match.complaint]
            previous = signs or ([] if inside else previous)

    def _tells_past(self, start: int, end: int, triggers: list[Trigger], before: bool) -> bool:
        """Whether a story of long ago goes on: "I had it seven years ago. Couldn't pee, numb feet"."""
        tense = {name for i in range(start, end) for name in ("NOWISH", "WAS") if self._chart.has(i, name)}
        opened = "WAS" in tense and any(
            t.rule.opens_story and ("NOWISH" not in tense or t.start == start) for t in triggers
        )
        return opened or (before and "WAS" in tense and "NOWISH" not in tense)

    def _answer_questions(self) -> None:
        """ "Numbness? No." and "Any tingling? yes, both feet": a short question and its own answer."""
        if self._turns:
            return
        asked: list[Match] = []
        for (start, end), (next_start, next_end) in pairwise(self._sentences):
            inside = self._inside(start, end)
            question = self._tokens[end - 1].norm == "?"
            if asked and not inside and self._chart.has_any(range(start, end), "SOURCE"):
                question = True  # "Any numbness?" it says on your page.
            if not question and not (inside and all(map(_is_quoted, inside))):
                asked = []
                continue
            answer = self._answers.at(next_start, next_end)
            asked += inside
            if answer is None:
                asked = asked if question else []
                continue
            for match in asked:
                if answer == "no" and not match.denials:
                    match.statuses.add(Status.ABSENT)
                    match.denials = 1
                elif answer == "yes" and not (match.supposed or self._only_then(next_start)):
                    match.statuses -= {Status.HYPOTHETICAL, Status.UNCERTAIN}
                elif answer == "unsure":
                    match.statuses.add(Status.UNCERTAIN)
            asked = []

    def _only_then(self, start: int) -> bool:
        """Whether a "yes" is no more than "I said only when I laugh"."""
        return self._chart.has_any(range(start, start + _GREETING_TOKENS - 1), "ONLY_WORD")

    def _around(self, statuses: Decided, others: frozenset[int]) -> Around:
        """What the times of the text may be of: the complaint, what was long before, other people."""
        told = [match for match, status in statuses if status in _TOLD]
        complaint, lasting = self._lexicon.stubborn, self._lexicon.lasting
        return Around(
            signs=frozenset(i for match in told if match.finding in complaint for i in match.words),
            history=frozenset(i for match in told if match.finding in lasting for i in match.words),
            others=others,
        )

    def _derived(self, times: Numbers) -> Decided:
        """Findings that follow from how long it has lasted and how old the patient is."""
        needed = {rule.needs for rule in self._derivations if rule.needs}
        concepts = frozenset(symbol for at in self._chart.at for symbol in needed if symbol in at)
        days = times.duration.days if times.duration and times.sure else None
        result: Decided = []
        for rule in self._derivations:
            at = times.duration_at if rule.days_from is not None else times.age_at
            if at is not None and rule.holds(days, times.age, concepts):
                result.append((Match(rule.finding, *at, parts=(at,)), Status.PRESENT))
        return result

    def _complaint_once(self, statuses: Decided) -> Decided:
        """The complaint has one status: a message about a sore back may also tell of sore backs of old."""
        kept = list(statuses)
        for finding in self._lexicon.stubborn:
            told = [status for match, status in kept if match.finding == finding and status is not None]
            if Status.PRESENT in told:
                kept = [(m, s) for m, s in kept if m.finding != finding or s is Status.PRESENT]
        return kept

    def _mentions(self, statuses: Decided) -> tuple[Mention, ...]:
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
        old = self._old_sentences()
        return tuple(
            Mention(
                finding=match.finding,
                status=status,
                text=self._text[self._tokens[match.start].start : self._tokens[match.end - 1].end],
                start=self._tokens[match.start].start,
                end=self._tokens[match.end - 1].end,
                side=self._side(match),
                long_standing=status is Status.PRESENT and sentence_at(self._sentences, match.start) in old,
            )
            for match, status in sorted(
                chosen, key=lambda pair: (pair[0].start, pair[0].end, pair[0].finding)
            )
        )

    def _old_sentences(self) -> set[tuple[int, int]]:
        """Sentences whose signs are old: that is said in or beside them, and not that they just came on."""
        if not self._is_old_and_checked():
            return set()
        near = set(self._sentences)
        # In a dialogue what belongs together stands in several turns.
        if not self._turns:
            old = [number for number, span in enumerate(self._sentences) if self._says("OLD", span)]
            near = {span for at in old for span in self._sentences[max(0, at - 1) : at + 2]}
        return {span for span in near if not self._says("RECENT", span)}

    def _says(self, symbol: str, span: tuple[int, int]) -> bool:
        return any(self._chart.has(index, symbol) for index in range(*span))

    def _is_old_and_checked(self) -> bool:
        """Whether a text tells of something old that a clinician looked at, and of nothing that changed."""
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
        start, end = sentence_at(self._sentences, index)
        inside = self._inside(start, end)
        elsewhere = any(self._chart.has(i, s) for i in range(start, end) for s in ("OTHER_PLACE", "=it"))
        return bool(inside) and all(match.complaint for match in inside) and not elsewhere

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


def _with_second_opinion(mention: Mention, hints: Hints) -> Mention:
    """What the rules read, held against what the detector makes of the words around it.

    Where one of the two denies what the other sees, it is asked about before it counts. What the rules
    give to another time or person, and the detector clearly to this patient now, is there.
    """
    place = mention.finding, mention.start, mention.end
    if mention.status is Status.PRESENT and hints.doubts(*place):
        return replace(mention, status=Status.UNCERTAIN, doubted=True)
    if mention.status is Status.ABSENT and hints.believes(*place, denied=True):
        return replace(mention, status=Status.UNCERTAIN)
    if mention.status in _ELSEWHERE and hints.believes(*place):
        return replace(mention, status=Status.PRESENT)
    return mention


def _is_quoted(match: Match) -> bool:
    """Whether it was only named, by a form or a person, and may be answered ("It says: numb? Nope.")."""
    return Status.HYPOTHETICAL in match.statuses and not match.supposed and not match.absent


def _start(item: Match | Trigger) -> int:
    return item.start


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


@lru_cache(maxsize=1)
def shared_reader() -> Reader:
    """The process's own reader: it keeps nothing of what it reads, so one serves chat and calls alike."""
    return Reader.load()
