"""Concepts that stand near each other, in whatever order and across sentences, and so describe a finding.

"Walked home with a stone in her shoe. Blood in the sock. She'd not noticed!"
"""

from bisect import bisect_left
from collections.abc import Sequence
from functools import reduce
from operator import or_

from backsignal.language.assertion import Match
from backsignal.language.lexicon import TogetherRule, Watched
from backsignal.language.patterns import Chart


def describe(rules: Sequence[TogetherRule], chart: Chart, blocked: list[bool]) -> list[Match]:
    """A match for every rule whose concepts are found together; at most one a rule."""
    there = reduce(or_, chart.bits, 0)
    found: list[Match] = []
    for rule in rules:
        # Few rules have all their concepts in a text: only for those it is looked where.
        if all(there & item.bits for item in rule.all):
            match = _find(rule, chart, blocked)
            if match is not None:
                found.append(match)
    return found


def _find(rule: TogetherRule, chart: Chart, blocked: list[bool]) -> Match | None:
    needed = [_positions(item, chart, blocked) for item in rule.all]
    if not all(needed):
        return None
    against = sorted(index for item in rule.none for index in _positions(item, chart, blocked))
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
                (i, max(chart.longest(i, symbol) for symbol in item.symbols))
                for i, item in zip(near, rule.all, strict=True)
            )
        )
        return Match(rule.finding, first, max(end for _, end in parts), parts, stubborn=True)
    return None


def _positions(item: Watched, chart: Chart, blocked: list[bool]) -> list[int]:
    return [index for index, bits in enumerate(chart.bits) if bits & item.bits and not blocked[index]]


def _nearest(positions: list[int], anchor: int) -> int:
    at = bisect_left(positions, anchor)
    return min(positions[max(0, at - 1) : at + 1], key=lambda index: abs(index - anchor))
