"""What nobody can do with psql about posts, answers to them, and notices for the public."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import LiteralString

import pytest
from sqlalchemy import select

from crm_desktop.domain.service_notices import NewNotice
from crm_desktop.services import contacts, service_notices
from crm_desktop.store.models import NoticePost
from tests.centre import GATEWAY_LOGIN, Centre
from tests.integration.services.posts import (
    answer,
    contact_of,
    message_of,
    network_account,
    post,
    read,
)
from tests.integration.store.attacking import LEADER, Attack, Connection, Ids, named, refused

_KEY: LiteralString = "'<' || repeat('a', 32) || '.crm@crm.test>'"
_ANSWER: LiteralString = (
    f"SELECT app.post_reply(%(mine)s, %(my_post)s, true, 'Sorry', '[]', NULL, {_KEY}, '[]', 10)"
)


def _reply(
    contact: LiteralString = "%(mine)s",
    post: LiteralString = "%(my_post)s",
    *,
    public: LiteralString = "true",
    text: LiteralString = "'Sorry'",
    pictures: LiteralString = "'[]'",
    key: LiteralString = _KEY,
    undo: LiteralString = "10",
) -> LiteralString:
    return (
        f"SELECT app.post_reply({contact}, {post}, {public}, {text}, {pictures}, NULL, {key},"
        f" '[]', {undo})"
    )


_PUBLISH: LiteralString = (
    "SELECT app.notice_publish(%(key)s, 'Bins are late', '', NULL, true, true, NULL,"
    " now() + interval '1 day', '[]')"
)
ADVISOR_ATTACKS = (
    Attack("what was posted", "SELECT 1 FROM social_post"),
    Attack("another queue's posts", "SELECT app.social_thread(%(care_social)s)"),
    Attack("a post of one's own making", "INSERT INTO social_post (message_id, account_id,"
           " network, public) VALUES (%(my_post)s, %(sky)s, 'bluesky', true)"),
    Attack("another addressee for an answer", "UPDATE social_post SET handle = 'evil.example'",
           before=(_ANSWER,)),
    Attack("a post that was never sent", "INSERT INTO message (contact_id, direction, visibility,"
           " state, author_id, sender_name, sender_address, recipients, subject, body_text,"
           " reply_text, body_html, in_reply_to, reference_ids, problems, findings, auto_generated,"
           " failure) VALUES (%(mine)s, 'outbound', 'public', 'sent', app.me(), '', '', '{}', '',"
           " 'Forged', 'Forged', '', '', '[]', '[]', '[]', false, '')"),
    Attack("an answer in a colleague's contact", _reply("%(bens)s", "%(bens_post)s")),
    Attack("an answer in another queue", _reply("%(care_social)s", "%(care_post)s")),
    Attack("an answer to another conversation", _reply(post="%(bens_post)s")),
    Attack("an answer to what was deleted", _reply(post="%(gone_post)s")),
    Attack("what was said in private, in public", _reply("%(private)s", "%(secret_post)s")),
    Attack("neither in public nor in private", _reply(public="NULL")),
    Attack("an answer without words", _reply(text="' '")),
    Attack("an answer without end", _reply(text="repeat('x', 20001)")),
    Attack("a key of one's own", _reply(key="'<evil@crm.test>'")),
    Attack("an answer for ever held back", _reply(undo="1e9")),
    Attack("a picture that nobody can see described", _reply(
        pictures="'[{\"sha256\": \"x\", \"name\": \"x\", \"content_type\": \"x\", \"size\": 1}]'")),
    Attack("five pictures", _reply(pictures="'[{}, {}, {}, {}, {}]'")),
    Attack("which post is answered, past the checks",
           "SELECT app.post_answered(c, %(bens_post)s, true) FROM contact c"),
    Attack("a colleague's answer to the network", "INSERT INTO outbox (lane, message_id, state,"
           " attempts, unknown_fate, last_error, created_by_id)"
           " VALUES ('social', %(bens_post)s, 'pending', 0, false, '', app.me())"),
    Attack("an edit that never was", "INSERT INTO event (kind, actor_id, contact_id, data)"
           " VALUES ('post.edited', app.me(), %(mine)s, '{}')"),
    Attack("how far a network was read", "SELECT cursor FROM channel_account"),
    Attack("a notice for the public", _PUBLISH),
    Attack("a notice taken down", "SELECT app.notice_end(%(notice)s)"),
    Attack("a notice deleted on networks", "SELECT app.notice_delete_posts(%(notice)s)"),
    Attack("a notice said again", "SELECT app.notice_again(%(notice_post)s)"),
    Attack("where notices can go", "SELECT app.notice_accounts()"),
    Attack("a notice by hand", "INSERT INTO service_notice (text, on_web, created_by_id, ends_at)"
           " VALUES ('Free bins', true, app.me(), now() + interval '1 day')"),
    Attack("other words for a notice", "UPDATE service_notice SET text = 'Free bins'"),
    Attack("other words on a network", "UPDATE notice_post SET text = 'Free bins'"),
    Attack("a notice's post by hand", "INSERT INTO outbox (lane, notice_post_id, state, attempts,"
           " unknown_fate, last_error, created_by_id)"
           " VALUES ('social', %(notice_post)s, 'pending', 0, false, '', app.me())"),
    Attack("a notice that never was", "INSERT INTO event (kind, actor_id, data)"
           " VALUES ('notice.published', app.me(), '{}')"),
)  # fmt: skip

LEADER_ATTACKS = (
    Attack("another queue's posts", "SELECT app.social_thread(%(care_social)s)"),
    Attack("an answer out of an advisor's hands", _reply("%(bens)s", "%(bens_post)s")),
    Attack("a notice by hand", "INSERT INTO service_notice (text, on_web, created_by_id, ends_at)"
           " VALUES ('Free bins', true, app.me(), now() + interval '1 day')"),
    Attack("a notice without a trace", "DELETE FROM service_notice"),
    Attack("other words for a notice", "UPDATE service_notice SET text = 'Free bins'"),
    Attack("a notice for ever", "SELECT app.notice_publish(%(key)s, 'x', '', NULL, true, true,"
           " NULL,"
           " 'infinity', '[]')"),
    Attack("a notice under a key of one's own", "SELECT app.notice_publish('evil', 'x', '', NULL,"
           " true, true, NULL, now() + interval '1 day', '[]')"),
    Attack("a notice under a colleague's key", "SELECT app.notice_publish((SELECT key FROM"
           " service_notice WHERE id = %(notice)s), 'x', '', NULL, true, true, NULL,"
           " now() + interval '1 day', '[]')"),
    Attack("what no network shows yet, deleted", "SELECT app.notice_delete_posts(%(notice)s)"),
    Attack("a notice nowhere", "SELECT app.notice_publish(%(key)s, 'x', '', NULL, false, false,"
           " NULL,"
           " now() + interval '1 day', '[]')"),
    Attack("a notice without end of words", "SELECT app.notice_publish(%(key)s, repeat('x', 501),"
           " '', NULL,"
           " true, true, NULL, now() + interval '1 day', '[]')"),
    Attack("a notice through what is no network", "SELECT app.notice_publish(%(key)s, 'x', '',"
           " NULL, true,"
           " true, NULL, now() + interval '1 day', jsonb_build_array(jsonb_build_object('account',"
           " (SELECT min(id) FROM channel_account), 'key', repeat('a', 32), 'text', 'x')))"),
    Attack("a notice twice on a network", "SELECT app.notice_publish(%(key)s, 'x', '', NULL,"
           " true, true,"
           " NULL, now() + interval '1 day', jsonb_build_array("
           "jsonb_build_object('account', %(sky)s::int, 'key', repeat('a', 32), 'text', 'x'),"
           "jsonb_build_object('account', %(sky)s::int, 'key', repeat('b', 32), 'text', 'x')))"),
)  # fmt: skip

GATEWAY_ATTACKS = (
    Attack("an answer by the function", _ANSWER),
    Attack("a notice for the public", _PUBLISH),
    Attack("a notice by hand", "INSERT INTO service_notice (text, on_web, created_by_id, ends_at)"
           " VALUES ('Free bins', true, %(ben_id)s, now() + interval '1 day')"),
    Attack("other words for a notice", "UPDATE service_notice SET text = 'Free bins'"),
    Attack("other words on a network", "UPDATE notice_post SET text = 'Free bins'"),
    Attack("a notice for longer", "UPDATE service_notice SET ends_at = 'infinity'"),
    Attack("what was posted, unmade", "DELETE FROM social_post"),
)  # fmt: skip


@pytest.fixture(scope="module")
def posted(attacked: tuple[Centre, Ids]) -> Ids:
    """The ids with posts in everybody's hands, and a notice."""
    centre, ids = attacked
    sky = network_account(centre)
    first, bens, gone = post(text="Hello"), post("ted.example", "Hello"), post(text="Hello")
    follows, secret = (
        answer(first, text="I take it back"),
        post(text="My secret", root_id="convo", public=False),
    )
    read(centre, sky, first, bens, follows, secret)
    care_account = network_account(centre, queue="care")
    hidden = post("hidden.example", "Hello")
    read(centre, care_account, hidden)
    mine, of_ben = contact_of(centre, sky, first), contact_of(centre, sky, bens)
    care = contact_of(centre, care_account, hidden)
    private = contact_of(centre, sky, secret)
    for login, number in (("anna", mine), ("anna", private), ("ben", of_ben), ("cora", care)):
        contacts.take(centre.as_person(login), number)
    read(centre, sky, deleted=(follows.post_id, gone.post_id))
    ends = datetime.now(UTC) + timedelta(days=1)
    rose = centre.as_person("rose")
    notice, _ = service_notices.publish(rose, NewNotice("Late", ends, account_ids=(sky,)))
    with centre.as_owner().read() as tx:
        notice_post = tx.session.scalars(select(NoticePost.id)).one()
    return ids | {
        "sky": sky,
        "mine": mine,
        "my_post": message_of(centre, sky, first),
        "gone_post": message_of(centre, sky, follows),
        "private": private,
        "secret_post": message_of(centre, sky, secret),
        "bens": of_ben,
        "bens_post": message_of(centre, sky, bens),
        "care_social": care,
        "care_post": message_of(centre, care_account, hidden),
        "notice": notice,
        "key": "c" * 32,
        "notice_post": notice_post,
    }


