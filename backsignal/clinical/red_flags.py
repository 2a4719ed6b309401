"""The red-flag checker: a record in, the level of urgency and its reasons out.

Every part of the answer only ever raises the level, and each looks at few findings: the level is the
highest over single findings, rules, unknowns and withdrawals. The proofs in the tests rest on that.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from backsignal.clinical.content import Content, Finding, Rule
from backsignal.clinical.levels import Level, highest
from backsignal.clinical.record import Record, Value


@dataclass(frozen=True)
class Reason:
    """Why a level was reached: a rule (a finding's id where the finding alone reaches it)."""

    rule: str
    level: Level
    findings: tuple[str, ...]
    why: str
    sources: tuple[str, ...]


@dataclass(frozen=True)
class Triage:
    """The level, its reasons (most urgent first), and whether all that must be asked was asked."""

    level: Level
    reasons: tuple[Reason, ...]
    final: bool

    @property
    def emergency_findings(self) -> tuple[str, ...]:
        """The findings that by themselves or together make it an emergency."""
        reasons = (reason for reason in self.reasons if reason.level is Level.EMERGENCY)
        return tuple(dict.fromkeys(finding for reason in reasons for finding in reason.findings))


def counts_as_present(finding: Finding, record: Record, content: Content) -> bool:
    """Present, or an emergency item that the person is not sure of or that stayed unclear."""
    if record.value(finding.id, content) is Value.PRESENT:
        return True
    entry = record.entries.get(finding.id)
    return finding.level is Level.EMERGENCY and entry is not None and entry.basis in ("unsure", "unclear")


def supported(record: Record, content: Content) -> Triage:
    """The level that the findings themselves support; what is unknown raises nothing."""
    return _triage(_found(record, content), record, content)


def check(record: Record, content: Content) -> Triage:
    """The level to act on: as `supported`, and at least what the unknown and the withdrawn call for."""
    reasons = [*_found(record, content), *_unknown(record, content), *_withdrawn(record, content)]
    return _triage(reasons, record, content)


def open_always(record: Record, content: Content) -> tuple[str, ...]:
    """Findings that must be asked and have not been, in the order of the content."""
    return tuple(_open_always(record, content))


def _open_always(record: Record, content: Content) -> Iterator[str]:
    return (f.id for f in content.findings.values() if f.ask_always and record.is_open(f.id, content))


def _triage(reasons: list[Reason], record: Record, content: Content) -> Triage:
    reasons.sort(key=lambda reason: -reason.level.rank)
    level = highest(reason.level for reason in reasons)
    final = level is Level.EMERGENCY or next(_open_always(record, content), None) is None
    return Triage(level, tuple(reasons), final)


def _found(record: Record, content: Content) -> list[Reason]:
    # All others are unknown, and most are.
    known = content.following | record.entries.keys()
    findings = (finding for finding in content.findings.values() if finding.id in known)
    present = [finding for finding in findings if counts_as_present(finding, record, content)]
    return [*_single(present, record), *_combined({f.id for f in present}, record, content)]


def _single(present: list[Finding], record: Record) -> Iterator[Reason]:
    for finding in present:
        level = _level_of(finding, record)
        if level:
            yield Reason(finding.id, level, (finding.id,), finding.why, tuple(finding.sources))


def _level_of(finding: Finding, record: Record) -> Level | None:
    entry = record.entries.get(finding.id)
    if entry and entry.long_standing and finding.long_standing_level:
        return finding.long_standing_level
    return finding.level


def _combined(present: set[str], record: Record, content: Content) -> Iterator[Reason]:
    for rule in content.rules:
        if _is_met(rule, present, record, content):
            found = tuple(dict.fromkeys(f for f in rule.needs() if f in present))
            yield Reason(rule.id, rule.level, found, rule.why, tuple(rule.sources))


def _is_met(rule: Rule, present: set[str], record: Record, content: Content) -> bool:
    return (
        present.issuperset(rule.all)
        and (not rule.any or len(present.intersection(rule.any)) >= rule.least)
        and (rule.number is None or record.within(rule.number, content))
    )


def _unknown(record: Record, content: Content) -> Iterator[Reason]:
    rules = content.unknown
    unknown = [
        finding
        for finding in content.findings.values()
        if finding.ask_always
        and record.value(finding.id, content) is Value.UNKNOWN
        and not counts_as_present(finding, record, content)
    ]
    emergency = tuple(finding.id for finding in unknown if finding.level is Level.EMERGENCY)
    other = tuple(finding.id for finding in unknown if finding.level is not Level.EMERGENCY)
    sources = tuple(rules.sources)
    if emergency:
        why = rules.emergency_unknown_why
        yield Reason("emergency_unknown", rules.emergency_unknown, emergency, why, sources)
    if other:
        yield Reason("other_unknown", rules.other_unknown, other, rules.other_unknown_why, sources)


def _withdrawn(record: Record, content: Content) -> Iterator[Reason]:
    if record.withdrawn:
        rules = content.unknown
        found = tuple(record.withdrawn)
        yield Reason("withdrawn", rules.withdrawn, found, rules.withdrawn_why, tuple(rules.sources))
