"""What a message says, in the terms of the red-flag checker."""

from dataclasses import dataclass
from enum import Enum
from typing import Any, Literal


class Status(str, Enum):
    """How a text speaks of a finding."""

    PRESENT = "present"
    ABSENT = "absent"
    PAST = "past"
    HYPOTHETICAL = "hypothetical"
    OTHER_PERSON = "other_person"
    UNCERTAIN = "uncertain"


Side = Literal["left", "right", "both"]
Answer = Literal["yes", "no", "unsure"]


@dataclass(frozen=True)
class Mention:
    """One finding in a text: `text` is the person's words from `start` to `end` (character offsets).

    `long_standing` is true where the words say that it is old, unchanged and checked by a clinician.
    `doubted` is true where it is uncertain only because the learned detector takes the words otherwise.
    """

    finding: str
    status: Status
    text: str
    start: int
    end: int
    side: Side | None = None
    long_standing: bool = False
    doubted: bool = False


@dataclass(frozen=True)
class Duration:
    """How long the complaint has lasted, in days up to the day the text was written."""

    days: float
    text: str


@dataclass(frozen=True)
class Reading:
    """All that the language layer found in one message.

    `answer` is what the message says to a yes/no question that was just asked ("nope", "not sure",
    "only when I cough" = yes), None where it does not answer one. `speaking_for` names the relation
    ("mother", "son") where somebody else is the patient. `suspected` lists emergency findings that the
    learned detector suspects and the rules did not find, likeliest first. `english` is False where the
    message is plainly in another language.
    """

    mentions: tuple[Mention, ...] = ()
    answer: Answer | None = None
    duration: Duration | None = None
    severity: float | None = None  # a whole number wherever it is whole
    age: int | None = None
    speaking_for: str | None = None
    suspected: tuple[str, ...] = ()
    english: bool = True

    def to_json(self) -> dict[str, Any]:
        """As JSON holds it."""
        mentions = [{**vars(mention)} for mention in self.mentions]
        return {**vars(self), "mentions": mentions, "duration": self.duration and {**vars(self.duration)}}

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> "Reading":
        """The reading that `to_json` was made of."""
        mentions = tuple(Mention(**{**it, "status": Status(it["status"])}) for it in data["mentions"])
        duration = Duration(**data["duration"]) if data["duration"] else None
        read = {"mentions": mentions, "duration": duration, "suspected": tuple(data["suspected"])}
        return cls(**{**data, **read})
