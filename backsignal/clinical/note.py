"""The handover note: what a clinician needs, in plain text, with what was asked and denied."""

from backsignal.clinical.content import Content
from backsignal.clinical.interview import Interview
from backsignal.clinical.levels import Level
from backsignal.clinical.record import Record, Value
from backsignal.clinical.red_flags import check, open_always
from backsignal.clinical.wording import Reply, one_line, relation_in_words, say


def handover(interview: Interview, reference: str, content: Content) -> Reply:
    """How to reach a person, and the note with a reference that can be read out."""
    note = note_text(interview, reference, content)
    text = say(content, "handover", reference=reference)
    return Reply(f"{text}\n\n{note}", {"type": "handover", "note": note, "reference": reference})


def note_text(interview: Interview, reference: str, content: Content) -> str:
    """Situation, background, assessment and what is open, a line each."""
    record = interview.record
    triage = check(record, content)
    # An emergency is final without all having been asked.
    status = say(content, "note_open" if open_always(record, content) else "note_final")
    lines = [
        say(content, "note_reference", reference=reference),
        say(content, "note_who", who=relation_in_words(record.speaking_for or say(content, "note_self"))),
        say(content, "note_level", level=triage.level.value, status=status),
        *(say(content, f"note_{name}", value=f"{number.value:g}", quote=one_line(number.quote))
          for name, number in record.numbers.items()),
        say(content, "note_reported", findings=_named(record, content, Value.PRESENT, quoted=True)),
        say(content, "note_denied", findings=_named(record, content, Value.ABSENT)),
        say(content, "note_unsure", findings=_named(record, content, Value.UNKNOWN)),
        say(content, "note_not_asked", findings=_not_asked(record, content)),
        say(content, "note_withdrawn", findings=_names(tuple(record.withdrawn), content)),
        say(content, "note_reasons", reasons=", ".join(reason.rule for reason in triage.reasons) or "-"),
        say(content, "note_version", version=content.version),
    ]  # fmt: skip
    return "\n".join(lines)


def _not_asked(record: Record, content: Content) -> str:
    """The emergency signs by name; of the rest their number says enough."""
    still = open_always(record, content)
    grave = tuple(finding for finding in still if content.findings[finding].level is Level.EMERGENCY)
    if not grave or len(grave) == len(still):
        return _names(still, content)
    count = len(still) - len(grave)
    return f"{_names(grave, content)}; {say(content, 'note_not_asked_others', count=str(count))}"


def _named(record: Record, content: Content, value: Value, quoted: bool = False) -> str:
    found = [finding for finding, entry in record.entries.items() if entry.value is value]
    if not quoted:
        return _names(tuple(found), content)
    quotes = {finding: one_line(record.entries[finding].quote) for finding in found}
    return "; ".join(f"{content.findings[f].name} (“{quotes[f]}”)" for f in found) or "-"


def _names(findings: tuple[str, ...], content: Content) -> str:
    return "; ".join(content.findings[finding].name for finding in findings) or "-"
