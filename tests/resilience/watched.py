"""A server whose every word is kept: what it logs, and the traces that it sends."""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from tests.conftest import Server


@dataclass
class Traces:
    """An OTLP receiver: what came in, as it came."""

    url: str = ""
    received: list[bytes] = field(default_factory=list, repr=False)

    def spans(self) -> list[Span]:
        """All spans that came in."""
        requests = [ExportTraceServiceRequest.FromString(body) for body in self.received]
        scopes = [
            scope for it in requests for resource in it.resource_spans for scope in resource.scope_spans
        ]
        return [span for scope in scopes for span in scope.spans]


@contextmanager
def trace_receiver() -> Iterator[Traces]:
    """Receive traces while the context lasts."""
    traces = Traces()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            assert self.path == "/v1/traces"
            traces.received.append(body)
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Keep the tests' output quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    traces.url = f"http://127.0.0.1:{server.server_address[1]}"
    yield traces
    server.shutdown()


@contextmanager
def errors_into(path: Path) -> Iterator[None]:
    """What is started while the context lasts writes its standard error into a file."""
    before = os.dup(2)
    with path.open("ab") as file:
        os.dup2(file.fileno(), 2)
    try:
        yield
    finally:
        os.dup2(before, 2)
        os.close(before)


@dataclass
class Watched:
    """A running server, its log, and the traces that it sends."""

    server: Server
    log: Path
    traces: Traces
    #: The environment of its commands; the file that moves its clock.
    settings: dict[str, str]
    shift: Path
    #: Where in its log it became ready: before that, libraries warn of each other as they are loaded.
    begun: int

    @property
    def url(self) -> str:
        """Where the server is."""
        return self.server.url

    @property
    def logged(self) -> str:
        """All that it and its parts have logged so far."""
        return self.log.read_text(encoding="utf-8")
