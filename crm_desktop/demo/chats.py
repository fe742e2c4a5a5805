"""The demo's chats: the site at which anybody can begin one, some that are over, two that wait."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from crm_desktop.demo.centre import Ids
from crm_desktop.domain.chats import ChatState, EndedBy, LineKind, Side, first_name
from crm_desktop.domain.sla import CHANNEL_TARGETS
from crm_desktop.domain.states import (
    AssignmentState,
    Channel,
    ContactState,
    Direction,
    MessageState,
    Resolution,
    Visibility,
)
from crm_desktop.domain.text import excerpt, fold
from crm_desktop.store.database import Tx
from crm_desktop.store.models import (
    Assignment,
    ChannelAccount,
    Chat,
    ChatLine,
    Contact,
    Event,
    Message,
    Staff,
)

#: In the addresses: http://127.0.0.1:PORT/chat/demo
KEY, QUEUE = "demo", "web-chat"
_NAME = "Web chat"
#: What is asked before a chat, of the form of each service that is offered.
_ASKED = {
    "missed-bin": ["address", "bins", "missed_on"],
    "bulky-waste": [],
    "council-tax-move": [],
    "blue-badge": [],
}
_GREETING = {
    "en": "Hello. We are here to help with council services.",
    "cy": "Helo. Rydym yma i helpu gyda gwasanaethau'r cyngor.",
}
_LONDON = ZoneInfo("Europe/London")
#: So long one thinks and types, until somebody takes a chat, and for its wrap-up; in seconds.
_PAUSE, _TAKEN, _WRAP_UP = 35, 15, 40
_V, _S = Side.VISITOR, Side.STAFF

Talk = Sequence[tuple[Side, str]]


@dataclass(frozen=True, slots=True)
class _Talk:
    """One chat: who came from which page about what, and what was said."""

    who: str
    email: str
    page: str
    service: str | None
    answers: Mapping[str, object]
    lines: Talk
    advisor: str = ""
    rating: int | None = None

    @property
    def pause(self) -> int:
        """How long each line takes, in seconds."""
        return _PAUSE if self.advisor else 12

    def over(self, begins: datetime) -> datetime:
        """When the last was said and thought about."""
        return begins + timedelta(seconds=self.pause * (len(self.lines) + 1))


@dataclass(frozen=True, slots=True)
class _Site:
    """Where the chats come from."""

    ids: Ids
    account_id: int
    web: str


_OVER = (
    _Talk(
        "Gwen Prosser",
        "gwen.prosser@example.org",
        "bins/collection-days",
        "missed-bin",
        {"address": "3 Orchard Row, Harland HV2 4DL", "bins": ["recycling"]},
        (
            (_V, "Hi, our blue bin was missed this morning and it is full to the brim"),
            (_S, "Good morning Gwen, I am sorry about that. Was it at the kerb by half past six?"),
            (_V, "Yes, we put it out last night"),
            (_S, "Thank you. I have booked the crew: they come back within two working days."),
            (_V, "Brilliant, thanks for being so quick"),
        ),
        "s.whitlock",
        5,
    ),
    _Talk(
        "Yusuf Demir",
        "",
        "council-tax/moving-home",
        "council-tax-move",
        {},
        (
            (_V, "I move on the 1st, do I need to tell you or does my landlord?"),
            (_S, "You do: please give us both addresses and the day on which you get the keys."),
            (_V, "From 8 Tanner Street to 21 Bell Lane, keys on the 30th"),
            (_S, "That is all we need. Your new bill comes by post within ten days."),
        ),
        "e.brandt",
        4,
    ),
    _Talk(
        "Sian Reeve",
        "s.reeve@example.org",
        "parking/blue-badge",
        "blue-badge",
        {},
        (
            (_V, "My badge runs out in three weeks and I have heard nothing yet"),
            (_S, "Let me look. We have your photo, and the new badge was ordered on Monday."),
            (_V, "oh good. Can I park with the old one until it is here?"),
            (_S, "Until the day printed on it, yes. The new one comes within ten working days."),
        ),
        "p.kaur",
    ),
)
_WAITING = (
    _Talk(
        "Margaret Okafor",
        "m.okafor@example.org",
        "bins/missed-bin",
        "missed-bin",
        {"address": "14 Mill Lane, Harland HV1 3TT", "bins": ["garden"]},
        (
            (_V, "Hello, the brown bin was not emptied. The whole street was left out"),
            (_V, "The lorry turned round at the bridge, I think"),
        ),
    ),
    _Talk(
        "Bryn Pugh",
        "bryn.pugh@example.org",
        "waste/recycling-centre",
        None,
        {},
        ((_V, "Is the recycling centre open on Sunday, and can I bring an old fridge?"),),
    ),
)


def write(tx: Tx, ids: Ids, web: str) -> None:
    """Set a chat up as an administrator would; `web` is the council's site."""
    account = ChannelAccount(
        kind="chat",
        name=_NAME,
        queue_id=ids.queues[QUEUE],
        settings={
            "key": KEY,
            "origins": [web],
            "services": list(_ASKED),
            "questions": {code: names for code, names in _ASKED.items() if names},
            "languages": ["en", "cy"],
            "greeting": _GREETING,
            "gone_minutes": 30,
        },
    )
    tx.session.add(account)
    tx.session.flush()
    today = tx.now.astimezone(_LONDON).date()
    site = _Site(ids, account.id, web)
    for number, talk in enumerate(_OVER):
        day = today - timedelta(days=1 + number % 2)
        _write(tx, site, talk, datetime.combine(day, time(10 + number, 12), _LONDON))
    for number, talk in enumerate(_WAITING):
        _write(tx, site, talk, tx.now - timedelta(seconds=50 - 20 * number))
    tx.session.flush()


