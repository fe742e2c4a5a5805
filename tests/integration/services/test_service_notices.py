"""Notices for the public: published by leaders, shown until they end, said on networks once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest
from sqlalchemy import func, select

from crm_desktop.domain.changes import Topic
from crm_desktop.domain.errors import (
    CardNumber,
    ConnectorTrouble,
    InvalidInput,
    NotAllowed,
    NotFound,
)
from crm_desktop.domain.service_notices import NewNotice, NoticePostState, NoticePostView
from crm_desktop.domain.social import Network, SentPost
from crm_desktop.services import leases, outbox, service_notices, social_sending
from crm_desktop.services.accounts import Account
from crm_desktop.services.leases import Lease
from crm_desktop.services.outbox import Lane, Outcome, Work
from crm_desktop.services.social_sending import Outgoing, TakenBack
from crm_desktop.store.database import Database
from crm_desktop.store.models import ChannelAccount, Event, OutboxItem, ServiceNotice
from tests.centre import Centre
from tests.integration.services.arrivals import change
from tests.integration.services.posts import network_account

LANE = Lane(social_sending.LANE, lambda *_: None, social_sending.gave_up, social_sending.subject)  # type: ignore[arg-type]


@pytest.fixture
def rose(centre: Centre) -> Database:
    """A team leader."""
    return centre.as_person("rose")


def _notice(text: str = "Bin rounds are a day late this week.", **other: Any) -> NewNotice:
    ends = datetime.now(UTC) + timedelta(days=3)
    return NewNotice(text, ends, **other)


def _lease(gateway: Database) -> Lease:
    lease = leases.acquire(gateway, LANE.lease_name, "test", 60)
    assert lease is not None
    return lease


def test_a_notice_is_shown_everywhere_until_it_is_taken_down(
    centre: Centre, rose: Database
) -> None:
    gateway = centre.as_gateway()
    welsh = "Mae casgliadau ddiwrnod yn hwyr."
    number, changes = service_notices.publish(rose, _notice(text_cy=welsh))
    service_notices.publish(rose, other := _notice("Chat closes at noon.", on_web=False))

    assert changes.ids(Topic.SERVICE_NOTICE) == {number}
    assert service_notices.shown(gateway, "web") == (_notice().text,)
    assert service_notices.shown(gateway, "web", "cy") == (welsh,)
    assert service_notices.shown(gateway, "chat", "cy") == (other.text, welsh)
    assert len(service_notices.recent(centre.as_person("anna"))) == 2

    service_notices.end(rose, number)

    assert service_notices.shown(gateway, "web") == ()
    assert service_notices.shown(gateway, "chat") == (other.text,)
    with pytest.raises(NotFound):
        service_notices.end(rose, number)
    with centre.as_owner().read() as tx:
        kinds = tx.session.scalars(
            select(Event.kind).where(Event.kind.like("notice.%")).order_by(Event.id)
        ).all()
    assert kinds == ["notice.published", "notice.published", "notice.ended"]


def test_before_its_start_and_after_its_end_nothing_shows(centre: Centre, rose: Database) -> None:
    gateway = centre.as_gateway()
    later = datetime.now(UTC) + timedelta(hours=1)
    number, _ = service_notices.publish(rose, _notice(starts_at=later))
    assert service_notices.shown(gateway, "web") == ()
    assert [each.id for each in service_notices.recent(rose)] == [number]

    past = datetime.now(UTC) - timedelta(hours=1)
    change(centre, ServiceNotice, number, starts_at=past)
    assert service_notices.shown(gateway, "web") == (_notice().text,)
    change(centre, ServiceNotice, number, ends_at=past + timedelta(minutes=1))
    assert service_notices.shown(gateway, "web") == ()
    (over,) = service_notices.recent(rose)
    assert over.ends_at <= past + timedelta(minutes=1)


def test_a_notice_is_said_on_the_chosen_networks_in_the_words_for_each(
    centre: Centre, rose: Database
) -> None:
    sky = network_account(centre)
    mast = network_account(centre, Network.MASTODON)
    known = service_notices.accounts(rose)
    assert [(each.id, each.limit) for each in known] == [(sky, 300), (mast, 500)]
    service_notices.publish(
        rose, _notice(account_ids=(sky, mast), texts={mast: "Longer words for this one."})
    )

    gateway = centre.as_gateway()
    lease = _lease(gateway)
    for _ in range(2):
        (claimed,) = outbox.claim(gateway, LANE, lease)
        outgoing = social_sending.load(gateway, claimed)
        assert isinstance(outgoing, Outgoing)
        assert outgoing.post.public
        assert outgoing.post.reply_to is None
        account = outgoing.account
        if account.id == sky:
            where = SentPost("ours", "ours", "https://network.example/ours")
            sent = Outcome(partial(social_sending.sent, work=claimed, account=account, where=where))
            outbox.settle(gateway, LANE, lease, claimed, sent)
            assert social_sending.load(gateway, claimed) is None
        else:
            assert outgoing.post.text == "Longer words for this one."
            refused = ConnectorTrouble("Not allowed here.", retry=False, fate="refused")
            outbox.settle(gateway, LANE, lease, claimed, Outcome(trouble=refused))

    (view,) = service_notices.recent(centre.as_person("anna"))
    said, failed = view.posts
    assert (said.state, said.url) == (NoticePostState.SENT, "https://network.example/ours")
    assert (failed.state, failed.failure) == (NoticePostState.FAILED, "Not allowed here.")

    with pytest.raises(NotAllowed):
        service_notices.again(centre.as_person("anna"), failed.id)
    with pytest.raises(NotFound):
        service_notices.again(rose, said.id)
    service_notices.again(rose, failed.id)
    assert service_notices.recent(rose)[0].posts[1].state is NoticePostState.PENDING
    (claimed,) = outbox.claim(gateway, LANE, lease)
    assert social_sending.load(gateway, claimed) is not None


def test_what_has_not_left_when_a_notice_is_taken_down_never_does(
    centre: Centre, rose: Database
) -> None:
    sky = network_account(centre)
    number, _ = service_notices.publish(rose, _notice(account_ids=(sky,)))
    service_notices.end(rose, number)
    gateway = centre.as_gateway()
    assert outbox.claim(gateway, LANE, _lease(gateway)) == ()


def test_what_is_published_again_because_its_answer_was_lost_is_published_once(
    centre: Centre, rose: Database
) -> None:
    sky = network_account(centre)
    asked = _notice(account_ids=(sky,))
    number, _ = service_notices.publish(rose, asked)

    assert service_notices.publish(rose, asked)[0] == number
    other, _ = service_notices.publish(rose, _notice(account_ids=(sky,)))
    assert other != number, "the same words, wanted again"
    with centre.as_owner().read() as tx:
        kinds = tx.session.scalars(select(Event.kind).where(Event.kind.like("notice.%"))).all()
        assert tx.session.scalar(select(func.count()).select_from(OutboxItem)) == 2
    assert kinds == ["notice.published", "notice.published"]


def test_what_networks_show_is_deleted_there_and_tried_again_when_that_failed(
    centre: Centre, rose: Database
) -> None:
    sky = network_account(centre)
    number, _ = service_notices.publish(rose, _notice(account_ids=(sky,)))
    with pytest.raises(NotFound):
        service_notices.delete_posts(rose, number)
    gateway = centre.as_gateway()
    lease = _lease(gateway)

    def post() -> NoticePostView:
        return service_notices.recent(rose)[0].posts[0]

    def settle(outcome: Callable[[Work, Account], Outcome]) -> object:
        (claimed,) = outbox.claim(gateway, LANE, lease)
        loaded = social_sending.load(gateway, claimed)
        assert loaded is not None
        outbox.settle(gateway, LANE, lease, claimed, outcome(claimed, loaded.account))
        return loaded

    where = SentPost("ours", "ours", "https://network.example/ours")
    settle(lambda work, account: Outcome(
        partial(social_sending.sent, work=work, account=account, where=where)
    ))  # fmt: skip
    with pytest.raises(NotAllowed):
        service_notices.delete_posts(centre.as_person("anna"), number)

    service_notices.delete_posts(rose, number)
    assert post().state is NoticePostState.DELETING
    service_notices.end(rose, number)
    assert post().state is NoticePostState.DELETING, "taking it down stops no deletion"
    refused = ConnectorTrouble("Not now.", retry=False, fate="not_sent")
    going = settle(lambda _work, _account: Outcome(trouble=refused))
    assert isinstance(going, TakenBack)
    assert going.post_id == "ours"
    assert (post().state, post().failure) == (NoticePostState.NOT_DELETED, "Not now.")
    with pytest.raises(NotFound):
        service_notices.again(rose, post().id)

    service_notices.delete_posts(rose, number)
    settle(lambda work, _account: Outcome(partial(social_sending.deleted, work=work)))
    assert (post().state, post().failure) == (NoticePostState.DELETED, "")
    assert post().text, "what was said is kept"
    with pytest.raises(NotFound):
        service_notices.delete_posts(rose, number)
    assert outbox.claim(gateway, LANE, lease) == ()


def test_what_cannot_be_shown_is_refused_at_once(centre: Centre, rose: Database) -> None:
    sky = network_account(centre)

    def refused(notice: NewNotice, kind: type[InvalidInput] = InvalidInput) -> Any:
        with pytest.raises(kind) as trouble:
            service_notices.publish(rose, notice)
        return trouble.value.params["fields"]

    assert "text" in refused(_notice(" "))
    assert "text" in refused(_notice("x" * 501))
    assert "text" in refused(_notice("4111 1111 1111 1111"), CardNumber)
    assert str(sky) in refused(_notice("x" * 400, account_ids=(sky,)))
    assert "ends_at" in refused(
        replace(_notice(), ends_at=datetime.now(UTC) - timedelta(seconds=1))
    )
    assert "ends_at" in refused(replace(_notice(), ends_at=datetime.now(UTC) + timedelta(days=61)))
    assert "places" in refused(_notice(on_web=False, on_chat=False))
    with pytest.raises(NotFound):
        service_notices.publish(rose, _notice(account_ids=(sky + 1,)))
    change(centre, ChannelAccount, sky, active=False)
    with pytest.raises(NotFound):
        service_notices.publish(rose, _notice(account_ids=(sky,)))
    with centre.as_owner().read() as tx:
        for model in (ServiceNotice, OutboxItem):
            assert tx.session.scalar(select(func.count()).select_from(model)) == 0


def test_only_team_leaders_tell_the_public(centre: Centre, rose: Database) -> None:
    number, _ = service_notices.publish(rose, _notice())
    anna = centre.as_person("anna")
    with pytest.raises(NotAllowed):
        service_notices.publish(anna, _notice())
    with pytest.raises(NotAllowed):
        service_notices.end(anna, number)
    with pytest.raises(NotAllowed):
        service_notices.accounts(anna)
