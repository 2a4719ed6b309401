"""Concepts that stand near each other, in whatever order and across sentences, and so describe a finding.

"Walked home with a stone in her shoe. Blood in the sock. She'd not noticed!"
"""

from bisect import bisect_left
from collections.abc import Sequence

from backsignal.language.assertion import Match
from backsignal.language.lexicon import Together
from backsignal.language.patterns import Chart


def describe(
    rules: Sequence[Together], named: frozenset[str], chart: Chart, blocked: list[bool]
) -> list[Match]:
    """A match for every rule whose concepts (all `named`) are found together; at most one a rule."""
    where: dict[str, list[int]] = {}
    for index, symbols in enumerate(chart.at):
        if not blocked[index]:
            for symbol in symbols.keys() & named:
                where.setdefault(symbol, []).append(index)
    found: list[Match] = []
    for rule in rules:
        match = _find(rule, where, chart)
        if match is not None:
            found.append(match)
    return found


def _find(rule: Together, where: dict[str, list[int]], chart: Chart) -> Match | None:
    needed = [_positions(item, where) for item in rule.all]
    if not all(needed):
        return None
    against = sorted(index for item in rule.none for index in _positions(item, where))
    for anchor in min(needed, key=len):
        near = [_nearest(positions, anchor) for positions in needed]
        first, last = min(near), max(near)
        if last - first > rule.within or len(set(near)) < len(near):
            continue
        at = bisect_left(against, first - 3)
        if at < len(against) and against[at] <= last + 3:
            continue
        parts = tuple(
            sorted(
                (i, max(chart.longest(i, s) for s in item.split("|")))
                for i, item in zip(near, rule.all, strict=True)
            )
        )
        return Match(rule.finding, first, max(end for _, end in parts), parts, stubborn=True)
    return None


def _positions(item: str, where: dict[str, list[int]]) -> list[int]:
    options = [where.get(symbol, []) for symbol in item.split("|")]
    return options[0] if len(options) == 1 else sorted({index for option in options for index in option})


def _nearest(positions: list[int], anchor: int) -> int:
    at = bisect_left(positions, anchor)
    return min(positions[max(0, at - 1) : at + 1], key=lambda index: abs(index - anchor))
