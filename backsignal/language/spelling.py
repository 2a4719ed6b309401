"""Mends misspelt words: known misspellings as content, else one typo in a word of the lexicon.

A word is only taken for a typo if it is five letters or longer and no English word itself, so that
nothing is invented from a real word ("stiff" is never "still"). The English words come from a file.
"""

import re
from collections.abc import Iterable
from pathlib import Path

from pydantic import StrictStr
from rapidfuzz import process
from rapidfuzz.distance import OSA

from backsignal.clinical.content_files import ContentError, ContentModel
from backsignal.language.patterns import inflections

_LONG_ENOUGH = 5
_TOO_LONG = 24
_STRETCHED = re.compile(r"(.)\1{2,}")


class SpellingFile(ContentModel):
    """content/lexicon/spelling.yml: right word -> how it is misspelt (written in a line)."""

    about: str = ""
    misspellings: dict[str, StrictStr]


class Spelling:
    """Corrects single words."""

    def __init__(self, file: SpellingFile, words: Path, lexicon: Iterable[str], known: set[str]) -> None:
        try:
            self._english = frozenset(words.read_text(encoding="utf-8").split())
        except OSError as error:
            raise ContentError(f"{words}: cannot be read: {error.strerror}") from error
        self._misspelt = {wrong: right for right, line in file.misspellings.items() for wrong in line.split()}
        self._known = {word.lstrip("=") for word in lexicon} | known
        self.common = frozenset(word for word in self._known | self._english if word.isascii())
        self._targets = sorted(word for word in self._known if len(word) >= _LONG_ENOUGH and word.isalpha())

    def correct(self, word: str) -> str:
        """The word meant; the word itself where it is right or unclear."""
        right = self._misspelt.get(word)
        if right is not None:
            return right
        if self._is_word(word) or len(word) > _TOO_LONG:
            return word
        if _STRETCHED.search(word):
            for shape in (r"\1", r"\1\1"):
                short = _STRETCHED.sub(shape, word)
                if short in self._misspelt or self._is_word(short):
                    return self._misspelt.get(short, short)
        if len(word) < _LONG_ENOUGH:
            return word
        match = process.extractOne(word, self._targets, scorer=OSA.distance, score_cutoff=1)
        if match is not None:
            return str(match[0])
        # A typo in an inflected form ("tinglling"): mend it before the ending is taken off.
        for form in sorted(inflections(word) - {word}, key=len, reverse=True):
            if len(form) >= _LONG_ENOUGH and not self._is_word(form):
                match = process.extractOne(form, self._targets, scorer=OSA.distance, score_cutoff=1)
                if match is not None:
                    return str(match[0])
        return word

    def _is_word(self, word: str) -> bool:
        # The list of English words holds some only in the plural ("agents").
        return f"{word}s" in self._english or any(
            form in self._known or form in self._english for form in inflections(word)
        )
