"""What is counted and timed, for Prometheus. No label says who or what was written; each has few values."""

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    generate_latest,
)

CONTENT_TYPE = CONTENT_TYPE_LATEST
registry = CollectorRegistry()
ProcessCollector(registry=registry)

#: The parts of a turn that are timed, and the whole of it.
STAGES = ("parse", "policies", "action", "store")
TURN = "turn"
# From a database's answer to the longest that anybody is let wait.
_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)

messages = Counter("backsignal_messages", "Messages that were handled.", ["channel"], registry=registry)
not_understood = Counter(
    "backsignal_not_understood", "Messages that were not understood as an answer.", registry=registry
)
triages = Counter("backsignal_triages", "Results that were given.", ["level"], registry=registry)
emergencies = Counter("backsignal_emergencies", "Emergency answers that were given.", registry=registry)
emergencies_failed = Counter(
    "backsignal_emergencies_failed",
    "Turns in which an emergency was found and its answer could not be given.",
    registry=registry,
)
seconds = Histogram(
    "backsignal_stage_seconds",
    "How long a stage of a turn took.",
    ["stage"],
    buckets=_SECONDS,
    registry=registry,
)
turns = Gauge(
    "backsignal_turns",
    "Turns that wait for their conversation, or are worked on.",
    ["state"],
    registry=registry,
)
errors = Counter(
    "backsignal_errors", "Failures, by the stage they happened in.", ["stage"], registry=registry
)
action_failures = Counter(
    "backsignal_action_failures",
    "Custom actions that failed or took too long.",
    ["action"],
    registry=registry,
)
check_ins = Counter("backsignal_check_ins", "Check-ins, by what happened.", ["event"], registry=registry)
ready = Gauge(
    "backsignal_ready", "Whether a part that is needed answers (1) or not (0).", ["part"], registry=registry
)
jobs = Gauge(
    "backsignal_job_success_timestamp_seconds",
    "When this server last did a regular job.",
    ["job"],
    registry=registry,
)

# What has not happened yet is told as 0, so that the first time can be seen.
for _stage in (*STAGES, TURN):
    seconds.labels(_stage)
    errors.labels(_stage)
for _state in ("waiting", "working"):
    turns.labels(_state)
for _event in ("agreed", "stopped", "asked", "reminded"):
    check_ins.labels(_event)


def exposition() -> bytes:
    """All of it in Prometheus' text format."""
    text: bytes = generate_latest(registry)
    return text
