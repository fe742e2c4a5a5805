"""How a chat begins: whose it is from then on, and the contact that it is."""

from __future__ import annotations

import base64
import hashlib
import re
import secrets

from crm_desktop.domain.card_numbers import masked
from crm_desktop.domain.chats import LONGEST_PAGE, NewChat, Started
from crm_desktop.domain.errors import Blocked, Closed, InvalidInput
from crm_desktop.domain.messages import Address, InboundMessage
from crm_desktop.domain.states import Channel
from crm_desktop.services import chat_arriving, chat_texts
from crm_desktop.services.chat_sites import rules_of
from crm_desktop.services.intake_parts import finding
from crm_desktop.services.intake_parts import known as knowing
from crm_desktop.store.database import Database, Tx
from crm_desktop.store.queries import chat_lines, events
from crm_desktop.store.queries import chat_visits as queries
from crm_desktop.store.queries import intake as arrivals
from crm_desktop.store.queries.routing import QueueRules, Routing, ServiceRules
from crm_desktop.store.queries.routing import read as read_routing

_KEY = re.compile(r"[A-Za-z0-9_-]{32,128}")
_LANGUAGES = ("en", "cy")
_UNPROVEN = "They typed this address into the chat: ask who they are before you tell them anything"


def start(db: Database, site_id: int, new: NewChat) -> Started:
    """Begin a chat; raises Blocked, Closed, InvalidInput (visitor, email, service, text, answers)
    and NotFound for a site that is not there.
    """
    visitor, email = chat_texts.person(new.visitor, new.email)
    text = chat_texts.words(new.text) if new.text.strip() else ""
    answers = chat_texts.answers(new.answers)
    token = _token(new.key)
    with db.write() as tx:
        arrivals.serialise(tx, [f"chat:{hashed(token)}"])
        again = queries.of_token(tx, hashed(token))
        if again is not None:
            return Started(again, chat_lines.standing(tx, again).contact_id, token)
        if queries.is_blocked(tx, new.client):
            raise Blocked()
        routing = read_routing(tx)
        service = _service(routing, new.service_code)
        rules = rules_of(routing, site_id, new.service_code)
        if _is_closed(tx, rules_of(routing, site_id)):
            raise Closed()
        message = InboundMessage(
            channel=Channel.CHAT,
            external_id="",
            sender=Address(visitor, email),
            subject=service.name if service else "Chat",
            text=masked(text),
            reply_text=masked(text),
            problems=chat_texts.problems(text),
        )
        contact_id, customer_id = _add_contact(
            tx, site_id, message, routing=routing, rules=rules, service=service
        )
        chat_id = queries.add(
            tx,
            account_id=site_id,
            contact_id=contact_id,
            token_hash=hashed(token),
            visitor=visitor,
            email=email,
            language=new.language if new.language in _LANGUAGES else _LANGUAGES[0],
            page=chat_texts.cleaned(new.page)[:LONGEST_PAGE],
            client=new.client,
            answers=answers,
            waiting_since=tx.now,
        )
        events.append(
            tx,
            "contact.received",
            contact_id=contact_id,
            customer_id=customer_id,
            channel=Channel.CHAT.value,
            queue=rules.queue_id,
            chat=chat_id,
        )
        if text:
            chat_arriving.utter(tx, chat_lines.standing(tx, chat_id), "start", message, ())
        return Started(chat_id, contact_id, token)


def _service(routing: Routing, code: str) -> ServiceRules | None:
    service = routing.service_by_code(code) if code else None
    if code and service is None:
        raise InvalidInput("no such service", fields={"service": "no such service"})
    return service


def _is_closed(tx: Tx, rules: QueueRules) -> bool:
    hours = finding.opening_hours(rules.hours)
    return hours is not None and not hours.is_open(tx.now)


def _add_contact(
    tx: Tx,
    site_id: int,
    message: InboundMessage,
    *,
    routing: Routing,
    rules: QueueRules,
    service: ServiceRules | None,
) -> tuple[int, int | None]:
    """The contact and its customer, who proved nothing."""
    given = knowing.identifiers(message)
    arrivals.serialise(tx, [f"customer:{each.kind}:{each.norm}" for each in given])
    known = knowing.read(tx, routing, [message])
    met = any(known.holders.values())
    sender = finding.sender(tx, message, finding.Place(), known)
    doubt = sender.doubt or (_UNPROVEN if met else "")
    contact_id = next(known.numbers)
    chat_arriving.add_contact(
        tx,
        contact_id,
        message.text,
        {
            "service_id": service.id if service else None,
            "customer_id": sender.customer_id,
            "priority": max(rules.priority, service.priority if service else 0),
            "who": message.sender.name,
            "subject": message.subject,
            "needs_checking": bool(doubt),
            "check_reason": doubt,
            "account_id": site_id,
        },
        rules=rules,
    )
    return contact_id, sender.customer_id


def _token(key: str) -> str:
    """What the visitor holds from now on; the same for the same key, which nobody else can know."""
    if not key:
        return secrets.token_urlsafe(32)
    if not _KEY.fullmatch(key):
        raise InvalidInput("no such key", fields={"key": "no such key"})
    digest = hashlib.sha256(f"chat token of {key}".encode()).digest()
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")


def hashed(token: str) -> str:
    """What the database keeps of a token."""
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()
