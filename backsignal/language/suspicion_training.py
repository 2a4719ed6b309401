"""Trains the n-gram half of the detector from `training/suspicion`, in about a minute:

    python -m backsignal.language.suspicion_training

The encoder half takes longer and other tools: see `training/encoder.py` and docs/suspicion.md. The same
messages and rules give the same file, byte for byte.
"""

import json
from datetime import date
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from backsignal.clinical.findings import Status
from backsignal.language.encoder import WEIGHTS
from backsignal.language.ngram_training import arrays, count
from backsignal.language.reader import Reader
from backsignal.language.suspicion import MODEL_FILE, SETTINGS_FILE

MESSAGES = Path(__file__).resolve().parents[2] / "training" / "suspicion"

_STRENGTH = 10.0
_SEED = 7
_ANY_DAY = date(2026, 1, 5)


class Row(NamedTuple):
    """A message, the emergency findings in it, and those that it only seems to have."""

    text: str
    present: tuple[str, ...]
    near: tuple[str, ...]


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
    blocks, matrix = count([row.text for row in rows])
    weights = np.zeros((matrix.shape[1], table.shape[1]), dtype=np.float32)
    bias = np.zeros(table.shape[1], dtype=np.float32)
    for column in range(table.shape[1]):
        known = table[:, column] >= 0
        model = LogisticRegression(C=_STRENGTH, solver="liblinear", random_state=_SEED)
        model.fit(matrix[known], table[known, column])
        weights[:, column], bias[column] = model.coef_[0], model.intercept_[0]
    return arrays(blocks, weights, bias)


def main() -> None:
    """Write the model beside the encoder, with the digest of what it was trained on."""
    settings = json.loads((WEIGHTS / SETTINGS_FILE).read_text(encoding="utf-8"))
    rows = messages()
    table = labels(rows, tuple(settings["findings"]), Reader.load(detector=False))
    np.savez_compressed(WEIGHTS / MODEL_FILE, **train(rows, table))
    settings["trained_on"] = digest()
    (WEIGHTS / SETTINGS_FILE).write_text(json.dumps(settings, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
