"""The states of DOMAIN behind what offices say."""

from __future__ import annotations

from dataclasses import replace

import pytest

from crm_desktop.backoffice.open311 import readings
from crm_desktop.backoffice.open311.settings import Open311Settings

SETTINGS = Open311Settings("https://office.example/v2")


@pytest.mark.parametrize(
    ("said", "notes", "state"),
    [
        ("open", "", "acknowledged"),
        ("", "", "acknowledged"),
        ("open", "Thank you", "acknowledged"),
        ("open", "In progress: crew assigned", "in_progress"),
        ("Open", "Work is scheduled for Tuesday", "in_progress"),
        ("open", "It was fixed last year too", "acknowledged"),
        ("open", "May be a duplicate", "acknowledged"),
        ("investigating", "", "in_progress"),
        ("action_scheduled", "", "in_progress"),
        ("IN_PROGRESS", "", "in_progress"),
        ("for_triage", "", "acknowledged"),
        ("something-new", "", "acknowledged"),
        ("closed", "", "done"),
        ("CLOSED", "Pothole filled", "done"),
        ("fixed", "", "done"),
        ("closed", "Duplicate of 4711", "bounced"),
        ("closed", "This is not the Council’s responsibility.", "bounced"),
        ("closed", "Not our\nresponsibility", "bounced"),
        ("closed", "Photographs of duplicated keys", "done"),
        ("not_councils_responsibility", "", "bounced"),
        ("no-further-action", "", "bounced"),
        ("duplicate", "", "bounced"),
    ],
)
def test_state_of_a_status_and_notes(said: str, notes: str, state: str) -> None:
    assert readings.state(said, notes, SETTINGS) == state


def test_an_office_has_words_of_its_own() -> None:
    settings = replace(SETTINGS, bounced_words=("zurück",), done_words=("erledigt",))

    assert readings.state("erledigt", "", settings) == "done"
    assert readings.state("Erledigt", "an Sie ZURÜCK", settings) == "bounced"
    assert readings.state("closed", "duplicate", settings) == "acknowledged"


def test_a_status_of_the_offices_own_is_part_of_its_words() -> None:
    record = {"status": "action_scheduled", "status_notes": "Tuesday"}

    assert readings.status(record, SETTINGS).words == "action_scheduled: Tuesday"
