"""Holds the audit against the present content: would the same findings lead to the same level today?"""

from collections import Counter
from collections.abc import Iterator

from sqlalchemy.engine import Connection

from backsignal.clinical.content import Content
from backsignal.clinical.evidence import record_of
from backsignal.clinical.red_flags import check, supported
from backsignal.components.turns import content
from backsignal.stores.audit import Row, broken_seals, rows_of

SAME, DIFFERENT, BROKEN = 0, 1, 2


def replay(connection: Connection) -> Iterator[tuple[int, str]]:
    """Each finding of the replay as (status, sentence); the last says how much was looked at.

    The status is SAME, DIFFERENT (the level or its reasons would be others today) or BROKEN (the audit was
    tampered with). No sentence holds anything that a person wrote or who they are.
    """
    counts = Counter(dict.fromkeys(("rows", "erased", "differences", "broken"), 0))
    for row in rows_of(connection):
        counts["rows"] += 1
        if row.broken:
            counts["broken"] += 1
            yield BROKEN, f"row {row.number}: {row.broken}"
        if row.data is None:
            counts["erased"] += 1
        elif difference := _difference(row, content()):
            counts["differences"] += 1
            yield DIFFERENT, f"row {row.number}: {difference} (content {row.content_version})"
    for number in broken_seals(connection):
        counts["broken"] += 1
        yield BROKEN, f"seal {number}: rows under it were added, changed or taken away"
    looked_at = ", ".join(f"{count} {what}" for what, count in counts.items())
    yield SAME, f"{looked_at}; content {content().version}"


def _difference(row: Row, today: Content) -> str | None:
    """How the level of a row would be another today, None where it would not."""
    assert row.data is not None
    record = record_of(row.data["findings"])
    record.forget_unknown(today)
    triage = (check if row.data["told"] == "triage" else supported)(record, today)
    if triage.level.value != row.data["level"]:
        return f"{row.data['level']} then, {triage.level.value} now"
    # Of a call: what the findings alone support, which the unknown may hide.
    told, alone = row.data.get("supported"), supported(record, today).level.value
    if told not in (None, alone):
        return f"{told} by the findings alone then, {alone} now"
    then = {reason["rule"] for reason in row.data["reasons"]}
    now = {reason.rule for reason in triage.reasons}
    if then == now:
        return None
    gone, new = ", ".join(sorted(then - now)) or "none", ", ".join(sorted(now - then)) or "none"
    return f"{triage.level.value} for other reasons: no longer {gone}; now also {new}"
