"""A call as a FHIR document (R4B): a Bundle with a Composition and a QuestionnaireResponse.

`fhir.resources` checks shapes but no code sets, so the codes that FHIR binds strictly are checked here.
"""

import json
from collections.abc import Iterator, Mapping
from html import escape
from typing import Any, Final
from uuid import NAMESPACE_URL, uuid5

from fhir.resources.bundle import Bundle

from backsignal.assist.call import Call
from backsignal.assist.note import note_text, sections
from backsignal.clinical.record import Value

_LOINC: Final = "http://loinc.org"
_LEVEL: Final = "urn:backsignal:triage-level"
_YES_NO: Final = "http://terminology.hl7.org/CodeSystem/v2-0136"
_ABSENT_REASON: Final = "http://terminology.hl7.org/CodeSystem/data-absent-reason"
_QUESTIONNAIRE: Final = "urn:backsignal:questionnaire:back-pain-call"
_TELEPHONE_NOTE: Final = ("34748-4", "Telephone encounter Note")
_SECTION_CODES: Final = {
    "situation": ("29299-5", "Reason for visit Narrative"),
    "background": ("11348-0", "History of Past illness note"),
    "assessment": ("51848-0", "Evaluation note"),
    "recommendation": ("18776-5", "Plan of care note"),
}
_ANSWERS: Final = {
    Value.PRESENT: {"system": _YES_NO, "code": "Y", "display": "Yes"},
    Value.ABSENT: {"system": _YES_NO, "code": "N", "display": "No"},
    Value.UNKNOWN: {"system": _ABSENT_REASON, "code": "asked-unknown", "display": "Asked But Unknown"},
}

# The code sets that FHIR R4B binds as "required", for every place of ours that holds such a code.
_REQUIRED: Final[dict[tuple[str, str], frozenset[str]]] = {
    ("Bundle", "type"): frozenset(
        {
            "document",
            "message",
            "transaction",
            "transaction-response",
            "batch",
            "batch-response",
            "history",
            "searchset",
            "collection",
        }
    ),
    ("Composition", "status"): frozenset({"preliminary", "final", "amended", "entered-in-error"}),
    ("QuestionnaireResponse", "status"): frozenset(
        {"in-progress", "completed", "amended", "entered-in-error", "stopped"}
    ),
    ("Narrative", "status"): frozenset({"generated", "extensions", "additional", "empty"}),
    ("DeviceName", "type"): frozenset(
        {
            "udi-label-name",
            "user-friendly-name",
            "patient-reported-name",
            "manufacturer-name",
            "model-name",
            "other",
        }
    ),
}


class DocumentError(ValueError):
    """The document is no valid FHIR document; the message names the place."""


def document(call: Call) -> dict[str, Any]:
    """The call as a document Bundle, checked."""
    bundle = _bundle(call)
    check_document(bundle)
    return bundle


def check_document(bundle: Mapping[str, Any]) -> None:
    """Check shapes, code sets, the rules of document bundles, and references. Raises DocumentError."""
    try:
        Bundle.parse_obj(json.loads(json.dumps(bundle)))
    except ValueError as error:
        raise DocumentError(str(error)) from error
    for place, kind, field, code in _codes(bundle):
        if code not in _REQUIRED[kind, field]:
            raise DocumentError(f"{place}: '{code}' is no {kind}.{field}")
    _check_answers(bundle)
    entries = bundle.get("entry", [])
    if bundle.get("type") != "document" or not entries or not bundle.get("identifier"):
        raise DocumentError("entry: a document has the type 'document', an identifier and entries")
    if entries[0]["resource"]["resourceType"] != "Composition":
        raise DocumentError("entry[0]: a document begins with its Composition")
    urls = {entry["fullUrl"] for entry in entries}
    for place, reference in _references(bundle):
        if reference not in urls:
            raise DocumentError(f"{place}: nothing in the document is '{reference}'")


