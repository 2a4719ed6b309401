"""The documentation says what is so: its commands are run by tests, its links lead somewhere."""

import re
from pathlib import Path

import pytest

from tests.conftest import PROJECT

PAGES = sorted([PROJECT / "README.md", *(PROJECT / "docs").rglob("*.md")])
_SHELL = re.compile(r"```sh\n(.*?)```", re.DOTALL)
_LINK = re.compile(r"\]\((?!https?:|mailto:|#)([^)#]+)")
# Every command that the pages show, with the test that runs it.
TESTED = {
    "make run": "tests/test_commands.py",
    "make test": "this run",
    "make setup": "tests/test_commands.py",
    "make audit": "tests/security/test_audit.py",
    # A share of what it sends.
    "make fuzz": "tests/resilience/test_fuzzing.py",
    "make cluster": "tests/test_commands.py",
    "make chaos": "tests/resilience/test_chaos.py",
    "make soak": "tests/resilience/test_chaos.py",
    ".venv/bin/backsignal assess": "tests/test_commands.py",
    **dict.fromkeys(
        ["TOKEN=", "CALLS=", "send ", "send()", "CALL=", ".venv/bin/backsignal agent-token"],
        "tests/assist/test_docs.py",
    ),
    **dict.fromkeys(
        [".venv/bin/backsignal export", ".venv/bin/backsignal erase", "curl -s localhost:5005/health/ready"],
        "tests/resilience/test_privacy.py",
    ),
    ".venv/bin/backsignal replay": "tests/resilience/test_audit.py",
    "curl -s localhost:5005/metrics": "tests/resilience/test_observability.py",
    "curl -s localhost:5005/webhooks/rest/webhook": "tests/conversation/test_scenarios.py",
}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(PROJECT)))
def test_every_command_of_a_page_is_run_by_a_test(page: Path) -> None:
    for block in _SHELL.findall(page.read_text(encoding="utf-8")):
        for line in block.splitlines():
            command = line.partition("#")[0].strip()
            if command:
                assert any(command.startswith(tested) for tested in TESTED), f"no test runs: {command}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(PROJECT)))
def test_every_link_of_a_page_leads_somewhere(page: Path) -> None:
    for target in _LINK.findall(page.read_text(encoding="utf-8")):
        assert (page.parent / target).exists(), f"{target} is not there"


def test_no_page_names_a_registry_or_a_path_of_a_machine() -> None:
    told = re.compile("|".join(["pypi" + r"\.org", "registry" + r"\.npmjs", r"/(root|home)/", r"/work/"]))
    for page in PAGES:
        assert not told.search(page.read_text(encoding="utf-8")), page
