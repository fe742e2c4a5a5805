"""Hand-offs that the sandbox office accepts."""

from __future__ import annotations

import uuid
from dataclasses import replace

from crm_desktop.domain.handoffs import HandoffRequest, Location

PHOTO = ("kerb.jpg", "image/jpeg", b"\xff\xd8\xff" + bytes(5000))


def missed_bin(**changes: object) -> HandoffRequest:
    """A missed bin, new at every call."""
    handoff = HandoffRequest(
        idempotency_key=uuid.uuid4().hex,
        reference="C-8F3-T9K-4",
        service_code="MISSED_BIN",
        description="Both bins were out at 6 am – nobody came",
        attributes={"bin_type": ["refuse", "food"], "assisted": "yes"},
        location=Location(52.6309, 1.2974, "12 Kerb Lane, Northmere", "100090000001"),
        first_name="Zoë",
        last_name="Ngũgĩ",
        email="zoe@example.org",
        phone="+441603000000",
    )
    return replace(handoff, **changes)  # type: ignore[arg-type]  # tests name fields of the request


def noise(**changes: object) -> HandoffRequest:
    """Noise, which gets a token first."""
    return missed_bin(
        service_code="NOISE", attributes={"times": "Every night from 11 to 2"}, **changes
    )
