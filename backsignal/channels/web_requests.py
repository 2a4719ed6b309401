"""Requests of the web channel: who may send them, how large they are, and how they are refused."""

import json
import math
import re
from collections.abc import Mapping
from typing import Any

from sanic import Request, response
from sanic.exceptions import SanicException
from sanic.response import HTTPResponse
from sanic_cors.core import SANIC_CORS_EVALUATED  # type: ignore[import-untyped] # it has no types

from backsignal.channels.load import RETRY_AFTER_SECONDS
from backsignal.clinical.wording import Reply
from backsignal.components.turns import safe_reply

MOST_CHARACTERS = 2_000
MOST_BYTES = 64 * 1024
_MESSAGE_ID = re.compile(r"[A-Za-z0-9_-]{8,64}")
_MOST_PAYLOADS = 50

# What a person reads when a request is refused: what happened, and what to do now.
_SENTENCES = {
    "origin": "This website may not use the chat. Please tell the website's owner.",
    "no_session": "This chat has ended. Please start it again.",
    "session_over": "This conversation was erased or is too old. Please start again.",
    "too_large": "That is too much at once. Please send less.",
    "too_long": f"That message is too long. Please use at most {MOST_CHARACTERS:,} characters.",
    "not_json": "The chat sent something that the server cannot read. Please reload the page.",
    "malformed": "The chat sent something that the server cannot read. Please reload the page.",
    "not_offered": "That answer is no longer on offer. Please use the latest ones, or type.",
    "too_fast": "That was a lot in a short time. Please wait a moment, then go on.",
    "too_slow": "That took too long to arrive. Please send it again.",
    "not_found": "There is nothing at this address.",
    "not_taken": "This address does not take that kind of request.",
}


class RefusedError(Exception):
    """A request that is not carried out."""

    def __init__(
        self,
        status: int,
        code: str,
        retry_after: float = 0,
        detail: str | None = None,
        reply: Reply | None = None,
    ) -> None:
        super().__init__(code)
        self.status = status
        self.code = code
        self.retry_after = math.ceil(retry_after)
        self.detail = detail
        self.reply = reply or Reply(_SENTENCES.get(code) or safe_reply().text)

    def answer(self) -> HTTPResponse:
        """The refusal as JSON with a sentence for a person; `detail` is for a programmer."""
        error: dict[str, Any] = {"code": self.code, "message": self.reply.text}
        if self.reply.data:
            error["data"] = self.reply.data
        if self.detail:
            error["detail"] = self.detail
        headers = {"Retry-After": str(self.retry_after)} if self.retry_after else {}
        return response.json({"error": error}, status=self.status, headers=headers)


def failed() -> RefusedError:
    """The refusal where something broke here: the safe message, and try again."""
    return RefusedError(503, "failed", retry_after=RETRY_AFTER_SECONDS)


def unstored(reply: Reply) -> RefusedError:
    """The refusal where a message could not be kept: what is to be said meanwhile, and try again."""
    emergency = (reply.data or {}).get("type") == "emergency"
    code = "emergency" if emergency else "failed"
    return RefusedError(503, code, retry_after=RETRY_AFTER_SECONDS, reply=reply)


def answer_cors_ourselves(request: Request) -> None:
    """Keep Rasa's policy on other origins, which is one for the whole server, from this answer."""
    setattr(request.ctx, SANIC_CORS_EVALUATED, "1")


def allowed_origin(request: Request, origins: frozenset[str]) -> str | None:
    """The origin that the request names, None where it names none.

    Raises RefusedError where a page of another website sends it that is not on the list.
    """
    origin: str | None = request.headers.get("origin")
    if origin is None or origin in origins or origin.partition("://")[2] == request.host:
        return origin
    raise RefusedError(403, "origin")


async def bytes_of(request: Request, most: int) -> bytes:
    """The request's body, read no further than the limit. Raises RefusedError."""
    if int(request.headers.get("content-length") or 0) > most:
        raise RefusedError(413, "too_large")
    body = b""
    try:
        while (part := await request.stream.read()) is not None:
            body += part
            if len(body) > most:
                raise RefusedError(413, "too_large")
    except SanicException as error:
        # Where the next part would begin is not known any more.
        request.stream.request_body = None
        raise RefusedError(error.status_code, "malformed") from error
    return body


async def read_body(request: Request) -> Mapping[str, Any]:
    """The request's JSON object. Raises RefusedError."""
    body = await bytes_of(request, MOST_BYTES)
    if not body:
        return {}
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        raise RefusedError(415, "not_json", detail="Content-Type is to be application/json.")
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, dict):
        raise RefusedError(400, "not_json", detail="The body is to be a JSON object.")
    return value


def message_of(body: Mapping[str, Any]) -> tuple[str, str | None, list[str]]:
    """A message's id, its text, and its payloads; either of the two stands. Raises RefusedError."""
    message_id, text, payloads = body.get("id"), body.get("text"), body.get("payloads", [])
    if not isinstance(message_id, str) or not _MESSAGE_ID.fullmatch(message_id):
        raise RefusedError(400, "malformed", detail="'id' is to be 8 to 64 letters, digits, '-' or '_'.")
    if not isinstance(payloads, list) or len(payloads) > _MOST_PAYLOADS:
        raise RefusedError(400, "malformed", detail="'payloads' is to be a short list.")
    if not all(isinstance(payload, str) for payload in payloads) or bool(payloads) == (text is not None):
        raise RefusedError(400, "malformed", detail="Send either 'text' or 'payloads', as strings.")
    if payloads:
        return message_id, None, payloads
    if not isinstance(text, str):
        raise RefusedError(400, "malformed", detail="'text' is to be a string.")
    if len(text) > MOST_CHARACTERS:
        raise RefusedError(413, "too_long")
    return message_id, text, []
