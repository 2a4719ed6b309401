"""The server as its descriptions tell it: docs/openapi.yml and docs/assist-openapi.yml as one."""

import re
from typing import Any

import yaml

from tests.conftest import PROJECT

METHODS = ("get", "head", "post", "put", "patch", "delete")


def description() -> dict[str, Any]:
    """Both descriptions as one. A name of the one may not mean something else in the other."""
    whole, assist = (
        yaml.safe_load((PROJECT / "docs" / name).read_text("utf-8"))
        for name in ("openapi.yml", "assist-openapi.yml")
    )
    assert not whole["paths"].keys() & assist["paths"].keys()
    # What stands at the head of a description holds for each of its operations.
    for item in assist["paths"].values():
        for method in METHODS:
            if method in item:
                item[method].setdefault("security", assist["security"])
    whole["paths"].update(assist["paths"])
    for kind, parts in assist["components"].items():
        mine = whole["components"].setdefault(kind, {})
        assert not mine.keys() & parts.keys()
        mine.update(parts)
    return dict(whole)


def operations() -> set[tuple[str, str]]:
    """Each described method and path, the path's parameters as `*`; files of an enumeration one by one."""
    found = set()
    for path, item in description()["paths"].items():
        for method in METHODS:
            if method in item:
                found |= {(method, concrete) for concrete in _paths(path, item)}
    return found


def _paths(path: str, item: dict[str, Any]) -> list[str]:
    for parameter in item.get("parameters", []):
        names = parameter.get("schema", {}).get("enum", []) if parameter.get("in") == "path" else []
        if all("." in str(name) for name in names) and names:
            return [path.replace(f"{{{parameter['name']}}}", name) for name in names]
    return [re.sub(r"\{\w+\}", "*", path)]
