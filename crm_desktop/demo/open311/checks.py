"""What the office refuses, with the standard's numbers."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from crm_desktop.demo.open311.catalogue import Question, SandboxService
from crm_desktop.demo.open311.office import Office

Fields = dict[str, list[str]]

MAX_DESCRIPTION = 4000


class Refused(Exception):
    """An exchange that gets the standard's error document."""

    def __init__(self, status: int, words: str) -> None:
        super().__init__(words)
        self.status = status
        self.words = words


def jurisdiction(office: Office, given: str) -> None:
    """400 without one, 404 for one that is not ours."""
    if not given:
        raise Refused(400, "jurisdiction_id was not provided.")
    if given != office.jurisdiction_id:
        raise Refused(404, "jurisdiction_id provided was not found.")


def key(office: Office, given: str) -> None:
    """403 for a missing or invalid key; an office without a key asks for none."""
    if not office.api_key:
        return
    if not given:
        raise Refused(403, "Missing api_key.")
    if given != office.api_key:
        raise Refused(403, "Invalid api_key.")


def service(office: Office, code: str) -> SandboxService:
    """The service; 400 without a code, 404 for one that is not offered."""
    if not code:
        raise Refused(400, "service_code was not provided.")
    found = office.service(code)
    if found is None:
        raise Refused(404, "service_code provided was not found.")
    return found


def request(asked: SandboxService, fields: Fields) -> None:
    """Everything that a POST must have besides key, jurisdiction and service."""
    first = {name: values[0] for name, values in fields.items() if values}
    if len(first.get("description", "")) > MAX_DESCRIPTION:
        raise Refused(400, "description is longer than 4,000 characters.")
    _where(first)
    for question in asked.questions:
        _answer(question, fields)


def _where(first: Mapping[str, str]) -> None:
    if "lat" in first or "long" in first:
        latitude, longitude = _float(first.get("lat", "")), _float(first.get("long", ""))
        if latitude is None or longitude is None:
            raise Refused(400, "lat and long must both be decimal degrees.")
        if not (-90 <= latitude <= 90 and -180 <= longitude <= 180):
            raise Refused(400, "lat and long are outside the world.")
    elif not (first.get("address_string") or first.get("address_id")):
        raise Refused(400, "A location is required: lat and long, or address_string.")


def _answer(question: Question, fields: Fields) -> None:
    name = f"attribute[{question.code}]"
    given = [each for each in fields.get(f"{name}[]" if question.many else name, []) if each]
    if question.required and not given:
        raise Refused(400, f"{question.code} is required.")
    known = {value for value, _ in question.values}
    for each in given:
        if known and each not in known:
            raise Refused(400, f"{question.code} has no value {each[:40]}.")
        if question.datatype == "number" and _float(each) is None:
            raise Refused(400, f"{question.code} must be a number.")
        if question.datatype == "datetime" and moment(each) is None:
            raise Refused(400, f"{question.code} must be a date and time.")


def moment(given: str) -> datetime | None:
    """A date and time with its offset, as the standard wants them."""
    try:
        found = datetime.fromisoformat(given)
    except ValueError:
        return None
    return found if found.tzinfo else None


def _float(given: str) -> float | None:
    try:
        return float(given)
    except ValueError:
        return None
