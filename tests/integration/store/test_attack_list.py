"""docs/SECURITY.md lists exactly the attacks that are made, and they are many for every role."""

from __future__ import annotations

import re
from pathlib import Path

from tests.integration.store import (
    test_attack_admin,
    test_attack_advisor,
    test_attack_alarms,
    test_attack_appointments,
    test_attack_calls,
    test_attack_chats,
    test_attack_desk,
    test_attack_documents,
    test_attack_gateway,
    test_attack_nobody,
    test_attack_people,
    test_attack_report,
    test_attack_sites,
    test_attack_social,
    test_attack_team_leader,
    test_attack_telephones,
    test_attack_visits,
)
from tests.integration.store.attacking import Attack

SECURITY = Path(__file__).parents[3] / "docs" / "SECURITY.md"
BY_ROLE: dict[str, tuple[Attack, ...]] = {
    "advisor": test_attack_advisor.ATTACKS
    + test_attack_people.ADVISOR_ATTACKS
    + test_attack_calls.ADVISOR_ATTACKS
    + test_attack_telephones.ADVISOR_ATTACKS
    + test_attack_social.ADVISOR_ATTACKS
    + test_attack_chats.ADVISOR_ATTACKS
    + test_attack_alarms.ADVISOR_ATTACKS
    + test_attack_sites.ADVISOR_ATTACKS
    + test_attack_documents.ADVISOR_ATTACKS,
    "desk": test_attack_desk.ATTACKS
    + test_attack_telephones.DESK_ATTACKS
    + test_attack_chats.DESK_ATTACKS
    + test_attack_visits.ATTACKS
    + test_attack_appointments.ATTACKS
    + test_attack_sites.DESK_ATTACKS,
    "team leader": test_attack_team_leader.ATTACKS
    + test_attack_people.LEADER_ATTACKS
    + test_attack_calls.LEADER_ATTACKS
    + test_attack_telephones.LEADER_ATTACKS
    + test_attack_social.LEADER_ATTACKS
    + test_attack_chats.LEADER_ATTACKS
    + test_attack_sites.LEADER_ATTACKS,
    "administrator": test_attack_admin.ATTACKS
    + test_attack_telephones.ADMIN_ATTACKS
    + test_attack_sites.ADMIN_ATTACKS,
    "gateway": test_attack_gateway.ATTACKS
    + test_attack_people.GATEWAY_ATTACKS
    + test_attack_calls.GATEWAY_ATTACKS
    + test_attack_telephones.GATEWAY_ATTACKS
    + test_attack_social.GATEWAY_ATTACKS
    + test_attack_chats.GATEWAY_ATTACKS
    + test_attack_appointments.GATEWAY_ATTACKS
    + test_attack_sites.GATEWAY_ATTACKS
    + test_attack_documents.GATEWAY_ATTACKS,
    "report": test_attack_report.ATTACKS + test_attack_alarms.NOBODY_ATTACKS,
    "disabled": test_attack_nobody.DISABLED_ATTACKS,
    "inactive by hand": test_attack_nobody.BY_HAND_ATTACKS,
    "no role": test_attack_nobody.NOBODY_ATTACKS,
}


def table() -> list[str]:
    """The rows as the document has them."""
    return [
        f"| {role} | {len(attacks)} | {'; '.join(each.what for each in attacks)} |"
        for role, attacks in BY_ROLE.items()
    ]


def test_the_document_lists_what_is_tried() -> None:
    written = [
        line
        for line in SECURITY.read_text("utf-8").splitlines()
        if re.match(r"\| [a-z ]+ \| \d+ \| ", line)
    ]

    assert written == table()


def test_no_file_of_attacks_is_left_out() -> None:
    files = {each.stem for each in Path(__file__).parent.glob("test_attack_*.py")}

    assert files - {Path(__file__).stem} <= set(globals())


def test_every_attack_has_a_name_of_its_own() -> None:
    for role, attacks in BY_ROLE.items():
        names = [each.what for each in attacks]
        assert len(names) == len(set(names)), role
        assert not any(";" in name or "|" in name for name in names)
