"""The centre's chats as a page meets them: its settings, its hours, how long one waits, and what is
left when nobody is there.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping

from crm_desktop.domain.card_numbers import masked
from crm_desktop.domain.chats import GONE_MINUTES, ChatSite, LeftMessage, Opening, Place
from crm_desktop.domain.errors import Blocked, NotFound
from crm_desktop.domain.messages import Address, InboundMessage
from crm_desktop.domain.states import Channel
from crm_desktop.services import chat_texts, intake
from crm_desktop.services.intake_parts.finding import opening_hours
from crm_desktop.store.database import Database, Tx
from crm_desktop.store.queries import accounts, chat_views
from crm_desktop.store.queries import chat_visits as queries
from crm_desktop.store.queries.accounts import Account
from crm_desktop.store.queries.routing import QueueRules, Routing
from crm_desktop.store.queries.routing import read as read_routing

__all__ = ["KIND", "gone_minutes", "leave_message", "opening", "places", "rules_of", "sites"]

#: The kind of account that a chat is.
KIND = "chat"


def sites(db: Database) -> tuple[ChatSite, ...]:
    """The chats in use; settings that are missing or unusable have their defaults."""
    with db.read() as tx:
        return tuple(_site(each) for each in accounts.active(tx) if each.kind == KIND)


def _site(account: Account) -> ChatSite:
    told = account.settings
    languages = tuple(each for each in _texts(told.get("languages")) if each in ("en", "cy"))
    questions, greeting = told.get("questions"), told.get("greeting")
    return ChatSite(
        id=account.id,
        name=account.name,
        key=str(told.get("key", "")),
        origins=_texts(told.get("origins")),
        services=_texts(told.get("services")),
        questions={str(code): _texts(names) for code, names in questions.items()}
        if isinstance(questions, dict)
        else {},
        languages=languages or ("en", "cy"),
        greeting={str(code): str(words) for code, words in greeting.items()}
        if isinstance(greeting, dict)
        else {},
        colour=str(told.get("colour", "")),
        queue_id=account.queue_id,
    )


def gone_minutes(account: Account) -> int:
    """How long a visitor of a site may be gone."""
    said = account.settings.get("gone_minutes")
    return said if isinstance(said, int) and 1 <= said <= 120 else GONE_MINUTES


def _texts(value: object) -> tuple[str, ...]:
    return tuple(str(each) for each in value) if isinstance(value, list | tuple) else ()


def opening(db: Database, site_id: int) -> Opening:
    """Whether a chat may begin now. Raises NotFound for a site that is not there."""
    with db.read() as tx:
        rules = rules_of(read_routing(tx), site_id)
        hours = opening_hours(rules.hours)
        if hours is not None and not hours.is_open(tx.now):
            return Opening(False, hours.next_opening(tx.now), None)
        return Opening(True, None, chat_views.next_wait(tx, rules.queue_id))


def rules_of(routing: Routing, site_id: int, service_code: str = "") -> QueueRules:
    """The queue that takes a chat: the service's, else the site's, else the general one."""
    account = routing.accounts.get(site_id)
    if account is None or account.kind != KIND or not account.active:
        raise NotFound(f"no chat {site_id}")
    service = routing.service_by_code(service_code) if service_code else None
    chosen = (service.queue_id if service else None, account.queue_id)
    known = (routing.queues.get(each) for each in chosen if each is not None)
    rules = next((each for each in known if each is not None), routing.general_queue)
    if rules is None:
        raise NotFound("the centre has no queue")
    return rules


def places(db: Database, site_id: int) -> Mapping[int, Place]:
    """Where each stands that waits at a site, by chat."""
    with db.read_at_once() as tx:
        return chat_views.places(tx, site_id)


def leave_message(db: Database, site_id: int, left: LeftMessage) -> str:
    """Take in what is left when nobody is there, as a web form; its case's reference, "" when it is
    about no known service.

    The same `key` gives the same answer again. Raises Blocked, InvalidInput and NotFound.
    """
    with db.read() as tx:
        rules_of(read_routing(tx), site_id)
        _refuse_blocked(tx, left.client)
    visitor, email = chat_texts.person(left.visitor, left.email, email_needed=not left.phone)
    text = chat_texts.words(left.text)
    answers = chat_texts.answers(left.answers)
    key = hashlib.sha256((left.key or secrets.token_hex(32)).encode()).hexdigest()
    received = intake.receive(
        db,
        site_id,
        InboundMessage(
            channel=Channel.WEB_FORM,
            external_id=f"left:{key}",
            sender=Address(visitor, email),
            subject="Message left in the chat",
            text=masked(text),
            reply_text=masked(text),
            problems=chat_texts.problems(text),
            phone=left.phone,
            service_code=left.service_code,
            answers=answers,
        ),
    )
    return received.reference


def _refuse_blocked(tx: Tx, client: str) -> None:
    if queries.is_blocked(tx, client):
        raise Blocked()
