"""What every channel shares: messages made harmless, and never silence."""

import logging
import re
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from rasa.core.agent import Agent
from rasa.core.channels.channel import CollectingOutputChannel, UserMessage
from rasa.shared.constants import INTENT_MESSAGE_PREFIX
from rasa.shared.core.constants import EXTERNAL_MESSAGE_PREFIX

from backsignal.channels.legible import legible
from backsignal.components.action_endpoint import failed_actions
from backsignal.components.responses import as_response
from backsignal.components.turns import safe_reply
from backsignal.components.unstored import unstored_reply
from backsignal.telemetry.logs import place_of
from backsignal.telemetry.stages import in_turn

logger = logging.getLogger(__name__)

MAX_LENGTH = 12_000
_EMPTY = "…"
_RESERVED = re.compile(rf"^(?:\s|{INTENT_MESSAGE_PREFIX}|{EXTERNAL_MESSAGE_PREFIX.strip()})+")

OnMessage = Callable[[UserMessage], Awaitable[Any]]


class Answers(CollectingOutputChannel):
    """Collects a turn's answers, each as one message: text, buttons and payload together."""

    async def send_response(self, recipient_id: str, message: dict[str, Any]) -> None:
        """Keep the message as it is; Rasa's own channel would cut it into pieces."""
        kept = {key: message[key] for key in ("text", "buttons", "image", "custom") if message.get(key)}
        self.messages.append({"recipient_id": recipient_id, **kept})


def harmless(text: object) -> str:
    """A person's text as the conversation takes it: a string, legible, of bounded length.

    What Rasa would read as a command, which sets intents and entities, or as an event of the server's own, is
    taken off its beginning. An empty text becomes a mark that is not understood, so that it is answered like
    any other.
    """
    plain = (text if isinstance(text, str) else "" if text is None else str(text)).strip()
    if len(plain) > MAX_LENGTH:
        # What matters most may stand last.
        plain = f"{plain[: MAX_LENGTH // 2]} {plain[-MAX_LENGTH // 2 :]}"
    return _RESERVED.sub("", legible(plain)).strip() or _EMPTY


async def answered(agent: Agent, message: UserMessage) -> list[dict[str, Any]]:
    """Handle a message and return the turn's answers; with the safe message where one is missing.

    Where the turn could not be kept, the only answer says so (`stored` in its payload).
    """
    answers = message.output_channel
    try:
        with failed_actions() as failed:
            await in_turn(message.input_channel, message.sender_id, agent.handle_message(message))
    except Exception as error:
        log_failure("channel.turn.failed", error)
        # None of what was said before it failed stands in the conversation.
        answers.messages.clear()
        reply = await unstored_reply(agent, message.sender_id, message.text)
        await answers.send_response(message.sender_id, as_response(reply))
        return answers.messages
    if is_cut_short([answer.get("text") for answer in answers.messages], failed):
        await answers.send_response(message.sender_id, as_response(safe_reply()))
    return answers.messages


def is_cut_short(texts: Sequence[str | None], failed: Sequence[str]) -> bool:
    """Whether a turn's answer lacks the safe message at its end: nothing came, or some of its actions failed.

    Rasa swallows an action's failure.
    """
    return not texts or (bool(failed) and texts[-1] != safe_reply().text)


def log_failure(event: str, error: Exception) -> None:
    """Log an error by its kind and place; its own words may hold what the person wrote."""
    cause = error.__cause__ if isinstance(error.__cause__, Exception) else error
    logger.error(f"{event} error=%s at=%s", type(cause).__name__, place_of(cause))
