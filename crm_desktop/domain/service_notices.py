"""Notices for the public: what everybody should know, where it is shown, and until when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from crm_desktop.domain.social import Network

#: What a notice may say, in characters; a network may allow less.
LONGEST_NOTICE = 500


@dataclass(frozen=True, slots=True)
class NoticePlace:
    """An account on a network that a notice can be posted to; `limit` is its longest post."""

    account_id: int
    network: Network
    name: str
    limit: int


@dataclass(frozen=True, slots=True)
class NewNotice:
    """What is to be published. `starts_at` None: now. Networks get it when it starts."""

    text: str
    ends_at: datetime
    text_cy: str = ""
    starts_at: datetime | None = None
    on_web: bool = False
    on_chat: bool = False
    account_ids: tuple[int, ...] = ()
    service_id: int | None = None


@dataclass(frozen=True, slots=True)
class NoticePostView:
    """A notice on one network: `state` is pending, sent or failed, then with words why."""

    account_id: int
    network: Network
    name: str
    state: str
    url: str
    failure: str


@dataclass(frozen=True, slots=True)
class NoticeView:
    """A notice as leaders see it; `ended_at` when it was taken down before its time."""

    id: int
    text: str
    text_cy: str
    on_web: bool
    on_chat: bool
    starts_at: datetime
    ends_at: datetime
    ended_at: datetime | None
    by: str
    posts: tuple[NoticePostView, ...]
