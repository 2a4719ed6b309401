"""Domain responses with the clinic's facts filled in, and the emergency answer made from the interview."""

from collections.abc import Mapping
from typing import Any

from rasa.core.nlg.response import TemplatedNaturalLanguageGenerator
from rasa.shared.core.domain import Domain
from rasa.shared.core.trackers import DialogueStateTracker
from rasa.utils.endpoints import EndpointConfig

from backsignal.clinical.red_flags import supported
from backsignal.clinical.wording import Reply, emergency_reply
from backsignal.components.emergency_policy import ANSWER
from backsignal.components.turns import INTERVIEW_SLOT, content, interview_from_slot


class ClinicResponses(TemplatedNaturalLanguageGenerator):
    """Rasa's templated responses; `{clinic}`, `{emergency_number}` and the like come from clinic.yml."""

    def __init__(self, endpoint_config: EndpointConfig, domain: Domain) -> None:
        super().__init__(domain.responses)

    async def generate(
        self, utter_action: str, tracker: DialogueStateTracker, output_channel: str, **kwargs: Any
    ) -> dict[str, Any] | None:
        """The response as Rasa sends it."""
        if utter_action == ANSWER:
            record = interview_from_slot(tracker.get_slot(INTERVIEW_SLOT)).record
            return as_response(emergency_reply(supported(record, content()), record, content()))
        response: dict[str, Any] | None = await super().generate(
            utter_action, tracker, output_channel, **content().clinic.facts(), **kwargs
        )
        return response


def as_response(reply: Reply) -> dict[str, Any]:
    """A reply of the core as Rasa's response: text, buttons, and the payload under `custom.data`."""
    response: dict[str, Any] = {"text": reply.text}
    if reply.options:
        response["buttons"] = [{"title": title, "payload": title} for title in reply.options]
    if reply.data:
        response["custom"] = {"data": reply.data}
    return response


def payload_of(message: Mapping[str, Any]) -> dict[str, Any]:
    """The payload in such a response, in a bot's event data or in a message of the web; empty without one."""
    return (message.get("custom") or {}).get("data") or {}
