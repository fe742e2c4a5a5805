"""Taking in what people post to us: everything that one asking brought, in one transaction.

A conversation is known by its root. While a contact of it is open whoever writes joins it; then the
next who writes begins a new contact of the same thread. What we said ourselves elsewhere is kept
where there is a conversation, and is nobody's contact. What was edited or deleted is shown as such.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, replace
from datetime import timedelta

from crm_desktop.domain.changes import Changes, Topic
from crm_desktop.domain.errors import NotFound
from crm_desktop.domain.identifiers import Identifier, identify
from crm_desktop.domain.messages import Address, InboundAttachment, InboundMessage
from crm_desktop.domain.social import Network, News, Post, SentPost
from crm_desktop.domain.states import Channel, ContactState, IdentifierKind
from crm_desktop.domain.text import excerpt, fold
from crm_desktop.services import leases
from crm_desktop.services.intake_parts import arriving, finding, joining
from crm_desktop.services.intake_parts.arriving import Stored, stored
from crm_desktop.services.leases import Lease
from crm_desktop.store.database import Database, Tx
from crm_desktop.store.queries import accounts, customers, events, messages, social_sending
from crm_desktop.store.queries import intake as arrivals
from crm_desktop.store.queries import social as queries
from crm_desktop.store.queries.accounts import Account
from crm_desktop.store.queries.routing import Routing
from crm_desktop.store.queries.routing import read as read_routing

__all__ = ["Received", "correct", "receive", "to_look_at", "unknown"]

_SUBJECT = 80
_SEARCHED_CHARACTERS = 4_000
_NOT_THEIRS = "This name belonged to another account of the network before"
_SHARED = "Several customers share this name"
#: A post of an open contact is looked at again this often, for so long after it came.
LOOK_AFTER = timedelta(minutes=10)
LOOK_FOR = timedelta(days=7)
LOOK_AT_ONCE = 25
#: Where a name is one of its network alone; elsewhere it names the network itself.
_HOMES = {Network.X: "x.com", Network.FACEBOOK: "facebook.com"}


@dataclass(frozen=True, slots=True)
class Received:
    """What came of the news: the contacts of posts that were new, and how many were kept before."""

    contact_ids: tuple[int, ...]
    known: int
    changes: Changes


def receive(
    db: Database,
    account_id: int,
    news: News,
    *,
    context: Mapping[str, Post] | None = None,
    under: Lease | None = None,
) -> Received:
    """Keep what came, each post once. `under` is the lease of whoever reads the account: with it
    the cursor goes along. `context` are posts of ours that others answer (see `unknown`).

    Raises LeaseLost or DatabaseTrouble, with nothing kept but perhaps files that nothing links yet.
    """
    posts = tuple(_cleaned(each) for each in news.posts)
    context = {each: _cleaned(post) for each, post in (context or {}).items()}
    files = _stored(db, account_id, posts, under)
    with leases.writing(db, under) as tx:
        taking = _Taking(tx, account_id, posts, {**_ours(posts), **context})
        for post in posts:
            taking.take(post, files.get(post.post_id))
        for post_id in news.deleted:
            taking.delete(post_id)
        if under is not None:
            accounts.set_cursor(tx, account_id, dict(news.cursor))
        return Received(tuple(taking.contacts), taking.seen, tx.changes)


def unknown(db: Database, account_id: int, news: News) -> tuple[str, ...]:
    """The posts that new ones of the news answer and that we do not have; they may be ours.

    Whoever reads the account asks the network for them: an advisor wants to see what is answered.
    """
    here = {each.post_id for each in news.posts}
    # A post that begins a conversation names itself as its root.
    named = {
        post.post_id: {post.root_id, post.parent_id} - {"", post.post_id}
        for post in news.posts
        if post.public and not post.by_us
    }
    if not set().union(*named.values()) - here:
        return ()
    with db.read() as tx:
        known = queries.kept(tx, account_id, set(named).union(*named.values()))
    # What was read before has been asked about before.
    wanted = set().union(*(each for post_id, each in named.items() if post_id not in known))
    return tuple(sorted(wanted - here - set(known)))


def to_look_at(db: Database, account_id: int, under: Lease) -> tuple[str, ...]:
    """Posts that may have been changed or deleted: of open contacts, of the last days, in turn."""
    with db.read() as tx:
        # Mostly there is nothing, and nothing is written.
        if not queries.watched(tx, account_id, LOOK_AFTER, 1):
            return ()
    with leases.writing(db, under) as tx:
        found = queries.watched(tx, account_id, LOOK_AFTER, LOOK_AT_ONCE)
        over = [
            each.message_id
            for each in found
            if each.contact_state not in joining.OPEN or tx.now - each.at > LOOK_FOR
        ]
        queries.watch_no_more(tx, over)
        queries.looked(tx, (each.message_id for each in found))
        return tuple(each.post_id for each in found if each.message_id not in over and each.post_id)


def correct(
    db: Database, account_id: int, found: Mapping[str, Post | None], under: Lease
) -> Changes:
    """Posts as they are now: None is deleted; what differs was edited."""
    posts = [_cleaned(each) for each in found.values() if each is not None]
    gone = [post_id for post_id, each in found.items() if each is None]
    with leases.writing(db, under) as tx:
        taking = _Taking(tx, account_id, posts, {}, also=gone)
        for post in posts:
            taking.amend(post)
        for post_id in gone:
            taking.delete(post_id)
        return tx.changes


def _ours(posts: Iterable[Post]) -> dict[str, Post]:
    return {each.post_id: each for each in posts if each.by_us and each.public}


def _cleaned(post: Post) -> Post:
    """The post without characters that no database keeps."""
    kept = {
        each.name: arriving.clean(getattr(post, each.name))
        for each in fields(post)
        if each.name not in ("at", "edited_at", "pictures", "public", "by_us")
    }
    return replace(post, **kept)


def _stored(
    db: Database, account_id: int, posts: Iterable[Post], under: Lease | None
) -> dict[str, Stored]:
    """The posts that may be new as arrivals, with their pictures in the database."""
    with db.read() as tx:
        known = queries.kept(tx, account_id, (each.post_id for each in posts))
    return {
        each.post_id: stored(db, account_id, _arrival(each), under)
        for each in posts
        if each.post_id not in known
    }


def _arrival(post: Post) -> InboundMessage:
    return InboundMessage(
        channel=Channel.SOCIAL,
        external_id=post.post_id,
        sender=Address(post.author_name.strip() or _name(post), _handle(post)),
        text=post.text,
        reply_text=post.text,
        attachments=tuple(
            InboundAttachment(each.name, each.content_type, each.content) for each in post.pictures
        ),
        sent_at=post.at,
        problems=post.problems,
    )


def _handle(post: Post) -> str:
    """The name that people know an author by on the network; Facebook has numbers alone."""
    return "" if post.handle == post.author_id else post.handle


def _name(post: Post) -> str:
    """Who wrote a post, in a list."""
    handle = _handle(post)
    return f"@{handle}" if handle else post.author_name.strip() or "Somebody"


def _identity(network: str, post: Post) -> Identifier | None:
    """What an author is known by everywhere: a name that names its network."""
    home = _HOMES.get(Network(network))
    name = post.author_id if network == Network.FACEBOOK else post.handle.removeprefix("@")
    return identify(IdentifierKind.HANDLE, f"{name}@{home}" if home and name else name)


class _Taking:
    """One transaction's taking in, and what it knows; nobody else takes in the same meanwhile."""

    def __init__(
        self,
        tx: Tx,
        account_id: int,
        posts: Iterable[Post],
        context: Mapping[str, Post],
        *,
        also: Iterable[str] = (),
    ) -> None:
        self._tx = tx
        self._routing: Routing = read_routing(tx)
        account = self._routing.accounts.get(account_id)
        if account is None:
            raise NotFound(f"no channel account {account_id}")
        self._account: Account = account
        self._context = context
        posts = tuple(posts)
        identities = {each.post_id: _identity(account.kind, each) for each in posts}
        self._identities = identities
        arrivals.serialise(tx, self._keys(posts))
        self._known = queries.kept(
            tx, account_id, {*(each.post_id for each in posts), *context, *also}
        )
        self._holders = arrivals.holders(
            tx, ((each.kind, each.norm) for each in identities.values() if each is not None)
        )
        self.contacts: list[int] = []
        self.seen = 0

    def _keys(self, posts: Iterable[Post]) -> Iterable[str]:
        for each in posts:
            yield f"social:{self._account.id}:{each.root_id}"
            yield f"arrival:{self._account.id}:{each.post_id}"
            identity = self._identities[each.post_id]
            if identity is not None:
                yield f"customer:{identity.kind}:{identity.norm}"

    def take(self, post: Post, arrival: Stored | None) -> None:
        """Keep a post that is new; one that is kept already may have been edited."""
        if post.post_id in self._known:
            self.seen += 1
            self.amend(post)
        elif post.by_us:
            self._take_ours(post)
        elif arrival is not None and (post.text.strip() or post.pictures or post.problems):
            contact_id, message_id = self._take_theirs(post, arrival)
            self._keep(contact_id, message_id, post)
            self.contacts.append(contact_id)

    def amend(self, post: Post) -> None:
        """What a kept post says now, and what it said before."""
        known, text = self._known.get(post.post_id), post.text
        if known is None or known.text == text:
            return
        if known.written_here and post.edited_at is None:
            return  # A network shortens addresses and the like: nobody changed it.
        queries.edited(self._tx, known, text, post.edited_at or self._tx.now)
        self._known[post.post_id] = replace(known, text=text)
        if queries.first_message(self._tx, known.contact_id) == known.message_id:
            words = _words(post, text)
            messages.change_contact(self._tx, known.contact_id, **words)
        self._tell("post.edited", known)

    def delete(self, post_id: str) -> None:
        """A kept post is gone from the network."""
        known = self._known.get(post_id) or queries.kept(self._tx, self._account.id, [post_id]).get(
            post_id
        )
        if known is None or known.deleted_at is not None:
            return
        queries.deleted(self._tx, known.message_id)
        self._known[post_id] = replace(known, deleted_at=self._tx.now)
        self._tell("post.deleted", known)

    def _tell(self, kind: str, known: queries.Kept) -> None:
        events.append(self._tx, kind, contact_id=known.contact_id, message=known.message_id)
        self._tx.changed(Topic.CONTACT, known.contact_id)

    def _keep(self, contact_id: int, message_id: int, post: Post) -> None:
        tx = self._tx
        queries.add(tx, message_id, self._account.id, self._account.kind, post)
        pictures = messages.attachments_of(tx, message_id)
        described = zip(pictures, (each.alt for each in post.pictures), strict=False)
        queries.set_alts(tx, message_id, {number: alt for number, alt in described if alt})
        self._known[post.post_id] = queries.Kept(message_id, contact_id, post.text, None)

    # What we said elsewhere, or here a moment ago.

    def _take_ours(self, post: Post) -> None:
        tx = self._tx
        leaving = queries.unsent(tx, self._account.id)
        own = next((each for each in leaving if _is(each, post)), None)
        if own is not None:
            where = SentPost(post.post_id, post.root_id, post.url, post.reply_ref)
            name = (self._account.name, str(self._account.settings.get("handle", "")))
            if social_sending.stands(tx, own.message_id, name, where) is not None:
                events.append(tx, "message.sent", contact_id=own.contact_id, message=own.message_id)
            self._known[post.post_id] = queries.Kept(
                own.message_id, own.contact_id, own.text, None, written_here=True
            )
            tx.changed(Topic.CONTACT, own.contact_id)
            return
        contact_id = queries.newest_contact(tx, self._account.id, post.root_id)
        if contact_id is not None:
            self._add_ours(contact_id, post)
            tx.changed(Topic.CONTACT, contact_id)

    def _add_ours(self, contact_id: int, post: Post) -> None:
        tx = self._tx
        text = post.text
        message_id = messages.add_message(
            tx,
            {
                "contact_id": contact_id,
                "direction": "outbound",
                "visibility": "public",
                "state": "sent",
                "account_id": self._account.id,
                "external_id": post.post_id,
                "sender_name": post.author_name or self._account.name,
                "sender_address": _handle(post),
                "body_text": text,
                "reply_text": text,
                "sent_at": post.at,
            },
        )
        self._keep(contact_id, message_id, replace(post, pictures=()))
        events.append(tx, "post.elsewhere", contact_id=contact_id, message=message_id)

    # What others said.

    def _take_theirs(self, post: Post, arrival: Stored) -> tuple[int, int]:
        thread = self._thread(post)
        if thread is not None and (
            thread.state in joining.OPEN or self._is_more_spam(thread, post)
        ):
            return joining.join(self._tx, self._routing, self._account, arrival, thread)
        return self._new_contact(post, arrival, thread)

    def _thread(self, post: Post) -> arrivals.Thread | None:
        """The conversation's newest contact, locked."""
        tx, account_id = self._tx, self._account.id
        contact_id = queries.newest_contact(tx, account_id, post.root_id)
        if contact_id is None and not post.public:
            begun = queries.begun_by_us(tx, account_id, post.author_id, post.handle)
            if begun is not None:
                queries.set_root(tx, begun[0], post.root_id)
                contact_id = begun[1]
        return arrivals.newest_of_thread(tx, contact_id) if contact_id is not None else None

    def _is_more_spam(self, thread: arrivals.Thread, post: Post) -> bool:
        """Whose words were set aside makes no new work with more of them in the same place.

        Facebook may leave out who writes: nobody in particular is not the same person twice.
        """
        return (
            thread.state == ContactState.SPAM
            and post.author_id != ""
            and queries.author_of(self._tx, thread.contact_id) == post.author_id
        )

    def _new_contact(
        self, post: Post, arrival: Stored, thread: arrivals.Thread | None
    ) -> tuple[int, int]:
        tx, account = self._tx, self._account
        sender = self._sender(post, arrival)
        message = arrival.message
        place = finding.Place(thread, joins=thread is not None)
        subject = finding.about(message, place, account, self._routing)
        contact_id = next(messages.contact_numbers(tx, 1))
        words = _words(post, message.text)
        messages.add_contact(
            tx,
            contact_id,
            {
                "channel": Channel.SOCIAL.value,
                "state": ContactState.QUEUED.value,
                "queue_id": subject.rules.queue_id,
                "service_id": subject.service.id if subject.service else None,
                "customer_id": sender.customer_id,
                "priority": subject.priority,
                "who": sender.who,
                **words,
                "folded": fold(f"{sender.who} {post.handle} {message.text[:_SEARCHED_CHARACTERS]}"),
                "due_at": finding.due(tx.now, subject.rules, Channel.SOCIAL),
                "needs_checking": bool(sender.doubt),
                "check_reason": sender.doubt,
                "auto_generated": False,
                "account_id": account.id,
            },
            thread.thread_id if thread else None,
        )
        for said in dict.fromkeys((post.root_id, post.parent_id)):
            answered = self._context.get(said)
            if answered is not None and said not in self._known:
                self._add_ours(contact_id, answered)
        message_id = arriving.add(tx, account.id, contact_id, arrival)
        events.append(
            tx,
            "contact.received",
            contact_id=contact_id,
            customer_id=sender.customer_id,
            channel=Channel.SOCIAL.value,
            queue=subject.rules.queue_id,
            message=message_id,
        )
        tx.changed(Topic.CONTACT, contact_id)
        self._go_on(contact_id, sender, thread)
        return contact_id, message_id

    def _go_on(
        self, contact_id: int, sender: finding.Sender, thread: arrivals.Thread | None
    ) -> None:
        """The same person comes back to the same matter: its cases are this contact's too."""
        if thread is None or sender.customer_id is None:
            return
        if thread.customer_id == sender.customer_id:
            cases = arrivals.cases_of_contact(self._tx, thread.contact_id)
            for case_id in cases:
                messages.link_case(self._tx, case_id, contact_id)
            joining.reopen(self._tx, cases)

    def _sender(self, post: Post, arrival: Stored) -> finding.Sender:
        """Whoever is known by this name, when it is still theirs; else somebody new."""
        tx, shown = self._tx, arrival.message.sender.name
        identity = self._identities[post.post_id]
        if identity is None:
            return finding.Sender(None, shown)
        holders = self._holders[identity.kind, identity.norm]
        if queries.handle_was_anothers(tx, self._account.id, post.author_id, post.handle):
            return finding.Sender(None, shown, _NOT_THEIRS)
        if len(holders) > 1:
            return finding.Sender(None, shown, _SHARED)
        if holders:
            ((customer_id, name),) = holders.items()
            return finding.Sender(customer_id, name)
        customer_id = customers.add(
            tx, shown, fold(shown), [(identity.kind, identity.value, identity.norm)]
        )
        self._holders[identity.kind, identity.norm] = {customer_id: shown}
        return finding.Sender(customer_id, shown)


def _words(post: Post, text: str) -> dict[str, str]:
    """How a post stands in a list: who, and its first words."""
    said = excerpt(text, _SUBJECT) or ("a picture" if post.pictures else "a post without words")
    return {"subject": f"{_name(post)}: {said}", "preview": excerpt(text)}


def _is(leaving: queries.Unsent, post: Post) -> bool:
    """Whether what the network shows is what has begun to leave: by its words or by its place."""
    same = leaving.text.split() == post.text.split()
    placed = bool(post.parent_id) and leaving.parent_id == post.parent_id
    return leaving.public == post.public and (same or placed)
