"""Puts decisions into words and payloads: each reply is a text for the person and the same as data.

All sentences come from the content; this module only picks, fills in and joins them. The payloads are
those of the product's contract.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from backsignal.clinical.advice import Advice
from backsignal.clinical.content import Content, EmergencyText, Finding, Topic
from backsignal.clinical.interview import NextQuestion
from backsignal.clinical.levels import Level
from backsignal.clinical.record import Entry, Record, Value
from backsignal.clinical.red_flags import Reason, Triage

_SHOWN_REASONS = 4
_LONGEST_QUOTE = 200
_QUOTATION_MARKS = str.maketrans("“”", '""')
_STATUS = {Value.PRESENT: "present", Value.ABSENT: "absent", Value.UNKNOWN: "uncertain"}


@dataclass(frozen=True)
class Reply:
    """One answer: the text, its payload (None where there is none) and the options on offer."""

    text: str
    data: dict[str, Any] | None = None
    options: tuple[str, ...] = ()


def one_line(words: str) -> str:
    """Somebody's words as a note quotes them: they can end neither the line nor the quotation."""
    line = " ".join(words.translate(_QUOTATION_MARKS).split())
    return line if len(line) <= _LONGEST_QUOTE else f"{line[:_LONGEST_QUOTE]}…"


def say(content: Content, phrase: str, **values: str) -> str:
    """A phrase of the content with the clinic's facts and the values given filled in."""
    return content.replies.phrases[phrase].format(**content.clinic.facts(), **values)


def citation(content: Content, source: str) -> str:
    """A source as said to people: title, organisation, year, and whether it awaits review."""
    known = content.sources[source]
    year = f", {known.year}" if known.year else ""
    mark = f" ({say(content, 'needs_review')})" if known.basis == "recalled" else ""
    return f"{known.title}, {known.organisation}{year}{mark}"


def best_source(content: Content, sources: Sequence[str]) -> str:
    """The first source that was read, else the first."""
    return next((source for source in sources if content.sources[source].basis == "read"), sources[0])


def question_reply(asked: NextQuestion, content: Content, before: Sequence[str] = ()) -> Reply:
    """A question with its options; `before` are sentences said ahead of it."""
    parts = [*before]
    if asked.sure:
        parts.append(say(content, "just_to_be_sure"))
    options = _options(asked, content)
    parts.append(_question_text(asked, content))
    data = {
        "type": "question",
        "id": asked.question.id,
        "findings": [finding.id for finding in asked.findings],
        "options": [{"title": title, "payload": title} for title in options],
        "multiple": asked.multiple,
        "step": asked.step,
        "steps": asked.steps,
    }
    return Reply("\n\n".join(parts), data, options)


def _question_text(asked: NextQuestion, content: Content) -> str:
    simply = asked.tries > 1
    if asked.question.choices:
        return asked.question.opening
    if not asked.multiple:
        return asked.findings[0].simpler if simply else asked.findings[0].question
    if asked.which:
        opening = say(content, "which_of_these")
    elif asked.sure and not simply:
        opening = say(content, "sure_about_these")
    elif asked.rest and not simply:
        opening = say(content, "and_the_rest")
    else:
        opening = say(content, "pick_what_is_true") if simply else asked.question.opening
    return "\n".join([opening, *(f"• {finding.option}" for finding in asked.findings)])


def _options(asked: NextQuestion, content: Content) -> tuple[str, ...]:
    unsure = say(content, "not_sure")
    if asked.question.choices:
        return (*(choice.title for choice in asked.question.choices), unsure)
    if asked.multiple:
        return (*(finding.option for finding in asked.findings), say(content, "none_of_these"), unsure)
    return (say(content, "yes"), say(content, "no"), unsure)


def noted(findings: Iterable[str], record: Record, content: Content) -> str | None:
    """One sentence that names what was just understood, None where there is nothing to name."""
    told = [finding for finding in findings if _worth_naming(record.entries.get(finding))]
    present = [_in_words(f, record, content) for f in told if record.entries[f].value is Value.PRESENT]
    absent = [content.findings[f].name for f in told if record.entries[f].value is Value.ABSENT]
    if present and absent:
        return say(content, "noted_both", present=listed(present, content), absent=listed(absent, content))
    if present:
        return say(content, "noted_present", present=listed(present, content))
    if absent:
        return say(content, "noted_absent", absent=listed(absent, content))
    return None


