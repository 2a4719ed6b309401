"""A small sentence encoder: what a text is about, as numbers. It runs offline on one core.

The weights are all-MiniLM-L6-v2 (Apache-2.0), tuned further on the messages in `training/` and stored with
8-bit numbers; see docs/suspicion.md. It takes at most MAX_PIECES word pieces; what is longer is cut off.
"""

import re
import unicodedata
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple, cast

import numpy as np
import onnxruntime
from numpy.typing import NDArray

WEIGHTS = Path(__file__).parent / "weights"
MAX_PIECES = 128

_WORD_OR_MARK = re.compile(r"\w+|[^\w\s]")
_LONGEST_WORD = 60
_START, _END, _UNKNOWN = "[CLS]", "[SEP]", "[UNK]"

Vector = NDArray[np.float32]


class Encoded(NamedTuple):
    """A text's vector, and how strongly it suggests each emergency finding and an emergency at all."""

    vector: Vector
    suspicion: Vector


class Pieces:
    """Cuts words into the pieces that the network knows."""

    def __init__(self, vocabulary: Path) -> None:
        pieces = vocabulary.read_text(encoding="utf-8").splitlines()
        self._pieces = {piece: index for index, piece in enumerate(pieces)}
        self._of_word = lru_cache(maxsize=20_000)(self._split)

    def pieces(self, text: str) -> list[int]:
        """The word pieces of a text, with the marks that begin and end it."""
        found: list[int] = []
        for word in _WORD_OR_MARK.findall(_plain(text)):
            found.extend(self._of_word(word))
            if len(found) >= MAX_PIECES - 2:
                break
        return [self._pieces[_START], *found[: MAX_PIECES - 2], self._pieces[_END]]

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


class Encoder:
    """Word pieces and the network; one instance serves all threads."""

    def __init__(self, vocabulary: Path, network: Path) -> None:
        self._pieces = Pieces(vocabulary)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        self._session = onnxruntime.InferenceSession(
            str(network), options, providers=["CPUExecutionProvider"]
        )
        # One message is asked for twice: for its intent and for what it may hide.
        self.encode = lru_cache(maxsize=64)(self._encode)

    @staticmethod
    def load(folder: Path = WEIGHTS) -> "Encoder":
        """The encoder that ships with the package; loaded once for the whole process."""
        return _shared(folder)

    def _encode(self, text: str) -> Encoded:
        pieces = np.array([self._pieces.pieces(text)], dtype=np.int64)
        vector, suspicion = self._session.run(["vector", "suspicion"], {"ids": pieces})
        return Encoded(cast(Vector, vector[0]), cast(Vector, suspicion[0]))


@lru_cache(maxsize=2)
def _shared(folder: Path) -> Encoder:
    return Encoder(folder / "vocabulary.txt", folder / "encoder.onnx")


def _plain(text: str) -> str:
    letters = unicodedata.normalize("NFD", text.lower().replace("’", "'"))
    return "".join(letter for letter in letters if unicodedata.category(letter) != "Mn")
