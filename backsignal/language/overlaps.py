"""Which of the matches stand that share words: "feet fine, pride hurt" is no pain in the feet."""

from backsignal.clinical.findings import Status
from backsignal.language.assertion import Match
from backsignal.language.patterns import Chart


def settle(matches: list[Match], chart: Chart) -> list[Match]:
    """The matches that stand, in the order of the text."""
    overlaps = _Overlaps(chart)
    matches = overlaps.without_crossed(overlaps.without_doubled(matches))
    return sorted(_without_contained(matches), key=lambda match: match.start)


class _Overlaps:
    """Matches that share words, judged by the words around them."""

    def __init__(self, chart: Chart) -> None:
        self._chart = chart

    def without_doubled(self, matches: list[Match]) -> list[Match]:
        """Drop "no altered feeling" where "altered feeling" is itself the finding: its "no" denies it."""
        words = {(m.finding, m.words) for m in matches if not m.absent}
        return [
            match
            for match in map(self._deny_own_no, matches)
            if match.absent
            or match.size < 2
            or not self._chart.has(match.start, "DENIAL")
            or (match.finding, match.words - {match.start}) not in words
        ]

    def _deny_own_no(self, match: Match) -> Match:
        """ "No altered sensation down there" holds its own denial, "no sensation" is the finding."""
        first = match.start
        if (
            not match.absent
            and match.size > 1
            and self._chart.has(first, "DENIAL")
            and self._chart.has(first + 1, "LOSS_WORD")
        ):
            match.denials += 1
            match.statuses.add(Status.ABSENT)
        return match

    def without_crossed(self, matches: list[Match]) -> list[Match]:
        """Drop what takes a word out of "feet fine" but belongs elsewhere ("feet fine, pride hurt").

        And the other way round: "can't feel my foot properly" does not say that the foot is well.
        """
        matches = [m for m in matches if not m.absent or not (self._changes_subject(m) or self._fails(m))]
        matches = [m for m in matches if not (m.absent and self._is_only_part(m, matches))]
        well: dict[int, list[Match]] = {}
        for match in matches:
            if match.absent and match.size > 1:
                for index in match.words:
                    well.setdefault(index, []).append(match)
        if not well:
            return matches
        dropped: set[int] = set()
        for match in matches:
            if match.absent:
                continue
            for other in {id(w): w for index in match.words for w in well.get(index, ())}.values():
                if other.words <= match.words:
                    continue
                if self._is_object(match, other):
                    dropped.add(id(other))
                elif other.end < match.end and not self._negated_inside(match):
                    dropped.add(id(match))
                elif match.start < other.start and self._chart.has_any(
                    range(match.start, other.start), "COMMA"
                ):
                    dropped.add(id(match))  # "no numbness, my legs are strong"
        return [match for match in matches if id(match) not in dropped]

    def _changes_subject(self, match: Match) -> bool:
        """Whether "feet ..., I'm all right" was taken for one statement."""
        words = match.words
        between = (i for i in range(match.start + 1, match.end - 1) if i + 1 not in words)
        return self._chart.has_any(between, "NEW_SUBJECT")

    def _fails(self, match: Match) -> bool:
        """Whether "walk well" stands in "can't walk well", or "leg is well" in "leg is well sore"."""
        if self._chart.has(match.end - 1, "VERY") and self._chart.has(match.end, "ILL_WORD"):
            return True
        before = range(match.start - 2, match.start)
        return self._chart.has_any(before, "CANT") and not self._chart.has_any(before, "COMMA")

    def _is_only_part(self, match: Match, matches: list[Match]) -> bool:
        """Whether the place said to be well only says where: "power in the legs is normal".

        Or whether only its place is left out: "sensation intact" in "saddle sensation intact".
        """
        narrowed = self._chart.has_any(range(match.start - 3, match.start), "NARROWS")
        if narrowed and any(
            other.absent
            and other.finding != match.finding
            and other.end == match.end
            and match.words < other.words
            and self._chart.has(other.start, "NARROWS")
            for other in matches
        ):
            return True
        return self._chart.has(match.start, "BODY") and any(
            other.absent
            and other.finding != match.finding
            and other.start < match.start
            and other.end == match.end
            and match.words < other.words
            and not self._chart.has_any(range(other.start, match.start), "LIST_MARK")
            for other in matches
        )

    def _is_object(self, match: Match, well: Match) -> bool:
        """Whether the words said to be well are only the object of something that fails."""
        before = range(match.start, well.start)
        words = match.words
        return self._chart.has_any((i for i in before if i in words), "CANT") and not self._chart.has_any(
            before, "COMMA"
        )

    def _negated_inside(self, match: Match) -> bool:
        return any(self._chart.has(index, "NOT") for index in range(match.start, match.end))


def _longest_first(match: Match) -> tuple[object, ...]:
    # The last parts only make the order the same in every process.
    return (-match.size, match.start, match.absent, match.absent_only, match.finding, match.parts)


def _lies_within(match: Match, holding: dict[int, list[tuple[Match, frozenset[int]]]]) -> bool:
    """Whether "in a leg" only belongs to "numbness in a leg"."""
    return any(
        other.start < match.start and match.end <= other.end and not other.absent_only and not other.absent
        for word in match.words
        for other, _ in holding.get(word, ())
    )


def _without_contained(matches: list[Match]) -> list[Match]:
    """Drop a reading of words that a longer one takes in ("pee fine" in "can't pee fine")."""
    kept: list[Match] = []
    # By token, so that only neighbours are compared.
    holding: dict[int, list[tuple[Match, frozenset[int]]]] = {}
    for match in sorted(matches, key=_longest_first):
        words = match.words
        contained = any(
            words <= others
            and (other.absent != match.absent or other.absent_only <= match.absent_only)
            and (
                other.finding == match.finding
                or (match.absent_only and not other.absent_only and not other.absent)
                or (other.absent and not match.absent and words < others)
            )
            for other, others in holding.get(match.parts[0][0], ())
        ) or (match.absent_only and _lies_within(match, holding))
        if not contained:
            kept.append(match)
            for word in words:
                holding.setdefault(word, []).append((match, words))
    return kept
