"""Dialogues ("Doctor: Any numbness? Patient: No.") and answers: what a reply settles."""

from bisect import bisect_left
from dataclasses import dataclass
from itertools import pairwise

from backsignal.clinical.findings import Answer, Status
from backsignal.language.assertion import Match
from backsignal.language.patterns import Chart
from backsignal.language.speaker import Turn
from backsignal.language.tokens import Token, sentence_at

_GREETING_TOKENS = 4
_NEAR = 4

Decided = list[tuple[Match, Status | None]]


def label_of(turn: Turn, tokens: list[Token]) -> range:
    """Tokens of the label ("Patient:") before a turn."""
    first = bisect_left(tokens, turn.label, key=lambda token: token.start)
    return range(first, bisect_left(tokens, turn.start, key=lambda token: token.start))


def split_at_turns(
    ranges: list[tuple[int, int]], turns: list[Turn], tokens: list[Token]
) -> list[tuple[int, int]]:
    """No sentence goes on over a change of speakers, whatever the marks."""
    if not turns:
        return ranges
    cuts = {bisect_left(tokens, turn.label, key=lambda token: token.start) for turn in turns}
    split: list[tuple[int, int]] = []
    for start, end in ranges:
        split += pairwise([start, *sorted(cut for cut in cuts if start < cut < end), end])
    return split


@dataclass
class Answers:
    """The words of one text that answer a yes/no question, or decline to."""

    chart: Chart
    sentences: list[tuple[int, int]]
    phrases: list[tuple[int, int, Answer]]
    refusals: list[int]

    def of_all(self) -> Answer | None:
        """How the whole message answers: a plain no as its last sentence wins, a refusal answers nothing."""
        if any(start <= _GREETING_TOKENS for start in self.refusals):
            return None
        if self.sentences and len(self.sentences) > 1:
            start, end = self.sentences[-1]
            told = [i for i in range(start, end) if not self.chart.has(i, "ANSWER_TAIL")]
            plain = [i for i in told if self.chart.has(i, "PLAIN_NO")]
            if plain and len(plain) == len(told):
                return "no"
        return self.at(0, len(self.chart.at))

    def at(self, start: int, end: int) -> Answer | None:
        """How tokens answer a yes/no question: the longest answer phrase at their beginning."""
        acknowledged: Answer | None = None
        position = start
        while position < min(end, start + _GREETING_TOKENS):
            here = [
                (stop, answer) for begin, stop, answer in self.phrases if begin == position and stop <= end
            ]
            if here and (max(here)[0] > position + 1 or not self.chart.has(position, "ANSWER_LEAD")):
                return max(here)[1]
            if here:
                acknowledged = acknowledged or max(here)[1]  # "right. no" is no, "right" alone is yes
            elif not (self.chart.has(position, "SKIP") or self.chart.has(position, "ANSWER_LEAD")):
                break
            position += 1
        return acknowledged


