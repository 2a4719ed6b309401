"""A server of which everything that it tells is kept."""

from collections.abc import Iterator

import pytest

from backsignal.components.clock import SHIFT_VARIABLE
from tests.conftest import start_server, stop_server
from tests.messaging.conftest import settings
from tests.messaging.stub import Platforms, platforms
from tests.resilience.watched import Watched, errors_into, trace_receiver


@pytest.fixture(scope="package")
def stub() -> Iterator[Platforms]:
    with platforms() as running:
        yield running


@pytest.fixture(scope="package")
def watched(stub: Platforms, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watched]:
    """All parts with all channels, logging as much as they can, as JSON; traces on."""
    folder = tmp_path_factory.mktemp("watched")
    with trace_receiver() as traces:
        (folder / "shift").write_text("0", encoding="ascii")
        environment = {
            SHIFT_VARIABLE: str(folder / "shift"),
            **settings(stub),
            "LOG_LEVEL": "DEBUG",
            "LOG_LEVEL_LIBRARIES": "DEBUG",
            "BACKSIGNAL_LOG": "json",
            "OTEL_EXPORTER_OTLP_ENDPOINT": traces.url,
            "OTEL_BSP_SCHEDULE_DELAY": "200",
            "BACKSIGNAL_ASSIST_DATABASE": f"sqlite:///{folder / 'assist.db'}",
        }
        with errors_into(folder / "log"):
            server = start_server(folder, "--action-server", **environment)
        begun = len((folder / "log").read_text(encoding="utf-8"))
        yield Watched(server, folder / "log", traces, environment, folder / "shift", begun)
        stop_server(server)
