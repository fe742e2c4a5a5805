"""The chats of the centre behind their public door."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from crm_desktop.channels.chat.hub import Hub
from crm_desktop.channels.chat.port import ChatSettings, Offered
from crm_desktop.channels.chat.questions import asked
from crm_desktop.channels.chat.routes import application
from crm_desktop.domain.chats import (
    ChatLine,
    ChatSite,
    LeftMessage,
    NewChat,
    Opening,
    Place,
    Started,
    VisitorView,
)
from crm_desktop.domain.views import NewAttachment
from crm_desktop.gateway.config import GatewayConfig
from crm_desktop.services import Database, chat_sites, chat_visits, public_forms, service_notices

#: Of its own, so that no visitor waits for a large mail: one that tells pages, four that keep what
#: is said, and one for what begins.
_CONNECTIONS = 6


class Chats:
    """`ChatPort`: the services, as the gateway."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def sites(self) -> tuple[ChatSite, ...]:
        """The chats in use."""
        return chat_sites.sites(self._db)

    def opening(self, site_id: int) -> Opening:
        """Whether a chat may begin now."""
        return chat_sites.opening(self._db, site_id)

    def notices(self, language: str) -> tuple[str, ...]:
        """What the council says to everybody now."""
        return service_notices.shown(self._db, "chat", language)

    def offered(self, site: ChatSite) -> tuple[Offered, ...]:
        """The services of the site that have a public form, with what is asked of it."""
        forms = (public_forms.current(self._db, code) for code in site.services)
        return tuple(
            Offered(form.code, form.name, asked(form.schema, site.questions.get(form.code, ())))
            for form in forms
            if form is not None
        )

    def start(self, site_id: int, new: NewChat) -> Started:
        """Begin a chat."""
        return chat_visits.start(self._db, site_id, new)

    def leave_message(self, site_id: int, message: LeftMessage) -> str:
        """Take in what is left when nobody is there."""
        return chat_sites.leave_message(self._db, site_id, message)

    def resume(self, token: str, after: int) -> VisitorView:
        """The chat, whose page is open from now on."""
        return chat_visits.resume(self._db, token, after)

    def say(
        self, token: str, client_id: str, text: str, files: tuple[NewAttachment, ...] = ()
    ) -> ChatLine:
        """Keep an utterance."""
        return chat_visits.say(self._db, token, client_id, text, files)

    def end(self, token: str) -> None:
        """The visitor ends it."""
        chat_visits.end(self._db, token)

    def rate(self, token: str, stars: int, words: str) -> None:
        """What the visitor says of it."""
        chat_visits.rate(self._db, token, stars, words)

    def transcript(self, token: str, email: str) -> None:
        """Mail the visitor what was said."""
        chat_visits.transcript(self._db, token, email)

    def file(self, token: str, seq: int, attachment_id: int) -> NewAttachment:
        """A file of one of the chat's lines."""
        found = chat_visits.file(self._db, token, seq, attachment_id)
        return NewAttachment(found.name, found.content_type, found.content)

    def views(self, after: Mapping[int, int]) -> Mapping[int, VisitorView]:
        """What the pages of many chats show."""
        return chat_visits.views(self._db, after.keys(), after)

    def places(self, site_id: int) -> Mapping[int, Place]:
        """Where each stands that waits."""
        return chat_sites.places(self._db, site_id)

    def typing(self, texts: Mapping[str, str]) -> None:
        """What visitors type at this moment."""
        chat_visits.typing_many(self._db, texts)

    def seen(self, seqs: Mapping[str, int]) -> None:
        """How far pages have shown their chats."""
        chat_visits.seen_many(self._db, seqs)

    def present(self, chat_ids: Collection[int]) -> None:
        """These have a page open."""
        chat_visits.present(self._db, chat_ids)

    def left(self, token: str) -> None:
        """No page of theirs is open any more."""
        chat_visits.left(self._db, token)


class OpenChats:
    """The door to them, and what keeps its pages told."""

    def __init__(self, db: Database, config: GatewayConfig, council: str, secret: str) -> None:
        self._db = Database(db.target, connections=_CONNECTIONS, create=False)
        settings = ChatSettings(
            secret=secret,
            resources=config.web_resources / "chat",
            council=council,
            proxies=config.proxies,
        )
        port = Chats(self._db)
        self.hub = Hub(port, settings.limits)
        self.application = application(port, settings, self.hub)

    def close(self) -> None:
        """Give the connections back; new ones are made when they are needed."""
        self._db.close()
