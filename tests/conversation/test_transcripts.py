"""The conversations of the README are what the assistant says today."""

from tests.conftest import Server
from tests.conversation.transcripts import README, with_transcripts


def test_the_readme_shows_real_answers(server: Server) -> None:
    page = README.read_text(encoding="utf-8")
    assert with_transcripts(page, server.url) == page, "run `make screenshots`"
