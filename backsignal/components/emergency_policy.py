"""The policy that stands above all others: emergencies are answered from inside the Rasa process.

Every message is heard by the red-flag checker before any rule, form or story is asked. Where it finds an
emergency, in the text itself or as the answer to a question, the answer is a domain response: no action
is called, so that it comes even when the action server is down. While an emergency stands, every
further message goes to the emergency support and to nothing else.
"""

from typing import Any

from rasa.core.policies.policy import Policy, PolicyPrediction
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.shared.core.constants import ACTION_LISTEN_NAME, REQUESTED_SLOT
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import ActiveLoop, Event, SlotSet
from rasa.shared.core.generator import TrackerWithCachedStates
from rasa.shared.core.trackers import DialogueStateTracker

from backsignal.clinical.interview import Interview, hear
from backsignal.clinical.red_flags import supported
from backsignal.components.turns import (
    EMERGENCY_SLOT,
    INTERVIEW_SLOT,
    content,
    interview_from_slot,
    interview_to_slot,
    message_of,
)

ANSWER = "utter_emergency"
SUPPORT = "action_emergency_support"


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.POLICY_WITHOUT_END_TO_END_SUPPORT, is_trainable=False)
class EmergencyPolicy(Policy):
    """Answers emergencies first; silent otherwise."""

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """Above the RulePolicy's priority of 6."""
        return {"priority": 10}

    def train(
        self, training_trackers: list[TrackerWithCachedStates], domain: Domain, **kwargs: Any
    ) -> Resource:
        """There is nothing to learn."""
        return self._resource

    def predict_action_probabilities(
        self,
        tracker: DialogueStateTracker,
        domain: Domain,
        rule_only_data: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> PolicyPrediction:
        """Predict the emergency answer, the support that follows it, or nothing."""
        if tracker.latest_action_name in (ANSWER, SUPPORT):
            return self._predict(ACTION_LISTEN_NAME, domain)
        if tracker.latest_action_name != ACTION_LISTEN_NAME or tracker.latest_message is None:
            return self._prediction(self._default_predictions(domain))
        known = tracker.get_slot(INTERVIEW_SLOT)
        interview = interview_from_slot(known)
        hear(interview, content(), message_of(tracker.latest_message.parse_data))
        after = _emergency_findings(interview)
        if after and after - _emergency_findings(interview_from_slot(known)):
            return self._predict(ANSWER, domain, _answered(interview))
        if tracker.get_slot(EMERGENCY_SLOT):
            return self._predict(SUPPORT, domain)
        return self._prediction(self._default_predictions(domain))

    def _predict(self, action: str, domain: Domain, events: list[Event] | None = None) -> PolicyPrediction:
        probabilities = self._default_predictions(domain)
        probabilities[domain.index_for_action(action)] = 1.0
        # "No user" predictions overrule those that are not: the happy path of a form is one.
        return self._prediction(probabilities, optional_events=events, is_no_user_prediction=True)


def _emergency_findings(interview: Interview) -> set[str]:
    return set(supported(interview.record, content()).emergency_findings)


def _answered(interview: Interview) -> list[Event]:
    interview.asking = None
    return [
        ActiveLoop(None),
        SlotSet(REQUESTED_SLOT, None),
        SlotSet(EMERGENCY_SLOT, True),
        SlotSet(INTERVIEW_SLOT, interview_to_slot(interview)),
    ]
