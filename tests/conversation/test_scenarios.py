"""Every scenario file against the real server, with its actions in the Rasa process."""

from pathlib import Path

import pytest

from tests.conftest import Server
from tests.conversation.chat import SCENARIOS, play, scenario_files, waits_for


@pytest.mark.parametrize("path", scenario_files(), ids=lambda path: str(path.relative_to(SCENARIOS)))
def test_scenario(path: Path, server: Server, request: pytest.FixtureRequest) -> None:
    reason = waits_for(path)
    if reason:
        # Expected by the product's promise and not so yet; a pass is welcome before the line is taken out.
        request.applymarker(pytest.mark.xfail(reason=reason, strict=False))
    play(path, server.url)
