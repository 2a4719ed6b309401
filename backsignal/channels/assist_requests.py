"""Requests of agent assist: what is in them, and how what cannot be done is answered."""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeVar, get_args

from sanic import response
from sanic.response import HTTPResponse

from backsignal.assist.call import Because, TickStatus
from backsignal.assist.desk import Said
from backsignal.assist.listening import Role
from backsignal.channels.legible import legible
from backsignal.clinical.content import Measure

MOST_CHARACTERS = 4_000
_NAME = re.compile(r"[A-Za-z0-9._:~-]{1,100}")
_LONGEST_CALL_SECONDS = 24 * 3600
Choice = TypeVar("Choice", bound=str)

# What a programmer or an agent reads: what is wrong, and what to do.
_SENTENCES = {
    "not_signed_in": "Sign in: send a token of yours as 'Authorization: Bearer ...'.",
    "not_allowed": "Your role does not include this.",
    "no_such_call": "There is no call of this name for you.",
    "not_found": "There is nothing at this address.",
    "call_closed": "The call is completed: nothing can be added to it.",
    "stale": "Somebody changed this in the meantime. Here is how it stands now; look, then decide again.",
    "needs_reason": (
        "This takes back a warning sign that was heard. Say why with 'because': 'misheard' or 'taken_back'."
    ),
    "request_reused": "This 'request_id' was used for something else. Make a new one for each request.",
    "malformed": "The request does not hold what it must.",
    "too_long": f"A turn has at most {MOST_CHARACTERS:,} characters.",
    "too_large": "The request is too large.",
    "not_json": "Send a JSON object with 'Content-Type: application/json'.",
    "failed": "Something broke here. Nothing was lost: send the same request again.",
}


@dataclass
class NotDoneError(Exception):
    """A request that is not carried out; `detail` tells a programmer what to change."""

    status: int
    code: str
    detail: str | None = None

    def answer(self, state: Mapping[str, Any] | None = None) -> HTTPResponse:
        """The answer, with the call's state where that helps."""
        error = {"code": self.code, "message": _SENTENCES[self.code]}
        if self.detail:
            error["detail"] = self.detail
        body: dict[str, Any] = {"error": error}
        if state is not None:
            body["state"] = state
        headers = {"WWW-Authenticate": "Bearer"} if self.status == 401 else {}
        return response.json(body, status=self.status, headers=headers)


def malformed(detail: str) -> NotDoneError:
    """A request that does not hold what it must."""
    return NotDoneError(400, "malformed", detail)


def said_of(body: Mapping[str, Any]) -> Said:
    """The turn of a request. Raises NotDoneError."""
    return Said(
        role=choice_of(body, "role", Role),
        text=text_of(body, "text", least=1),
        request_id=name_of(body, "request_id", required=True) or "",
        started=number_of(body, "started", 0, _LONGEST_CALL_SECONDS),
        segment=name_of(body, "segment"),
        final=_flag(body, "final", True),
    )


def tick_of(body: Mapping[str, Any]) -> tuple[TickStatus | None, Because | None, int | None, str | None]:
    """Status, reason, version and request id of a tick. Raises NotDoneError."""
    if "status" not in body:
        raise malformed("'status' is to be 'present', 'absent', 'unsure' or null.")
    status: TickStatus | None = None
    if body["status"] is not None:
        status = choice_of(body, "status", TickStatus)
    because: Because | None = None
    if body.get("because") is not None:
        because = choice_of(body, "because", Because)
    return status, because, version_of(body), name_of(body, "request_id")


def choice_of(body: Mapping[str, Any], field: str, choices: Any) -> Any:
    """One of the words that a field may hold. Raises NotDoneError."""
    words = get_args(choices)
    if body.get(field) not in words:
        raise malformed(f"'{field}' is to be one of: {', '.join(words)}.")
    return body[field]


def text_of(body: Mapping[str, Any], field: str, least: int = 0) -> str:
    """A text without control characters, of bounded length. Raises NotDoneError."""
    value = body.get(field)
    if not isinstance(value, str):
        raise malformed(f"'{field}' is to be a string.")
    if len(value) > MOST_CHARACTERS:
        raise NotDoneError(413, "too_long")
    text = legible(value).strip()
    if len(text) < least:
        raise malformed(f"'{field}' is empty.")
    return text


def name_of(body: Mapping[str, Any], field: str, required: bool = False) -> str | None:
    """An id that the client made. Raises NotDoneError."""
    value = body.get(field)
    if value is None and not required:
        return None
    if not isinstance(value, str) or not _NAME.fullmatch(value):
        raise malformed(f"'{field}' is to be 1 to 100 letters, digits or any of . _ : ~ -")
    return value


def number_of(body: Mapping[str, Any], field: str, least: float, most: float) -> float | None:
    """A number within bounds, None where there is none. Raises NotDoneError."""
    value = body.get(field)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise malformed(f"'{field}' is to be a number.")
    if not least <= value <= most:
        raise malformed(f"'{field}' is to be from {least:g} to {most:g}.")
    return float(value)


def version_of(body: Mapping[str, Any]) -> int | None:
    """The version that a change was made for. Raises NotDoneError."""
    number = number_of(body, "version", 0, 10**9)
    return None if number is None else int(number)


def flag_of(body: Mapping[str, Any], field: str) -> bool:
    """True or false. Raises NotDoneError."""
    if not isinstance(body.get(field), bool):
        raise malformed(f"'{field}' is to be true or false.")
    return bool(body[field])


def _flag(body: Mapping[str, Any], field: str, otherwise: bool) -> bool:
    return flag_of(body, field) if field in body else otherwise


def measure_of(name: str) -> Measure:
    """The number of an address. Raises NotDoneError."""
    if name not in get_args(Measure):
        raise NotDoneError(404, "not_found")
    measure: Literal["duration_days", "age", "severity"] = name  # type: ignore[assignment] # checked above
    return measure