def _worth_naming(entry: Entry | None) -> bool:
    return entry is not None and entry.basis == "told"


def _in_words(finding: str, record: Record, content: Content) -> str:
    """The finding's name with the person's own words; a yes or a tick adds nothing to the name."""
    entry = record.entries.get(finding)
    quote = record.quote(finding, content) if entry is None or entry.basis == "told" else ""
    name = content.findings[finding].name
    return f"{name} (“{quote}”)" if quote and quote.casefold() not in name.casefold() else name


def introduce_person(relation: str, content: Content) -> str:
    """Says once whom the questions are about."""
    return say(content, "speaking_for", relation=relation_in_words(relation))


def relation_in_words(relation: str) -> str:
    """A relation as the language layer names it (mother_in_law) in words."""
    return relation.replace("_", "-")


def listed(items: Sequence[str], content: Content) -> str:
    """Several things in one sentence: "a, b and c"."""
    if len(items) < 2:
        return "".join(items)
    return f"{', '.join(items[:-1])} {say(content, 'and')} {items[-1]}"


def emergency_text(findings: Sequence[str], content: Content) -> EmergencyText:
    """The emergency wording for the findings, by the content's order of precedence."""
    groups = {content.findings[finding].group for finding in findings}
    return next(
        text for text in content.replies.emergencies if {*findings, *groups, "any"} & set(text.findings)
    )


def emergency_reply(triage: Triage, record: Record, content: Content) -> Reply:
    """What to do and whom to call first, why second, then the person's words that decided it."""
    findings = triage.emergency_findings
    wording = emergency_text(findings, content)
    facts = content.clinic.facts()
    first = f"{wording.do.format(**facts)} {wording.why.format(**facts)}"
    text = "\n\n".join([first, *_because(findings, record, content), say(content, "if_wrong")])
    data = {
        "type": "emergency",
        "level": Level.EMERGENCY.value,
        "findings": list(findings),
        "call": wording.call.format(**facts),
        "text": text,
    }
    return Reply(text, data, emergency_options(content))


def emergency_options(content: Content) -> tuple[str, ...]:
    """What can be asked or said next while an emergency stands."""
    return tuple(say(content, phrase) for phrase in ("what_until_then", "what_to_tell", "got_it_wrong"))


def _because(findings: Iterable[str], record: Record, content: Content) -> Iterator[str]:
    """Sentences that say what decided it: the person's own words, answers, and what stayed unclear."""
    told, answered, unclear = [], defaultdict(list), []
    for finding in findings:
        entry, name = record.entries.get(finding), content.findings[finding].name
        if entry and entry.value is Value.UNKNOWN:
            unclear.append(name)
        elif entry and entry.basis == "answered":
            answered[entry.quote].append(name)
        else:
            told.append(_in_words(finding, record, content))
    if told:
        yield say(content, "because_you_said", findings=listed(told, content))
    for quote, names in answered.items():
        yield say(content, "because_you_answered", quote=quote, findings=listed(names, content))
    if unclear:
        yield say(content, "because_not_sure", findings=listed(unclear, content))


def triage_reply(triage: Triage, record: Record, content: Content) -> Reply:
    """The result: what to do now, why with the person's own words and sources, and the safety net."""
    facts = content.clinic.facts()
    notes = [note.text.format(**facts) for note in content.replies.notes if record.meets(note.when, content)]
    parts = [content.replies.levels[triage.level].format(**facts), *notes]
    told = [_reason_text(reason, record, content) for reason in triage.reasons[:_SHOWN_REASONS]]
    if told:
        parts.append("\n".join([say(content, "why"), *told]))
    else:
        parts.append(say(content, "nothing_found"))
    net = [statement.text.format(**facts) for statement in content.replies.safety_net]
    parts.append("\n".join([say(content, "safety_net"), *(f"• {line}" for line in net)]))
    return Reply("\n\n".join(parts), triage_payload(triage, record, content))


