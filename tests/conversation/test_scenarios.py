"""Every scenario file against the real server, with its actions in the Rasa process."""

from pathlib import Path

import pytest

from tests.conftest import Server
from tests.conversation.chat import SCENARIOS, play, scenario_files


@pytest.mark.parametrize("path", scenario_files(), ids=lambda path: str(path.relative_to(SCENARIOS)))
def test_scenario(path: Path, server: Server) -> None:
    play(path, server.url)
