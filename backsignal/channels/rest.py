"""The REST channel in Rasa's shape, for development and for servers on the same machine."""

import os
from secrets import compare_digest
from typing import Any

from rasa.core.channels.channel import InputChannel, UserMessage
from sanic import Blueprint, Request, response
from sanic.response import HTTPResponse

from backsignal.channels.safety import Answers, OnMessage, answered, harmless

TOKEN_VARIABLE = "BACKSIGNAL_REST_TOKEN"


class RestChannel(InputChannel):
    """POST /webhooks/rest/webhook {"sender", "message"} answers with the turn's messages.

    With BACKSIGNAL_REST_TOKEN set, requests need it as a bearer token.
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
                return _error("This address needs a token.", 401)
            body = _json(request)
            if body is None:
                return _error('Send JSON like {"sender": "a-name", "message": "My back hurts"}.', 400)
            sender = body.get("sender")
            if not isinstance(sender, str) or not 0 < len(sender) <= 255:
                return _error("Say who is writing: 'sender' is a text of 1 to 255 characters.", 400)
            message = UserMessage(harmless(body.get("message")), Answers(), sender, input_channel=self.name())
            return response.json(await answered(on_new_message, message))

        return blueprint


def _json(request: Request) -> dict[str, Any] | None:
    try:
        body = request.json
    except Exception:
        return None
    return body if isinstance(body, dict) else None


def _allowed(request: Request) -> bool:
    token = os.environ.get(TOKEN_VARIABLE)
    return not token or compare_digest((request.token or "").encode(), token.encode())


def _error(sentence: str, status: int) -> HTTPResponse:
    return response.json({"error": sentence}, status=status)
