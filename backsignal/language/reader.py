"""Reads one message: text in, `Reading` out."""

from bisect import bisect_left, bisect_right
from datetime import date
from functools import lru_cache
from pathlib import Path

from backsignal.clinical.content import CONTENT_FOLDER
from backsignal.clinical.findings import Answer, Mention, Reading, Side, Status
from backsignal.language.assertion import Match, Scopes, Trigger, decide
from backsignal.language.binding import Binder, Bound
from backsignal.language.derived import Derivation, load_derivations
from backsignal.language.duration import Around, Numbers, Times, load_times
from backsignal.language.lexicon import (
    ContextOutput,
    FindingOutput,
    Lexicon,
    MarkOutput,
    load_lexicon,
)
from backsignal.language.patterns import Chart, Found
from backsignal.language.speaker import Turn, VoiceMark, english, owner, turns
from backsignal.language.suspicion import Suspicion
from backsignal.language.together import describe
from backsignal.language.tokens import sentences, tokenize

_GREETING_TOKENS = 4
# On these the text has spoken; a finding of another time or person may have been misread.
_TOLD = frozenset({Status.PRESENT, Status.UNCERTAIN, Status.PAST})
_SETTLED = frozenset({Status.PRESENT, Status.ABSENT, Status.UNCERTAIN})
_NEAR = 4
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
        self._tokens = tokenize(text)
        self._sentences = sentences(self._tokens)
        self._turns = turns(text, lexicon.asks, lexicon.replies)
        self._chart = self._fill()
        self._matches: list[Match] = []
        self._owners: dict[int, VoiceMark | None] = {}
        self._run()

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
        pseudo: list[tuple[int, int]] = []
        said: list[Found] = []
        for item in found:
            output = item.output
            if isinstance(output, MarkOutput):
                self._mark(output, item, blocked, pseudo)
            elif isinstance(output, ContextOutput):
                self._triggers.append(Trigger(output, item.start, item.end))
            else:
                said.append(item)
        # "my mum" is not the writer's own
        kin = {i for start, end in self._kin for i in range(start, end)}
        self._voices = [mark for mark in self._voices if mark.relation or mark.at not in kin]
        self._voices.sort(key=lambda mark: (mark.at, mark.relation is None))
        self._triggers = [
            t for t in self._triggers
            if not any(s <= t.start and t.end <= e and (e - s) > (t.end - t.start) for s, e in pseudo)
        ]  # fmt: skip
        self._triggers = _longest(self._triggers)
        matches = [self._match(item) for item in said if not any(any(blocked[a:b]) for a, b in item.parts)]
        binder = Binder(self._lexicon, chart, blocked)
        for start, end in self._sentences:
            for bound in binder.bind(start, end):
                matches.append(
                    Match(
                        bound.finding, bound.start, bound.end, bound.parts,
                        absent_only=bound.absent_only,
                        present_only=bound.present_only
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
        """Drop what takes a word out of "feet fine" and goes on elsewhere ("feet fine, pride hurt")."""
        well: dict[int, list[Match]] = {}
        for match in matches:
            if match.absent and match.size > 1:
                for index in match.words:
                    well.setdefault(index, []).append(match)
        if not well:
            return matches
        return [
            match
            for match in matches
            if match.absent
            or not any(
                other.end < match.end and not other.words <= match.words and not self._negated_inside(match)
                for index in match.words
                for other in well.get(index, ())
            )
        ]

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
            if self._is_own_role(item.start):
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
            absent=output.absent, absent_only=output.denied, stubborn=stubborn,
            present_only=output.finding in self._lexicon.both_sides and not self._names_both(item),
        )  # fmt: skip

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
            self._text, self._tokens, self._sentences, self._today, self._around(statuses, patient)
        )
        mentions = self._mentions(statuses + self._derived(times))
        suspected: tuple[str, ...] = ()
        if suspicion is not None:
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
            english=english(self._tokens, self._lexicon.little_words, self._lexicon.spelling.common),
        )

    def _only_asked(self, match: Match, start: int, end: int) -> bool:
        """ "Is numbness a bad sign?" tells of nobody; "why is my foot numb?" does."""
        first = start
        while first < min(end, start + _GREETING_TOKENS) and not self._chart.has(first, "QUESTION"):
            if not (self._chart.has(first, "ANSWER_LEAD") or self._chart.has(first, "SKIP")):
                return False
            first += 1
        if first >= match.start or not self._chart.has(first, "QUESTION"):
            return False
        own = any(mark.at in range(first, match.end) for mark in self._voices if mark.voice != "you")
        return not own and (self._tokens[end - 1].norm == "?" or self._chart.has(first, "MODAL"))

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
        for (start, end), (next_start, next_end) in zip(self._sentences, self._sentences[1:], strict=False):
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
                elif answer == "yes" and not self._chart.has(next_start, "ONLY_WORD"):
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
            for match in inside:
                reach = 1 if match.stubborn else 3 * _NEAR
                if self._is_complaint(match) and not here:
                    owned.append((match, None))  # "Now there's a back ache", whoever was spoken of before
                    continue
                nearby = [m for m in here if m.relation not in _NEVER_PATIENT or match.start - m.at <= reach]
                owned.append((match, owner(nearby, start, match.start, match.end, last)))
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
        return patient

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
        theirs = [(match, mark.relation) for match, mark in owned if mark is not None and mark.relation]
        eligible = [relation for _, relation in theirs if relation not in _NEVER_PATIENT]
        if self._own_complaint(owned):
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
        return result

    def _replied(
        self, index: int, spans: list[tuple[int, int]], match: Match, status: Status | None
    ) -> Status | None:
        start, end = spans[index]
        asked = self._asks(match, start, end)
        following = index + 1
        if following >= len(spans) or self._turns[following].asks:
            return None if asked else status
        answer = self._answer_at(*spans[following])
        if not asked:
            return status if answer != "no" else None
        if answer == "no":
            return None if match.absent or match.present_only else Status.ABSENT
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

    def _token_range(self, turn: Turn) -> tuple[int, int]:
        inside = [i for i, token in enumerate(self._tokens) if turn.start <= token.start < turn.end]
        return (inside[0], inside[-1] + 1) if inside else (0, 0)

    def _around(self, statuses: list[tuple[Match, Status | None]], patient: str | None) -> Around:
        """What the times of the text may be of: the complaint, what was long before, other people."""
        told = [match for match, status in statuses if status in _TOLD]
        complaint, lasting = self._lexicon.stubborn, self._lexicon.lasting
        return Around(
            signs=frozenset(i for match in told if match.finding in complaint for i in match.words),
            history=frozenset(i for match in told if match.finding in lasting for i in match.words),
            others=self._others(patient),
        )

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
        changed = any("CHANGED" in at and i not in same and i not in asked for i, at in enumerate(chart.at))
        return len(has) == 2 and not changed

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


