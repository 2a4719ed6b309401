"""A chart of symbols over tokens, and patterns of symbols matched on it.

A pattern is written as words in a line:

    leg            a word in any inflection            =legs         exactly this form
    LEG            a concept (class of words, phrases) a|LEG|=b      any of these
    a|go+off       any of these, one of them of two words
    my?            optional                            ..4           up to 4 tokens of any kind between
    _5             up to 5 connecting words ("all down the left") between

Words that add nothing ("really", "my", "bloody") may stand between any two items without being
written. One pattern trie holds everything; it is run once, from the last token to the first, so that a
concept found at a token is already there for the patterns that begin before it. Each token costs a
bounded number of steps, hence time is linear in the length of the text.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

MAX_SKIPPED = 3
_MAX_MATCHES_A_TOKEN = 400

_GAP = re.compile(r"(\.\.|_)(\d*)")
_LEVEL = re.compile("([a-z])([0-9]+)")
_VOWEL = re.compile("[aeiouy]")


class PatternError(ValueError):
    """A pattern that cannot be read; the message says why."""


class Item(NamedTuple):
    """One written item: the symbols any of which it accepts, or a gap of some kind and length."""

    symbols: tuple[str, ...]
    optional: bool = False
    gap: str = ""
    length: int = 0


class Found(NamedTuple):
    """An output of a pattern at a place: the token spans of its items, without the gaps."""

    output: object
    start: int
    end: int
    parts: tuple[tuple[int, int], ...]


def parse(pattern: str) -> list[Item]:
    """Items of a written pattern."""
    items: list[Item] = []
    for word in pattern.split():
        gap = _GAP.fullmatch(word)
        if gap:
            items.append(Item((), gap=gap.group(1), length=int(gap.group(2) or 4)))
            continue
        optional = word.endswith("?") and len(word) > 1
        symbols = tuple(map(_cut, (word[:-1] if optional else word).split("|")))
        if not all(symbols):
            raise PatternError(f"an empty alternative in '{pattern}'")
        items.append(Item(symbols, optional=optional))
    if not items or items[0].gap or items[-1].gap:
        raise PatternError(f"'{pattern}' must begin and end with a word or a concept")
    return items


def _cut(symbol: str) -> str:
    """ "l5" as the text's own words are cut: a letter's word and a number's."""
    level = _LEVEL.fullmatch(symbol)
    return f"{level.group(1)}+{level.group(2)}" if level else symbol


def variants(items: list[Item]) -> Iterable[list[Item]]:
    """The pattern with and without each of its optional items."""
    optional = next((index for index, item in enumerate(items) if item.optional), None)
    if optional is None:
        yield items
        return
    yield from variants([*items[:optional], items[optional]._replace(optional=False), *items[optional + 1 :]])
    yield from variants([*items[:optional], *items[optional + 1 :]])


@dataclass
class _Node:
    children: dict[str, "_Node"] = field(default_factory=dict)
    gaps: dict[tuple[str, int], "_Node"] = field(default_factory=dict)
    outputs: list[object] = field(default_factory=list)


class Chart:
    """Symbols at each token with the positions where they end."""

    def __init__(self, size: int) -> None:
        self.at: list[dict[str, tuple[int, ...]]] = [{} for _ in range(size)]

    def has(self, index: int, symbol: str) -> bool:
        """Whether a symbol begins at this token."""
        return 0 <= index < len(self.at) and symbol in self.at[index]

    def has_any(self, indexes: Iterable[int], symbol: str) -> bool:
        """Whether a symbol begins at any of these tokens."""
        return any(self.has(index, symbol) for index in indexes)

    def longest(self, index: int, symbol: str) -> int:
        """Where the longest such symbol that begins here ends; 0 if none does."""
        return max(self.at[index].get(symbol, (0,)))


