"""A morning of the whole centre on every network: read, answered, gone on with, taken back."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import func, select, text

from crm_desktop.domain.social_thread import PostReply
from crm_desktop.gateway.supervisor import Gateway
from crm_desktop.services import contacts, social
from crm_desktop.store.database import Database
from crm_desktop.store.models import ChannelAccount, Contact, Message, SocialPost
from tests.centre import Centre
from tests.integration.gateway.conftest import Secrets, config
from tests.integration.gateway.looking import Watch, watching
from tests.integration.services.posts import network_account, outbox_of
from tests.integration.social.outside import Outside, picture

_LONG_AGO = text("UPDATE social_post SET looked_at = '2026-01-01 00:00:00.000000'")


@pytest.fixture
def account(sqlite_centre: Centre, outside: Outside) -> Iterator[int]:
    """Our account there, which a gateway reads and speaks through."""
    account = network_account(sqlite_centre, outside.network, read_seconds=0.2)
    gateway = Gateway(
        sqlite_centre.as_gateway(connections=10),
        sqlite_centre.as_gateway(connections=1),
        config(),
        Secrets(),
        open_network=lambda _: outside.open(),
    )
    gateway.start()
    yield account
    gateway.stop()


def _arrived(watch: Watch, account: int, post_id: str) -> tuple[int, int]:
    """(contact, message) of a post, once it has come."""
    row = watch.row(SocialPost, account_id=account, post_id=post_id)
    return watch.row(Message, id=row.message_id).contact_id, row.message_id


def test_a_morning_of_the_centre_on_a_network(
    sqlite_centre: Centre, outside: Outside, account: int
) -> None:
    centre, anna = sqlite_centre, sqlite_centre.as_person("anna")
    owner = centre.as_owner()
    with watching(centre) as watch:
        watch.row(ChannelAccount, id=account, status="ok")
        mention = outside.mention("My bin was missed", picture("A full bin"))
        public, mentioned = _arrived(watch, account, mention)
        secret = outside.whisper("I live in Elm Road")
        private, whispered = _arrived(watch, account, secret)
        assert public != private, "a private conversation is one of its own"
        for contact_id in (public, private):
            contacts.take(anna, contact_id)

        def say(contact_id: int, reply: PostReply) -> str:
            sent = social.reply(anna, contact_id, reply, undo_seconds=0)
            assert sent.stopped == ()
            watch.row(Message, id=sent.message_id, state="sent")
            return str(watch.row(SocialPost, message_id=sent.message_id).post_id)

        ours = say(public, PostReply("We come back tomorrow", True, mentioned))
        alone = say(private, PostReply("Thank you, we have noted it", False, whispered))
        assert watch.until(lambda _: outside.seen(ours)).reply_to == mention
        assert not watch.until(lambda _: outside.seen(alone)).public

        again = outside.reply(ours, "Thank you")
        assert _arrived(watch, account, again)[0] == public, "what answers us joins"

        def gone(_: Database) -> bool:
            """Ten minutes later, and again: a network takes its time to forget."""
            with owner.write() as tx:
                tx.session.execute(_LONG_AGO)
            seen = social.thread(anna, public).post(mentioned)
            return seen is not None and seen.deleted_at is not None

        if outside.deletes:
            outside.delete(mention)
            watch.until(gone)
    shown = social.thread(anna, public)
    (first, *_rest) = shown.posts
    assert list(first.alts.values()) == ["A full bin"]
    assert [each.by_us for each in shown.posts] == [False, True, False]
    assert shown.posts[1].answers == mentioned
    assert outside.count("We come back tomorrow") == 1
    with centre.as_owner().read() as tx:
        assert tx.session.scalar(select(func.count()).select_from(Contact)) == 2
        assert tx.session.scalar(select(func.count()).select_from(SocialPost)) == 5
    assert outbox_of(centre, shown.posts[1].message_id).state == "done"
