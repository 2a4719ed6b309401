"""The note of a call: situation, background, assessment and recommendation, in plain text.

It says what was asked and denied as well as what was found, whose words decided, and what an agent changed.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from backsignal.assist.call import Call
from backsignal.clinical.advice import self_care
from backsignal.clinical.content import Measure
from backsignal.clinical.levels import Level
from backsignal.clinical.record import Entry, Value
from backsignal.clinical.red_flags import Reason, counts_as_present, open_always
from backsignal.clinical.wording import best_source, citation, emergency_text, one_line

_NUMBERS: tuple[Measure, ...] = ("age", "duration_days", "severity")
# Where these are not known, the note says so.
_WANTED: frozenset[Measure] = frozenset({"age", "duration_days"})
_LONGEST_NUMBER = 40
_LONGEST_QUOTE = 90
_FEW_WORDS = 3
_MOST_IN_A_LINE = 5


@dataclass(frozen=True)
class Section:
    """One part of the note: its key, its heading and its lines."""

    key: str
    title: str
    lines: tuple[str, ...]


def note_text(call: Call) -> str:
    """The whole note."""
    parts = ["\n".join((section.title, *section.lines)) for section in sections(call)]
    footer = call.content.note["footer"].format(version=call.content_version)
    return "\n\n".join([*parts, footer])


def sections(call: Call) -> list[Section]:
    """The note's four parts."""
    writer = _Writer(call)
    parts = {
        "situation": writer.situation(),
        "background": writer.background(),
        "assessment": writer.assessment(),
        "recommendation": writer.recommendation(),
    }
    return [Section(key, call.content.note[key], tuple(lines)) for key, lines in parts.items()]


