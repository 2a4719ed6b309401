"""Tunes the sentence encoder on our own messages and writes what the tuning added.

    uv pip install --no-deps -r requirements/training.lock
    python -m training.encoder

A quarter of an hour on one idle core. Two tasks at once: the emergency findings of `training/suspicion` and
the intents of `data/nlu`. Only the upper layers are tuned, and by matrices of low rank (LoRA), so that words
which our messages lack keep their meaning. docs/suspicion.md tells why and with what result.
"""

import json
import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np
import tensorflow as tf
from onnx import TensorProto, helper
from ruamel.yaml import YAML

from backsignal.language.encoder import GRAPH_FILE, TUNED_FILE, WEIGHTS
from backsignal.language.encoder_weights import (
    DENSE,
    HALF,
    NORMS,
    Layer,
    half_values,
    place_vectors,
    public_layer,
)
from backsignal.language.public_encoder import HEADS, LAYERS, WIDTH, Array, PublicEncoder
from backsignal.language.suspicion_training import Row, messages
from backsignal.language.word_pieces import MAX_PIECES, Pieces

ROOT = Path(__file__).resolve().parents[1]
RANK = 32
EPOCHS, BATCH, RATE, WARM_UP = 4, 32, 1e-3, 0.1
DROPOUT, DECAY, SMOOTHING, CLIP = 0.1, 0.01, 0.1, 1.0
SEED = 7
# Log odds to begin with: most findings are absent from most messages.
RARE = -3.0
# A finding that nobody labelled in a message with another one may still be there.
UNLABELLED_WEIGHT = 0.5
# Every so many messages about symptoms also teach the intent to tell.
TELLING_EVERY = 12

Example = tuple[list[int], Array, Array, int, float]
BF16 = tf.bfloat16


class Dense:
    """Weights and bias; tuned ones have a narrow and a flat matrix beside the weights that stay."""

    def __init__(self, weights: Array, bias: Array, tuned: bool) -> None:
        self._weights = tf.constant(np.ascontiguousarray(weights), dtype=BF16)
        self.bias = tf.Variable(bias) if tuned else tf.constant(np.asarray(bias))
        self.tuned: list[tf.Variable] = []
        if tuned:
            inputs, outputs = weights.shape
            self.down = tf.Variable(tf.random.normal([inputs, RANK], stddev=inputs**-0.5))
            self.up = tf.Variable(tf.zeros([RANK, outputs]))
            self.tuned = [self.down, self.up, self.bias]

    def __call__(self, x: tf.Tensor) -> tf.Tensor:
        """The outputs for a batch of sequences."""
        shape = tf.shape(x)
        flat = tf.cast(tf.reshape(x, [-1, self._weights.shape[0]]), BF16)
        found = tf.matmul(flat, self._weights)
        if self.tuned:
            found += tf.matmul(tf.matmul(flat, tf.cast(self.down, BF16)), tf.cast(self.up, BF16))
        return tf.reshape(tf.cast(found, tf.float32), [shape[0], shape[1], found.shape[1]]) + self.bias


