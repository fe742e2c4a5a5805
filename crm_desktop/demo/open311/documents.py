"""The standard's documents from the office's books, in JSON and in XML."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from xml.etree.ElementTree import Element, tostring

from starlette.responses import Response

from crm_desktop.demo.open311.catalogue import Question, SandboxService
from crm_desktop.demo.open311.office import Held

#: What the name of a list's entry is in XML; in JSON entries have no name.
_ENTRY = {
    "services": "service",
    "service_requests": "request",
    "attributes": "attribute",
    "values": "value",
    "errors": "error",
    "endpoints": "endpoint",
    "formats": "format",
}

_TYPES = {"json": "application/json", "xml": "text/xml"}


def answer(kind: str, root: str, tree: object, status: int = 200) -> Response:
    """A document as a response; `root` is the XML root, which JSON does not have."""
    if kind == "xml":
        body = b'<?xml version="1.0" encoding="utf-8"?>\n' + tostring(
            _element(root, tree), encoding="utf-8"
        )
    else:
        body = json.dumps(tree, ensure_ascii=False).encode()
    return Response(body, status, media_type=f"{_TYPES[kind]}; charset=utf-8")


def refusal(kind: str, status: int, words: str) -> Response:
    """The standard's error document."""
    return answer(kind, "errors", [{"code": str(status), "description": words}], status)


def _element(name: str, tree: object) -> Element:
    element = Element(name)
    if isinstance(tree, Mapping):
        for key, value in tree.items():
            element.append(_element(str(key), value))
    elif isinstance(tree, Sequence) and not isinstance(tree, str):
        for each in tree:
            element.append(_element(_ENTRY[name], each))
    elif tree is not None:
        element.text = str(tree).lower() if isinstance(tree, bool) else str(tree)
    return element


def service(each: SandboxService) -> dict[str, object]:
    """An entry of the services list."""
    return {
        "service_code": each.code,
        "service_name": each.name,
        "description": each.description,
        "metadata": bool(each.questions),
        "type": each.kind,
        "keywords": each.keywords,
        "group": each.group,
    }


def definition(each: SandboxService) -> dict[str, object]:
    """A service definition."""
    return {
        "service_code": each.code,
        "attributes": [
            _attribute(question, place) for place, question in enumerate(each.questions, 1)
        ],
    }


def _attribute(question: Question, place: int) -> dict[str, object]:
    return {
        "variable": True,
        "code": question.code,
        "datatype": question.datatype,
        "required": question.required,
        "datatype_description": None,
        "order": place,
        "description": question.description,
        "values": [{"key": key, "name": name} for key, name in question.values],
    }


def accepted(held: Held) -> dict[str, object]:
    """What a POST is answered with."""
    notice = f"{held.service.agency} will look at it"
    if held.service.kind == "blackbox":
        return {"service_notice": notice, "account_id": None}
    number: dict[str, object] = (
        {"token": held.token} if held.token else {"service_request_id": int(held.id)}
    )
    return {**number, "service_notice": notice, "account_id": None}


def request(held: Held, *, shows_description: bool) -> dict[str, object]:
    """An entry of the requests list."""
    status, notes = held.said or ("open", "")
    return {
        "service_request_id": int(held.id),
        "status": status,
        "status_notes": notes or None,
        "service_name": held.service.name,
        "service_code": held.service.code,
        "description": held.first("description") if shows_description else None,
        "agency_responsible": held.agency,
        "service_notice": None,
        "requested_datetime": _moment(held.requested),
        "updated_datetime": _moment(held.updated),
        "expected_datetime": _moment(held.expected),
        "address": held.first("address_string") or None,
        "address_id": held.first("address_id") or None,
        "zipcode": None,
        "lat": float(held.first("lat")) if held.first("lat") else None,
        "long": float(held.first("long")) if held.first("long") else None,
        "media_url": held.first("media_url") or None,
    }


def discovery(base: str, formats: Sequence[str]) -> dict[str, object]:
    """The service discovery document."""
    return {
        "changeset": "2026-01-05T09:00:00Z",
        "contact": "A sandbox: nothing sent here reaches anybody",
        "key_service": "Every copy of the sandbox has one key, given when it is started",
        "endpoints": [
            {
                "specification": "http://wiki.open311.org/GeoReport_v2",
                "url": base,
                "changeset": "2026-01-05T09:00:00Z",
                "type": "test",
                "formats": [_TYPES[kind] for kind in formats],
            }
        ],
    }


def _moment(at: datetime | None) -> str | None:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ") if at else None
