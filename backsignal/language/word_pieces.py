"""Words cut into the pieces that the sentence encoder knows."""

import re
import unicodedata
from pathlib import Path

MAX_PIECES = 128

_WORD_OR_MARK = re.compile(r"\w+|[^\w\s]")
_LONGEST_WORD = 60
_START, _END, _UNKNOWN = "[CLS]", "[SEP]", "[UNK]"


class Pieces:
    """Cuts words into the pieces that the network knows."""

    def __init__(self, vocabulary: Path) -> None:
        pieces = vocabulary.read_text(encoding="utf-8").splitlines()
        self._pieces = {piece: index for index, piece in enumerate(pieces)}

    def pieces(self, text: str) -> list[int]:
        """The word pieces of a text, with the marks that begin and end it."""
        found: list[int] = []
        for word in _WORD_OR_MARK.findall(_plain(text)):
            found.extend(self._of_word(word))
            if len(found) >= MAX_PIECES - 2:
                break
        return [self._pieces[_START], *found[: MAX_PIECES - 2], self._pieces[_END]]

    def _of_word(self, word: str) -> tuple[int, ...]:
        known = self._pieces.get(word)
        return self._split(word) if known is None else (known,)

    def _split(self, word: str) -> tuple[int, ...]:
        """The longest known pieces from left to right; a word that cannot be put together is unknown."""
        found: list[int] = []
        start = 0
        if len(word) > _LONGEST_WORD:
            return (self._pieces[_UNKNOWN],)
        while start < len(word):
            end = len(word)
            mark = "##" if start else ""
            while end > start and mark + word[start:end] not in self._pieces:
                end -= 1
            if end == start:
                return (self._pieces[_UNKNOWN],)
            found.append(self._pieces[mark + word[start:end]])
            start = end
        return tuple(found)


def _plain(text: str) -> str:
    letters = unicodedata.normalize("NFD", text.lower().replace("’", "'"))
    return "".join(letter for letter in letters if unicodedata.category(letter) != "Mn")