@pytest.mark.parametrize("attack", named(ADVISOR_ATTACKS))
def test_an_advisor_is_refused(
    posted: Ids, connected: Callable[[str], Connection], attack: Attack
) -> None:
    refused(connected("anna"), posted, attack)


@pytest.mark.parametrize("attack", named(LEADER_ATTACKS))
def test_a_team_leader_is_refused(
    posted: Ids, connected: Callable[[str], Connection], attack: Attack
) -> None:
    refused(connected(LEADER), posted, attack)


@pytest.mark.parametrize("attack", named(GATEWAY_ATTACKS))
def test_the_gateway_is_refused(
    posted: Ids, connected: Callable[[str], Connection], attack: Attack
) -> None:
    refused(connected(GATEWAY_LOGIN), posted, attack)


def test_what_is_attacked_goes_through_for_who_may(
    posted: Ids, connected: Callable[[str], Connection]
) -> None:
    """The attacks fail for what is wrong with them, not for how they are written."""
    for login, statement in ((LEADER, _PUBLISH), ("anna", _ANSWER), (
        "anna", _reply("%(private)s", "%(secret_post)s", public="false")
    )):  # fmt: skip
        connection = connected(login)
        with connection.transaction(force_rollback=True):
            assert connection.execute(statement, posted).fetchone()
