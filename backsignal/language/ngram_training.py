"""What the linear models share when they are trained: n-grams counted, weighed and put in rows."""

import math
from collections import Counter
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from backsignal.language.ngrams import Weights, features

_MIN_MESSAGES = 2


class Block(NamedTuple):
    """One kind of n-grams: their hashes in order and how telling each is."""

    keys: NDArray[np.uint32]
    idf: NDArray[np.float32]


def count(texts: list[str]) -> tuple[list[Block], Any]:
    """The n-grams that stand in more than one text, and the texts as rows of a sparse matrix."""
    found = [features(text) for text in texts]
    kinds = [[pair[kind] for pair in found] for kind in (0, 1)]
    blocks = [_block(kind) for kind in kinds]
    rows = [_matrix(kind, block) for kind, block in zip(kinds, blocks, strict=True)]
    return blocks, sparse.hstack(rows, format="csr")


def arrays(
    blocks: list[Block], weights: NDArray[np.float32], bias: NDArray[np.float32]
) -> dict[str, NDArray[Any]]:
    """What an NgramModel is made from; `weights` has a row for each n-gram of both blocks."""
    words = len(blocks[0].keys)
    steps = np.abs(weights).max(axis=0) / 127
    small = np.round(weights / steps).astype(np.int8)
    return {
        "words_keys": blocks[0].keys,
        "words_idf": blocks[0].idf.astype(np.float16),
        "words_weights": small[:words],
        "letters_keys": blocks[1].keys,
        "letters_idf": blocks[1].idf.astype(np.float16),
        "letters_weights": small[words:],
        "steps": steps,
        "bias": bias,
    }


def _block(found: list[Weights]) -> Block:
    counts = Counter(key for weights in found for key in weights)
    keys = sorted(key for key, times in counts.items() if times >= _MIN_MESSAGES)
    idf = [math.log((1 + len(found)) / (1 + counts[key])) + 1 for key in keys]
    return Block(np.array(keys, dtype=np.uint32), np.array(idf, dtype=np.float32))


def _matrix(found: list[Weights], block: Block) -> Any:
    """One row a text, each of length 1."""
    columns = {int(key): at for at, key in enumerate(block.keys)}
    starts: list[int] = [0]
    at: list[int] = []
    values: list[float] = []
    for weights in found:
        known = sorted((columns[key], value) for key, value in weights.items() if key in columns)
        weighed = [value * float(block.idf[column]) for column, value in known]
        length = math.sqrt(sum(value * value for value in weighed)) or 1.0
        at.extend(column for column, _ in known)
        values.extend(value / length for value in weighed)
        starts.append(len(at))
    shape = (len(found), len(columns))
    return sparse.csr_matrix((np.array(values, dtype=np.float32), at, starts), shape=shape)