class _Writer:
    def __init__(self, call: Call) -> None:
        self._call = call
        self._content = call.content
        self._clinical = call.content.clinical
        self._record = call.record()
        self._triage = call.triage()

    def situation(self) -> Iterable[str]:
        call, record = self._call, self._record
        yield self._level_line()
        supported = call.supported().level
        if supported is not self._triage.level:
            yield self._say("supported", level=self._level(supported))
        if call.highest.rank > supported.rank:
            time = next(at for at, level in call.levels if level is call.highest)
            yield self._say("highest", level=self._level(call.highest), time=time[11:16])
        who = record.speaking_for
        yield self._say("about_other", who=who.replace("_", " ")) if who else self._say("about_self")
        complaint = [f for f in self._reported() if self._is_complaint(f)]
        yield from (self._finding_line(finding) for finding in complaint)
        start, end = call.opened_at, call.closed_at
        times = {"call": call.id, "date": start[:10], "start": start[11:16], "agent": call.owner_name}
        yield self._say("call", end=end[11:16], **times) if end else self._say("call_open", **times)

    def _level_line(self) -> str:
        reasons = [r for r in self._deciding() if r.rule not in self._content.why_unknown]
        deciding = dict.fromkeys(self._decisive(f) for reason in reasons for f in reason.findings)
        because = self._say("deciding", findings="; ".join(deciding)) if deciding else ""
        left, level = len(self._open()), f"{self._level(self._triage.level)}{because}"
        if not left:
            return self._say("level", level=level)
        every = sum(finding.ask_always for finding in self._clinical.findings.values())
        return self._say("level_open", level=level, open=str(left), all=str(every))

    def background(self) -> Iterable[str]:
        for measure in _NUMBERS:
            number = self._record.numbers.get(measure)
            if number:
                short = number.quote and len(number.quote) <= _LONGEST_NUMBER
                quote = f" (“{one_line(number.quote)}”)" if short else ""
                yield f"{self._say(measure, value=f'{number.value:g}')}{quote}."
            elif measure in _WANTED:
                yield f"{self._say(measure, value=self._say('not_known'))}."
        has = [f for f in self._reported() if self._is_background(f)]
        open_still = any(self._is_background(finding) for finding in self._open())
        yield self._say(
            "history",
            findings=self._names(has) or self._say("none"),
            left=self._say("history_open") if open_still else "",
        )

    def assessment(self) -> Iterable[str]:
        told = [f for f in self._reported() if not self._is_complaint(f)]
        if told:
            yield self._say("reported")
            yield from (self._finding_line(finding) for finding in told)
        else:
            yield self._say("none_reported")
        yield from self._denials()
        unanswered = [f for f in self._open() if self._call.machine(f).asked]
        unsure = self._entered(Value.UNKNOWN)
        unclear = {finding: self._record.entries[finding].quote for finding in unsure}
        yield from self._list("unsure", [*unsure, *unanswered], unclear)
        yield from self._list("taken_back", self._record.withdrawn)
        yield from self._list("corrected_away", self._call.corrected_away)
        against = {
            finding: words
            for finding in self._clinical.findings
            if finding not in self._call.ticks and (words := self._call.machine(finding).contradicted)
        }
        yield from self._list("contradicted", against, against)
        yield from self._overrides()
        yield from self._decisions()

    def _denials(self) -> Iterable[str]:
        absent = [f for f in self._entered(Value.ABSENT) if f not in self._record.withdrawn]
        heard = [f for f in absent if (entry := self._call.machine(f).entry) and entry.value is Value.ABSENT]
        asked = [f for f in heard if self._call.machine(f).asked]
        yield from self._list("denied", asked)
        yield from self._list("volunteered", [f for f in heard if f not in asked])
        overruled = [f for f in absent if self._call.is_overridden(f)]
        yield from self._list("marked_absent", [f for f in absent if f not in (*heard, *overruled)])

    def _decisions(self) -> Iterable[str]:
        deciding = self._deciding()
        if not deciding:
            return
        yield self._say("because")
        yield from (self._reason_line(reason) for reason in deciding)
        cited = dict.fromkeys(best_source(self._clinical, reason.sources) for reason in deciding)
        yield self._say("sources", sources="; ".join(citation(self._clinical, source) for source in cited))

    def _deciding(self) -> list[Reason]:
        """What decided the level; lesser reasons and what is merely open stand elsewhere in the note."""
        return [reason for reason in self._triage.reasons if reason.level is self._triage.level]

    def recommendation(self) -> Iterable[str]:
        yield self._say("disposition", text=self._disposition())
        told = self._call.advised
        besides = [part for part in ("action", "safety_net") if part in told]
        topics = [topic.title for topic in self._clinical.topics.values() if topic.id in told]
        said = [*(self._say(part) for part in besides), *(_lower(title) for title in topics)]
        if said:
            yield self._say("told", what="; ".join(said))
        unsaid = [self._say(part) for part in ("action", "safety_net") if part not in told]
        if unsaid:
            yield self._say("untold", what="; ".join(unsaid))
        if topics:
            for advice in self_care(self._record, self._clinical):
                if advice.status == "withheld":
                    phrase = "told_withheld" if advice.topic.id in told else "withheld"
                    because = self._names(advice.because)
                    yield self._say(phrase, topic=_lower(advice.topic.title), because=because)
        yield from self._list("not_asked", [f for f in self._open() if not self._call.machine(f).asked])
        if self._call.remarks:
            yield self._say("remarks", text=self._call.remarks)
        unread = sum(turn.understood.failed for turn in self._call.turns)
        if unread:
            yield self._say("unread", count=str(unread))

    def _disposition(self) -> str:
        level = self._triage.level
        decisive = self._triage.emergency_findings
        do = emergency_text(decisive, self._clinical).do if decisive else ""
        return self._content.disposition[level].format(do=do.format(**self._clinical.clinic.facts()))

    def _overrides(self) -> Iterable[str]:
        for finding, tick in self._call.ticks.items():
            entry = self._call.machine(finding).entry
            if entry is None or not self._call.is_overridden(finding):
                continue
            again = self._call.tick_is_older(finding)
            yield self._say(
                "outrun" if again else "override",
                by=tick.by,
                name=_lower(self._content.terms[finding]),
                status=self._say(_WORD[_STATUS[tick.status]]),
                because=self._say(_BECAUSE[tick.because]) if tick.because else "",
                heard=self._say(_WORD[entry.value]),
                quote=f", “{one_line(entry.quote)}”" if entry.quote else "",
            )

    def _finding_line(self, finding: str) -> str:
        entry = self._record.entries.get(finding)
        name = self._name(finding, entry)
        words = self._words(finding)
        if entry and not words:
            return f"- {name} {self._say('marked', by=entry.by)}"
        return f"- {name}: {words}" if words else f"- {name}"

    def _words(self, finding: str) -> str:
        """The words behind a finding, with enough around them for somebody who was not there."""
        quote, source = one_line(self._call.quote(finding)), self._call.source(finding)
        turn = one_line(self._call.turns[self._call.index(source)].text) if source else ""
        if not quote or quote not in turn:
            return f"“{quote}”" if quote else ""
        if len(turn) <= _LONGEST_QUOTE:
            quote = turn
        else:
            before, _, after = turn.partition(quote)
            quote = f"{'…' if before else ''}{quote}{'…' if after else ''}"
        question = self._call.question(finding)
        if question and len(quote.split()) < _FEW_WORDS:
            return self._say("answered", question=question, quote=quote)
        return f"“{quote}”"

    def _reason_line(self, reason: Reason) -> str:
        if reason.rule in self._content.why_unknown:
            return f"- {self._content.why_unknown[reason.rule]}"
        names = self._say("with").join(self._decisive(finding) for finding in reason.findings)
        findings = names[:1].upper() + names[1:]
        return "- " + self._say(
            "reason", findings=findings, level=self._level(reason.level), rule=reason.rule
        )

    def _decisive(self, finding: str) -> str:
        """A finding that decides; one that could not be ruled out decides as if it were there."""
        entry = self._record.entries.get(finding)
        unsure = entry is not None and entry.value is Value.UNKNOWN
        return f"{self._inside(finding)}{self._say('not_ruled_out') if unsure else ''}"

    def _reported(self) -> list[str]:
        """What counts as present, in the order of the checklist; each warning sign with its own words."""
        unsure = set(self._entered(Value.UNKNOWN))
        present = (
            f.id
            for f in self._clinical.findings.values()
            if counts_as_present(f, self._record, self._clinical)
        )
        return [finding for finding in present if finding not in unsure]

    def _is_complaint(self, finding: str) -> bool:
        return self._clinical.findings[finding].group in self._content.note_groups.complaint

    def _is_background(self, finding: str) -> bool:
        """Whether it is history; what a number says is told by the number, and no danger is history."""
        known = self._clinical.findings[finding]
        lasting = known.group in self._content.note_groups.history or not known.changes
        return lasting and known.present_if is None and known.level is not Level.EMERGENCY

    def _open(self) -> tuple[str, ...]:
        return open_always(self._record, self._clinical)

    def _entered(self, value: Value) -> list[str]:
        entries = self._record.entries
        return [f for f in self._clinical.findings if f in entries and entries[f].value is value]

    def _list(
        self, phrase: str, findings: Iterable[str], words: Mapping[str, str] | None = None
    ) -> Iterable[str]:
        """The findings in a line; many of them by their groups, a line each."""
        findings = list(dict.fromkeys(findings))
        if not findings:
            return
        if len(findings) <= _MOST_IN_A_LINE:
            yield f"{self._say(phrase)}: {self._names(findings, words)}."
            return
        yield f"{self._say(phrase)}:"
        for group, title in self._content.groups.items():
            inside = [f for f in findings if self._clinical.findings[f].group == group]
            if inside:
                yield f"- {title}: {self._names(inside, words)}"

    def _names(self, findings: Iterable[str], words: Mapping[str, str] | None = None) -> str:
        """Findings inside a sentence, each with somebody's words where there are some and they are short."""
        return "; ".join(
            f"{self._inside(f)} (“{one_line(said)}”)"
            if (said := (words or {}).get(f)) and len(said) <= _LONGEST_QUOTE
            else self._inside(f)
            for f in findings
        )

    def _inside(self, finding: str) -> str:
        return _lower(self._content.terms[finding])

    def _name(self, finding: str, entry: Entry | None) -> str:
        two_sided = self._clinical.findings[finding].both_sides_of
        side = self._say(entry.side) if entry and entry.side and not two_sided else ""
        return f"{self._content.terms[finding]}{side}"

    def _level(self, level: Level) -> str:
        return self._content.levels[level]

    def _say(self, phrase: str, **values: str) -> str:
        return self._content.note[phrase].format(**values)


def _lower(term: str) -> str:
    """A term inside a sentence; abbreviations and names keep their capitals."""
    first = term.split(maxsplit=1)[0]
    return term if first[1:] != first[1:].lower() or first.endswith("'s") else term[:1].lower() + term[1:]


_WORD = {Value.PRESENT: "present", Value.ABSENT: "absent", Value.UNKNOWN: "uncertain"}
_STATUS = {"present": Value.PRESENT, "absent": Value.ABSENT, "unsure": Value.UNKNOWN}
_BECAUSE = {"misheard": "misheard", "taken_back": "taken_back_by"}
