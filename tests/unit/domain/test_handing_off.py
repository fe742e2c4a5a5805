"""A case's answers in the terms of a back office."""

from __future__ import annotations

from crm_desktop.domain.forms import Form
from crm_desktop.domain.handing_off import HandoffMapping, told

FORM = Form.from_schema(
    {
        "type": "object",
        "x-order": ["bin", "sizes", "assisted", "help", "where", "notes"],
        "properties": {
            "bin": {
                "type": "string",
                "title": "Which bin was not collected?",
                "oneOf": [
                    {"const": "recycling", "title": "Recycling (blue)"},
                    {"const": "general", "title": "General (black)"},
                ],
            },
            "sizes": {
                "type": "array",
                "title": "Which sizes?",
                "items": {
                    "oneOf": [
                        {"const": "140", "title": "140 litres"},
                        {"const": "240", "title": "240 litres"},
                    ]
                },
            },
            "assisted": {"type": "boolean", "title": "Is it an assisted collection?"},
            "help": {
                "type": "string",
                "title": "Where do we fetch it?",
                "x-show-if": {"field": "assisted", "equals": True},
            },
            "where": {"type": "string", "title": "Address"},
            "notes": {"type": "string", "title": "Notes"},
        },
    }
)
ANSWERS: dict[str, object] = {
    "bin": "recycling",
    "sizes": ["140", "240"],
    "assisted": True,
    "help": "Behind the gate",
    "where": "12 Rowan Close",
    "notes": "Lid open",
}


def test_attributes_carry_the_target_s_codes_and_values() -> None:
    mapping = HandoffMapping.from_json(
        {"attributes": {"BIN": "bin", "SIZE": "sizes", "ASSIST": "assisted", "X": "nothing"}}
    )

    assert told(FORM, ANSWERS, mapping, "").attributes == {
        "BIN": "recycling",
        "SIZE": ["140", "240"],
        "ASSIST": "true",
    }


def test_the_description_holds_the_chosen_questions_in_their_order() -> None:
    mapping = HandoffMapping.from_json({"description": ["notes", "bin"], "address": "where"})

    words = told(FORM, ANSWERS, mapping, "Missed bin")

    assert words.description == (
        "Missed bin\nNotes: Lid open\nWhich bin was not collected: Recycling (blue)"
    )
    assert words.address == "12 Rowan Close"


def test_without_a_choice_everything_answered_is_told() -> None:
    words = told(FORM, ANSWERS, HandoffMapping.from_json({}), "")

    assert words.description.splitlines() == [
        "Which bin was not collected: Recycling (blue)",
        "Which sizes: 140 litres, 240 litres",
        "Is it an assisted collection: Yes",
        "Where do we fetch it: Behind the gate",
        "Address: 12 Rowan Close",
        "Notes: Lid open",
    ]
    assert (words.attributes, words.address) == ({}, "")


def test_questions_that_are_not_asked_or_not_answered_are_not_told() -> None:
    answers = {"assisted": False, "help": "Behind the gate", "notes": ""}
    mapping = HandoffMapping.from_json({"attributes": {"NOTE": "notes"}, "address": "where"})

    words = told(FORM, answers, mapping, "")

    assert words.description == "Is it an assisted collection: No"
    assert (words.attributes, words.address) == ({}, "")


def test_a_service_without_a_form_tells_its_answers_by_name() -> None:
    words = told(None, {"street": "Rowan Close", "empty": ""}, HandoffMapping(), "Pothole")

    assert words.description == "Pothole\nstreet: Rowan Close"