class Network:
    """The encoder with a head for the findings and one for the intents."""

    def __init__(self, public: PublicEncoder, findings: int, intents: int) -> None:
        self._words = tf.constant(public.tensor("embeddings.word_embeddings.weight"))
        self._places = tf.constant(place_vectors(public, MAX_PIECES))
        self._norm = [tf.constant(np.asarray(part)) for part in public.norm("embeddings.LayerNorm")]
        self._layers = [_layer(public_layer(public, at), at >= HALF) for at in range(LAYERS)]
        self.finding_head = _head(findings, RARE)
        self.intent_head = _head(intents, 0.0)

    def tuned(self) -> dict[str, tf.Variable]:
        """What the tuning changes and the run time needs, by its name in the file."""
        found = {f"head.{end}": part for end, part in enumerate(self.finding_head)}
        for at in range(HALF, LAYERS):
            for part in DENSE:
                dense = self._layers[at][part]
                found.update({f"{at}.{part}.down": dense.down, f"{at}.{part}.up": dense.up})
                found[f"{at}.{part}.1"] = dense.bias
            for part in NORMS:
                found.update({f"{at}.{part}.{end}": each for end, each in enumerate(self._layers[at][part])})
        return found

    def __call__(self, pieces: tf.Tensor, training: bool) -> tuple[tf.Tensor, tf.Tensor]:
        """Log odds of the findings and of the intents."""

        def drop(x: tf.Tensor) -> tf.Tensor:
            return tf.nn.dropout(x, DROPOUT) if training else x

        mask = tf.cast(pieces > 0, tf.float32)
        x = _normalize(tf.gather(self._words, pieces) + self._places[: tf.shape(pieces)[1]], self._norm)
        ignore = ((1 - mask) * -1e9)[:, None, None, :]
        for at, layer in enumerate(self._layers):
            drop_here = drop if at >= HALF else (lambda unchanged: unchanged)
            x = _normalize(x + drop_here(_attention(x, ignore, layer, drop_here)), layer["norm1"])
            x = _normalize(x + drop_here(layer["outer"](tf.nn.gelu(layer["inner"](x)))), layer["norm2"])
        vector = tf.reduce_sum(x * mask[:, :, None], 1) / tf.reduce_sum(mask, 1, keepdims=True)
        return (
            tf.matmul(drop(vector), self.finding_head[0]) + self.finding_head[1],
            tf.matmul(drop(vector), self.intent_head[0]) + self.intent_head[1],
        )


def _layer(parts: Layer, tuned: bool) -> dict[str, Any]:
    kind = tf.Variable if tuned else tf.constant
    return {
        **{part: Dense(*parts[part], tuned) for part in DENSE},
        **{part: [kind(np.asarray(each)) for each in parts[part]] for part in NORMS},
    }


def _head(size: int, start: float) -> list[tf.Variable]:
    return [tf.Variable(tf.random.normal([WIDTH, size], stddev=0.02)), tf.Variable(tf.fill([size], start))]


def _normalize(x: tf.Tensor, pair: list[Any]) -> tf.Tensor:
    mean, variance = tf.nn.moments(x, [-1], keepdims=True)
    return (x - mean) * tf.math.rsqrt(variance + 1e-12) * pair[0] + pair[1]


