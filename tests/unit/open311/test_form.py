"""What a hand-off becomes on the way out."""

from __future__ import annotations

from dataclasses import replace

from crm_desktop.backoffice.open311 import form
from crm_desktop.backoffice.open311.settings import Open311Settings
from crm_desktop.domain.handoffs import HandoffRequest, Location

SETTINGS = Open311Settings("https://office.example/v2", "northmere.example")
HANDOFF = HandoffRequest("key-1", "C-8F3-T9K-4", "LAMP", "Out since Sunday", {}, Location())


def test_several_answers_repeat_the_name_with_brackets() -> None:
    handoff = replace(HANDOFF, attributes={"A": "1", "B": ["2", "3"], "C": []})

    fields = form.fields(handoff, SETTINGS, "k")

    assert fields[4:] == [("attribute[A]", "1"), ("attribute[B][]", "2"), ("attribute[B][]", "3")]


def test_what_is_not_known_is_not_sent() -> None:
    names = [name for name, _ in form.fields(HANDOFF, SETTINGS, "k")]

    assert names == ["api_key", "jurisdiction_id", "service_code", "description"]


def test_half_a_position_is_no_position() -> None:
    handoff = replace(HANDOFF, location=Location(latitude=52.6, address="Kerb Lane"))

    names = [name for name, _ in form.fields(handoff, SETTINGS, "k")]

    assert "lat" not in names
    assert "address_string" in names


def test_a_long_description_keeps_its_mark_within_the_standards_length() -> None:
    handoff = replace(HANDOFF, description="é" * 9000, photo=("a.png", "image/png", b"x"))

    words = form.description(handoff, SETTINGS)

    assert len(words) == form.MAX_DESCRIPTION
    assert words.endswith(f"Our reference C-8F3-T9K-4, {form.mark(handoff)}")
    assert "the whole text is with our case" in words


def test_the_mark_is_the_hand_offs_own() -> None:
    assert form.mark(HANDOFF) == form.mark(replace(HANDOFF, description="other"))
    assert form.mark(HANDOFF) != form.mark(replace(HANDOFF, idempotency_key="key-2"))


def test_broken_characters_do_not_stop_a_hand_off() -> None:
    handoff = replace(HANDOFF, first_name="A\x00\ud83d", last_name="Ångström 👋")

    fields = dict(form.fields(handoff, SETTINGS, "k"))

    assert (fields["first_name"], fields["last_name"]) == ("A  ", "Ångström 👋")
