"""The chat's door on a real HTTP server, over a small centre kept in memory.

`python -m tests.servers.chat_door` serves it with an advisor who comes after two seconds and
answers everything.
"""

from __future__ import annotations

import argparse
import itertools
import threading
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from ipaddress import ip_network
from pathlib import Path

import uvicorn
from starlette.applications import Starlette
from starlette.routing import Mount

from crm_desktop.channels.chat.hub import Hub
from crm_desktop.channels.chat.port import ChatSettings, Limits, Offered
from crm_desktop.channels.chat.protocol import LARGEST_FRAME
from crm_desktop.channels.chat.questions import asked
from crm_desktop.channels.chat.routes import application
from crm_desktop.channels.web.listening import DEAF_SECONDS, listen
from crm_desktop.channels.web_form.port import WebFormSettings
from crm_desktop.channels.web_form.routes import routes as form_routes
from crm_desktop.domain.changes import Changes, Topic
from crm_desktop.domain.chats import (
    LONGEST_TEXT,
    ChatLine,
    ChatSite,
    ChatState,
    EndedBy,
    LeftMessage,
    LineKind,
    NewChat,
    Opening,
    Place,
    Side,
    Started,
    VisitorView,
)
from crm_desktop.domain.errors import (
    Blocked,
    ChatOver,
    Closed,
    DatabaseAway,
    InvalidInput,
    NotFound,
)
from crm_desktop.domain.views import AttachmentView, NewAttachment
from tests.servers.forms_site import MISSED_BIN, MemoryCentre

RESOURCES = Path(__file__).resolve().parents[2] / "resources" / "web"
KEY = "norbridge"


@dataclass
class MemoryChat:
    """One conversation."""

    id: int
    token: str
    new: NewChat
    lines: list[ChatLine] = field(default_factory=list)
    state: ChatState = ChatState.OPEN
    advisor: str = ""
    advisor_typing: bool = False
    ended_by: EndedBy | None = None
    rating: int | None = None
    typed: str = ""
    seen: int = 0
    mailed_to: str = ""
    left: int = 0
    over: bool = False
    blocked: bool = False