def _walk(item: Any, place: str, kind: str) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Every object of a bundle with its place and its kind."""
    if isinstance(item, list):
        for number, child in enumerate(item):
            yield from _walk(child, f"{place}[{number}]", kind)
    elif isinstance(item, dict):
        kind = item.get("resourceType", kind)
        yield place, kind, item
        for key, child in item.items():
            below = {"text": "Narrative", "deviceName": "DeviceName"}.get(key, "")
            yield from _walk(child, f"{place}.{key}" if place else key, below)


def _codes(bundle: Mapping[str, Any]) -> Iterator[tuple[str, str, str, Any]]:
    for place, kind, item in _walk(dict(bundle), "", ""):
        for bound, field in _REQUIRED:
            if kind == bound and field in item:
                yield f"{place}.{field}".lstrip("."), kind, field, item[field]


def _check_answers(bundle: Mapping[str, Any]) -> None:
    known = {(answer["system"], answer["code"]) for answer in _ANSWERS.values()}
    for place, _, item in _walk(dict(bundle), "", ""):
        coding = item.get("valueCoding") or {}
        ours = coding.get("system") in {_YES_NO, _ABSENT_REASON}
        if ours and (coding["system"], coding.get("code")) not in known:
            raise DocumentError(f"{place}.valueCoding: '{coding.get('code')}' is no answer")


def _references(bundle: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for place, _, item in _walk(dict(bundle), "", ""):
        if isinstance(item.get("reference"), str):
            yield place, item["reference"]


def _bundle(call: Call) -> dict[str, Any]:
    made = call.closed_at or call.opened_at
    resources = {
        "composition": _composition(call, made),
        "response": _response(call, made),
        "agent": {"resourceType": "Practitioner", "name": [{"text": call.owner_name}]},
        "software": {
            "resourceType": "Device",
            "deviceName": [{"name": "Backsignal", "type": "user-friendly-name"}],
            "version": [{"value": call.content_version}],
        },
    }
    return {
        "resourceType": "Bundle",
        "identifier": {"system": "urn:ietf:rfc:3986", "value": _url(call, "document")},
        "type": "document",
        "timestamp": made,
        "entry": [{"fullUrl": _url(call, key), "resource": made} for key, made in resources.items()],
    }


def _composition(call: Call, made: str) -> dict[str, Any]:
    parts = []
    for section in sections(call):
        part: dict[str, Any] = {
            "title": section.title,
            "code": _concept(*_SECTION_CODES[section.key]),
            "text": _narrative("\n".join(section.lines)),
        }
        if section.key == "assessment":
            part["entry"] = [{"reference": _url(call, "response")}]
        parts.append(part)
    return {
        "resourceType": "Composition",
        "status": "final" if call.closed_at else "preliminary",
        "type": _concept(*_TELEPHONE_NOTE),
        "date": made,
        "title": f"{call.content.note['title']} {call.id}",
        "author": [{"reference": _url(call, "agent")}, {"reference": _url(call, "software")}],
        "text": _narrative(note_text(call)),
        "section": parts,
    }


def _response(call: Call, made: str) -> dict[str, Any]:
    groups = [item for group, title in call.content.groups.items() if (item := _group(call, group, title))]
    level = call.triage().level
    coding = {"system": _LEVEL, "code": level.value, "display": call.content.levels[level]}
    numbers = [
        {
            "linkId": measure,
            "text": call.content.measures.get(measure, measure),
            "answer": [{"valueDecimal": number.value}],
        }
        for measure, number in call.record().numbers.items()
    ]
    result = {
        "linkId": "triage_level",
        "text": call.content.note["level_title"],
        "answer": [{"valueCoding": coding}],
    }
    return {
        "resourceType": "QuestionnaireResponse",
        "questionnaire": f"{_QUESTIONNAIRE}|{call.content_version}",
        "status": "completed" if call.closed_at else "in-progress",
        "authored": made,
        "author": {"reference": _url(call, "agent")},
        "item": [*groups, *numbers, result],
    }


def _group(call: Call, group: str, title: str) -> dict[str, Any] | None:
    record, clinical = call.record(), call.content.clinical
    items = []
    for finding in clinical.findings.values():
        entry, value = record.entries.get(finding.id), record.value(finding.id, clinical)
        if finding.group != group or (entry is None and value is Value.UNKNOWN):
            continue
        answer: dict[str, Any] = {"valueCoding": _ANSWERS[value]}
        quote = record.quote(finding.id, clinical)
        if quote:
            words = {"linkId": f"{finding.id}.words", "text": call.content.note["words"]}
            answer["item"] = [{**words, "answer": [{"valueString": quote}]}]
        items.append({"linkId": finding.id, "text": call.content.singles[finding.id], "answer": [answer]})
    return {"linkId": group, "text": title, "item": items} if items else None


def _concept(code: str, display: str) -> dict[str, Any]:
    return {"coding": [{"system": _LOINC, "code": code, "display": display}]}


def _narrative(text: str) -> dict[str, str]:
    lines = "".join(f"<p>{escape(line, quote=False)}</p>" for line in text.splitlines() if line.strip())
    return {"status": "generated", "div": f'<div xmlns="http://www.w3.org/1999/xhtml">{lines}</div>'}


def _url(call: Call, part: str) -> str:
    return f"urn:uuid:{uuid5(NAMESPACE_URL, f'backsignal:{call.id}:{part}')}"
