"""A small sentence encoder: what a text is about, and what emergencies it hints at. It runs on one core.

Its lower half is that of the public encoder. From there it goes two ways: the public upper half ends in the
vector of a sentence, the upper half tuned on the messages in `training/` in the log odds of the emergency
findings (docs/suspicion.md). It takes at most MAX_PIECES word pieces; what is longer is cut off.
"""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from itertools import groupby
from os import cpu_count
from pathlib import Path

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from backsignal.language.encoder_weights import (
    HALF,
    Layer,
    half_values,
    place_vectors,
    public_layer,
    tuned_layer,
)
from backsignal.language.public_encoder import LAYERS, WIDTH, Array, PublicEncoder
from backsignal.language.word_pieces import MAX_PIECES, Pieces

WEIGHTS = Path(__file__).parent / "weights"
GRAPH_FILE = "half_encoder.onnx"
TUNED_FILE = "tuned_half.npz"
# So many texts at once: fewer leave the weights to be read too often, more do not fit beside them.
_TOGETHER = 8

Vector = NDArray[np.float32]


class Encoder:
    """Word pieces and a network with two ends; an instance serves all threads."""

    def __init__(self, folder: Path = WEIGHTS) -> None:
        public = PublicEncoder()
        layers = [public_layer(public, number) for number in range(LAYERS)]
        with np.load(folder / TUNED_FILE, allow_pickle=False) as stored:
            tuned = {name: array.astype(np.float32) for name, array in stored.items()}
        upper = range(HALF, LAYERS)
        self._pieces = Pieces(public.vocabulary)
        self._words = public.tensor("embeddings.word_embeddings.weight")
        self._places = place_vectors(public, MAX_PIECES)
        self._norm = public.norm("embeddings.LayerNorm")
        self._lower = _Half(folder, layers[:HALF])
        self._upper = _Half(folder, layers[HALF:])
        self._tuned = _Half(folder, [tuned_layer(layers[number], tuned, number) for number in upper])
        self._head = (tuned["head.0"], tuned["head.1"])
        self._last: tuple[int, Array] | None = None

    @staticmethod
    @lru_cache(maxsize=1)
    def load() -> "Encoder":
        """The one that ships with the package; loaded once for the whole process."""
        return Encoder()

    def vector(self, text: str) -> Vector:
        """What a text is about, as 384 numbers."""
        return np.asarray(_means(self._upper(self._half_way(text)))[0])

    def vectors(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """What each of many texts is about, a row each: on all cores, texts of one length together."""
        pieces = [self._pieces.pieces(text) for text in texts]
        order = sorted(range(len(texts)), key=lambda at: len(pieces[at]))
        together = [
            alike[start : start + _TOGETHER]
            for alike in (list(group) for _, group in groupby(order, key=lambda at: len(pieces[at])))
            for start in range(0, len(alike), _TOGETHER)
        ]

        def of_some(some: list[int]) -> NDArray[np.float32]:
            return _means(self._upper(self._lower(self._embedded([pieces[at] for at in some]))))

        found = np.empty((len(texts), WIDTH), dtype=np.float32)
        with ThreadPoolExecutor(cpu_count()) as threads:
            for some, vectors in zip(together, threads.map(of_some, together), strict=True):
                found[some] = vectors
        return found

    def suspicion(self, text: str) -> Vector:
        """The log odds of each emergency finding, and of any of them at the end."""
        weights, bias = self._head
        return np.asarray(_means(self._tuned(self._half_way(text)))[0] @ weights + bias)

    def _half_way(self, text: str) -> Array:
        # Whoever asks what a message is about asks next what it hints at. Nobody's words are kept for that.
        last, this = self._last, hash(text)
        if last and last[0] == this:
            return last[1]
        found = self._lower(self._embedded([self._pieces.pieces(text)]))
        self._last = (this, found)
        return found

    def _embedded(self, pieces: list[list[int]]) -> Array:
        """What goes into the network, [texts, words, 384], for texts of as many pieces each."""
        return _normalized(self._words[pieces] + self._places[: len(pieces[0])], *self._norm)


class _Half:
    """Half of the layers: the graph, which comes without numbers, with its numbers."""

    def __init__(self, folder: Path, layers: list[Layer]) -> None:
        values = half_values(layers)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        tensors = [onnxruntime.OrtValue.ortvalue_from_numpy(np.ascontiguousarray(v)) for v in values.values()]
        options.add_external_initializers(list(values), tensors)
        self._session = onnxruntime.InferenceSession(
            str(folder / GRAPH_FILE), options, providers=["CPUExecutionProvider"]
        )

    def __call__(self, words: Array) -> Array:
        """From what comes in, [texts, words, 384], to what goes out."""
        return np.asarray(self._session.run(None, {"in": words})[0])


def _means(words: Array) -> Array:
    return np.asarray(words.mean(axis=1))


def _normalized(words: Array, scale: Array, shift: Array) -> Array:
    centred = words - words.mean(axis=-1, keepdims=True)
    return np.asarray(centred / np.sqrt((centred**2).mean(axis=-1, keepdims=True) + 1e-12) * scale + shift)