class Dialogue:
    """One dialogue: what the other party asks is settled by the reply that follows."""

    def __init__(
        self,
        chart: Chart,
        tokens: list[Token],
        turns: list[Turn],
        answers: Answers,
        topics: list[tuple[int, int, str]],
    ) -> None:
        self._chart = chart
        self._tokens = tokens
        self._turns = turns
        self._answers = answers
        self._topics = topics
        self._sentences = answers.sentences

    def settle(self, statuses: Decided) -> Decided:
        """In a dialogue what the other party asks is settled by the reply that follows."""
        spans = [self._token_range(turn) for turn in self._turns]
        result: Decided = []
        for match, status in statuses:
            said_at = match.parts[-1][0]
            index = next((i for i, (start, end) in enumerate(spans) if start <= said_at < end), None)
            if index is None or not self._turns[index].asks:
                result.append((match, status))
                continue
            result.append((match, self._replied(index, spans, match, status)))
        return result + self._topics_settled(
            spans, {match.start for match, told in result if told is not None}
        )

    def _topics_settled(self, spans: list[tuple[int, int]], told: set[int]) -> Decided:
        """What the other party asks by name alone ("And your water?") and the reply says is well."""
        settled: Decided = []
        for index, ((start, end), (first, last)) in enumerate(pairwise(spans)):
            if not self._turns[index].asks or self._turns[index + 1].asks:
                continue
            for at, stop, finding in self._topics:
                if start <= at < end and not any(start <= i < end for i in told):
                    begin, finish = sentence_at(self._sentences, at)
                    if self._is_well(max(begin, start), min(finish, end), first, last):
                        match = Match(finding, at, stop, ((at, stop),), absent=True)
                        settled.append((match, Status.ABSENT))
        return settled

    def _is_well(self, start: int, end: int, first: int, last: int) -> bool:
        """Whether a reply (first to last) says that what is asked (start to end) is well."""
        answer = self._answers.at(first, last)
        opening = range(first, min(last, first + 2 * _NEAR))
        if self._chart.has_any(opening, "ALL_WELL") and not self._chart.has_any(opening, "NOT"):
            return True
        asked = range(start, end)
        if self._chart.has_any(asked, "PROBLEM") or self._chart.has_any(asked, "OFF_WORD"):
            return answer == "no"
        if (
            self._chart.has_any(asked, "MODAL")
            or self._chart.has_any(asked, "ALL_WELL")
            or self._chart.has_any(asked, "feel")
        ):
            return answer == "yes"
        return answer == "no" and end - start <= _NEAR + 2

    def _replied(
        self, index: int, spans: list[tuple[int, int]], match: Match, status: Status | None
    ) -> Status | None:
        start, end = spans[index]
        asked = self._asks(match, start, end)
        following = index + 1
        if following >= len(spans) or self._turns[following].asks:
            return None if asked else status
        if match.complaint and self._chart.has_any(range(match.start - 1, match.start + 1), "PRESUPPOSED"):
            return Status.PRESENT  # "and the back pain, how long?"
        answer = self._answers.at(*spans[following])
        first, last = spans[following]
        opening = range(first, min(last, first + 2 * _NEAR))
        well = (
            answer is None
            and self._chart.has_any(opening, "ALL_WELL")
            and not self._chart.has_any(opening, "NOT")
        )
        if match.absent and asked:
            return Status.ABSENT if well or answer == "yes" else None
        if answer is None and self._chart.has_any(range(first, min(last, first + _NEAR)), "TIME_REPLY"):
            answer = "yes"  # "Do you ever leak? - Yesterday."
        if well:
            answer = "no"  # "Any numbness in the legs? - Legs okay."
        if status is Status.PRESENT and self._chart.has_any(opening, "PAST_REPLY"):
            return Status.PAST
        if not asked:
            return status if answer != "no" else None
        if answer == "no":
            return None if match.absent or match.present_only else Status.ABSENT
        if answer == "yes" and match.present_only and self._chart.has_any(opening, "ONE_SIDE"):
            return None  # "Does it go into your legs? - Yes, the left one."
        if answer == "yes":
            return status if status in {Status.ABSENT, Status.PAST} else Status.PRESENT
        return Status.UNCERTAIN if answer == "unsure" and not match.absent else None

    def _asks(self, match: Match, start: int, end: int) -> bool:
        first, last = sentence_at(self._sentences, match.start)
        if any(self._tokens[i].norm == "?" for i in range(match.end, min(last, end))):
            return True
        marks = any(self._tokens[i].norm == "?" for i in range(len(self._tokens)))
        return self._chart.has(max(first, start), "ASKING") or (
            not marks and any(self._chart.has(i, "ASKING") for i in range(max(first, start), match.start))
        )

    def _token_range(self, turn: Turn) -> tuple[int, int]:
        inside = [i for i, token in enumerate(self._tokens) if turn.start <= token.start < turn.end]
        return (inside[0], inside[-1] + 1) if inside else (0, 0)
