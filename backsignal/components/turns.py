"""The interview in and out of the tracker, and a user message as the core takes it.

Shared by what runs in the Rasa process (policy, responses) and by the custom actions.
"""

from datetime import datetime, timezone
from functools import lru_cache
from typing import Any, Final

from pydantic import BaseModel

from backsignal.clinical.content import Content
from backsignal.clinical.findings import Reading
from backsignal.clinical.interview import Interview, Message, forget_unknown
from backsignal.clinical.wording import Reply, say

INTERVIEW_SLOT: Final = "interview"
COMPLETE_SLOT: Final = "interview_complete"
EMERGENCY_SLOT: Final = "emergency"
STAGE_SLOT: Final = "stage"
CHECK_IN_SLOT: Final = "check_in"
# The values of its slot: what the person wishes.
AGREED: Final = "agreed"
STOPPED: Final = "stopped"
_REQUIRED: Final = object()
FORM: Final = "interview_form"
REFUSE_INTENT: Final = "refuse"
RETURN_INTENT: Final = "returning"
READING_KEY: Final = "reading"
# Messages of these intents are answers or attempts at one; all others are side questions for the rules.
ANSWERING: Final = frozenset(
    [
        "",
        "inform",
        "affirm",
        "deny",
        "unsure",
        "refuse",
        "correct",
        "other_health",
        "other_topic",
        "nlu_fallback",
    ]
)


@lru_cache(maxsize=1)
def content() -> Content:
    """The clinical content, read once a process."""
    return Content.load()


def safe_reply() -> Reply:
    """That something failed here, and the emergency number."""
    return Reply(say(content(), "something_failed"), {"type": "failed"})


class _Stored(dict[str, Any]):
    """An interview as its slot holds it, with the interview itself: to read it again takes much longer."""

    interview: Interview


def interview_from_slot(value: dict[str, Any] | None) -> Interview:
    """The interview from its slot, to be changed; a fresh one where the slot is empty.

    One of an earlier content goes on: what the present content no longer knows is left out.
    """
    if isinstance(value, _Stored):
        return value.interview.twin()
    interview = Interview.parse_obj(value) if value else Interview()
    forget_unknown(interview, content())
    return interview


def interview_to_slot(interview: Interview) -> dict[str, Any]:
    """The interview as its slot holds it: JSON without what is at its default."""
    stored = _Stored(_plain(interview))
    stored.interview = interview.twin()
    return stored


def _plain(value: Any) -> Any:
    """As pydantic's own `dict(exclude_defaults=True)`, in a fraction of its time."""
    if isinstance(value, dict):
        return {key: _plain(it) for key, it in value.items()}
    if isinstance(value, list):
        return [*value]
    kind: type = type(value)
    usual = _defaults(kind)
    if usual is None:
        return value
    plain = {name: it if type(it) is str else _plain(it) for name, it in value.__dict__.items()}
    return {name: it for name, it in plain.items() if it != usual[name]}


@lru_cache
def _defaults(kind: type) -> dict[str, Any] | None:
    """The fields of a model with their defaults; None for what is no model, which takes long to find out."""
    if not issubclass(kind, BaseModel):
        return None
    fields = kind.__fields__.items()
    return {name: _REQUIRED if field.required else _plain(field.default) for name, field in fields}


def message_of(parse_data: dict[str, Any]) -> Message:
    """A user message from Rasa's parse data."""
    intent = (parse_data.get("intent") or {}).get("name") or ""
    read = parse_data.get(READING_KEY)
    return Message(
        id=parse_data.get("message_id") or "",
        text=parse_data.get("text") or "",
        at=datetime.now(timezone.utc).isoformat(timespec="seconds"),
        reading=Reading.from_json(read) if read else Reading(),
        refuses=intent == REFUSE_INTENT,
        aside=intent not in ANSWERING,
    )
