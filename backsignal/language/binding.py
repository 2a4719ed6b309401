"""Binds what is felt or lost ("numb", "tingling", "weak") to the body place that it is said of.

"My foot and calf have gone numb", "numb all down the left leg", "numbness, tingling or weakness in my legs":
predicates in a list share their place and places in a list share their predicate; another place or another
predicate in between breaks the bond, so that a numb hand is no numb leg.
"""

from dataclasses import dataclass

from backsignal.language.lexicon import Binding, Lexicon, Watched
from backsignal.language.patterns import Chart

_ANAPHORA = 14
_LIST_GAP = 4


@dataclass(frozen=True)
class Span:
    """A concept at tokens start to end (end excluded)."""

    symbol: str
    start: int
    end: int


@dataclass(frozen=True)
class Bound:
    """A finding made of a predicate and, where one is named, a place."""

    finding: str
    predicate: Span
    place: Span | None
    absent_only: bool = False
    present_only: bool = False  # a plural ("my legs") makes two sides, its denial denies no more than each

    @property
    def start(self) -> int:
        """First token."""
        return min(self.predicate.start, self.place.start) if self.place else self.predicate.start

    @property
    def end(self) -> int:
        """Token after the last."""
        return max(self.predicate.end, self.place.end) if self.place else self.predicate.end

    @property
    def parts(self) -> tuple[tuple[int, int], ...]:
        """Token ranges of predicate and place."""
        spans = [self.predicate] if self.place is None else [self.predicate, self.place]
        return tuple(sorted((span.start, span.end) for span in spans))


