"""The learned detector: which emergency findings a text makes likely without saying so in known words.

It never sets a finding or a level. What it suspects is asked at once. Two models of very different kinds are
added up: n-grams, which know what was written before, and a sentence encoder, which knows what words mean.
Both were trained on the messages in `training/suspicion`; docs/suspicion.md tells how, and how well they do.
"""

import json
import re
from collections.abc import Collection
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from backsignal.language.encoder import WEIGHTS, Encoder
from backsignal.language.ngrams import NgramModel

MODEL_FILE = "suspicion.npz"
SETTINGS_FILE = "suspicion.json"

_SENTENCE_END = re.compile(r"(?<=[.!?…])\s+|\n+")
# A text of more words than this is read in windows: one sign in a long story would drown in the whole.
_WHOLE_WORDS = 60
_WINDOW_WORDS = 40

Scores = NDArray[np.float32]


class Settings(NamedTuple):
    """How the two models are put together, chosen on messages that neither was trained on.

    `encoder_share` is the weight of the encoder against the n-grams, `finding_share` that of the single
    finding against an emergency at all. A finding is suspected from `threshold` on; once one is, others that
    come within `margin` of it are too, `most` in all. A finding that the text gives to another time or person
    must be likelier by `doubt`. Below `floor` the n-grams alone rule an emergency out, and at most `windows`
    windows of a long text are given to the encoder.
    """

    encoder_share: float
    finding_share: float
    threshold: float
    margin: float
    doubt: float
    most: int
    floor: float
    windows: int


class Suspicion:
    """Both models and their settings; one instance serves all threads."""

    def __init__(
        self, findings: tuple[str, ...], ngrams: NgramModel, encoder: Encoder, settings: Settings
    ) -> None:
        self.findings = findings
        self._ngrams = ngrams
        self._encoder = encoder
        self._settings = settings

    @classmethod
    def load(cls, folder: Path = WEIGHTS) -> "Suspicion":
        """The detector that ships with the package."""
        stored = json.loads((folder / SETTINGS_FILE).read_text(encoding="utf-8"))
        with np.load(folder / MODEL_FILE, allow_pickle=False) as arrays:
            ngrams = NgramModel(dict(arrays))
        return cls(
            tuple(stored["findings"]),
            ngrams,
            Encoder.load(),
            Settings(**stored["settings"]),
        )

    def suspects(
        self, text: str, settled: Collection[str] = (), elsewhere: Collection[str] = ()
    ) -> tuple[str, ...]:
        """Emergency findings that a text makes likely, likeliest first.

        `settled` are those that the rules read as there, denied or unsure: on them nothing is said. Where the
        rules read a finding but give it to another time or person (`elsewhere`), they may be mistaken.
        """
        scores = self.scores(text)
        if scores is None:
            return ()
        for index, finding in enumerate(self.findings):
            if finding in elsewhere:
                scores[index] -= self._settings.doubt
        order = [int(at) for at in np.argsort(-scores, kind="stable") if self.findings[at] not in settled]
        if not order or scores[order[0]] < self._settings.threshold:
            return ()
        near = [at for at in order if scores[at] >= scores[order[0]] - self._settings.margin]
        return tuple(self.findings[at] for at in near[: self._settings.most])

    def scores(self, text: str) -> Scores | None:
        """One score a finding; None where the n-grams alone rule an emergency out."""
        windows = windows_of(text)
        by_ngrams = [self._ngrams.scores(window) for window in windows]
        likely = sorted(range(len(windows)), key=lambda at: -float(by_ngrams[at][-1]))[
            : self._settings.windows
        ]
        likely = [at for at in likely if by_ngrams[at][-1] >= self._settings.floor]
        if not likely:
            return None
        found = [self._combined(by_ngrams[at], self._encoder.suspicion(windows[at])) for at in likely]
        best: Scores = np.max(found, axis=0)
        return best

    def _combined(self, by_ngrams: Scores, by_encoder: Scores) -> Scores:
        share = self._settings.encoder_share
        both = share * by_encoder + (1 - share) * by_ngrams
        findings: Scores = both[-1] + self._settings.finding_share * both[:-1]
        return findings


def windows_of(text: str) -> list[str]:
    """A short text whole; a long one in overlapping runs of sentences of about 40 words."""
    if len(text.split()) <= _WHOLE_WORDS:
        return [text]
    windows: list[str] = []
    current: list[list[str]] = []
    for part in _parts(text):
        if current and sum(map(len, current)) + len(part) > _WINDOW_WORDS:
            windows.append(_joined(current))
            current = current[-1:] if len(current[-1]) + len(part) <= _WINDOW_WORDS else []
        current.append(part)
    return [*windows, _joined(current)] if current else windows


def _parts(text: str) -> list[list[str]]:
    """Sentences as words; one that never ends is cut."""
    parts: list[list[str]] = []
    for sentence in _SENTENCE_END.split(text):
        words = sentence.split()
        parts.extend(words[at : at + _WINDOW_WORDS] for at in range(0, len(words), _WINDOW_WORDS))
    return parts


def _joined(parts: list[list[str]]) -> str:
    return " ".join(word for part in parts for word in part)