def _write(tx: Tx, site: _Site, talk: _Talk, begins: datetime) -> None:
    staff_id, over = site.ids.staff.get(talk.advisor), talk.over(begins)
    contact = _contact(site, talk, begins, staff_id)
    tx.session.add(contact)
    tx.session.flush()
    contact.thread_id = contact.id
    chat = Chat(
        account_id=site.account_id,
        contact_id=contact.id,
        token_hash=hashlib.sha256(secrets.token_bytes()).hexdigest(),
        state=ChatState.ENDED if staff_id else ChatState.OPEN,
        visitor=talk.who,
        email=talk.email,
        page=f"{site.web}/{talk.page}",
        answers=dict(talk.answers),
        started_at=begins,
        visitor_at=over if staff_id else tx.now,
        waiting_since=None if staff_id else begins,
        ended_at=over if staff_id else None,
        ended_by=EndedBy.ADVISOR if staff_id else None,
        rating=talk.rating,
    )
    tx.session.add(chat)
    tx.session.flush()
    chat.last_seq = _lines(tx, chat, talk, staff_id)
    chat.visitor_seq = chat.last_seq
    if staff_id is not None:
        chat.staff_seq = chat.last_seq
        _deeds(tx, contact.id, begins, over, staff_id)
    else:
        tx.session.add(Event(kind="contact.received", at=begins, contact_id=contact.id, data={}))


def _contact(site: _Site, talk: _Talk, begins: datetime, staff_id: int | None) -> Contact:
    words = " ".join(text for side, text in talk.lines if side is _V)
    done = talk.over(begins) + timedelta(seconds=_WRAP_UP)
    return Contact(
        channel=Channel.CHAT,
        direction=Direction.INBOUND,
        state=ContactState.COMPLETED if staff_id else ContactState.QUEUED,
        state_since=done if staff_id else begins,
        queue_id=site.ids.queues[QUEUE],
        service_id=site.ids.services[talk.service] if talk.service else None,
        who=talk.who,
        subject=excerpt(talk.lines[0][1]),
        preview=excerpt(words),
        folded=fold(f"{talk.who} {words}"),
        received_at=begins,
        queued_at=begins,
        due_at=None if staff_id else begins + CHANNEL_TARGETS[Channel.CHAT].time,
        account_id=site.account_id,
        first_taken_at=begins + timedelta(seconds=_TAKEN) if staff_id else None,
        completed_at=done if staff_id else None,
        owner_id=staff_id,
        resolution=Resolution.RESOLVED if staff_id else None,
        avoidable=False if staff_id else None,
        end_reason="normal" if staff_id else None,
    )


def _lines(tx: Tx, chat: Chat, talk: _Talk, staff_id: int | None) -> int:
    """Write what was said and what the centre told of it; gives the number of the last line."""
    advisor = first_name(tx.session.get_one(Staff, staff_id).name) if staff_id else ""
    seq = 0
    for number, (side, text) in enumerate(talk.lines):
        at = chat.started_at + timedelta(seconds=talk.pause * number)
        message = _message(chat.contact_id, talk.who if side is _V else advisor, text, at)
        if side is not _V:
            message.direction, message.state = Direction.OUTBOUND, MessageState.SENT
            message.author_id = staff_id
        tx.session.add(message)
        tx.session.flush()
        seq += 1
        tx.session.add(
            ChatLine(
                chat_id=chat.id,
                seq=seq,
                contact_id=chat.contact_id,
                kind=LineKind.SAID,
                side=side,
                who=message.sender_name,
                message_id=message.id,
                at=at,
            )
        )
        if number == 0 and staff_id:
            seq += 1
            joined = at + timedelta(seconds=_TAKEN)
            tx.session.add(_told(chat, seq, LineKind.JOINED, joined, advisor))
    if staff_id:
        seq += 1
        tx.session.add(_told(chat, seq, LineKind.ENDED, talk.over(chat.started_at)))
    return seq


def _message(contact_id: int, who: str, text: str, at: datetime) -> Message:
    return Message(
        contact_id=contact_id,
        direction=Direction.INBOUND,
        visibility=Visibility.PUBLIC,
        state=MessageState.RECEIVED,
        sender_name=who,
        body_text=text,
        reply_text=text,
        at=at,
        sent_at=at,
    )


def _told(chat: Chat, seq: int, kind: LineKind, at: datetime, who: str = "") -> ChatLine:
    return ChatLine(
        chat_id=chat.id,
        seq=seq,
        contact_id=chat.contact_id,
        kind=kind,
        side=Side.CENTRE,
        who=who,
        at=at,
    )


def _deeds(tx: Tx, contact_id: int, begins: datetime, over: datetime, staff_id: int) -> None:
    """Who had it, and the events that a gateway and the advisor would have written."""
    taken, done = begins + timedelta(seconds=_TAKEN), over + timedelta(seconds=_WRAP_UP)
    tx.session.add(
        Assignment(
            contact_id=contact_id,
            staff_id=staff_id,
            state=AssignmentState.COMPLETED,
            offered_at=taken,
            accepted_at=taken,
            ended_at=done,
        )
    )
    given: dict[str, object] = {"resolution": Resolution.RESOLVED, "avoidable": False}
    told: tuple[tuple[str, datetime, dict[str, object], int | None], ...] = (
        ("contact.received", begins, {}, None),
        ("contact.taken", taken, {"staff": staff_id}, staff_id),
        ("contact.wrap_up", over, {"staff": staff_id}, staff_id),
        ("contact.completed", done, given, staff_id),
    )
    tx.session.add_all(
        Event(kind=kind, at=at, actor_id=actor, contact_id=contact_id, data=data)
        for kind, at, data, actor in told
    )