class MemoryChats:
    """A `ChatPort`; what an advisor does are its other methods.

    `away` makes every call fail as an absent database does, `stalled` while it is set makes them
    wait.
    """

    def __init__(self, site: ChatSite) -> None:
        self.site = site
        self.chats: dict[int, MemoryChat] = {}
        self.files: dict[int, NewAttachment] = {}
        self.messages: list[LeftMessage] = []
        self.notice = ""
        self.away = False
        self.is_open = True
        self.blocked: set[str] = set()
        self.views_asked = 0
        self.typings = 0
        self.present_ids: set[int] = set()
        self.tell: Callable[[Changes], None] = lambda _: None
        self._ids = itertools.count(1)
        self._lock = threading.RLock()

    # The visitor's side.

    def sites(self) -> tuple[ChatSite, ...]:
        self._reach()
        return (self.site,)

    def opening(self, site_id: int) -> Opening:
        self._reach()
        return Opening(self.is_open, None, 120 if self.is_open else None)

    def notices(self, language: str) -> tuple[str, ...]:
        self._reach()
        return (self.notice,) if self.notice else ()

    def offered(self, site: ChatSite) -> tuple[Offered, ...]:
        self._reach()
        schema = asked(MISSED_BIN, ("bin", "due", "out", "why"))
        return (Offered("missed-bin", "Report a missed bin", schema),) if site.services else ()

    def start(self, site_id: int, new: NewChat) -> Started:
        self._reach()
        if new.client in self.blocked:
            raise Blocked
        if not self.is_open:
            raise Closed
        if not new.visitor:
            raise InvalidInput("no name", fields={"name": "Enter your name"})
        with self._lock:
            for known in self.chats.values():
                if new.key and known.new.key == new.key:
                    return Started(known.id, known.id, known.token)
            number = next(self._ids)
            token = f"token-of-a-visitor-{number:024}"
            self.chats[number] = MemoryChat(number, token, new)
            if new.text:
                self._add(number, LineKind.SAID, Side.VISITOR, new.visitor, text=new.text)
        return Started(number, number, token)

    def leave_message(self, site_id: int, message: LeftMessage) -> str:
        self._reach()
        if not message.text:
            raise InvalidInput("no text", fields={"text": "Enter your message"})
        self.messages.append(message)
        return f"C-8F3-T9K-{len(self.messages)}"

    def resume(self, token: str, after: int) -> VisitorView:
        self._reach()
        with self._lock:
            chat = self._of(token)
            chat.left = 0
            return self._view(chat, after)

    def say(
        self, token: str, client_id: str, text: str, files: tuple[NewAttachment, ...] = ()
    ) -> ChatLine:
        self._reach()
        if len(text) > LONGEST_TEXT:
            raise InvalidInput("too long", fields={"text": "At most 4,000 characters at once"})
        with self._lock:
            chat = self._of(token)
            if chat.blocked:
                raise Blocked
            if chat.over:
                raise ChatOver
            for line in chat.lines:
                if line.client_id == client_id:
                    return line
            if chat.state is ChatState.ENDED:
                chat.state, chat.ended_by = ChatState.OPEN, None
                self._add(chat.id, LineKind.RETURNED, Side.VISITOR, chat.new.visitor)
            chat.typed = ""
            return self._add(
                chat.id,
                LineKind.SAID,
                Side.VISITOR,
                chat.new.visitor,
                text=text,
                client_id=client_id,
                files=files,
            )

    def end(self, token: str) -> None:
        self._reach()
        with self._lock:
            self._end(self._of(token), EndedBy.VISITOR)

    def rate(self, token: str, stars: int, words: str) -> None:
        self._reach()
        chat = self._of(token)
        chat.rating = stars
        self.tell(Changes.of(Topic.CHAT, chat.id))

    def transcript(self, token: str, email: str) -> None:
        self._reach()
        if "@" not in email:
            raise InvalidInput("no address", fields={"email": "Enter an email address"})
        self._of(token).mailed_to = email

    def file(self, token: str, seq: int, attachment_id: int) -> NewAttachment:
        self._reach()
        chat = self._of(token)
        for line in chat.lines:
            if line.seq == seq and attachment_id in [each.id for each in line.files]:
                return self.files[attachment_id]
        raise NotFound

    def views(self, after: Mapping[int, int]) -> Mapping[int, VisitorView]:
        self._reach()
        self.views_asked += 1
        with self._lock:
            return {each: self._view(self.chats[each], seq) for each, seq in after.items()}

    def places(self, site_id: int) -> Mapping[int, Place]:
        self._reach()
        with self._lock:
            waiting = [
                each.id
                for each in self.chats.values()
                if each.state is ChatState.OPEN and not each.advisor
            ]
        return {each: Place(number, 60 * number) for number, each in enumerate(waiting, 1)}

    def typing(self, texts: Mapping[str, str]) -> None:
        self._reach()
        self.typings += 1
        for token, text in texts.items():
            self._of(token).typed = text

    def seen(self, seqs: Mapping[str, int]) -> None:
        self._reach()
        for token, seq in seqs.items():
            chat = self._of(token)
            chat.seen = max(seq, chat.seen)

    def present(self, chat_ids: Collection[int]) -> None:
        self._reach()
        self.present_ids = set(chat_ids)

    def left(self, token: str) -> None:
        self._reach()
        self._of(token).left += 1

    # The advisor's side.

    def join(self, chat_id: int, who: str = "Aisha") -> None:
        """An advisor takes the chat."""
        with self._lock:
            self.chats[chat_id].advisor = who
            self._add(chat_id, LineKind.JOINED, Side.CENTRE, who)
        self.tell(Changes.of(Topic.CONTACT, chat_id))

    def answer(self, chat_id: int, text: str, files: tuple[NewAttachment, ...] = ()) -> ChatLine:
        """The advisor says something."""
        with self._lock:
            chat = self.chats[chat_id]
            chat.advisor_typing = False
            return self._add(
                chat_id, LineKind.SAID, Side.STAFF, chat.advisor, text=text, files=files
            )

    def type(self, chat_id: int, types: bool) -> None:
        """The advisor types, or stops."""
        self.chats[chat_id].advisor_typing = types
        self.tell(Changes.of(Topic.TYPING, chat_id))

    def finish(self, chat_id: int, by: EndedBy = EndedBy.ADVISOR) -> None:
        """The advisor ends the chat."""
        with self._lock:
            self._end(self.chats[chat_id], by)

    @property
    def only(self) -> MemoryChat:
        """The one chat there is."""
        (chat,) = self.chats.values()
        return chat

    def _end(self, chat: MemoryChat, by: EndedBy) -> None:
        if chat.state is ChatState.OPEN:
            chat.state, chat.ended_by = ChatState.ENDED, by
            side = Side.VISITOR if by is EndedBy.VISITOR else Side.CENTRE
            self._add(chat.id, LineKind.ENDED, side)

    def _add(
        self,
        chat_id: int,
        kind: LineKind,
        side: Side,
        who: str = "",
        *,
        text: str = "",
        client_id: str = "",
        files: tuple[NewAttachment, ...] = (),
    ) -> ChatLine:
        chat = self.chats[chat_id]
        kept = []
        for each in files:
            number = next(self._ids)
            self.files[number] = each
            kept.append(
                AttachmentView(number, each.name, each.content_type, len(each.content), False, "")
            )
        line = ChatLine(
            seq=len(chat.lines) + 1,
            kind=kind,
            side=side,
            who=who,
            at=datetime.now(UTC),
            text=text,
            client_id=client_id,
            files=tuple(kept),
        )
        chat.lines.append(line)
        self.tell(Changes.of(Topic.CHAT, chat_id))
        return line

    def _view(self, chat: MemoryChat, after: int) -> VisitorView:
        waits = chat.state is ChatState.OPEN and not chat.advisor
        return VisitorView(
            chat_id=chat.id,
            state=chat.state,
            language=chat.new.language,
            last_seq=len(chat.lines),
            place=Place(1, None) if waits else None,
            advisor=chat.advisor,
            advisor_typing=chat.advisor_typing,
            ended_by=chat.ended_by,
            rating=chat.rating,
            lines=tuple(chat.lines[after:][:500]),
        )

    def _of(self, token: str) -> MemoryChat:
        for chat in self.chats.values():
            if chat.token == token:
                return chat
        raise NotFound

    def _reach(self) -> None:
        if self.away:
            raise DatabaseAway


