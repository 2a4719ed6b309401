"""Word and character n-grams of a text as hashed features, for linear models."""

import math
import re
from collections import Counter
from collections.abc import Iterator
from zlib import crc32

Weights = dict[int, float]

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
