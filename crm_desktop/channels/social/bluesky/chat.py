"""Private messages: read by the service's log, sent into the conversation with one person."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

from crm_desktop.channels.social.bluesky import reading
from crm_desktop.channels.social.bluesky.session import NotForThisPassword, Refused, Session
from crm_desktop.channels.social.words import identity, items, mapping, time
from crm_desktop.domain.errors import ConnectorTrouble
from crm_desktop.domain.social import Post

#: How far the service's clock may be behind ours.
SLACK: Final = timedelta(minutes=5)
_PAGE = 100
_PAGES = 10
_KNOWN = 1_000
_MESSAGE = "chat.bsky.convo.defs#messageView"
_DELETED = "chat.bsky.convo.defs#deletedMessageView"
_NOT_TAKEN = frozenset(
    {"MessagesDisabled", "NotFollowedBySender", "BlockedActor", "BlockedSubject",
     "RecipientNotFound", "AccountSuspended"}
)  # fmt: skip

#: A member's profile by identity; None: the conversation is not one of two.
Members = dict[str, Mapping[str, object]] | None


class Chat:
    """The private conversations of one account."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._members: dict[str, Members] = {}

    def begin(self) -> tuple[tuple[Post, ...], str]:
        """What is unread now, and the place in the log after all that there is."""
        try:
            newest = items(self._ask("listConvos", limit=1), "convos")
            unread = items(self._ask("listConvos", limit=_PAGE, readState="unread"), "convos")
        except NotForThisPassword:
            return (), ""
        posts = [post for each in unread for post in self._newest(each) if not post.by_us]
        # The log is in the order of its revisions, and a conversation has that of its newest entry.
        place = max((identity(each, "rev") for each in [*newest, *unread]), default="")
        return tuple(sorted(posts, key=lambda each: each.at)), place

    def read(self, place: str) -> tuple[tuple[Post, ...], str, bool]:
        """What was written since `place`, oldest first; the place after it; whether there is more.

        An app password that may not read private messages has none.
        """
        posts: list[Post] = []
        for _ in range(_PAGES):
            try:
                answer = self._ask("getLog", **({"cursor": place} if place else {}))
            except NotForThisPassword:
                return (), place, False
            entries = items(answer, "logs")
            posts += self._written(entries)
            following = max([place, *(identity(each, "rev") for each in entries)])
            if following == place:
                return tuple(posts), place, False
            place = following
        return tuple(posts), place, True

    def look_again(self, post_ids: Sequence[str]) -> dict[str, Post | None]:
        """Those of these messages that are among the newest of their conversations."""
        wanted: dict[str, set[str]] = {}
        for each in post_ids:
            if found := reading.conversation_of(each):
                wanted.setdefault(found[0], set()).add(found[1])
        looked: dict[str, Post | None] = {}
        for convo, numbers in wanted.items():
            try:
                listed = items(self._ask("getMessages", convoId=convo, limit=_PAGE), "messages")
            except Refused:
                continue
            for view in listed:
                if (number := identity(view, "id")) in numbers:
                    gone = view.get("$type") == _DELETED
                    looked[reading.message_id(convo, number)] = (
                        None if gone else self._post(view, convo)
                    )
        return looked

    def send(self, text: str, convo: str, did: str, tried_at: datetime | None) -> tuple[str, str]:
        """Say something in a conversation, or to `did` in theirs; conversation and number of it."""
        try:
            convo = convo or self._with(did)
            if tried_at and (earlier := self._earlier(convo, text, tried_at)):
                return convo, earlier
        except ConnectorTrouble as trouble:
            # This try has sent nothing; the outbox remembers an earlier one.
            if trouble.params.get("fate") != "refused":
                trouble.params["fate"] = "unknown" if tried_at and not trouble.retry else "not_sent"
            raise
        said = {"convoId": convo, "message": {"text": text}}
        answer = self._session.do("chat.bsky.convo.sendMessage", said, chat=True)
        return convo, identity(answer, "id")

    def _with(self, did: str) -> str:
        try:
            answer = self._ask("getConvoForMembers", members=[did])
        except NotForThisPassword:
            words = "This Bluesky app password may not send private messages."
            raise ConnectorTrouble(words, retry=False, fate="refused") from None
        except Refused as refused:
            if refused.name not in _NOT_TAKEN:
                raise
            words = "This person takes no private messages from us on Bluesky."
            raise ConnectorTrouble(words, retry=False, fate="refused") from None
        return identity(mapping(answer, "convo"), "id")

    def _earlier(self, convo: str, text: str, tried_at: datetime) -> str:
        """The service has no key that tells a repeated message: an equal one of ours since then."""
        for view in items(self._ask("getMessages", convoId=convo, limit=_PAGE), "messages"):
            ours = identity(mapping(view, "sender"), "did") == self._session.did
            late_enough = time(view.get("sentAt"), tried_at) >= tried_at - SLACK
            if ours and late_enough and view.get("text") == text:
                return identity(view, "id")
        return ""

    def _written(self, entries: Sequence[Mapping[str, object]]) -> Iterator[Post]:
        for entry in entries:
            view, convo = mapping(entry, "message"), identity(entry, "convoId")
            if not _is(entry, "logCreateMessage") or not _is(view, "messageView") or not convo:
                continue
            if self._known(convo) is not None and (post := self._post(view, convo)):
                yield post

    def _newest(self, convo: Mapping[str, object]) -> Iterator[Post]:
        count, name = convo.get("unreadCount"), identity(convo, "id")
        if not isinstance(count, int) or count < 1 or self._remember(convo) is None:
            return
        limit = min(count, _PAGE)
        for view in items(self._ask("getMessages", convoId=name, limit=limit), "messages"):
            if _is(view, "messageView") and (post := self._post(view, name)):
                yield post

    def _post(self, view: Mapping[str, object], convo: str) -> Post | None:
        members = self._known(convo) or {}
        member = members.get(identity(mapping(view, "sender"), "did"), {})
        return reading.message(view, convo, member, self._session.did)

    def _known(self, convo: str) -> Members:
        if convo not in self._members:
            self._remember(mapping(self._ask("getConvo", convoId=convo), "convo"), convo)
        return self._members[convo]

    def _remember(self, view: Mapping[str, object], name: str = "") -> Members:
        """Who is in a conversation; a group's is nobody's contact."""
        if len(self._members) > _KNOWN:
            self._members.clear()
        members = {identity(each, "did"): each for each in items(view, "members")}
        group = _is(mapping(view, "kind"), "groupConvo") or len(members) > 2
        found: Members = None if group else members
        self._members[name or identity(view, "id")] = found
        return found

    def _ask(self, method: str, **params: str | int | Sequence[str]) -> Mapping[str, object]:
        return self._session.ask(f"chat.bsky.convo.{method}", params, chat=True)


def _is(tree: Mapping[str, object], name: str) -> bool:
    return tree.get("$type") == f"chat.bsky.convo.defs#{name}"