def _attention(x: tf.Tensor, ignore: tf.Tensor, layer: dict[str, Any], drop: Any) -> tf.Tensor:
    shape = tf.shape(x)

    def heads(name: str) -> tf.Tensor:
        split = tf.reshape(layer[name](x), [shape[0], shape[1], HEADS, WIDTH // HEADS])
        return tf.cast(tf.transpose(split, [0, 2, 1, 3]), BF16)

    alike = tf.cast(tf.matmul(heads("query"), heads("key"), transpose_b=True), tf.float32)
    share = drop(tf.nn.softmax(alike / np.sqrt(WIDTH / HEADS).astype(np.float32) + ignore))
    mixed = tf.transpose(tf.matmul(tf.cast(share, BF16), heads("value")), [0, 2, 1, 3])
    return layer["mixed"](tf.reshape(tf.cast(mixed, tf.float32), [shape[0], shape[1], WIDTH]))


def finding_examples(rows: list[Row], findings: list[str], splitter: Pieces) -> list[Example]:
    """Messages with a column a finding and one for any; the intent counts nothing."""
    examples = []
    for row in rows:
        target = np.zeros(len(findings) + 1, np.float32)
        weight = np.ones(len(findings) + 1, np.float32)
        for column, finding in enumerate(findings):
            target[column] = finding in row.present
            if row.present and finding not in row.present and finding not in row.near:
                weight[column] = UNLABELLED_WEIGHT
        target[-1] = bool(row.present)
        examples.append((splitter.pieces(row.text), target, weight, 0, 0.0))
    return examples


def intent_messages(rows: list[Row]) -> list[tuple[str, str]]:
    """The training messages of the intents, and some about symptoms, which tell."""
    found: list[tuple[str, str]] = []
    for file in sorted((ROOT / "data" / "nlu").glob("*.yml")):
        for block in YAML(typ="safe").load(file)["nlu"]:
            found.extend((line[2:], block["intent"]) for line in block["examples"].splitlines())
    return found + [(row.text, "inform") for row in rows[::TELLING_EVERY] if "?" not in row.text]


def intent_examples(
    found: list[tuple[str, str]], intents: list[str], findings: int, splitter: Pieces
) -> list[Example]:
    """Messages with an intent; rarer intents count a little more."""
    counts = Counter(intent for _, intent in found)
    median = float(np.median(list(counts.values())))
    nothing = np.zeros(findings + 1, np.float32)
    return [
        (
            splitter.pieces(text),
            nothing,
            nothing,
            intents.index(intent),
            float(np.sqrt(median / counts[intent])),
        )
        for text, intent in found
    ]


def batches(tasks: list[list[Example]], chance: np.random.RandomState) -> Iterator[tuple[Any, ...]]:
    """One epoch: examples of one task and of like length go together, in random order."""
    groups: list[list[Example]] = []
    for task in tasks:
        order = [task[index] for index in chance.permutation(len(task))]
        for at in range(0, len(order), BATCH * 16):
            alike = sorted(order[at : at + BATCH * 16], key=lambda example: len(example[0]))
            groups.extend(alike[start : start + BATCH] for start in range(0, len(alike), BATCH))
    for index in chance.permutation(len(groups)):
        group = groups[index]
        length = -(-max(len(example[0]) for example in group) // 8) * 8
        pieces = np.zeros((len(group), length), np.int32)
        for at, example in enumerate(group):
            pieces[at, : len(example[0])] = example[0]
        columns = list(zip(*group, strict=True))
        yield (
            pieces,
            np.stack(columns[1]),
            np.stack(columns[2]),
            np.array(columns[3], np.int32),
            np.array(columns[4], np.float32),
        )


def tune(network: Network, tasks: list[list[Example]], intents: int) -> None:
    """AdamW with warm-up and linear decay."""
    variables = [*network.tuned().values(), *network.intent_head]
    steps = EPOCHS * sum(len(task) // BATCH + 1 for task in tasks)
    step = tf.Variable(0, dtype=tf.int64)
    first = [tf.Variable(tf.zeros_like(variable)) for variable in variables]
    second = [tf.Variable(tf.zeros_like(variable)) for variable in variables]

    @tf.function(reduce_retracing=True, autograph=False)  # type: ignore[misc] # TensorFlow has no types
    def train(pieces: Any, target: Any, weight: Any, intent: Any, intent_weight: Any) -> Any:
        with tf.GradientTape() as tape:
            by_finding, by_intent = network(pieces, True)
            loss = tf.reduce_sum(tf.nn.sigmoid_cross_entropy_with_logits(target, by_finding) * weight, 1)
            wanted = tf.one_hot(intent, intents) * (1 - SMOOTHING) + SMOOTHING / intents
            loss += intent_weight * tf.nn.softmax_cross_entropy_with_logits(wanted, by_intent)
            loss = tf.reduce_mean(loss)
        gradients = [
            tf.zeros_like(v) if g is None else tf.convert_to_tensor(g)
            for v, g in zip(variables, tape.gradient(loss, variables), strict=True)
        ]
        gradients, _ = tf.clip_by_global_norm(gradients, CLIP)
        step.assign_add(1)
        now = tf.cast(step, tf.float32)
        rate = RATE * tf.minimum(
            now / (WARM_UP * steps), tf.maximum(0.0, (steps - now) / ((1 - WARM_UP) * steps))
        )
        correction = tf.sqrt(1 - 0.999**now) / (1 - 0.9**now)
        for v, g, m, s in zip(variables, gradients, first, second, strict=True):
            m.assign(0.9 * m + 0.1 * g)
            s.assign(0.999 * s + 0.001 * g * g)
            decay = rate * DECAY * v if len(v.shape) > 1 else 0.0
            v.assign_sub(rate * correction * m / (tf.sqrt(s) + 1e-6) + decay)
        return loss

    chance = np.random.RandomState(SEED)
    for epoch in range(EPOCHS):
        losses = [float(train(*batch)) for batch in batches(tasks, chance)]
        print(f"epoch {epoch + 1} of {EPOCHS}: loss {np.mean(losses):.3f}", flush=True)  # noqa: T201


class Graph:
    """Puts the ONNX graph together, a node a line; its numbers are put in when it is loaded."""

    def __init__(self, values: dict[str, Array]) -> None:
        self._values = values
        self.nodes: list[Any] = []
        self.numbers: list[Any] = []

    def value(self, name: str) -> str:
        """A tensor that the run time puts in."""
        tensor = TensorProto(name=name, dims=self._values[name].shape)
        tensor.data_type = helper.np_dtype_to_tensor_dtype(self._values[name].dtype)
        tensor.data_location = TensorProto.EXTERNAL
        tensor.external_data.add(key="location", value="given")
        self.numbers.append(tensor)
        return name

    def add(self, kind: str, *inputs: str, domain: str = "", name: str = "", **options: Any) -> str:
        """A node; the name of its output."""
        name = name or f"{kind}.{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, list(inputs), [name], domain=domain, **options))
        return name

    def split(self, x: str) -> list[str]:
        """Query, key and value."""
        names = [f"Split.{len(self.nodes)}.{at}" for at in range(3)]
        self.nodes.append(helper.make_node("Split", [x], names, axis=-1))
        return names

    def dense(self, x: str, name: str) -> str:
        """8-bit weights and a bias."""
        weights, scales, bias = (self.value(f"{name}.{end}") for end in ("0", "scales", "1"))
        return self.add("DynamicQuantizeMatMul", x, weights, scales, "", bias, domain="com.microsoft")

    def norm(self, x: str, name: str, end: str = "") -> str:
        """A layer normalization."""
        scale, shift = (self.value(f"{name}.{number}") for number in (0, 1))
        return self.add("LayerNormalization", x, scale, shift, name=end, axis=-1, epsilon=1e-12)

    def layer(self, x: str, name: str, end: str) -> str:
        """One layer of the encoder; `end` names its output where that matters."""
        three = self.split(self.dense(x, f"{name}.attention"))
        mixed = self.add("MultiHeadAttention", *three, domain="com.microsoft", num_heads=HEADS)
        x = self.norm(self.add("Add", x, self.dense(mixed, f"{name}.mixed")), f"{name}.norm1")
        inner = self.add("Gelu", self.dense(x, f"{name}.inner"), domain="com.microsoft")
        return self.norm(self.add("Add", x, self.dense(inner, f"{name}.outer")), f"{name}.norm2", end)


def write_graph(values: dict[str, Array], path: Path) -> None:
    """Half of the layers, for one text at a time."""
    graph = Graph(values)
    x = "in"
    for at in range(HALF):
        x = graph.layer(x, str(at), end="out" if at == HALF - 1 else "")
    words = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, ["texts", "words", WIDTH])
        for name in ("in", "out")
    ]
    made = helper.make_graph(graph.nodes, "half_encoder", words[:1], words[1:], graph.numbers)
    sets = [helper.make_opsetid("", 17), helper.make_opsetid("com.microsoft", 1)]
    path.write_bytes(helper.make_model(made, opset_imports=sets, ir_version=8).SerializeToString())


def main() -> None:
    """Tune the upper layers and write what that added, and the graph that it belongs to."""
    tf.keras.utils.set_random_seed(SEED)
    settings = json.loads((WEIGHTS / "suspicion.json").read_text(encoding="utf-8"))
    findings: list[str] = settings["findings"]
    public = PublicEncoder()
    splitter = Pieces(public.vocabulary)
    rows = messages()
    told = intent_messages(rows)
    intents = sorted({intent for _, intent in told})
    tasks = [
        finding_examples(rows, findings, splitter),
        intent_examples(told, intents, len(findings), splitter),
    ]
    network = Network(public, len(findings) + 1, len(intents))
    tune(network, tasks, len(intents))
    tuned = {name: part.numpy().astype(np.float16) for name, part in network.tuned().items()}
    np.savez_compressed(WEIGHTS / TUNED_FILE, **tuned)
    write_graph(half_values([public_layer(public, at) for at in range(HALF)]), WEIGHTS / GRAPH_FILE)


if __name__ == "__main__":
    main()
