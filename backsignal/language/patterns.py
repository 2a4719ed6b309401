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
from functools import reduce
from operator import or_
from typing import NamedTuple

MAX_SKIPPED = 3
_MAX_MATCHES_A_TOKEN = 400
# Up to so many children are looked up one by one.
_FEW = 3

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


def _joined(items: list[Item]) -> list[Item]:
    """The items with one gap where an optional item that was left out had one on either side."""
    joined: list[Item] = []
    for item in items:
        if item.gap and joined and joined[-1].gap:
            gap = item.gap if item.gap == joined[-1].gap else ".."
            joined[-1] = Item((), gap=gap, length=joined[-1].length + item.length)
        else:
            joined.append(item)
    return joined


@dataclass(slots=True, eq=False)
class _Node:
    children: dict[str, "_Node"] = field(default_factory=dict)
    gaps: dict[tuple[str, int], "_Node"] = field(default_factory=dict)
    outputs: list[object] = field(default_factory=list)
    # Of a pattern's first item: the symbols that can stand next to it and behind a gap, as bits.
    near: int = 0
    far: int = 0


class Openings(NamedTuple):
    """The patterns of one matcher that a word can begin, by what must stand next, after a gap, or nowhere.

    `any_near` and `any_far` are all that may stand next or after a gap: mostly nothing of it is there.
    """

    near: list[tuple[int, _Node]]
    far: list[tuple[int, _Node]]
    ends: list[_Node]
    any_near: int
    any_far: int


class Symbols(NamedTuple):
    """What a word stands for: symbols with their length in tokens, and what of it the patterns look for.

    `bits` tell of those that can stand second in a pattern or are watched; `openings` are in the matchers'
    order.
    """

    lengths: dict[str, tuple[int, ...]]
    openings: list[Openings]
    bits: int


class Chart:
    """Symbols at each token, with how many tokens they take."""

    def __init__(self, tokens: Iterable[Symbols]) -> None:
        symbols = list(tokens)
        self.at = [token.lengths.copy() for token in symbols]
        self.openings = [token.openings for token in symbols]
        self.bits = [token.bits for token in symbols]
        # Concepts that were put together from words here, with their lengths.
        self.composed: list[list[tuple[str, int]]] = [[] for _ in symbols]

    def has(self, index: int, symbol: str) -> bool:
        """Whether a symbol begins at this token."""
        return 0 <= index < len(self.at) and symbol in self.at[index]

    def has_any(self, indexes: Iterable[int], symbol: str) -> bool:
        """Whether a symbol begins at any of these tokens."""
        return any(self.has(index, symbol) for index in indexes)

    def longest(self, index: int, symbol: str) -> int:
        """Where the longest such symbol that begins here ends; 0 if none does."""
        return max(self.ends(index, symbol), default=0)

    def ends(self, index: int, symbol: str) -> tuple[int, ...]:
        """Where such symbols that begin here end; none behind the last token."""
        lengths = self.at[index].get(symbol, ()) if index < len(self.at) else ()
        return tuple(index + length for length in lengths)


_Parts = tuple[tuple[int, int], ...]
_End = tuple[object, int, _Parts]


class _Run:
    """One run of a trie over one chart. What is asked of each token many times is worked out once."""

    def __init__(
        self, matcher: "Matcher", chart: Chart, skippable: list[bool], kinds: dict[str, list[bool]]
    ) -> None:
        self._matcher = matcher
        self._chart = chart
        size = len(chart.at)
        free = _runs(skippable)
        self._free = {kind: _runs(passes) for kind, passes in kinds.items()}
        # Where the next item may stand: right there or over skipped words, and over the longest gap.
        self._steps = [range(at, at + min(free[at], MAX_SKIPPED) + 1) for at in range(size)] + [range(0)]
        longest = (max(runs) for runs in zip(*self._free.values(), strict=True))
        self._leaps = [at + min(runs, matcher.reach) + 1 for at, runs in enumerate(longest)]
        # What stands there, as bits: nearly all patterns that begin somewhere find nothing to go on with.
        self._near = [0] * (size + 1)
        self._far = [0] * (size + 1)

    def found(self) -> list[Found]:
        """Fill the chart with concepts and return every other output, last token first."""
        found: list[Found] = []
        chart, roots, near, far = self._chart, self._matcher.roots, self._near, self._far
        number = self._matcher.number
        for start in range(len(chart.at) - 1, -1, -1):
            end = start + 1
            near_by, further = near[end], far[end]
            openings = chart.openings[start][number]
            nodes = openings.ends
            if openings.any_far & further:
                nodes = [node for bits, node in openings.far if bits & further] + nodes
            if openings.any_near & near_by:
                nodes = [node for bits, node in openings.near if bits & near_by] + nodes
            agenda = [(node, end) for node in dict.fromkeys(nodes)]
            agenda += [(roots[name], start + long) for name, long in chart.composed[start] if name in roots]
            budget = _MAX_MATCHES_A_TOKEN
            while agenda and budget > 0:
                node, end = agenda.pop()
                if not (node.near & near[end] or node.far & far[end] or node.outputs):
                    continue
                ends: list[_End] = []
                self._walk(node, end, ((start, end),), ends)
                for output, stop, parts in ends:
                    budget -= 1
                    if isinstance(output, str):
                        new = self._matcher.note(chart, output, start, stop)
                        agenda += [(roots[name], stop) for name in new if name in roots]
                    else:
                        found.append(Found(output, start, stop, parts))
            near[start] = reduce(or_, chart.bits[start : self._steps[start].stop])
            far[start] = reduce(or_, chart.bits[start : self._leaps[start]])
        return found

    def _walk(self, node: _Node, at: int, parts: _Parts, ends: list[_End]) -> None:
        for output in node.outputs:
            ends.append((output, at, parts))
        if node.children:
            self._follow(node.children, self._steps[at], parts, ends)
        for (kind, length), after in node.gaps.items():
            positions = range(at, at + min(self._free[kind][at], length) + 1)
            self._follow(after.children, positions, parts, ends)

    def _follow(self, children: dict[str, _Node], positions: range, parts: _Parts, ends: list[_End]) -> None:
        few = len(children) <= _FEW
        for position in positions:
            symbols = self._chart.at[position]
            # Most nodes have one child, and a token has a hundred symbols.
            for symbol in children if few else symbols.keys() & children.keys():
                for length in symbols.get(symbol, ()):
                    end = position + length
                    self._walk(children[symbol], end, (*parts, (position, end)), ends)


