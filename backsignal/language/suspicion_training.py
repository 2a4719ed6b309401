"""Trains the n-gram half of the detector from `training/suspicion`, in about a minute:

    python -m backsignal.language.suspicion_training

The encoder half takes longer and other tools: see `training/encoder.py` and docs/suspicion.md. The same
messages give the same file, byte for byte.
"""

import json
import math
from collections import Counter
from datetime import date
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from sklearn.linear_model import LogisticRegression

from backsignal.clinical.findings import Status
from backsignal.language.encoder import WEIGHTS
from backsignal.language.ngrams import Weights, features
from backsignal.language.reader import Reader
from backsignal.language.suspicion import MODEL_FILE, SETTINGS_FILE

MESSAGES = Path(__file__).resolve().parents[2] / "training" / "suspicion"

_STRENGTH = 10.0
_MIN_MESSAGES = 2
_SEED = 7
_ANY_DAY = date(2026, 1, 5)

Array = NDArray[np.float32]


class Row(NamedTuple):
    """A message, the emergency findings in it, and those that it only seems to have."""

    text: str
    present: tuple[str, ...]
    near: tuple[str, ...]


class Block(NamedTuple):
    """One kind of n-grams: their hashes in order and how telling each is."""

    keys: NDArray[np.int64]
    idf: Array


def messages(folder: Path = MESSAGES) -> list[Row]:
    """All training messages in a fixed order."""
    rows: list[Row] = []
    for file in sorted(folder.glob("*.jsonl")):
        for line in file.read_text(encoding="utf-8").splitlines():
            row = json.loads(line)
            rows.append(Row(row["text"], tuple(row["present"]), tuple(row["near"])))
    return rows


def digest(folder: Path = MESSAGES) -> str:
    """Changes whenever a training message does."""
    found = sha256()
    for file in sorted(folder.glob("*.jsonl")):
        found.update(file.name.encode() + b"\0" + file.read_bytes())
    return found.hexdigest()[:12]


def labels(rows: list[Row], findings: tuple[str, ...], reader: Reader) -> NDArray[np.int8]:
    """1 present, 0 not, -1 unknown: where the rules read a finding that nobody labelled.

    The last column is whether there is any emergency finding at all.
    """
    table = np.zeros((len(rows), len(findings) + 1), dtype=np.int8)
    for at, row in enumerate(rows):
        if row.present:
            read = reader.read(row.text, today=_ANY_DAY).mentions
            told = {m.finding for m in read if m.status is Status.PRESENT} - set(row.near)
            table[at, [findings.index(finding) for finding in told if finding in findings]] = -1
        table[at, [findings.index(finding) for finding in row.present]] = 1
        table[at, -1] = bool(row.present)
    return table


def train(rows: list[Row], table: NDArray[np.int8]) -> dict[str, NDArray[Any]]:
    """The arrays of an NgramModel."""
    found = [features(row.text) for row in rows]
    blocks = [_block([pair[kind] for pair in found]) for kind in (0, 1)]
    matrix = sparse.hstack(
        [_matrix([pair[kind] for pair in found], blocks[kind]) for kind in (0, 1)], format="csr"
    )
    weights = np.zeros((matrix.shape[1], table.shape[1]), dtype=np.float32)
    bias = np.zeros(table.shape[1], dtype=np.float32)
    for column in range(table.shape[1]):
        known = table[:, column] >= 0
        model = LogisticRegression(C=_STRENGTH, solver="liblinear", random_state=_SEED)
        model.fit(matrix[known], table[known, column])
        weights[:, column], bias[column] = model.coef_[0], model.intercept_[0]
    words = len(blocks[0].keys)
    return {
        "words_keys": blocks[0].keys,
        "words_idf": blocks[0].idf,
        "words_weights": weights[:words].astype(np.float16),
        "letters_keys": blocks[1].keys,
        "letters_idf": blocks[1].idf,
        "letters_weights": weights[words:].astype(np.float16),
        "bias": bias,
    }


def main() -> None:
    """Write the model beside the encoder, with the digest of what it was trained on."""
    settings = json.loads((WEIGHTS / SETTINGS_FILE).read_text(encoding="utf-8"))
    rows = messages()
    table = labels(rows, tuple(settings["findings"]), Reader.load(detector=False))
    np.savez_compressed(WEIGHTS / MODEL_FILE, **train(rows, table))
    settings["trained_on"] = digest()
    (WEIGHTS / SETTINGS_FILE).write_text(json.dumps(settings, indent=2) + "\n", encoding="utf-8")


def _block(found: list[Weights]) -> Block:
    counts = Counter(key for weights in found for key in weights)
    keys = sorted(key for key, count in counts.items() if count >= _MIN_MESSAGES)
    idf = [math.log((1 + len(found)) / (1 + counts[key])) + 1 for key in keys]
    return Block(np.array(keys, dtype=np.int64), np.array(idf, dtype=np.float32))


def _matrix(found: list[Weights], block: Block) -> sparse.csr_matrix:
    """One row a message, each of length 1."""
    rows = {int(key): at for at, key in enumerate(block.keys)}
    matrix = sparse.lil_matrix((len(found), len(rows)), dtype=np.float32)
    for at, weights in enumerate(found):
        known = {rows[key]: value * block.idf[rows[key]] for key, value in weights.items() if key in rows}
        length = math.sqrt(sum(value * value for value in known.values())) or 1.0
        matrix.rows[at] = sorted(known)
        matrix.data[at] = [known[key] / length for key in sorted(known)]
    return matrix.tocsr()


if __name__ == "__main__":
    main()
