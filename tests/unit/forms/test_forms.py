"""What a form makes of what people type."""

from __future__ import annotations

from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm_desktop.domain.errors import InvalidInput
from crm_desktop.domain.forms import FieldKind, Form

SCHEMA: dict[str, Any] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "type": "object",
    "title": "Report a missed bin",
    "required": ["bin", "due", "out"],
    "x-order": ["bin", "due", "out", "why", "where", "postcode"],
    "properties": {
        "bin": {
            "type": "string",
            "title": "Which bin was missed?",
            "oneOf": [
                {"const": "recycling", "title": "Recycling (blue)"},
                {"const": "refuse", "title": "Rubbish (green)"},
            ],
            "x-error": {"required": "Select which bin was missed"},
        },
        "due": {
            "type": "string",
            "format": "date",
            "title": "Date the bin was due",
            "x-error": {"required": "Enter the date the bin was due"},
        },
        "out": {"type": "boolean", "title": "Was it out by 6.30am?"},
        "why": {
            "type": "string",
            "title": "Reason it was late",
            "maxLength": 20,
            "x-show-if": {"field": "out", "equals": False},
        },
        "where": {"type": "string", "title": "Address", "x-widget": "address"},
        "postcode": {"type": "string", "title": "Postcode", "x-widget": "postcode"},
        "contact": {"type": "string", "format": "email", "title": "Email"},
        "phone": {"type": "string", "format": "tel", "title": "Telephone"},
        "people": {"type": "integer", "title": "People at home", "minimum": 1, "maximum": 30},
        "weight": {"type": "number", "title": "Weight in kg"},
        "ways": {
            "type": "array",
            "title": "What is in the way?",
            "items": {"enum": ["car", "tree", "works"]},
        },
        "photos": {"type": "array", "x-widget": "file", "title": "Photos"},
        "crew": {"type": "string", "title": "Crew note", "x-public": False},
        "crew_more": {
            "type": "string",
            "title": "More",
            "x-show-if": {"field": "crew", "equals": "yes"},
        },
    },
}
FORM = Form.from_schema(SCHEMA)
GOOD = {"bin": ["recycling"], "due": ["2026-11-19"], "out": ["yes"]}


def test_order_is_the_forms_and_the_rest_follows() -> None:
    names = [field.name for field in FORM.fields]

    assert names[:6] == ["bin", "due", "out", "why", "where", "postcode"]
    assert names[6:8] == ["contact", "phone"]


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("bin", FieldKind.RADIOS),
        ("due", FieldKind.DATE),
        ("out", FieldKind.YES_NO),
        ("where", FieldKind.ADDRESS),
        ("contact", FieldKind.EMAIL),
        ("people", FieldKind.INTEGER),
        ("ways", FieldKind.CHECKBOXES),
        ("photos", FieldKind.FILE),
    ],
)
def test_kind_of_question(name: str, kind: FieldKind) -> None:
    field = FORM.field(name)

    assert field is not None
    assert field.kind is kind


def test_public_form_leaves_out_what_is_the_advisors() -> None:
    public = FORM.public()

    assert public.field("crew") is None
    assert public.field("crew_more") is None
    assert public.field("bin") is not None


def test_empty_required_questions_are_named_in_the_forms_own_words() -> None:
    cleaned = FORM.clean({})

    assert cleaned.errors == {
        "bin": "Select which bin was missed",
        "due": "Enter the date the bin was due",
        "out": "Select an answer to “Was it out by 6.30am?”",
    }


def test_answers_become_values() -> None:
    sent = GOOD | {"people": ["1,2"], "weight": "3.5", "ways": ["tree", "car"], "bin": "refuse"}

    cleaned = FORM.clean(sent)

    assert cleaned.errors == {}
    assert cleaned.answers == {
        "bin": "refuse",
        "due": "2026-11-19",
        "out": True,
        "people": 12,
        "weight": 3.5,
        "ways": ["car", "tree"],
    }


