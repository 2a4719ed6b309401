"""The examples of docs/assist.md run as they stand."""

import json
import os
import re
import subprocess
import sys

from backsignal.assist.access import ROLES
from backsignal.channels.assist_api import AssistOptions
from tests.assist.service import SECRET, Service
from tests.conftest import PROJECT

PAGE = (PROJECT / "docs" / "assist.md").read_text("utf-8")


def test_the_example_of_a_call_runs_as_it_stands(service: Service) -> None:
    block = next(block for block in re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL) if "send()" in block)
    # Each request's answer on a line of its own, and the command of this very environment.
    script = block.replace("http://localhost:5005", service.url).replace('"$@"; }', '"$@"; echo; }')
    script = script.replace(".venv/bin/backsignal", f"{sys.executable} -m backsignal.cli")
    done = subprocess.run(
        ["bash", "-euc", script],
        cwd=PROJECT,
        env={**os.environ, "BACKSIGNAL_SECRET": SECRET},
        capture_output=True,
        text=True,
        check=True,
    )
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert answers[1]["triage"]["level"] == "emergency"
    statuses = {row["finding"]: row["status"] for row in answers[3]["checklist"]}
    assert (statuses["bladder_retention"], statuses["fever"]) == ("absent", "absent")
    assert answers[4]["fhir"]["resourceType"] == "Bundle"


def test_every_option_and_every_role_is_told() -> None:
    for name in (*AssistOptions.__fields__, *ROLES):
        assert f"`{name}`" in PAGE
