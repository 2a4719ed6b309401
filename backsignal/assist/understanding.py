"""Reads the turns of a call: each one alone, or as one with the part of the sentence said before it.

Speech-to-text services cut where somebody draws breath. A part that ends in the middle ("there's no") is
read together with the part that follows ("numbness in my legs").
"""

import logging
from collections.abc import Sequence
from datetime import date
from typing import Any

from backsignal.assist.asking import Reads, what_is_asked
from backsignal.assist.call import Call
from backsignal.assist.content import CallContent, plain
from backsignal.assist.listening import Turn, Understood

logger = logging.getLogger(__name__)
_LONGEST_READ = 2_000


class Understanding:
    """Makes the events of turns: the words, and what they mean."""

    def __init__(self, content: CallContent, reader: Reads) -> None:
        self._content = content
        self._reader = reader

    def said(self, call: Call, turn: Turn, today: date) -> dict[str, Any]:
        """The data of the event that adds a turn."""
        place = call.place(turn.started)
        turns = [*call.turns[:place], turn, *call.turns[place:]]
        understood = self._understood(turns, place, today)
        turn = turn.copy(update={"understood": understood.pop(turn.id)})
        return {"turn": turn.dict(), "understood": {key: value.dict() for key, value in understood.items()}}

    def corrected(self, call: Call, turn_id: str, text: str, today: date) -> dict[str, Any]:
        """The data of the event that corrects the words of a turn."""
        place = call.index(turn_id)
        turns = list(call.turns)
        turns[place] = turns[place].copy(update={"text": text})
        understood = self._understood(turns, place, today)
        meant = {key: value.dict() for key, value in understood.items()}
        return {"turn": turn_id, "text": text, "understood": meant}

    def _understood(self, turns: list[Turn], place: int, today: date) -> dict[str, Understood]:
        """What is understood of the turn at a place, and of those after it whose meaning hangs on it."""
        changed: dict[str, Understood] = {}
        for index in range(place, len(turns)):
            before = turns[index].understood
            after = self._understand(turns, index, today)
            if index > place and not (before.joined or after.joined):
                if turns[index].role == turns[place].role:
                    break
                continue
            turns[index] = turns[index].copy(update={"understood": after})
            changed[turns[index].id] = after
        return changed

    def _understand(self, turns: Sequence[Turn], index: int, today: date) -> Understood:
        turn = turns[index]
        try:
            joined = self._begun(turns, index)
            text = " ".join([*joined, turn.text])[-_LONGEST_READ:]
            if turn.role == "agent":
                asks = what_is_asked(text, self._content, self._reader, today)
                return Understood(asks=asks, joined=bool(joined))
            reading = self._reader.read(self._with_commas(text), today=today)
            return Understood(reading=reading.to_json(), joined=bool(joined))
        except Exception as error:
            # A suggestion that fails never fails a turn. Only the error's kind is logged, not what was said.
            logger.error("assist.turn.unread error=%s", type(error).__name__)
            return Understood(failed=True)

    def _with_commas(self, text: str) -> str:
        """A turn with the commas that speech has none of, behind an answer at its beginning."""
        found = self._content.words.answer_then_statement.match(text)
        return f"{', '.join(found.group(1).split())}, {text[found.end() :]}" if found else text

    def _begun(self, turns: Sequence[Turn], index: int) -> list[str]:
        """The unfinished parts just before a turn that it goes on with, first to last."""
        parts: list[str] = []
        following = turns[index]
        for turn in reversed(turns[:index]):
            if turn.role != following.role:
                if self._is_small_talk(turn):
                    continue
                break
            if not self._goes_on(turn, following):
                break
            parts.insert(0, turn.text)
            following = turn
        return parts

    def _goes_on(self, turn: Turn, following: Turn) -> bool:
        words = self._content.words
        if words.unfinished.ends(plain(turn.text)) and turn.text.rstrip()[-1:] not in ".?!":
            return True
        return turn.role == "agent" and words.continues.starts(plain(following.text))

    def _is_small_talk(self, turn: Turn) -> bool:
        return turn.role == "agent" and bool(turn.understood.asks and turn.understood.asks.keeps_open)