def test_a_screens_values_are_taken_as_they_are() -> None:
    once = FORM.clean(GOOD | {"people": ["4"], "ways": ["car"]}).answers

    assert FORM.clean(once).answers == once


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        (("19", "11", "2026"), "2026-11-19"),
        (("1", "March", "2026"), "2026-03-01"),
        ((" 9 ", "1", "2027"), "2027-01-09"),
    ],
)
def test_date_in_three_parts(parts: tuple[str, str, str], expected: str) -> None:
    sent = {
        f"due-{part}": [text] for part, text in zip(("day", "month", "year"), parts, strict=True)
    }

    assert FORM.clean(sent).answers["due"] == expected


@pytest.mark.parametrize(
    ("parts", "words"),
    [
        ({"day": "31", "month": "2", "year": "2026"}, "must be a real date"),
        ({"day": "1", "month": "2", "year": "26"}, "must be a real date"),
        ({"day": "١", "month": "2", "year": "2026"}, "must be a real date"),
        ({"day": "1", "year": "2026"}, "must include a month"),
        ({"year": "2026"}, "must include a day and month"),
    ],
)
def test_date_that_is_none(parts: dict[str, str], words: str) -> None:
    sent = {f"due-{part}": [text] for part, text in parts.items()}

    assert FORM.clean(sent).errors["due"] == f"Date the bin was due {words}"


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("postcode", "nr23tt", "NR2 3TT"),
        ("postcode", " SW1A  1AA ", "SW1A 1AA"),
        ("where", "14 Mill Lane,\r\nNorwich\r\n\r\nNR2 3TT", "14 Mill Lane, Norwich, NR2 3TT"),
        ("phone", "+44 (0)1632 960001", "+44 (0)1632 960001"),
        ("contact", " Ada@Example.org ", "Ada@Example.org"),
        ("where", "Cafe\u0301\x00\x07 Row\u202e", "Café Row"),
    ],
)
def test_text_is_tidied(name: str, text: str, expected: str) -> None:
    assert FORM.clean({name: [text]}).answers[name] == expected


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("postcode", "NR2"),
        ("phone", "ring me"),
        ("phone", "12"),
        ("contact", "ada@"),
        ("contact", "a b@example.org"),
        ("contact", "a@example.org, b@example.org"),
        ("people", "few"),
        ("people", "1e3"),
        ("people", "31"),
        ("people", "0"),
        ("weight", "inf"),
        ("weight", "nan"),
        ("bin", "purple"),
        ("out", "perhaps"),
        ("ways", "lava"),
    ],
)
def test_what_makes_no_sense_is_an_error(name: str, text: str) -> None:
    cleaned = FORM.clean({name: [text]})

    assert name in cleaned.errors
    assert name not in cleaned.answers


def test_hidden_answers_are_dropped_and_shown_ones_checked() -> None:
    late = "the crew came at dawn, long before"

    hidden = FORM.clean(GOOD | {"why": [late]})
    shown = FORM.clean(GOOD | {"out": ["no"], "why": [late]})

    assert "why" not in hidden.answers
    assert hidden.errors == {}
    assert shown.errors == {"why": "Reason it was late must be 20 characters or less"}


def test_a_hidden_question_hides_its_followers() -> None:
    assert FORM.visible({"crew": "yes"})[-1].name == "crew_more"
    assert all(field.name != "crew_more" for field in FORM.public().visible({"crew": "yes"}))


def test_a_stale_answer_to_a_hidden_question_asks_nothing() -> None:
    form = Form.from_schema(
        {
            "properties": {
                "a": {"type": "boolean"},
                "b": {"type": "boolean", "x-show-if": {"field": "a", "equals": True}},
                "c": {"x-show-if": {"field": "b", "equals": True}},
            }
        }
    )

    assert [field.name for field in form.visible({"a": False, "b": True})] == ["a"]
    assert len(form.visible({"a": True, "b": True})) == 3