def _longest(triggers: list[Trigger]) -> list[Trigger]:
    """Of triggers of one category over the same words only the longest, so that nothing is denied twice."""
    kept: list[Trigger] = []
    for trigger in sorted(triggers, key=lambda t: (t.start - t.end, t.start)):
        if not any(
            other.start <= trigger.start and trigger.end <= other.end
            and other.rule.category == trigger.rule.category
            and (other.start, other.end) != (trigger.start, trigger.end)
            for other in kept
        ):  # fmt: skip
            kept.append(trigger)
    return sorted(kept, key=lambda t: t.start)


def _without_contained(matches: list[Match]) -> list[Match]:
    """Drop a reading of words that a longer one takes in ("pee fine" in "can't pee fine")."""
    kept: list[Match] = []
    # By token, so that only neighbours are compared.
    holding: dict[int, list[tuple[Match, frozenset[int]]]] = {}
    for match in sorted(matches, key=lambda m: (-m.size, m.start)):
        words = match.words
        contained = any(
            words <= others
            and (other.absent != match.absent or other.absent_only <= match.absent_only)
            and (
                other.finding == match.finding
                or (match.absent_only and not other.absent_only)
                or (other.absent and not match.absent and words < others)
            )
            for other, others in holding.get(match.parts[0][0], ())
        )
        if not contained:
            kept.append(match)
            for word in words:
                holding.setdefault(word, []).append((match, words))
    return kept


@lru_cache(maxsize=1)
def shared_reader() -> Reader:
    """The process's own reader: it keeps nothing of what it reads, so one serves chat and calls alike."""
    return Reader.load()