@dataclass(frozen=True)
class ChatDoor:
    """A running door: its address and the centre behind it."""

    port: int
    centre: MemoryChats
    hub: Hub
    stop: Callable[[], None]

    @property
    def origin(self) -> str:
        """Its own origin, which its hosted page has."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def url(self) -> str:
        """Where its one site is."""
        return f"{self.origin}/chat/{KEY}"

    @property
    def talk_url(self) -> str:
        """Where a page talks."""
        return f"ws://127.0.0.1:{self.port}/chat/{KEY}/talk"


def a_site(*origins: str) -> ChatSite:
    """A site with one service."""
    return ChatSite(
        id=7,
        name="Chat",
        key=KEY,
        origins=origins or ("https://www.norbridge.example",),
        services=("missed-bin",),
        greeting={"en": "Hello, how can we help?", "cy": "Helo, sut gallwn ni helpu?"},
    )


@contextmanager
def chat_door(
    *origins: str,
    limits: Limits | None = None,
    resources: Path = RESOURCES,
    proxied: bool = False,
    port: int = 0,
    deaf_seconds: float = DEAF_SECONDS,
) -> Iterator[ChatDoor]:
    """Serve chats and forms on a loopback port; `proxied` trusts 127.0.0.1 as a proxy."""
    proxies = (ip_network("127.0.0.1/32"),) if proxied else ()
    centre = MemoryChats(a_site(*origins))
    settings = ChatSettings(
        secret="only for these tests, not elsewhere",
        resources=resources / "chat",
        council="Norbridge Council",
        proxies=proxies,
        limits=limits or Limits(),
    )
    forms = WebFormSettings(
        secret="only for these tests, not elsewhere",
        resources=RESOURCES,
        council="Norbridge Council",
        proxies=proxies,
    )
    hub = Hub(centre, settings.limits)
    centre.tell = hub.heard
    listener = listen("127.0.0.1", port, deaf_seconds)
    chats = Mount("/chat", application(centre, settings, hub))
    routes = [chats, *form_routes(MemoryCentre(), forms)]
    config = uvicorn.Config(
        Starlette(routes=routes),
        log_level="warning",
        access_log=False,
        proxy_headers=False,
        lifespan="off",
        ws_max_size=LARGEST_FRAME,
        ws_per_message_deflate=False,
        timeout_graceful_shutdown=5,
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()

    def stop() -> None:
        server.should_exit = True

    try:
        yield ChatDoor(listener.getsockname()[1], centre, hub, stop)
    finally:
        stop()
        thread.join(20)
        listener.close()


def main() -> None:
    """Serve until Ctrl+C, with an advisor who answers."""
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("--port", type=int, default=8035)
    words.add_argument("--origin", action="append", default=[])
    given = words.parse_args()
    with chat_door(*given.origin, port=given.port) as door:
        print(f"{door.url}", flush=True)  # noqa: T201
        while True:
            time.sleep(2)
            for chat in list(door.centre.chats.values()):
                _answer(door.centre, chat)


def _answer(centre: MemoryChats, chat: MemoryChat) -> None:
    if not chat.advisor:
        centre.join(chat.id)
        return
    last = chat.lines[-1]
    if last.side is Side.VISITOR and last.kind is LineKind.SAID:
        if not chat.advisor_typing:
            centre.type(chat.id, True)
        else:
            centre.answer(chat.id, f"Thank you. You said: {last.text}")


if __name__ == "__main__":
    main()
