"""Small sentence encoders: what a text is about, as numbers. They run offline on one core.

`sentence` is the public all-MiniLM-L6-v2 (Apache-2.0); `suspicion` is the same, tuned further on the messages
in `training/`: its numbers are the log odds of the emergency findings. Both are stored with 8-bit weights
(docs/suspicion.md). They take at most MAX_PIECES word pieces; what is longer is cut off.
"""

import re
import unicodedata
from functools import lru_cache
from pathlib import Path
from typing import Literal, cast

import numpy as np
import onnxruntime
from numpy.typing import NDArray

WEIGHTS = Path(__file__).parent / "weights"
MAX_PIECES = 128

_WORD_OR_MARK = re.compile(r"\w+|[^\w\s]")
_LONGEST_WORD = 60
_START, _END, _UNKNOWN = "[CLS]", "[SEP]", "[UNK]"

Vector = NDArray[np.float32]


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
    """Word pieces and one network; an instance serves all threads."""

    def __init__(self, vocabulary: Path, network: Path) -> None:
        self._pieces = Pieces(vocabulary)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        self._session = onnxruntime.InferenceSession(
            str(network), options, providers=["CPUExecutionProvider"]
        )

    @staticmethod
    def load(name: Literal["sentence", "suspicion"], folder: Path = WEIGHTS) -> "Encoder":
        """One of the two that ship with the package; loaded once for the whole process."""
        return _shared(name, folder)

    def encode(self, text: str) -> Vector:
        """The network's numbers for a text."""
        pieces = np.array([self._pieces.pieces(text)], dtype=np.int64)
        return cast(Vector, self._session.run(None, {"ids": pieces})[0][0])


@lru_cache(maxsize=4)
def _shared(name: str, folder: Path) -> Encoder:
    return Encoder(folder / "vocabulary.txt", folder / f"{name}.onnx")


def _plain(text: str) -> str:
    letters = unicodedata.normalize("NFD", text.lower().replace("’", "'"))
    return "".join(letter for letter in letters if unicodedata.category(letter) != "Mn")
