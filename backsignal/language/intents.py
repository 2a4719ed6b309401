"""The model behind the intents: which of the conversation's intents a short message has."""

import io
import json
from collections.abc import Sequence
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from backsignal.language.encoder import Encoder
from backsignal.language.ngrams import NgramModel

_SEED = 7
_MOST_STEPS = 300


class IntentModel:
    """Linear scores of n-grams and of the sentence vector, turned into confidences.

    `encoder_share` is the length of the sentence vector, where the n-grams of words and of letters have
    length 1 each; `sharpness` makes the confidences bolder, so that they tell how often the model is right.
    """

    def __init__(
        self, names: Sequence[str], arrays: dict[str, NDArray[Any]], encoder_share: float, sharpness: float
    ) -> None:
        self._names = tuple(names)
        self._arrays = arrays
        self._ngrams = NgramModel(arrays)
        self._by_vector = np.asarray(arrays["vector_weights"], dtype=np.float32)
        self._encoder = Encoder.load()
        self._share = encoder_share
        self._sharpness = sharpness

    def write(self, file: BinaryIO) -> None:
        """For another process, which has an encoder of its own."""
        options = {"names": self._names, "encoder_share": self._share, "sharpness": self._sharpness}
        file.write(json.dumps(options).encode() + b"\n")
        np.savez(file, **self._arrays)

    @classmethod
    def read(cls, file: BinaryIO) -> "IntentModel":
        """What `write` wrote."""
        options = json.loads(file.readline())
        with np.load(io.BytesIO(file.read()), allow_pickle=False) as arrays:
            return cls(arrays=dict(arrays), **options)

    def ranking(self, text: str) -> list[tuple[str, float]]:
        """All intents with their confidences, likeliest first."""
        scores = self._ngrams.scores(text) + _unit(self._encoder.vector(text)) * self._share @ self._by_vector
        odds = np.exp(self._sharpness * (scores - scores.max()))
        shares = odds / odds.sum()
        return [(self._names[at], float(shares[at])) for at in np.argsort(-shares, kind="stable")]


def train(
    examples: Sequence[tuple[str, str]], strength: float, encoder_share: float
) -> tuple[tuple[str, ...], dict[str, NDArray[Any]]]:
    """Intents in order, and the arrays of an IntentModel. The same examples give the same model."""
    from scipy import sparse  # noqa: PLC0415 - training only
    from sklearn.svm import LinearSVC  # noqa: PLC0415

    from backsignal.language.ngram_training import arrays, count  # noqa: PLC0415

    encoder = Encoder.load()
    texts = [text for text, _ in examples]
    vectors = np.stack([_unit(vector) for vector in encoder.vectors(texts)]) * encoder_share
    blocks, ngrams = count(texts)
    matrix = sparse.hstack([ngrams, sparse.csr_matrix(vectors)], format="csr")
    model = LinearSVC(C=strength, class_weight="balanced", random_state=_SEED, max_iter=_MOST_STEPS)
    model.fit(matrix, [intent for _, intent in examples])
    weights = model.coef_.T.astype(np.float32)
    split = ngrams.shape[1]
    found = arrays(blocks, weights[:split], model.intercept_.astype(np.float32))
    return tuple(model.classes_), {**found, "vector_weights": weights[split:]}


def _unit(vector: NDArray[np.float32]) -> NDArray[np.float32]:
    length = np.linalg.norm(vector)
    unit: NDArray[np.float32] = vector / length if length else vector
    return unit