class Matcher:
    """All patterns as one trie. Concepts are added as outputs that are symbols (str)."""

    def __init__(self, beside: "Matcher | None" = None) -> None:
        """`beside` another matcher the two share concepts, so that both can run on one chart."""
        self._root = _Node()
        self._parents: dict[str, list[str]] = beside._parents if beside else {}
        self._closures: dict[str, tuple[str, ...]] = beside._closures if beside else {}
        self.words: set[str] = beside.words if beside else set()

    def add_concept(self, name: str, pattern: str) -> None:
        """Let a pattern count as a concept."""
        items = parse(pattern)
        if len(items) == 1 and not items[0].optional:
            for symbol in items[0].symbols:
                self._compose(symbol)
                self._parents.setdefault(symbol, []).append(name)
            return
        self._insert(items, name)

    def add(self, output: object, pattern: str) -> None:
        """Let a pattern give an output (anything that is not a str)."""
        self._insert(parse(pattern), output)

    def know(self, alternatives: str) -> None:
        """Let plain words be matched in all inflections although no pattern holds them."""
        for symbol in alternatives.split("|"):
            self._note(symbol)

    def symbols_of(self, forms: Iterable[str]) -> tuple[str, ...]:
        """All symbols that some word forms stand for, concepts included."""
        seen: dict[str, None] = {}
        for form in forms:
            for symbol in self._closure(form):
                seen[symbol] = None
        return tuple(seen)

    def run(
        self, chart: Chart, skippable: list[bool], gap_stops: list[bool], fillers: list[bool]
    ) -> list[Found]:
        """Fill the chart with concepts and return every other output, last token first."""
        found: list[Found] = []
        roots = self._root.children.keys()
        kinds = {"..": [not stop for stop in gap_stops], "_": fillers}
        for start in range(len(chart.at) - 1, -1, -1):
            here = chart.at[start]
            agenda = [(symbol, end) for symbol in here.keys() & roots for end in here[symbol]]
            budget = _MAX_MATCHES_A_TOKEN
            while agenda and budget > 0:
                symbol, end = agenda.pop()
                node = self._root.children[symbol]
                ends: list[tuple[object, int, tuple[tuple[int, int], ...]]] = []
                self._walk(node, end, ((start, end),), chart, skippable, kinds, ends)
                for output, stop, parts in ends:
                    budget -= 1
                    if not isinstance(output, str):
                        found.append(Found(output, start, stop, parts))
                        continue
                    for name in self._closure(output):
                        known = here.get(name, ())
                        if stop not in known:
                            here[name] = (*known, stop)
                            if name in roots:
                                agenda.append((name, stop))
        return found

    def _walk(
        self,
        node: _Node,
        at: int,
        parts: tuple[tuple[int, int], ...],
        chart: Chart,
        skippable: list[bool],
        kinds: dict[str, list[bool]],
        ends: list[tuple[object, int, tuple[tuple[int, int], ...]]],
    ) -> None:
        for output in node.outputs:
            ends.append((output, at, parts))
        if node.children:
            self._step(node, at, parts, chart, skippable, kinds, ends)
        for (kind, length), after in node.gaps.items():
            passes = kinds[kind]
            wanted = after.children.keys()
            for position in range(at, min(at + length + 1, len(chart.at))):
                if not wanted.isdisjoint(chart.at[position].keys()):
                    self._here(after, position, parts, chart, skippable, kinds, ends)
                if not passes[position]:
                    break

    def _step(
        self,
        node: _Node,
        at: int,
        parts: tuple[tuple[int, int], ...],
        chart: Chart,
        skippable: list[bool],
        kinds: dict[str, list[bool]],
        ends: list[tuple[object, int, tuple[tuple[int, int], ...]]],
    ) -> None:
        wanted = node.children.keys()
        for position in range(at, min(at + MAX_SKIPPED + 1, len(chart.at))):
            if not wanted.isdisjoint(chart.at[position].keys()):
                self._here(node, position, parts, chart, skippable, kinds, ends)
            if not skippable[position]:
                break

    def _here(
        self,
        node: _Node,
        at: int,
        parts: tuple[tuple[int, int], ...],
        chart: Chart,
        skippable: list[bool],
        kinds: dict[str, list[bool]],
        ends: list[tuple[object, int, tuple[tuple[int, int], ...]]],
    ) -> None:
        symbols = chart.at[at]
        children = node.children
        for symbol in symbols.keys() & children.keys():
            for end in symbols[symbol]:
                self._walk(children[symbol], end, (*parts, (at, end)), chart, skippable, kinds, ends)

    def _insert(self, items: list[Item], output: object) -> None:
        for written in variants(items):
            # Without its optional last item a pattern must not end in a gap.
            solid = [index for index, item in enumerate(written) if not item.gap]
            variant = written[solid[0] : solid[-1] + 1] if solid else []
            if not variant:
                continue
            node = self._root
            for item in variant:
                if item.gap:
                    node = node.gaps.setdefault((item.gap, item.length), _Node())
                else:
                    node = node.children.setdefault(self._symbol(item.symbols), _Node())
            if output not in node.outputs:
                node.outputs.append(output)

    def _symbol(self, symbols: tuple[str, ...]) -> str:
        for symbol in symbols:
            self._compose(symbol)
        if len(symbols) == 1:
            return symbols[0]
        name = "|".join(sorted(symbols))
        for symbol in symbols:
            parents = self._parents.setdefault(symbol, [])
            if name not in parents:
                parents.append(name)
        return name

    def _compose(self, symbol: str) -> None:
        if "+" in symbol.strip("+"):
            self._insert(parse(symbol.replace("+", " ")), symbol)
        self._note(symbol)

    def _note(self, symbol: str) -> None:
        if not symbol.isupper() and "+" not in symbol:
            self.words.add(symbol)

    def _closure(self, symbol: str) -> tuple[str, ...]:
        known = self._closures.get(symbol)
        if known is None:
            seen: dict[str, None] = {symbol: None}
            queue = [symbol]
            while queue:
                for parent in self._parents.get(queue.pop(), ()):
                    if parent not in seen:
                        seen[parent] = None
                        queue.append(parent)
            known = self._closures[symbol] = tuple(seen)
        return known


def inflections(word: str) -> set[str]:
    """Base forms that a regular English inflection may come from, the word itself included."""
    forms = {word}
    if len(word) > 3 and word.endswith("s") and not word.endswith("ss"):
        forms.add(word[:-1])
        if word.endswith("ies"):
            forms.add(word[:-3] + "y")
        elif word.endswith(("ses", "xes", "zes", "ches", "shes")):
            forms.add(word[:-2])
    for ending in ("ed", "ing", "in"):
        base = word[: -len(ending)]
        # "in" is how "ing" is said and typed ("leakin", "draggin").
        if not word.endswith(ending) or len(base) < 2 + (ending == "in") or not _VOWEL.search(base):
            continue
        forms |= {base, base + "e"}
        if ending == "ed" and base.endswith("e"):
            forms.add(base)
        if base[-1] == base[-2]:
            forms.add(base[:-1])
        if ending == "ed" and base.endswith("i"):
            forms.add(base[:-1] + "y")
    if word.endswith("ly") and len(word) > 5:
        forms.add(word[:-2])
    return forms
