"""Reads content files (YAML) into checked models; an error names file, line and field."""

from collections.abc import Hashable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import yaml
from pydantic import BaseModel, Extra, ValidationError

if TYPE_CHECKING:
    from pydantic.error_wrappers import ErrorDict


class ContentError(Exception):
    """A content file is wrong; the message names file, line and field, and what to do."""


class ContentModel(BaseModel):
    """Base of all content: unknown fields are refused, so that a misspelt one is found at load."""

    class Config:
        """Pydantic settings."""

        extra = Extra.forbid
        allow_mutation = False


Model = TypeVar("Model", bound=BaseModel)


class _Loader(yaml.CSafeLoader):
    """YAML as PyYAML reads it, but a key written twice is an error and not a silent override."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        seen: set[str] = set()
        for key, _ in node.value:
            if key.value in seen:
                problem = f"'{key.value}' stands twice"
                raise yaml.constructor.ConstructorError(None, None, problem, key.start_mark)
            seen.add(key.value)
        return super().construct_mapping(node, deep)


def read_content(path: Path, model: type[Model]) -> Model:
    """Read one content file.

    Takes the path of a YAML file and the model of its whole document. Raises ContentError naming file,
    line and field if the file is missing, is no YAML or does not fit the model.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise ContentError(f"{path}: cannot be read: {error.strerror}") from error
    try:
        document = yaml.load(text, Loader=_Loader)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise ContentError(f"{path}:{line}: not valid YAML: {error.problem}") from error
    try:
        return model.parse_obj(document)
    except ValidationError as error:
        raise ContentError("\n".join(_located(path, text, item) for item in error.errors())) from error


def line_of(text: str, location: tuple[int | str, ...]) -> int:
    """Line (from 1) of the place in a YAML text that a path of keys and list positions names."""
    node: yaml.Node | None = yaml.compose(text, Loader=yaml.CSafeLoader)
    line = 1
    for step in location:
        child: yaml.Node | None = None
        if isinstance(node, yaml.MappingNode):
            for key, value in node.value:
                if key.value == str(step):
                    line, child = key.start_mark.line + 1, value
        elif isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
            child = node.value[step]
            line = child.start_mark.line + 1
        if child is None:
            break
        node = child
    return line


def _located(path: Path, text: str, error: "ErrorDict") -> str:
    location = tuple(step for step in error["loc"] if step != "__root__")
    field = ".".join(map(str, location)) or "the document"
    return f"{path}:{line_of(text, location)}: {field}: {error['msg']}"