def triage_payload(triage: Triage, record: Record, content: Content) -> dict[str, Any]:
    """The result as data."""
    facts = content.clinic.facts()
    return {
        "type": "triage",
        "level": triage.level.value,
        "findings": [
            {
                "id": finding,
                "status": _STATUS[entry.value],
                "text": entry.quote,
                "start": None,
                "end": None,
                "side": entry.side,
            }
            for finding, entry in record.entries.items()
        ],
        "reasons": [reason_payload(reason, record, content) for reason in triage.reasons],
        "safety_net": [statement.text.format(**facts) for statement in content.replies.safety_net],
        "content_version": content.version,
        "final": triage.final,
    }


def reason_payload(reason: Reason, record: Record, content: Content) -> dict[str, Any]:
    """One reason as data: the rule, its findings, the person's words and the source."""
    quotes = [record.quote(finding, content) for finding in reason.findings]
    return {
        "rule": reason.rule,
        "findings": list(reason.findings),
        "quote": "; ".join(dict.fromkeys(filter(None, quotes))),
        "source": citation(content, best_source(content, reason.sources)),
        "level": reason.level.value,
        "why": reason.why,
    }


def _reason_text(reason: Reason, record: Record, content: Content) -> str:
    source = citation(content, best_source(content, reason.sources))
    named = [
        _in_words(f, record, content)
        for f in reason.findings
        if f in record.entries or len(reason.findings) < 3
    ]
    if reason.findings and any(record.value(f, content) is Value.UNKNOWN for f in reason.findings):
        named = []
    said = f"{_sentence(listed(named, content))} " if named else ""
    return f"• {said}{reason.why} [{source}]"


def _sentence(words: str) -> str:
    return f"{words[:1].upper()}{words[1:]}."


def advice_reply(advice: Advice, record: Record, content: Content) -> Reply:
    """Advice in full where it is offered, else why not and what instead."""
    topic = advice.topic
    if advice.status == "offered":
        text = _advice_text(topic, content)
    elif advice.status == "withheld":
        text = _withheld_text(advice, record, content)
    else:
        text = topic.brief
    sources = dict.fromkeys([*topic.evidence.sources, *(s for item in topic.do for s in item.sources)])
    data = {
        "type": "advice",
        "topic": topic.id,
        "title": topic.title,
        "status": advice.status,
        "because": list(advice.because),
        "movements": [movement.id for movement in topic.movements] if advice.status == "offered" else [],
        "sources": [citation(content, source) for source in sources],
    }
    return Reply(text, data)


def _advice_text(topic: Topic, content: Content) -> str:
    parts = [topic.title, "\n".join(f"• {item.text}" for item in topic.do)]
    if topic.movements:
        parts.append("\n".join(f"• {m.name}: {m.how} {m.times}" for m in topic.movements))
    if topic.dont:
        parts.append("\n".join([say(content, "dont"), *(f"• {item.text}" for item in topic.dont)]))
    if topic.stop_if:
        parts.append("\n".join([say(content, "stop_if"), *(f"• {item}" for item in topic.stop_if)]))
    source = citation(content, best_source(content, topic.evidence.sources))
    parts.append(f"{topic.evidence.text} [{source}]")
    return "\n\n".join(filter(None, parts))


def _withheld_text(advice: Advice, record: Record, content: Content) -> str:
    named = [_known_or_not(finding, record, content) for finding in advice.because]
    why = say(content, "withheld", topic=advice.topic.title, because=listed(named, content))
    return "\n".join([why, *advice.instead])


def _known_or_not(finding: str, record: Record, content: Content) -> str:
    """The finding's name, with a mark where it withholds advice because nobody knows."""
    name, entry = content.findings[finding].name, record.entries.get(finding)
    return say(content, "not_known", finding=name) if entry and entry.value is Value.UNKNOWN else name


def explain(findings: Sequence[Finding], what: str) -> str:
    """Why a question is asked, or what its words mean, for the findings asked about."""
    lines = [finding.why if what == "why" else finding.meaning for finding in findings]
    if len(lines) == 1:
        return lines[0]
    return "\n".join(f"• {finding.option}: {line}" for finding, line in zip(findings, lines, strict=True))
