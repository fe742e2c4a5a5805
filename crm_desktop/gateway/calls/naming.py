"""The names of our channels and bridges at the PBX: each says whose contact it is."""

from __future__ import annotations

import re

from crm_desktop.domain.calls import LegRole

_OURS = re.compile(r"crm-(?:[a-z]+-)?([0-9]{1,18})(?:-.*)?")


def contact_of(name: str) -> int | None:
    """The contact that a channel or bridge of ours is for; None for what is none of ours."""
    found = _OURS.fullmatch(name)
    return int(found[1]) if found else None


def leg(contact_id: int, role: LegRole, number: int) -> str:
    """A channel that we call; of an advisor's `number` is the assignment that is rung for."""
    return f"crm-{contact_id}-{role.value}-{number}"


def is_for(channel: str, contact_id: int, assignment_id: int) -> bool:
    """Whether a channel rings for this offer; a second one has something after its name."""
    name = leg(contact_id, LegRole.ADVISOR, assignment_id)
    return channel == name or channel.startswith(f"{name}-")


def talk(contact_id: int) -> str:
    """Where the caller talks: what is recorded."""
    return f"crm-talk-{contact_id}"


def hold(contact_id: int) -> str:
    """Where the caller hears music."""
    return f"crm-hold-{contact_id}"


def ask(contact_id: int) -> str:
    """Where the advisor asks a third, while the caller hears music."""
    return f"crm-ask-{contact_id}"


def ear(contact_id: int) -> str:
    """Where a listener listens."""
    return f"crm-ear-{contact_id}"


def bridges(contact_id: int) -> tuple[str, ...]:
    """All bridges that a call may have."""
    return (talk(contact_id), hold(contact_id), ask(contact_id), ear(contact_id))
