"""The layers: who may import whom, and no clinical word outside the content."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from backsignal.clinical.content import Content

PROJECT = Path(__file__).resolve().parents[1]
RASA = ("rasa", "rasa_sdk", "sanic")
# Each layer with what it may not import.
FORBIDDEN = {
    "backsignal/clinical": (
        *RASA,
        "spacy",
        "medspacy",
        "actions",
        "backsignal.language",
        "backsignal.components",
        "backsignal.channels",
        "backsignal.assist",
    ),
    "backsignal/language": (
        *RASA,
        "actions",
        "backsignal.components",
        "backsignal.channels",
        "backsignal.assist",
    ),
    "backsignal/assist": (
        *RASA,
        "spacy",
        "medspacy",
        "actions",
        "backsignal.components",
        "backsignal.channels",
    ),
    "backsignal/stores": (
        *RASA,
        "spacy",
        "medspacy",
        "actions",
        "backsignal.clinical",
        "backsignal.language",
        "backsignal.components",
        "backsignal.channels",
        "backsignal.assist",
    ),
    "backsignal/components": ("backsignal.channels", "backsignal.assist"),
    "actions": ("backsignal.channels", "backsignal.language", "sanic", "spacy", "medspacy"),
}

# Words of finding ids that say nothing clinical by themselves.
_PLAIN = {
    "back", "both", "broken", "care", "condition", "danger", "disease", "episode", "failed", "first", "fresh",
    "harm", "history", "legs", "loss", "lump", "major", "medicine", "minor", "night", "over", "pain", "patch",
    "poor", "recent", "self", "severe", "sign", "skin", "spinal", "under", "uncontrolled", "weight",
}  # fmt: skip
# Clinical words that a program has to hold: (source, word), each with the reason.
_ALLOWED: dict[tuple[str, str], str] = {}


def sources(folder: str) -> list[Path]:
    return sorted((PROJECT / folder).rglob("*.py"))


def imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


@pytest.mark.parametrize("folder", FORBIDDEN)
def test_a_layer_imports_only_those_below_it(folder: str) -> None:
    found = sources(folder)
    assert found
    wrong = [
        f"{path.relative_to(PROJECT)} imports {name}"
        for path in found
        for name in imports(path)
        if any(name == banned or name.startswith(f"{banned}.") for banned in FORBIDDEN[folder])
    ]
    assert not wrong


def clinical_words() -> set[str]:
    """Words of the finding ids that name something clinical."""
    words = {word for finding in Content.load().findings for word in finding.split("_")}
    return {word for word in words if len(word) > 3 and word not in _PLAIN and not word.isdigit()}


def clinical_ids() -> set[str]:
    """Ids of findings, rules and advice topics, none of which the code may name."""
    content = Content.load()
    return {*content.findings, *content.topics, *(rule.id for rule in content.rules)}


def literals(path: Path) -> Iterator[tuple[int, str]]:
    """The string literals of a source but its docstrings, each with its line."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    docs = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docs:
            yield node.lineno, node.value


def test_no_clinical_word_stands_in_the_code() -> None:
    words, ids, used = clinical_words(), clinical_ids(), set()
    assert {"numbness", "bladder", "trauma", "fever", "cancer"} <= words
    wrong = []
    for path in [*sources("backsignal"), *sources("actions")]:
        place = str(path.relative_to(PROJECT))
        for line, text in literals(path):
            for word in sorted(words & set(re.findall(r"[a-z]+", text.casefold())) | ids & {text}):
                if (place, word) in _ALLOWED:
                    used.add((place, word))
                else:
                    wrong.append(f"{place}:{line}: '{word}' in {text[:60]!r}")
    assert not wrong, "\n".join(wrong)
    assert used == set(_ALLOWED), "allowed, but no longer there"
