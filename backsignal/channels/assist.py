"""Agent assist in the Rasa service. It takes no Rasa messages; credentials.yml is where Rasa finds it."""

from typing import Any

from rasa.core.channels.channel import InputChannel

from backsignal.channels.assist_api import AssistApi
from backsignal.channels.safety import OnMessage
from backsignal.channels.service import RootBlueprint


class AssistChannel(InputChannel):
    """The API and the console of agent assist, at /assist/."""

    def __init__(self, api: AssistApi) -> None:
        self._api = api

    @classmethod
    def name(cls) -> str:
        """The channel's name."""
        return "assist"

    @classmethod
    def from_credentials(cls, credentials: dict[str, Any] | None) -> "AssistChannel":
        """The channel as credentials.yml sets it. Raises ValueError where an option is wrong."""
        return cls(AssistApi.from_settings(credentials))

    def blueprint(self, on_new_message: OnMessage) -> RootBlueprint:
        """The channel's routes."""
        blueprint = RootBlueprint("assist_channel")
        self._api.add_to(blueprint)
        return blueprint
