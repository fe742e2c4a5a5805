"""A chat in the small centre, and a visitor in it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from itertools import count
from typing import Any

from sqlalchemy import select, update

from crm_desktop.domain.chats import ChatLine, NewChat, Started, VisitorView
from crm_desktop.domain.views import Writing
from crm_desktop.services import chat_visits
from crm_desktop.store.database import Database
from crm_desktop.store.models import ChannelAccount, Chat, ChatTyping, OpeningCalendar, Queue
from tests.centre import Centre
from tests.routing_centre import ALWAYS

_IDS = count(1)


def add_site(centre: Centre, *, queue: str = "general", **settings: object) -> int:
    """The account of a chat that is open at all hours; its id."""
    with centre.as_owner().write() as tx:
        calendar = OpeningCalendar(name=f"Always {next(_IDS)}", hours=ALWAYS)
        tx.session.add(calendar)
        tx.session.flush()
        tx.session.execute(update(Queue).where(Queue.code == queue).values(calendar_id=calendar.id))
        queue_id = tx.session.scalar(select(Queue.id).where(Queue.code == queue))
        site = ChannelAccount(
            kind="chat",
            name=f"Chat {next(_IDS)}",
            queue_id=queue_id,
            settings={"key": "testshire", "origins": ["https://www.testshire.gov.uk"], **settings},
        )
        tx.session.add(site)
        tx.session.flush()
        return site.id


@dataclass
class Visitor:
    """Somebody at a page; `said` numbers what they say."""

    db: Database
    started: Started
    said: int = 0

    @property
    def token(self) -> str:
        """What their browser holds."""
        return self.started.token

    @property
    def chat(self) -> int:
        """Their chat's id."""
        return self.started.chat_id

    @property
    def contact(self) -> int:
        """The contact that it began as."""
        return self.started.contact_id

    def say(self, text: str, **more: Any) -> ChatLine:
        """Say something new."""
        self.said += 1
        return chat_visits.say(self.db, self.token, f"line-{self.said}", text, **more)

    def sees(self, after: int = 0) -> VisitorView:
        """Their page, opened anew."""
        return chat_visits.resume(self.db, self.token, after)


def visitor(
    centre: Centre, site: int, text: str = "My bin was not collected.", **given: Any
) -> Visitor:
    """Somebody who begins a chat."""
    new = NewChat(**{"visitor": "Margaret Okafor", "client": "a-client", "text": text, **given})
    db = centre.as_gateway()
    return Visitor(db, chat_visits.start(db, site, new))


def writing(number: int = 0, *, again: bool = False) -> Writing:
    """One writing of an advisor's, a new one unless it has a number."""
    return Writing(f"{number or next(_IDS) + 1_000_000:032x}", again)


def chat_row(centre: Centre, chat_id: int) -> Chat:
    """A chat as the database has it."""
    with centre.as_owner().read() as tx:
        return tx.session.get_one(Chat, chat_id)


def change_chat(centre: Centre, chat_id: int, **values: object) -> None:
    """Make a chat another, past everything."""
    with centre.as_owner().write() as tx:
        tx.session.execute(update(Chat).where(Chat.id == chat_id).values(**values))


def keep_typing(centre: Centre) -> None:
    """What is typed now stays so, however slow this computer is."""
    with centre.as_owner().write() as tx:
        tx.session.execute(update(ChatTyping).values(at=tx.now + timedelta(hours=1)))
