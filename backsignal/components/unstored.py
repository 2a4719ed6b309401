"""What is said to somebody whose message could not be kept: because a store is gone, slow, or too much waits.

An emergency is answered all the same, from the message and from what this server still has in memory of
the conversation. Everybody else gets the safe message with the emergency number.
"""

import logging
from dataclasses import replace

from rasa.core.agent import Agent
from rasa.core.channels.channel import UserMessage

from backsignal.clinical.interview import Interview, hear
from backsignal.clinical.levels import Level
from backsignal.clinical.red_flags import supported
from backsignal.clinical.wording import Reply, emergency_reply
from backsignal.components.outcomes import count_result
from backsignal.components.tracker_store import ConversationStore
from backsignal.components.turns import INTERVIEW_SLOT, content, interview_from_slot, message_of, safe_reply

logger = logging.getLogger(__name__)


async def unstored_reply(agent: Agent, sender: str, text: str) -> Reply:
    """The answer to a message that is not kept, marked as such for programs. Never raises."""
    try:
        reply = await _emergency(agent, sender, text) or safe_reply()
        count_result(reply.data or {})
    except Exception as error:
        # The error's own words may hold what the person wrote, so only its kind is logged.
        logger.error("unstored.failed error=%s", type(error).__name__)
        reply = safe_reply()
    return not_stored(reply)


def not_stored(reply: Reply) -> Reply:
    """A reply that tells programs that the message it answers was not kept."""
    return replace(reply, data={**(reply.data or {}), "stored": False})


async def _emergency(agent: Agent, sender: str, text: str) -> Reply | None:
    interview = _remembered(agent, sender)
    parsed = await agent.processor.parse_message(UserMessage(text, sender_id=sender))
    hear(interview, content(), message_of(parsed))
    triage = supported(interview.record, content())
    if triage.level is not Level.EMERGENCY:
        return None
    return emergency_reply(triage, interview.record, content())


def _remembered(agent: Agent, sender: str) -> Interview:
    store = agent.tracker_store
    tracker = store.remembered(sender) if isinstance(store, ConversationStore) else None
    return interview_from_slot(tracker.get_slot(INTERVIEW_SLOT) if tracker else None)
