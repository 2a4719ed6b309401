"""Word and character n-grams of a text as hashed features, for linear models."""

import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Any
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

Weights = dict[int, float]
Scores = NDArray[np.float32]

_APOSTROPHES = re.compile("['’‘`´]")
_DIGIT = re.compile(r"\d")
_WORD = re.compile(r"\w+")
_WORD_LENGTHS = (1, 2, 3)
_LETTER_LENGTHS = (2, 3, 4, 5)
# Remembered words: how many, and of how many letters.
_MOST_WORDS, _LONGEST_WORD = 20_000, 24


def normalized(text: str) -> str:
    """Small letters, no apostrophes, every digit a zero."""
    return _DIGIT.sub("0", _APOSTROPHES.sub("", text.lower()))


def features(text: str) -> tuple[Weights, Weights]:
    """Hashed n-grams with their damped counts: those of words, and those of letters within a word."""
    plain = normalized(text)
    return _damped(_word_ngrams(plain)), _damped(chain.from_iterable(map(_letter_ngrams, plain.split())))


class NgramModel:
    """Linear scores over hashed n-grams: one column a class, its weights in 8 bits."""

    def __init__(self, arrays: dict[str, Any]) -> None:
        self._words, self._letters = (
            _Block(arrays[f"{name}_keys"], arrays[f"{name}_idf"], arrays[f"{name}_weights"])
            for name in ("words", "letters")
        )
        self._steps: Scores = np.asarray(arrays["steps"], dtype=np.float32)
        self._bias: Scores = np.asarray(arrays["bias"], dtype=np.float32)
        self._by_word: dict[str, list[int]] = {}

    def scores(self, text: str) -> Scores:
        """Log odds for each column."""
        plain = normalized(text)
        by_words = self._words.scores(self._words.rows(_word_ngrams(plain)))
        by_letters = self._letters.scores(chain.from_iterable(map(self._rows_of_word, plain.split())))
        return (by_words + by_letters) * self._steps + self._bias

    def _rows_of_word(self, word: str) -> list[int]:
        # The same few thousand words make up nearly all that people write.
        known = self._by_word.get(word)
        if known is not None:
            return known
        rows = self._letters.rows(_letter_ngrams(word))
        if len(word) <= _LONGEST_WORD:
            if len(self._by_word) >= _MOST_WORDS:
                self._by_word.clear()
            self._by_word[word] = rows
        return rows


class _Block:
    """One kind of n-grams: the row of each hash, and what each row says of the classes."""

    def __init__(self, keys: NDArray[np.uint32], idf: Scores, weights: NDArray[np.int8]) -> None:
        self._rows = {int(key): row for row, key in enumerate(keys)}
        self._idf: Scores = np.asarray(idf, dtype=np.float32)
        self._weights = weights

    def rows(self, hashes: Iterable[int]) -> list[int]:
        """The rows of those n-grams that are known."""
        return [row for row in map(self._rows.get, hashes) if row is not None]

    def scores(self, rows: Iterable[int]) -> Scores:
        """What the n-grams of a text, each as often as it stands there, say together."""
        counts = Counter(rows)
        if not counts:
            return np.zeros(self._weights.shape[1], dtype=np.float32)
        at = np.array(list(counts))
        values = (1.0 + np.log(list(counts.values()))).astype(np.float32) * self._idf[at]
        scores: Scores = (values / np.linalg.norm(values)) @ self._weights[at]
        return scores


def _word_ngrams(plain: str) -> Iterator[int]:
    words = _WORD.findall(plain)
    for length in _WORD_LENGTHS:
        for start in range(len(words) - length + 1):
            yield _hashed(" ".join(words[start : start + length]))


def _letter_ngrams(word: str) -> Iterator[int]:
    padded = f"\t{word}\t"
    for length in _LETTER_LENGTHS:
        for start in range(max(1, len(padded) - length + 1)):
            yield _hashed("\x00" + padded[start : start + length])


def _hashed(ngram: str) -> int:
    return crc32(ngram.encode("utf-8", "replace"))


def _damped(ngrams: Iterable[int]) -> Weights:
    return {key: 1.0 + math.log(count) for key, count in Counter(ngrams).items()}
