"""The weights of the sentence encoder: public ones, what the tuning added to them, and all of it in 8 bits.

The tuning was of low rank: to each weight matrix it added the product of a narrow matrix and a flat one
(Hu et al., LoRA, 2021). So a file of one megabyte turns the public layers into the tuned ones.
"""

import numpy as np

from backsignal.language.public_encoder import LAYERS, Array, PublicEncoder

# The lower half of the network serves both ends, the upper half stands there twice: public and tuned.
HALF = LAYERS // 2
# The parts of a layer, by their names in the public encoder.
DENSE = {
    "query": "attention.self.query",
    "key": "attention.self.key",
    "value": "attention.self.value",
    "mixed": "attention.output.dense",
    "inner": "intermediate.dense",
    "outer": "output.dense",
}
NORMS = {"norm1": "attention.output.LayerNorm", "norm2": "output.LayerNorm"}
# These take the same input, so they are one matrix at run time.
_ATTENTION = ("query", "key", "value")

# Weights and bias of a dense part, scale and shift of a normalization.
Pair = tuple[Array, Array]
Layer = dict[str, Pair]


def public_layer(public: PublicEncoder, layer: int) -> Layer:
    """A layer of the public encoder."""
    name = f"encoder.layer.{layer}"
    dense = {part: public.dense(f"{name}.{place}") for part, place in DENSE.items()}
    return {**dense, **{part: public.norm(f"{name}.{place}") for part, place in NORMS.items()}}


def place_vectors(public: PublicEncoder, most: int) -> Array:
    """What is added to a word for the place where it stands, for so many places."""
    kind = public.tensor("embeddings.token_type_embeddings.weight")[0]
    return np.asarray(public.tensor("embeddings.position_embeddings.weight")[:most] + kind)


def half_values(layers: list[Layer]) -> dict[str, Array]:
    """Every tensor that the graph of half the network asks for, by its name there."""
    values: dict[str, Array] = {}
    for number, layer in enumerate(layers):
        values.update(_layer_values(str(number), layer))
    return values


def tuned_layer(layer: Layer, tuned: dict[str, Array], number: int) -> Layer:
    """A public layer with what the tuning added to it."""
    found: Layer = {}
    for part, (first, _) in layer.items():
        name = f"{number}.{part}"
        weights = first + tuned[f"{name}.down"] @ tuned[f"{name}.up"] if part in DENSE else tuned[f"{name}.0"]
        found[part] = (weights, tuned[f"{name}.1"])
    return found


def _layer_values(name: str, layer: Layer) -> dict[str, Array]:
    together = tuple(np.concatenate([layer[part][end] for part in _ATTENTION], axis=-1) for end in (0, 1))
    values: dict[str, Array] = {}
    for part in NORMS:
        values[f"{name}.{part}.0"], values[f"{name}.{part}.1"] = layer[part]
    for part, (weights, bias) in {"attention": together, **layer}.items():
        if part in ("attention", "mixed", "inner", "outer"):
            scales = np.abs(weights).max(axis=0) / 127
            values[f"{name}.{part}.0"] = np.round(weights / scales).astype(np.int8)
            values[f"{name}.{part}.scales"] = scales.astype(np.float32)
            values[f"{name}.{part}.1"] = bias
    return values
