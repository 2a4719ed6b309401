"""The note of a call: situation, background, assessment and recommendation, in plain text.

It says what was asked and denied as well as what was found, whose words decided, and what an agent changed.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from backsignal.assist.call import Call
from backsignal.clinical.advice import self_care
from backsignal.clinical.levels import Level
from backsignal.clinical.record import Entry, Value
from backsignal.clinical.red_flags import Reason, counts_as_present, open_always
from backsignal.clinical.wording import best_source, citation, emergency_text

_CONDITIONS = "conditions"
_COMPLAINT = "complaint"
_LONGEST_NUMBER = 40
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
        complaint = [f for f in self._reported() if self._clinical.findings[f].group == _COMPLAINT]
        yield from (self._finding_line(finding) for finding in complaint)
        start, end = call.opened_at, call.closed_at
        times = {"call": call.id, "date": start[:10], "start": start[11:16], "agent": call.owner_name}
        yield self._say("call", end=end[11:16], **times) if end else self._say("call_open", **times)

    def _level_line(self) -> str:
        left, level = len(self._open()), self._level(self._triage.level)
        if not left:
            return self._say("level", level=level)
        every = sum(finding.ask_always for finding in self._clinical.findings.values())
        return self._say("level_open", level=level, open=str(left), all=str(every))

    def background(self) -> Iterable[str]:
        for measure, number in self._record.numbers.items():
            short = number.quote and len(number.quote) <= _LONGEST_NUMBER
            quote = f" (“{number.quote}”)" if short else ""
            yield f"{self._say(measure, value=f'{number.value:g}')}{quote}."
        has = [f for f in self._reported() if self._is_background(f)]
        if has:
            yield self._say("conditions", findings=self._names(has))
        if not self._record.numbers and not has:
            yield self._say("none_reported")

    def assessment(self) -> Iterable[str]:
        told = [f for f in self._reported() if self._clinical.findings[f].group != _COMPLAINT]
        if told:
            yield self._say("reported")
            yield from (self._finding_line(finding) for finding in told)
        else:
            yield self._say("none_reported")
        yield from self._denials()
        unanswered = [f for f in self._open() if self._call.machine(f).asked]
        yield from self._list("unsure", [*self._entered(Value.UNKNOWN), *unanswered])
        yield from self._list("taken_back", self._record.withdrawn)
        yield from self._list("corrected_away", self._call.corrected_away)
        against = (f for f in self._clinical.findings if self._call.machine(f).contradicted)
        yield from self._list("contradicted", [f for f in against if f not in self._call.ticks])
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
        """What decided the level; lesser reasons and what is merely open stand elsewhere in the note."""
        deciding = [reason for reason in self._triage.reasons if reason.level is self._triage.level]
        if not deciding:
            return
        yield self._say("because")
        yield from (self._reason_line(reason) for reason in deciding)
        cited = dict.fromkeys(best_source(self._clinical, reason.sources) for reason in deciding)
        yield self._say("sources", sources="; ".join(citation(self._clinical, source) for source in cited))

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
                    because = self._names(advice.because)
                    yield self._say("withheld", topic=_lower(advice.topic.title), because=because)
        yield from self._list("not_asked", [f for f in self._open() if not self._call.machine(f).asked])
        if self._call.remarks:
            yield self._say("remarks", text=self._call.remarks)
        unread = sum(turn.understood.failed for turn in self._call.turns)
        if unread:
            yield self._say("unread", count=str(unread))

    def _disposition(self) -> str:
        level = self._triage.level
        decisive = [f for r in self._triage.reasons if r.level is Level.EMERGENCY for f in r.findings]
        emergency = level is Level.EMERGENCY
        do = emergency_text(list(dict.fromkeys(decisive)), self._clinical).do if emergency else ""
        return self._content.disposition[level].format(do=do.format(**self._clinical.clinic.facts()))

    def _overrides(self) -> Iterable[str]:
        for finding, tick in self._call.ticks.items():
            entry = self._call.machine(finding).entry
            if entry is None or not self._call.is_overridden(finding):
                continue
            yield self._say(
                "override",
                by=tick.by,
                name=_lower(self._content.terms[finding]),
                status=self._say(_WORD[_STATUS[tick.status]]),
                because=self._say(_BECAUSE[tick.because]) if tick.because else "",
                heard=self._say(_WORD[entry.value]),
                quote=f", “{entry.quote}”" if entry.quote else "",
            )

    def _finding_line(self, finding: str) -> str:
        entry = self._record.entries.get(finding)
        name = self._name(finding, entry)
        quote = self._call.quote(finding)
        if entry and not quote:
            return f"- {name} [{entry.by}]"
        return f"- {name}: “{quote}”" if quote else f"- {name}"

    def _reason_line(self, reason: Reason) -> str:
        if reason.rule in self._content.why_unknown:
            return f"- {self._content.why_unknown[reason.rule]}"
        names = self._say("with").join(_lower(self._content.terms[finding]) for finding in reason.findings)
        findings = names[:1].upper() + names[1:]
        return "- " + self._say(
            "reason", findings=findings, level=self._level(reason.level), rule=reason.rule
        )

    def _reported(self) -> list[str]:
        """What counts as present, in the order of the checklist; each warning sign with its own words."""
        unsure = set(self._entered(Value.UNKNOWN))
        present = (
            f.id
            for f in self._clinical.findings.values()
            if counts_as_present(f, self._record, self._clinical)
        )
        return [finding for finding in present if finding not in unsure]

    def _is_background(self, finding: str) -> bool:
        return (
            self._clinical.findings[finding].group == _CONDITIONS
            or not self._clinical.findings[finding].changes
        )

    def _open(self) -> tuple[str, ...]:
        return open_always(self._record, self._clinical)

    def _entered(self, value: Value) -> list[str]:
        entries = self._record.entries
        return [f for f in self._clinical.findings if f in entries and entries[f].value is value]

    def _list(self, phrase: str, findings: Iterable[str]) -> Iterable[str]:
        """The findings in a line; many of them by their groups, a line each."""
        findings = list(dict.fromkeys(findings))
        if not findings:
            return
        if len(findings) <= _MOST_IN_A_LINE:
            yield f"{self._say(phrase)}: {self._names(findings)}."
            return
        yield f"{self._say(phrase)}:"
        for group, title in self._content.groups.items():
            inside = [f for f in findings if self._clinical.findings[f].group == group]
            if inside:
                yield f"- {title}: {self._names(inside)}"

    def _names(self, findings: Iterable[str]) -> str:
        return "; ".join(_lower(self._content.terms[finding]) for finding in findings)

    def _name(self, finding: str, entry: Entry | None) -> str:
        side = self._say(entry.side) if entry and entry.side else ""
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
