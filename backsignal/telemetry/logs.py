"""Logs without a word of what anybody wrote, whichever library writes the line.

Nothing is searched for and blotted out: only what is known to be harmless is let through. Of our own lines
that is the line itself, as it names nothing but kinds and counts. Of another library's line it is the
message, if it stands literally in the code that logs it. Values never are, and of an exception only its type
and where it happened.
"""

import json
import logging
import os
import re
import sys
import threading
import traceback
import warnings
from collections.abc import MutableMapping
from datetime import datetime, timezone
from pathlib import Path
from types import FrameType, TracebackType
from typing import Any, TextIO

import structlog

logger = logging.getLogger(__name__)

FORMAT_VARIABLE = "BACKSIGNAL_LOG"
_RASAS_FORMAT_VARIABLE = "FORCE_JSON_LOGGING"
_LEVEL_VARIABLE = "LOG_LEVEL"
_OURS = ("backsignal", "actions")
_WITHHELD = "(message withheld)"
_FIELD = re.compile(r"(\w+)=(%[\w.]+(?::%[\w.]+)*)")
_PLACES = 4
_FOR_PEOPLE = "%(asctime)s %(levelname)-8s %(name)s  %(message)s"


def keep_private() -> None:
    """Let this process log nothing that is private, whoever adds which handlers afterwards."""
    logging.setLogRecordFactory(_private_record)
    warnings.showwarning = _warn
    # A server's own errors at its start go through sys.excepthook: those say what is to be done, in full.
    threading.excepthook = sys.unraisablehook = _uncaught
    configure()


def configure(*_: Any, **__: Any) -> None:
    """Write log lines to stderr: for people, or one JSON object each."""
    as_json = os.environ.get(FORMAT_VARIABLE) == "json" or bool(os.environ.get(_RASAS_FORMAT_VARIABLE))
    level = os.environ.get(_LEVEL_VARIABLE, "WARNING")
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines() if as_json else logging.Formatter(_FOR_PEOPLE))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    if as_json:
        # A line for each turn is for whoever collects logs; in a terminal it would only be in the way.
        logging.getLogger(_OURS[0]).setLevel(min(logging.INFO, root.level))
    structlog.configure(
        processors=[structlog.stdlib.filter_by_level, _event_alone],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.make_filtering_bound_logger(root.level),
        cache_logger_on_first_use=True,
    )


class JsonLines(logging.Formatter):
    """One JSON object a line: `turn channel=web seconds=0.02` becomes the event `turn` with two fields."""

    def format(self, record: logging.LogRecord) -> str:
        """The record as JSON."""
        line = {
            "time": datetime.fromtimestamp(record.created, timezone.utc).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "event": getattr(record, "event", record.msg),
            **getattr(record, "fields", {}),
        }
        return json.dumps(line, default=str)


def place_of(error: BaseException) -> str:
    """Where an exception happened, the innermost place first: "desk.py:12 < turns.py:80"."""
    frames = traceback.extract_tb(error.__traceback__)[-_PLACES:]
    return " < ".join(f"{Path(frame.filename).name}:{frame.lineno}" for frame in reversed(frames))


def _warn(
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    file: TextIO | None = None,
    line: str | None = None,
) -> None:
    if issubclass(category, DeprecationWarning):
        return  # what libraries tell each other
    logger.warning("warning kind=%s at=%s:%s", category.__name__, Path(filename).name, lineno)


def _uncaught(happened: Any) -> None:
    logger.error("uncaught", exc_info=happened.exc_value)


def _event_alone(_: Any, __: str, event: MutableMapping[str, Any]) -> tuple[tuple[str], dict[str, Any]]:
    """A structlog event without its fields, which hold texts, slots and trackers."""
    return (str(event.get("event")),), {"exc_info": event.get("exc_info")}


def _private_record(
    name: str, level: int, file: str, line: int, message: object, values: Any, exception: Any, *_: Any
) -> logging.LogRecord:
    """A log record with nothing private in it."""
    if name.partition(".")[0] in _OURS:
        said, event, fields = _our_line(str(message), values)
    else:
        event = message if isinstance(message, str) and _is_literal(message, file, line) else _WITHHELD
        fields = {"source": f"{Path(file).name}:{line}"}
        said = f"{event} source={fields['source']}"
    error = _raised(exception)
    if error is not None:
        # What the failure of a library comes from tells more than the library's own exception.
        error = error.__cause__ or error
        fields.update(error=type(error).__name__, at=place_of(error))
        said = f"{said} error={fields['error']} at={fields['at']}"
    record = logging.LogRecord(name, level, file, line, said, None, None)
    record.event, record.fields = event, fields
    return record


def _our_line(template: str, values: Any) -> tuple[str, str, dict[str, Any]]:
    """A line of our own: as it is read, its event, and its fields."""
    given = values if isinstance(values, tuple) else ()
    safe = tuple(type(it).__name__ if isinstance(it, BaseException) else it for it in given)
    values_left, fields = iter(safe), {}
    for name, form in _FIELD.findall(template):
        parts = [next(values_left, "") for _ in range(form.count("%"))]
        fields[name] = parts[0] if len(parts) == 1 else ":".join(map(str, parts))
    said = template % safe if safe else template
    return said, template.partition(" ")[0] if fields else said, fields


def _is_literal(message: str, file: str, line: int) -> bool:
    """Whether the message stands as it is in the code that logs it, so that it holds nothing of anybody."""
    frame: FrameType | None = sys._getframe()
    while frame and (frame.f_code.co_filename, frame.f_lineno) != (file, line):
        frame = frame.f_back
    return frame is not None and message in frame.f_code.co_consts


def _raised(exception: Any) -> BaseException | None:
    """The exception of what a logging call takes as `exc_info`."""
    if isinstance(exception, BaseException):
        return exception
    if isinstance(exception, tuple):
        error: BaseException | TracebackType | None = exception[1]
        return error if isinstance(error, BaseException) else None
    return None
