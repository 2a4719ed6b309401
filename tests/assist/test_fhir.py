"""The FHIR document: its shapes, its code sets, and that it says what the note says."""

import copy
from collections.abc import Callable
from typing import Any

import pytest
from fhir.resources.bundle import Bundle
from fhir.resources.composition import Composition
from fhir.resources.questionnaireresponse import QuestionnaireResponse

from backsignal.assist.fhir import DocumentError, check_document, document
from tests.assist.playing import CALLS, Play, scenario


@pytest.fixture
def bundle(play: Callable[[], Play]) -> dict[str, Any]:
    played = play()
    for step in scenario(CALLS / "recorded_flapping_foot.yml")["steps"]:
        played.step(step, timed=False)
    played.happen("completed", {})
    return document(played.call)


def resource(bundle: dict[str, Any], kind: str) -> dict[str, Any]:
    return next(e["resource"] for e in bundle["entry"] if e["resource"]["resourceType"] == kind)


def answers(bundle: dict[str, Any]) -> dict[str, str]:
    groups = resource(bundle, "QuestionnaireResponse")["item"]
    items = [item for group in groups for item in group.get("item", [])]
    return {item["linkId"]: item["answer"][0]["valueCoding"]["code"] for item in items}


def test_it_is_a_document_of_the_shapes_that_fhir_gives(bundle: dict[str, Any]) -> None:
    assert Bundle.parse_obj(bundle).type == "document"
    assert Composition.parse_obj(resource(bundle, "Composition")).status == "final"
    assert QuestionnaireResponse.parse_obj(resource(bundle, "QuestionnaireResponse")).status == "completed"


def test_it_says_what_was_found_and_what_was_denied(bundle: dict[str, Any]) -> None:
    given = answers(bundle)
    assert given["leg_weakness"] == "Y"
    assert given["bladder_retention"] == given["saddle_numbness"] == "N"
    assert "weight_loss" not in given
    level = resource(bundle, "QuestionnaireResponse")["item"][-1]["answer"][0]["valueCoding"]["code"]
    assert level == "emergency"
    titles = [section["title"] for section in resource(bundle, "Composition")["section"]]
    assert titles == ["SITUATION", "BACKGROUND", "ASSESSMENT", "RECOMMENDATION"]


def test_words_with_angle_brackets_stay_words(play: Callable[[], Play]) -> None:
    played = play()
    played.say("caller", 'my foot is numb <script>alert(1)</script> & cold"}],"status":"final"</div>')
    text = resource(document(played.call), "Composition")["text"]["div"]
    assert "<script>" not in text


def test_while_the_call_is_open_it_is_preliminary(play: Callable[[], Play]) -> None:
    made = document(play().call)
    assert resource(made, "Composition")["status"] == "preliminary"
    assert resource(made, "QuestionnaireResponse")["status"] == "in-progress"


def set_at(bundle: dict[str, Any], kind: str, **changes: Any) -> None:
    (bundle if kind == "Bundle" else resource(bundle, kind)).update(changes)


@pytest.mark.parametrize(
    ("kind", "changes", "says"),
    [
        ("Composition", {"status": "finished"}, "'finished' is no Composition.status"),
        ("QuestionnaireResponse", {"status": "done"}, "'done' is no QuestionnaireResponse.status"),
        ("Bundle", {"type": "paper"}, "'paper' is no Bundle.type"),
        ("Bundle", {"type": "collection"}, "type 'document'"),
        ("Bundle", {"identifier": None}, "identifier"),
        ("Composition", {"text": {"status": "written", "div": "<div/>"}}, "'written' is no Narrative.status"),
        ("Device", {"deviceName": [{"name": "x", "type": "nickname"}]}, "'nickname' is no DeviceName.type"),
        ("Composition", {"title": None}, "title"),
        ("Composition", {"author": [{"reference": "urn:uuid:nobody"}]}, "nothing in the document"),
        ("Composition", {"colour": "red"}, "colour"),
    ],
)
def test_what_fhir_does_not_allow_is_refused(
    bundle: dict[str, Any], kind: str, changes: dict[str, Any], says: str
) -> None:
    broken = copy.deepcopy(bundle)
    set_at(broken, kind, **changes)
    with pytest.raises(DocumentError, match=says):
        check_document(broken)


def test_an_answer_of_no_code_set_and_a_document_without_its_composition(bundle: dict[str, Any]) -> None:
    broken = copy.deepcopy(bundle)
    first = resource(broken, "QuestionnaireResponse")["item"][0]["item"][0]
    first["answer"][0]["valueCoding"]["code"] = "MAYBE"
    with pytest.raises(DocumentError, match="'MAYBE' is no answer"):
        check_document(broken)
    broken = copy.deepcopy(bundle)
    broken["entry"].reverse()
    with pytest.raises(DocumentError, match="begins with its Composition"):
        check_document(broken)