def test_one_is_not_true() -> None:
    assert all(field.name != "why" for field in FORM.visible({"out": 0}))


def test_summary_speaks_the_forms_words() -> None:
    answers = FORM.clean(GOOD | {"ways": ["car", "tree"]}).answers

    assert FORM.summary(answers) == [
        ("Which bin was missed?", "Recycling (blue)"),
        ("Date the bin was due", "19 November 2026"),
        ("Was it out by 6.30am?", "Yes"),
        ("What is in the way?", "car, tree"),
    ]


def test_summary_keeps_a_choice_that_the_form_no_longer_has() -> None:
    assert FORM.summary({"bin": "glass"}) == [("Which bin was missed?", "glass")]


def test_too_many_files_are_cut_to_the_limit() -> None:
    assert FORM.clean({"photos": [f"{n}.jpg" for n in range(50)]}).answers["photos"] == [
        f"{n}.jpg" for n in range(5)
    ]


def test_general_words_for_a_form_without_its_own() -> None:
    form = Form.from_schema(
        {
            "required": ["name", "uk", "photo"],
            "properties": {
                "name": {"title": "Full name"},
                "uk": {"title": "UK address"},
                "photo": {"title": "Photo", "x-widget": "file"},
            },
        }
    )

    assert list(form.clean({}).errors.values()) == [
        "Enter full name",
        "Enter UK address",
        "Choose photo",
    ]


@pytest.mark.parametrize(
    "schema",
    [
        [],
        {"type": "array"},
        {"title": 4},
        {"properties": []},
        {"properties": {"a": "string"}},
        {"properties": {"../etc": {"type": "string"}}},
        {"properties": {"a": {"type": "object"}}},
        {"properties": {"a": {"type": "array"}}},
        {"properties": {"a": {"enum": "abc"}}},
        {"properties": {"a": {"enum": [1, "1"]}}},
        {"properties": {"a": {"enum": [True]}}},
        {"properties": {"a": {"enum": list(range(501))}}},
        {"properties": {"a": {"title": "x" * 5_000}}},
        {"properties": {"a": {"maxLength": "many"}}},
        {"properties": {"a": {"type": "integer", "minimum": "low"}}},
        {"properties": {"a": {"x-show-if": {"field": "a", "equals": 1}}}},
        {"properties": {"b": {}, "a": {"x-show-if": {"field": "b", "equals": {}}}}},
        {"required": ["b"], "properties": {"a": {}}},
        {"required": "a", "properties": {"a": {}}},
        {"properties": {f"a{n}": {} for n in range(101)}},
    ],
)
def test_a_schema_that_is_no_form_is_refused(schema: Any) -> None:
    with pytest.raises(InvalidInput) as caught:
        Form.from_schema(schema)

    assert caught.value.params["fields"]


def test_the_convention_is_a_valid_schema_and_clean_answers_satisfy_it() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    answers = FORM.clean(GOOD | {"people": ["3"], "ways": ["car"], "photos": ["a.jpg"]}).answers

    jsonschema.validate(answers, SCHEMA)


@given(
    st.dictionaries(
        st.sampled_from([*(field.name for field in FORM.fields), "due-day", "due-year", "other"]),
        st.one_of(st.lists(st.text()), st.text(), st.floats(), st.integers(), st.none()),
    )
)
def test_whatever_is_sent_the_answers_stay_within_the_form(sent: dict[str, object]) -> None:
    cleaned = FORM.clean(sent)

    assert set(cleaned.answers) <= {field.name for field in FORM.fields}
    assert not set(cleaned.answers) & set(cleaned.errors)
    assert FORM.clean(cleaned.answers).answers == cleaned.answers
    for answer in cleaned.answers.values():
        assert not isinstance(answer, str) or "\x00" not in answer
