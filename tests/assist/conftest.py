from collections.abc import Callable

import pytest

from backsignal.assist.content import CallContent
from backsignal.assist.understanding import Understanding
from backsignal.language.reader import Reader
from tests.assist.playing import Play


@pytest.fixture(scope="session")
def reader() -> Reader:
    return Reader.load()


@pytest.fixture(scope="session")
def content() -> CallContent:
    return CallContent.load()


@pytest.fixture
def play(content: CallContent, reader: Reader) -> Callable[[], Play]:
    return lambda: Play(content, Understanding(content, reader))
