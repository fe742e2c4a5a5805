"""Telling the customer what became of a hand-off, by mail, when that is what they use.

The target's own words are not passed on: they are written for us and may name somebody else.
"""

from __future__ import annotations

from crm_desktop.domain.states import HandoffState
from crm_desktop.services.message_ids import new_message_id
from crm_desktop.store.database import Tx
from crm_desktop.store.models.cases import Case, Handoff
from crm_desktop.store.queries import accounts, cases, events, messages, outbox
from crm_desktop.store.queries import handoffs as queries

_SENTENCES = {
    HandoffState.ACKNOWLEDGED: "has been received by the team that will deal with it.",
    HandoffState.IN_PROGRESS: "is being worked on now.",
    HandoffState.DONE: "has been dealt with. If it has not, please reply to this email.",
}
_TEXT = """\
Your report {reference} ({service}) {sentence}

{centre}
"""


def tell(tx: Tx, handoff: Handoff, case: Case, state: HandoffState) -> None:
    """Queue a short mail about a new state, or leave it to a person.

    Only to the address that the customer wrote from, when it is known to be theirs, has not
    bounced, and they did not ask to be told by telephone or post.
    """
    sentence = _SENTENCES.get(state)
    if sentence is None or handoff.contact_id is None:
        return
    found = queries.correspondent(tx, handoff.contact_id, case.customer_id)
    if found is None or found.address in accounts.own_addresses(tx):
        return
    service = cases.service(tx, case.service_id)
    message_id = messages.add_message(
        tx,
        {
            "contact_id": handoff.contact_id,
            "direction": "outbound",
            "state": "pending",
            "account_id": found.account_id,
            "recipients": {"to": [[found.name, found.address]], "cc": []},
            "subject": f"{service.name} [{case.reference}]",
            "body_text": _TEXT.format(
                reference=case.reference,
                service=service.name,
                sentence=sentence,
                centre=accounts.setting(tx, "centre").get("name", ""),
            ),
            "reply_text": "",
            "rfc_id": new_message_id(tx),
            "auto_generated": True,
        },
    )
    outbox.add(tx, "email", message_id=message_id)
    events.append(
        tx,
        "handoff.told",
        contact_id=handoff.contact_id,
        case_id=case.id,
        handoff=handoff.id,
        message=message_id,
    )
