"""Something that everybody should know (bin rounds a day late): where it is shown, until when."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from crm_desktop.domain.social import Network

LONGEST_NOTICE = 500
#: Nothing is shown for longer: what lasts belongs on a page.
LONGEST_TIME = timedelta(days=60)


class NoticePostState(StrEnum):
    """How far a notice is on one network; taken down is what never left."""

    PENDING = "pending"
    SENT = "sent"
    FAILED = "failed"
    TAKEN_DOWN = "taken_down"
    DELETING = "deleting"
    DELETED = "deleted"
    NOT_DELETED = "not_deleted"


@dataclass(frozen=True, slots=True)
class NewNotice:
    """A notice to publish at once, or to show from `starts_at`; networks say it then, too.

    `text_cy` is Welsh, "" when there is none: then English is shown. `account_ids` are the
    networks; `texts` what is said on one of them instead, by account. `key` (32 hexadecimal
    digits) is that of its writing: published again with it, it is the same notice.
    """

    text: str
    ends_at: datetime
    text_cy: str = ""
    on_web: bool = True
    on_chat: bool = True
    account_ids: tuple[int, ...] = ()
    texts: Mapping[int, str] = field(default_factory=dict)
    starts_at: datetime | None = None
    service_id: int | None = None
    key: str = field(default_factory=lambda: uuid.uuid4().hex)


@dataclass(frozen=True, slots=True)
class NoticePostView:
    """A notice on one network; what went wrong says `failure`; "" is no page."""

    id: int
    account_id: int
    account_name: str
    network: Network
    text: str
    state: NoticePostState
    url: str
    failure: str


@dataclass(frozen=True, slots=True)
class NoticeView:
    """A notice that is shown, will be, or was; `ended_at` when it was taken down early."""

    id: int
    text: str
    text_cy: str
    on_web: bool
    on_chat: bool
    service_id: int | None
    by: str
    created_at: datetime
    starts_at: datetime
    ends_at: datetime
    ended_at: datetime | None
    posts: tuple[NoticePostView, ...]


@dataclass(frozen=True, slots=True)
class PublicAccount:
    """A network that a notice can go to, and how long a post may be there."""

    id: int
    name: str
    network: Network
    limit: int
