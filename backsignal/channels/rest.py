"""The REST channel in Rasa's shape, for development and for servers on the same machine."""

import os
import re
from secrets import compare_digest
from typing import Any

from rasa.core.channels.channel import InputChannel, UserMessage
from sanic import Blueprint, Request, response
from sanic.response import HTTPResponse

from backsignal.channels.guard import of_this_machine
from backsignal.channels.load import RETRY_AFTER_SECONDS, BusyError, turns
from backsignal.channels.safety import Answers, OnMessage, answered, harmless
from backsignal.components.responses import as_response
from backsignal.components.turns import safe_reply
from backsignal.components.unstored import not_stored
from backsignal.telemetry.stages import take_request_id

TOKEN_VARIABLE = "BACKSIGNAL_REST_TOKEN"
# The conversations of the other channels, whose people signed in or were checked there, and calls.
_OF_OTHERS = re.compile(r"(web-[0-9a-f]{32}-[0-9]+|[a-z]+-[0-9a-f]{32}|call:.*)")


class RestChannel(InputChannel):
    """POST /webhooks/rest/webhook {"sender", "message"} answers with the turn's messages.

    With BACKSIGNAL_REST_TOKEN set, requests need it as a bearer token; without it they are taken from
    programs on this machine alone.
    """

    @classmethod
    def name(cls) -> str:
        """The channel's name, and its place in the URL."""
        return "rest"

    def blueprint(self, on_new_message: OnMessage) -> Blueprint:
        """The channel's routes."""
        blueprint = Blueprint("rest_channel")

        @blueprint.post("/webhook")
        async def receive(request: Request) -> HTTPResponse:
            if not _allowed(request):
                return _error(f"This address needs the token in {TOKEN_VARIABLE}.", 401)
            body = _json(request)
            if body is None:
                return _error('Send JSON like {"sender": "a-name", "message": "My back hurts"}.', 400)
            sender = body.get("sender")
            if not isinstance(sender, str) or not 0 < len(sender) <= 255 or not sender.isprintable():
                return _error("Say who is writing: 'sender' is a text of 1 to 255 printable characters.", 400)
            if _OF_OTHERS.fullmatch(sender):
                return _error("This conversation belongs to another channel.", 403)
            take_request_id(request.headers.get("x-request-id"))
            message = UserMessage(harmless(body.get("message")), Answers(), sender, input_channel=self.name())
            try:
                with turns.one():
                    return response.json(await answered(request.app.ctx.agent, message))
            except BusyError:
                busy = {"recipient_id": sender, **as_response(not_stored(safe_reply()))}
                return response.json([busy], 503, {"Retry-After": str(RETRY_AFTER_SECONDS)})

        return blueprint


def _json(request: Request) -> dict[str, Any] | None:
    try:
        body = request.json
    except Exception:
        return None
    return body if isinstance(body, dict) else None


def _allowed(request: Request) -> bool:
    token = os.environ.get(TOKEN_VARIABLE)
    if token:
        return compare_digest((request.token or "").encode(errors="replace"), token.encode())
    return of_this_machine(request)


def _error(sentence: str, status: int) -> HTTPResponse:
    return response.json({"error": sentence}, status=status)
