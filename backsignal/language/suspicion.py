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
_WORD = re.compile(r"\S+")
# A text of more words than this is read in windows: one sign in a long story would drown in the whole.
_WHOLE_WORDS = 60
_WINDOW_WORDS = 40
# Around the signs of a text of so few words stands nothing that could change what they mean.
_PLAIN_WORDS = 15

Scores = NDArray[np.float32]
Span = tuple[int, int]


class Settings(NamedTuple):
    """How the two models are put together, chosen on messages that neither was trained on.

    `encoder_share` is the weight of the encoder against the n-grams, `finding_share` that of the single
    finding against an emergency at all. A finding is suspected from `threshold` on; once one is, others that
    come within `margin` of it are too, `most` in all. A finding that the text gives to another time or person
    must be likelier by `doubt`. Below `floor` the n-grams alone rule an emergency out, and at most `windows`
    windows of a long text are given to the encoder. Where the rules read a finding, an emergency below
    `unlikely` says that they misread it (where the n-grams alone reach `sure`, the encoder is not asked), and
    the finding from `likely` on that it is there now; where they read that it is denied, from `likely_denied`
    on. Where the n-grams alone are further from that than `lift`, the encoder is not asked either.
    """

    encoder_share: float
    finding_share: float
    threshold: float
    margin: float
    doubt: float
    most: int
    floor: float
    windows: int
    unlikely: float
    sure: float
    likely: float
    likely_denied: float
    lift: float


class Suspicion:
    """Both models and their settings; one instance serves all threads."""

    def __init__(
        self, findings: tuple[str, ...], ngrams: NgramModel, encoder: Encoder, settings: Settings
    ) -> None:
        self.findings = findings
        self.ngrams = ngrams
        self.encoder = encoder
        self.settings = settings

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

    def read(self, text: str) -> "Hints":
        """What it makes of a text."""
        return Hints(self, text)


class Hints:
    """What the detector makes of one text; the encoder reads no more of it than is asked about."""

    def __init__(self, detector: Suspicion, text: str) -> None:
        self._detector = detector
        self._settings = detector.settings
        self._windows = windows_of(text)
        self._plain = len(text.split()) <= _PLAIN_WORDS
        self._by_ngrams = [detector.ngrams.scores(window.text) for window in self._windows]
        # The most suspicious first: it is asked about anyway, and often tells enough.
        self._order = sorted(range(len(self._windows)), key=lambda at: -float(self._by_ngrams[at][-1]))
        self._by_both: dict[int, Scores] = {}

    def suspects(self, settled: Collection[str] = (), elsewhere: Collection[str] = ()) -> tuple[str, ...]:
        """Emergency findings that the text makes likely, likeliest first.

        `settled` are those that the rules read as there, denied or unsure: on them nothing is said. Where the
        rules read a finding but give it to another time or person (`elsewhere`), they may be mistaken.
        """
        scores = self._of_findings()
        if scores is None:
            return ()
        findings = self._detector.findings
        for index, finding in enumerate(findings):
            if finding in elsewhere:
                scores[index] -= self._settings.doubt
        order = [int(at) for at in np.argsort(-scores, kind="stable") if findings[at] not in settled]
        if not order or scores[order[0]] < self._settings.threshold:
            return ()
        near = [at for at in order if scores[at] >= scores[order[0]] - self._settings.margin]
        return tuple(findings[at] for at in near[: self._settings.most])

    def doubts(self, finding: str, start: int, end: int) -> bool:
        """Whether the text around a place (character offsets) makes any emergency unlikely."""
        around = self._around(finding, start, end)
        if any(self._by_ngrams[at][-1] >= self._settings.sure for at in around):
            return False
        return bool(around) and all(self._both(at)[-1] < self._settings.unlikely for at in around)

    def believes(self, finding: str, start: int, end: int, denied: bool = False) -> bool:
        """Whether the text around a place (character offsets) says that a finding is there, and now."""
        enough = self._settings.likely_denied if denied else self._settings.likely
        return any(
            self._score(self._by_ngrams[at], finding) >= enough - self._settings.lift
            and self._score(self._both(at), finding) >= enough
            for at in self._around(finding, start, end)
        )

    def _score(self, scores: Scores, finding: str) -> float:
        return float(scores[-1] + scores[self._detector.findings.index(finding)])

    def _of_findings(self) -> Scores | None:
        """One score a finding; None where the n-grams alone rule an emergency out."""
        likely = [
            at
            for at in self._order[: self._settings.windows]
            if self._by_ngrams[at][-1] >= self._settings.floor
        ]
        if not likely:
            return None
        share = self._settings.finding_share
        found = [both[-1] + share * both[:-1] for both in map(self._both, likely)]
        best: Scores = np.max(found, axis=0)
        return best

    def _around(self, finding: str, start: int, end: int) -> list[int]:
        """The windows that hold a place; none where nothing is known of the finding."""
        if finding not in self._detector.findings or self._plain:
            return []
        return [at for at in self._order if self._windows[at].start < end and start < self._windows[at].end]

    def _both(self, at: int) -> Scores:
        """The log odds of each finding in a window, and of any of them at the end."""
        if at not in self._by_both:
            share = self._settings.encoder_share
            by_encoder = self._detector.encoder.suspicion(self._windows[at].text)
            self._by_both[at] = share * by_encoder + (1 - share) * self._by_ngrams[at]
        return self._by_both[at]


class Window(NamedTuple):
    """A piece of a text: where it stands (character offsets), and its words."""

    start: int
    end: int
    text: str


def windows_of(text: str) -> list[Window]:
    """A short text whole; a long one in overlapping runs of sentences of about 40 words."""
    sentences = _parts(text)
    if sum(map(len, sentences)) <= _WHOLE_WORDS:
        return [Window(0, len(text), text)]
    windows: list[Window] = []
    current: list[list[Span]] = []
    for part in sentences:
        if current and sum(map(len, current)) + len(part) > _WINDOW_WORDS:
            windows.append(_joined(text, current))
            current = current[-1:] if len(current[-1]) + len(part) <= _WINDOW_WORDS else []
        current.append(part)
    return [*windows, _joined(text, current)]


def _parts(text: str) -> list[list[Span]]:
    """Sentences as words; one that never ends is cut."""
    ends = [*(found.start() for found in _SENTENCE_END.finditer(text)), len(text)]
    parts: list[list[Span]] = []
    start = 0
    for end in ends:
        words = [found.span() for found in _WORD.finditer(text, start, end)]
        parts.extend(words[at : at + _WINDOW_WORDS] for at in range(0, len(words), _WINDOW_WORDS))
        start = end
    return parts


def _joined(text: str, parts: list[list[Span]]) -> Window:
    words = [text[start:end] for part in parts for start, end in part]
    return Window(parts[0][0][0], parts[-1][-1][1], " ".join(words))
