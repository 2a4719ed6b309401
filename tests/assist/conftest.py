from collections.abc import Callable, Iterator

import pytest

from backsignal.assist.content import CallContent
from backsignal.assist.understanding import Understanding
from backsignal.language.reader import Reader
from tests.assist.playing import Play
from tests.assist.service import Client, Service, start, token


@pytest.fixture(scope="session")
def reader() -> Reader:
    return Reader.load()


@pytest.fixture(scope="session")
def content() -> CallContent:
    return CallContent.load()


@pytest.fixture
def play(content: CallContent, reader: Reader) -> Callable[[], Play]:
    return lambda: Play(content, Understanding(content, reader))


@pytest.fixture(scope="session")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """Agent assist on a server of its own."""
    started = start(tmp_path_factory.mktemp("assist") / "assist.db", recordings=True, heartbeat_seconds=0.5)
    yield started
    started.stop()


@pytest.fixture
def jo(service: Service) -> Client:
    """An agent."""
    return Client(service, token("jo", "agent"))


@pytest.fixture
def sam(service: Service) -> Client:
    """Another agent."""
    return Client(service, token("sam", "agent"))


@pytest.fixture
def boss(service: Service) -> Client:
    """A supervisor."""
    return Client(service, token("boss", "supervisor"))


@pytest.fixture
def ears(service: Service) -> Client:
    """A speech-to-text service."""
    return Client(service, token("ears", "transcriber"))
