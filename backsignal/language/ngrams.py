"""Word and character n-grams of a text as hashed features, for linear models."""

import math
import re
from collections import Counter
from collections.abc import Iterator
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


def normalized(text: str) -> str:
    """Small letters, no apostrophes, every digit a zero."""
    return _DIGIT.sub("0", _APOSTROPHES.sub("", text.lower()))


def features(text: str) -> tuple[Weights, Weights]:
    """Hashed n-grams with their damped counts: those of words, and those of letters within a word."""
    words = _WORD.findall(normalized(text))
    return _damped(_word_ngrams(words)), _damped(_letter_ngrams(normalized(text).split()))


class NgramModel:
    """Linear scores over hashed n-grams: one column a class, its weights in 8 bits."""

    def __init__(self, arrays: dict[str, Any]) -> None:
        self._blocks = [
            (
                {int(key): row for row, key in enumerate(arrays[f"{name}_keys"])},
                np.asarray(arrays[f"{name}_idf"], dtype=np.float32),
                arrays[f"{name}_weights"],
            )
            for name in ("words", "letters")
        ]
        self._steps: Scores = np.asarray(arrays["steps"], dtype=np.float32)
        self._bias: Scores = np.asarray(arrays["bias"], dtype=np.float32)

    def scores(self, text: str) -> Scores:
        """Log odds for each column."""
        total = np.zeros_like(self._bias)
        for (rows, idf, weights), found in zip(self._blocks, features(text), strict=True):
            total += _linear(rows, idf, weights, found)
        return total * self._steps + self._bias


def _linear(rows: dict[int, int], idf: Scores, weights: NDArray[np.int8], found: Weights) -> Scores:
    known = [(rows[key], value) for key, value in found.items() if key in rows]
    if not known:
        return np.zeros(weights.shape[1], dtype=np.float32)
    at = np.fromiter((row for row, _ in known), dtype=np.int64, count=len(known))
    values = np.fromiter((value for _, value in known), dtype=np.float32, count=len(known)) * idf[at]
    scores: Scores = (values / np.linalg.norm(values)) @ weights[at]
    return scores


def _word_ngrams(words: list[str]) -> Iterator[str]:
    for length in _WORD_LENGTHS:
        for start in range(len(words) - length + 1):
            yield " ".join(words[start : start + length])


def _letter_ngrams(words: list[str]) -> Iterator[str]:
    for word in words:
        padded = f"\t{word}\t"
        for length in _LETTER_LENGTHS:
            for start in range(max(1, len(padded) - length + 1)):
                yield "\x00" + padded[start : start + length]


def _damped(ngrams: Iterator[str]) -> Weights:
    counts = Counter(crc32(ngram.encode("utf-8", "replace")) for ngram in ngrams)
    return {key: 1.0 + math.log(count) for key, count in counts.items()}
