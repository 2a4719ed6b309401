"""What `make audit` says of what was found. The look-up itself needs services that a test cannot count on."""

import importlib.util
import re
import shutil
import subprocess
import sys
from datetime import date
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import ModuleType

import pytest

from tests.conftest import PROJECT


@pytest.fixture(scope="module")
def audit() -> ModuleType:
    loader = SourceFileLoader("audit", str(PROJECT / "scripts" / "audit"))
    spec = importlib.util.spec_from_loader("audit", loader)
    assert spec
    module = importlib.util.module_from_spec(spec)
    sys.modules["audit"] = module
    loader.exec_module(module)
    return module


def answer(name: str, *names: str) -> dict[str, object]:
    """What pip-audit writes: one package with a vulnerability, one without, one that it could not look up."""
    known = {"id": names[0], "aliases": list(names[1:]), "fix_versions": ["9.9"], "description": "..."}
    return {
        "dependencies": [
            {"name": name, "version": "1.0", "vulns": [known]},
            {"name": "sound", "version": "1.0", "vulns": []},
            {"name": "unknown", "skip_reason": "not found"},
        ],
        "fixes": [],
    }


def test_a_new_vulnerability_is_told_and_one_that_was_accepted_is_not(audit: ModuleType) -> None:
    stay = [audit.Accepted("CVE-1", "aiohttp", "only the client is used", date(2027, 1, 1))]
    known, count = audit.of_python(answer("aiohttp", "PYSEC-1", "GHSA-1", "CVE-1"))
    assert (len(known), count) == (1, 2)
    assert audit.not_accepted(known, stay) == []
    assert audit.not_accepted(audit.of_python(answer("aiohttp", "PYSEC-2", "CVE-2"))[0], stay)
    # Accepted for one package is not accepted for another.
    assert audit.not_accepted(audit.of_python(answer("sanic", "CVE-1"))[0], stay)


def test_npms_are_told_too(audit: ModuleType) -> None:
    via = {"url": "https://github.com/advisories/GHSA-9", "title": "..."}
    found = audit.of_npm({"vulnerabilities": {"typescript": {"via": [via, "another"], "fixAvailable": True}}})
    assert [it.package for it in audit.not_accepted(found, [])] == ["typescript"]


def test_what_stays_has_a_reason_a_date_and_a_locked_package(audit: ModuleType) -> None:
    locked = "".join((PROJECT / "requirements" / f"{lock}.lock").read_text("utf-8") for lock in audit.LOCKS)
    stay = audit.accepted()
    assert len({(entry.id, entry.package) for entry in stay}) == len(stay)
    for entry in stay:
        assert re.search(rf"^{re.escape(entry.package)}==", locked, re.MULTILINE), entry.package
        assert len(entry.reason.split()) > 5
        assert isinstance(entry.review, date)


def test_what_cannot_be_looked_up_is_said_and_is_no_failure(tmp_path: Path) -> None:
    """Here without the tools that look it up, which is like a service out of reach."""
    for folder in ("scripts", "requirements"):
        shutil.copytree(PROJECT / folder, tmp_path / folder)
    command = [sys.executable, str(tmp_path / "scripts" / "audit")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.stderr == ""
    assert done.stdout.count("NOT AUDITED") == 4
    assert done.returncode == 0