class Binder:
    """Finds bonds in the sentences of one text."""

    def __init__(
        self, lexicon: Lexicon, chart: Chart, blocked: list[bool], well: frozenset[int] = frozenset()
    ) -> None:
        """`well` are the words of what is said to be normal: nothing later is said of those places."""
        self._lexicon = lexicon
        self._chart = chart
        self._blocked = blocked
        self._well = well
        self._last_place: list[Span] = []

    def bind(self, start: int, end: int) -> list[Bound]:
        """Bonds within one sentence."""
        places = self._spans(start, end, self._lexicon.places)
        predicates = self._spans(start, end, self._lexicon.predicates, keep_all=True)
        bound: list[Bound] = []
        for predicate in predicates:
            binding = self._lexicon.bindings[predicate.symbol]
            group = self._places_of(predicate, binding, places, predicates, start)
            taken_up = bool(group) and group[0].end <= start and self._takes_up(predicate, start)
            made = [
                # "His leg was weak. Mine is too.": what is taken up is told here, not where it was named.
                Bound(finding, predicate, None if taken_up else place, present_only=number > 0)
                for place in group
                for number, finding in enumerate(binding.places.get(place.symbol, ()))
            ]
            bound += made
            if not made and all(
                place.symbol == "BACK" and place.end <= predicate.start and not self._is(place, predicate)
                for place in group
            ):
                # "back pain with numbness": what is felt is not said of the back itself.
                bound += [Bound(finding, predicate, None) for finding in binding.unplaced]
                bound += [
                    Bound(finding, predicate, None, absent_only=True) for finding in binding.unplaced_absent
                ]
        if places:
            self._last_place = places[-1:]
        return bound

    def _places_of(
        self, predicate: Span, binding: Binding, places: list[Span], predicates: list[Span], start: int
    ) -> list[Span]:
        """Places of a predicate, as a list with the bound one first; empty where there is none."""
        before = self._before(predicate, binding, places, predicates)
        after = None if binding.order == "after" else self._after(predicate, places, predicates)
        if (
            after
            and before
            and (
                self._distance(before, predicate) > after.start - predicate.end
                or self._spoken_of(before, predicate, after, binding, predicates)
            )
        ):
            before = None
        elif after and before and self._copula(before, predicate):
            after = None
        chosen = before or after
        if chosen is None and (
            self._takes_up(predicate, start)
            or (not [p for p in places if p.start >= predicate.end] and binding.order != "after")
        ):
            chosen = self._inherited(predicate, places, start)
        if chosen is None:
            return []
        group = [chosen, *self._listed(chosen, places)]
        # In a list of places any that makes a finding with this predicate will do.
        useful = [place for place in group if binding.places.get(place.symbol)]
        return useful or group

    def _spoken_of(
        self, before: Span, predicate: Span, after: Span, binding: Binding, predicates: list[Span]
    ) -> bool:
        """ "Back pain, numb in both thighs": the back has its predicate, and could not take this one."""
        taken = any(p.start >= before.end and p.end <= predicate.start for p in predicates)
        return taken and not binding.places.get(before.symbol) and bool(binding.places.get(after.symbol))

    def _distance(self, place: Span, predicate: Span) -> int:
        return predicate.start - place.end

    def _is(self, place: Span, predicate: Span) -> bool:
        """ "My back is tingling": it is said of the back itself, "back pain with tingling" is not."""
        between = range(place.end, predicate.start)
        return self._copula(place, predicate) and all(
            any(self._chart.has(i, symbol) for symbol in ("be", "feel", "SKIP")) for i in between
        )

    def _copula(self, place: Span, predicate: Span) -> bool:
        return any(
            self._chart.has(i, "be") or self._chart.has(i, "feel") for i in range(place.end, predicate.start)
        )

    def _before(
        self, predicate: Span, binding: Binding, places: list[Span], predicates: list[Span]
    ) -> Span | None:
        nearest = max((p for p in places if p.end <= predicate.start), key=lambda p: p.end, default=None)
        if nearest is None:
            inside = [p for p in places if predicate.start <= p.start and p.end <= predicate.end]
            return inside[0] if inside else None
        if self._skipping_distance(nearest.end, predicate.start) > binding.reach:
            return None
        between = [p for p in predicates if p.start >= nearest.end and p.end <= predicate.start]
        position = nearest.end
        for other in sorted(between, key=lambda p: p.start):
            if not self._linked(position, other.start) and position != nearest.end:
                return None
            position = max(position, other.end)
        if between and not self._linked(position, predicate.start):
            return None
        if any(self._chart.has(i, "BREAK") for i in range(nearest.end, predicate.start)):
            return None
        return None if self._denied_anew(nearest.end, predicate.start) else nearest

    def _denied_anew(self, start: int, end: int) -> bool:
        """ "No saddle numbness, no weakness": each item of a list of denials has its own place."""
        return any(
            self._chart.has(i, "COMMA") and self._chart.has(i + 1, "DENIAL") for i in range(start, end - 1)
        )

    def _skipping_distance(self, start: int, end: int) -> int:
        return sum(not self._chart.has(i, "SKIP") for i in range(start, end))

    def _after(self, predicate: Span, places: list[Span], predicates: list[Span]) -> Span | None:
        covered = {i for p in places for i in range(p.start, p.end)}
        listed = {i for p in predicates if p.start >= predicate.end for i in range(p.start, p.end)}
        denied = self._chart.has(predicate.start - 1, "DENIAL")
        position, steps = predicate.end, 0
        starts = {p.start: p for p in places}
        while position < len(self._chart.at) and steps <= 12:
            if position in starts:
                return starts[position]
            passes = (
                self._chart.has(position, "FILL")
                or self._chart.has(position, "SKIP")
                or position in covered
                or position in listed
            )
            # "No sensory loss, bowels fine": after its comma a denial goes on only with the next denied.
            ends = (
                denied
                and self._chart.has(position, "COMMA")
                and listed.isdisjoint((position + 1, position + 2))
            )
            if ends or not passes:
                return None
            position, steps = position + 1, steps + 1
        return None

    def _inherited(self, predicate: Span, places: list[Span], start: int) -> Span | None:
        """ "My foot is numb and now it is also weak": the place said last, if no other follows."""
        earlier = [p for p in places if p.end <= predicate.start and p.start not in self._well]
        if earlier and predicate.start - earlier[-1].end <= _ANAPHORA:
            return None if self._denied_anew(earlier[-1].end, predicate.start) else earlier[-1]
        if earlier or not self._last_place:
            return None
        pronoun = self._takes_up(predicate, start) or any(
            self._chart.has(i, "it") or self._chart.has(i, "they") for i in range(start, predicate.start)
        )
        near = start - self._last_place[0].end <= _ANAPHORA * 2
        return self._last_place[0] if pronoun and near and predicate.start - start <= 6 else None

    def _takes_up(self, predicate: Span, start: int) -> bool:
        """ "Mine started dragging", "Numb again": whatever it was that was spoken of before."""
        return self._chart.has_any(range(start, predicate.start), "MINE") or (
            predicate.start == start and self._chart.has(predicate.end, "AGAIN")
        )

    def _listed(self, place: Span, places: list[Span]) -> list[Span]:
        """Places joined to this one by "and", "or" or a comma."""
        if place not in places:
            return []  # carried over from an earlier sentence
        index = places.index(place)
        joined: list[Span] = []
        for step in (-1, 1):
            current, other = place, index + step
            while 0 <= other < len(places):
                first, second = sorted((current, places[other]), key=lambda p: p.start)
                if not self._linked(first.end, second.start) or first.end == second.start:
                    break
                joined.append(places[other])
                current, other = places[other], other + step
        return joined

    def _linked(self, start: int, end: int) -> bool:
        return end - start <= _LIST_GAP and all(
            self._chart.has(i, "LINK") or self._chart.has(i, "be") for i in range(start, end)
        )

    def _spans(self, start: int, end: int, watched: Watched, keep_all: bool = False) -> list[Span]:
        spans: list[Span] = []
        taken_until: dict[str, int] = {}
        for index in range(start, end):
            if not self._chart.bits[index] & watched.bits:
                continue
            here = self._chart.at[index]
            options = [(index + max(here[s]), s) for s in watched.symbols if s in here]
            options = [(stop, s) for stop, s in options if not any(self._blocked[index:stop])]
            if not options:
                continue
            if keep_all:
                for stop, symbol in sorted(options, reverse=True):
                    if self._chart.has(index, "DENIAL") and stop in self._chart.ends(index + 1, symbol):
                        continue  # "no altered feeling": the rest says it, and the "no" denies it
                    if taken_until.get(symbol, -1) <= index:
                        spans.append(Span(symbol, index, stop))
                        taken_until[symbol] = stop
                continue
            stop, symbol = max(options, key=lambda o: (o[0], o[1] == "LEG_PAIR", o[1]))
            if spans and spans[-1].end >= stop:
                continue
            if spans and spans[-1].end > index:
                # Overlap: the longer wins ("between my legs" over "legs").
                if spans[-1].end - spans[-1].start >= stop - index:
                    continue
                spans.pop()
            spans.append(Span(symbol, index, stop))
        return spans
