"""docs/security.md names a test for each attack: every one of them exists."""

import ast
import re

from tests.conftest import PROJECT

PAGE = (PROJECT / "docs" / "security.md").read_text("utf-8")
ROWS = [
    line for line in PAGE.splitlines() if line.startswith("| ") and not line.startswith(("| **", "| attack"))
]


def test_each_attack_has_a_guard_and_tests_that_exist() -> None:
    assert len(ROWS) > 30
    for row in ROWS:
        _, attack, guard, tests, _ = row.split("|")
        assert attack.strip()
        assert guard.strip()
        named = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", tests)
        assert named, row
        for file, test in named:
            tree = ast.parse((PROJECT / file).read_text("utf-8"))
            functions = {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
            assert test in functions, f"{file} has no {test}"
