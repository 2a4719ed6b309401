"""A small sentence encoder: what a text is about, and what emergencies it hints at. It runs on one core.

Its lower half is that of the public encoder. From there it goes two ways: the public upper half ends in the
vector of a sentence, the upper half tuned on the messages in `training/` in the log odds of the emergency
findings (docs/suspicion.md). It takes at most MAX_PIECES word pieces; what is longer is cut off.
"""

from functools import lru_cache
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
from backsignal.language.public_encoder import LAYERS, Array, PublicEncoder
from backsignal.language.word_pieces import MAX_PIECES, Pieces

WEIGHTS = Path(__file__).parent / "weights"
GRAPH_FILE = "half_encoder.onnx"
TUNED_FILE = "tuned_half.npz"

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
        return _mean(self._upper(self._half_way(text)))

    def suspicion(self, text: str) -> Vector:
        """The log odds of each emergency finding, and of any of them at the end."""
        weights, bias = self._head
        return np.asarray(_mean(self._tuned(self._half_way(text))) @ weights + bias)

    def _half_way(self, text: str) -> Array:
        # Whoever asks what a message is about asks next what it hints at. Nobody's words are kept for that.
        last, this = self._last, hash(text)
        if last and last[0] == this:
            return last[1]
        pieces = self._pieces.pieces(text)
        found = self._lower(_normalized(self._words[pieces] + self._places[: len(pieces)], *self._norm)[None])
        self._last = (this, found)
        return found


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
        """From what comes in, [1, words, 384], to what goes out."""
        return np.asarray(self._session.run(None, {"in": words})[0])


def _mean(words: Array) -> Vector:
    return np.asarray(words[0].mean(axis=0))


def _normalized(words: Array, scale: Array, shift: Array) -> Array:
    centred = words - words.mean(axis=-1, keepdims=True)
    return np.asarray(centred / np.sqrt((centred**2).mean(axis=-1, keepdims=True) + 1e-12) * scale + shift)
