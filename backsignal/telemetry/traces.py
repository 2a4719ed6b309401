"""Spans by OpenTelemetry, configured by its own variables. Imported only where these ask for it."""

from collections.abc import Iterator
from contextlib import contextmanager

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import StatusCode

_provider = TracerProvider(resource=Resource.create({"service.name": "backsignal"}))
_provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
_tracer = _provider.get_tracer("backsignal")


@contextmanager
def span(name: str, **attributes: str) -> Iterator[None]:
    """A span with nothing in it that anybody wrote: of an error, the type alone."""
    # An exception that is recorded takes its message and its variables along.
    with _tracer.start_as_current_span(
        name, record_exception=False, set_status_on_exception=False
    ) as current:
        current.set_attributes({f"backsignal.{key}": value for key, value in attributes.items()})
        try:
            yield
        except Exception as error:
            current.set_status(StatusCode.ERROR, type(error).__name__)
            raise