def _runs(passes: list[bool]) -> list[int]:
    """How many tokens from each on can be passed in a row so that one is left; -1 behind the last."""
    runs = [0] * len(passes) + [-1]
    for at in range(len(passes) - 2, -1, -1):
        runs[at] = runs[at + 1] + 1 if passes[at] else 0
    return runs


class Matcher:
    """All patterns as one trie. Concepts are added as outputs that are symbols (str)."""

    def __init__(self, beside: "Matcher | None" = None) -> None:
        """`beside` another matcher the two share concepts, so that both can run on one chart."""
        self._root = _Node()
        self._parents: dict[str, list[str]] = beside._parents if beside else {}
        self._closures: dict[str, tuple[str, ...]] = beside._closures if beside else {}
        self._family: list[Matcher] = beside._family if beside else []
        self._family.append(self)
        self.number = len(self._family) - 1
        self._bits: dict[str, int] = beside._bits if beside else {}
        self.words: set[str] = beside.words if beside else set()
        self.reach = 0  # tokens of the longest gap

    @property
    def roots(self) -> dict[str, _Node]:
        """Where the patterns begin, by their first symbol."""
        return self._root.children

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

    def watch(self, symbols: Iterable[str]) -> int:
        """Bits by which a chart shows where any of these symbols stand; to be called before it is filled."""
        return reduce(or_, map(self._bit, symbols), 0)

    def symbols_of(self, forms: Iterable[str]) -> Symbols:
        """All symbols that some word forms stand for, concepts included."""
        lengths: dict[str, tuple[int, ...]] = {
            symbol: (1,) for form in forms for symbol in self._closure(form)
        }
        openings = [matcher._openings(lengths) for matcher in self._family]
        return Symbols(lengths, openings, reduce(or_, (self._bits.get(symbol, 0) for symbol in lengths), 0))

    def _openings(self, symbols: Iterable[str]) -> Openings:
        nodes = [self._root.children[symbol] for symbol in symbols if symbol in self._root.children]
        return Openings(
            [(node.near, node) for node in nodes if node.near],
            [(node.far, node) for node in nodes if node.far],
            [node for node in nodes if node.outputs],
            reduce(or_, (node.near for node in nodes), 0),
            reduce(or_, (node.far for node in nodes), 0),
        )

    def run(
        self, chart: Chart, skippable: list[bool], gap_stops: list[bool], fillers: list[bool]
    ) -> list[Found]:
        """Fill the chart with concepts and return every other output, last token first."""
        kinds = {"..": [not stop for stop in gap_stops], "_": fillers}
        return _Run(self, chart, skippable, kinds).found()

    def note(self, chart: Chart, concept: str, start: int, end: int) -> list[str]:
        """Put a concept into the chart with all that it counts as; the names that are new there."""
        here, length = chart.at[start], end - start
        new = [name for name in self._closure(concept) if length not in here.get(name, ())]
        for name in new:
            here[name] = (*here.get(name, ()), length)
            chart.bits[start] |= self._bits.get(name, 0)
            chart.composed[start].append((name, length))
        return new

    def _insert(self, items: list[Item], output: object) -> None:
        for written in variants(items):
            # Without its optional last item a pattern must not end in a gap.
            solid = [index for index, item in enumerate(written) if not item.gap]
            variant = _joined(written[solid[0] : solid[-1] + 1]) if solid else []
            if not variant:
                continue
            node = self._root
            for item in variant:
                if item.gap:
                    node = node.gaps.setdefault((item.gap, item.length), _Node())
                    self.reach = max(self.reach, item.length)
                else:
                    node = node.children.setdefault(self._symbol(item.symbols), _Node())
            self._note_second(variant)
            if output not in node.outputs:
                node.outputs.append(output)

    def _note_second(self, items: list[Item]) -> None:
        """Note with a pattern's first item what can follow it."""
        if len(items) == 1:
            return
        first = self._root.children[self._symbol(items[0].symbols)]
        second = self._symbol(next(item.symbols for item in items[1:] if not item.gap))
        bit = self._bit(second)
        if items[1].gap:
            first.far |= bit
        else:
            first.near |= bit

    def _bit(self, symbol: str) -> int:
        return self._bits.setdefault(symbol, 1 << len(self._bits))

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
