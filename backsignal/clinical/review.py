"""What in the content a clinician has to review: claims that rest on recall, in whole or in part.

`python -m backsignal.clinical.review > docs/clinical-review.md` writes the list.
"""

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from backsignal.clinical.content import Content, Sourced


@dataclass(frozen=True)
class Claim:
    """One claim of the content: the file and id where it stands, what it says, and what it rests on."""

    place: str
    text: str
    sources: tuple[str, ...]
    review: str | None = None


def claims(content: Content) -> Iterator[Claim]:
    """Every claim with sources, in the order of the files."""
    for finding in content.findings.values():
        level = finding.level.value if finding.level else "no level"
        yield _claim(f"findings.yml: {finding.id}", f"{finding.name}: {level}. {finding.why}", finding)
    for rule in content.rules:
        yield _claim(f"rules.yml: {rule.id}", f"{rule.level.value}. {rule.why}", rule)
    unknown = content.unknown
    yield _claim("rules.yml: unknown", unknown.emergency_unknown_why, unknown)
    for topic in content.topics.values():
        place = f"advice.yml: {topic.id}"
        yield from (_claim(place, item.text, item) for item in [topic.evidence, *topic.do, *topic.dont])
        yield from (_claim(place, f"{item.name}: {item.times}", item) for item in topic.movements)
        if topic.stop_if:
            yield Claim(place, f"Stop if: {'; '.join(topic.stop_if)}", tuple(topic.stop_sources))
        yield from (
            _claim(f"{place}: {item.finding}", item.instead, item) for item in topic.contraindications
        )
    for emergency in content.replies.emergencies:
        text = f"{emergency.do} {emergency.why} {emergency.on_the_way}"
        yield _claim(f"replies.yml: {emergency.id}", text, emergency)
    for statement in content.replies.safety_net:
        yield _claim("replies.yml: safety_net", statement.text, statement)
    for note in content.replies.notes:
        yield _claim("replies.yml: notes", note.text, note)


def recalled_only(content: Content) -> list[Claim]:
    """Claims with no source that was read."""
    return [claim for claim in claims(content) if not _bases(claim.sources, content) & {"read"}]


def recalled_in_part(content: Content) -> list[Claim]:
    """Claims with a source that was read beside a recalled one, or with a remark for the reviewer."""
    return [
        claim
        for claim in claims(content)
        if "read" in (bases := _bases(claim.sources, content)) and (claim.review or "recalled" in bases)
    ]


def document(content: Content) -> str:
    """The list as a page of Markdown."""
    alone, partly = recalled_only(content), recalled_in_part(content)
    return "\n".join(
        [
            "# Needs a clinician's review",
            "",
            "No clinician has signed off any of the content yet. This page lists the claims that also lack a",
            "source that somebody of the project read, so a clinician should start here. It is written by",
            "",
            "    .venv/bin/python -m backsignal.clinical.review > docs/clinical-review.md",
            "",
            "and a test fails while it differs from the content. To take a line off, change the claim or",
            "name a source with `basis: read` for it in the content file, then run the command again.",
            "",
            f"## Recalled only ({len(alone)})",
            "",
            *_table(alone),
            "",
            f"## Recalled in part, or with a remark ({len(partly)})",
            "",
            *_table(partly),
            "",
        ]
    )


def _claim(place: str, text: str, item: Sourced) -> Claim:
    return Claim(place, text, tuple(item.sources), item.review)


def _bases(sources: Sequence[str], content: Content) -> set[str]:
    return {content.sources[source].basis for source in sources}


def _table(found: Sequence[Claim]) -> list[str]:
    rows = [
        f"| {claim.place} | {claim.text} | {', '.join(claim.sources)} | {claim.review or ''} |"
        for claim in found
    ]
    return ["| where | what it says | rests on | what to look at |", "|---|---|---|---|", *rows]


if __name__ == "__main__":
    sys.stdout.write(document(Content.load()))
