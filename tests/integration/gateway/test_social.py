"""A gateway that reads a network, posts on it and takes what it delivers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import func, select, text

from crm_desktop.channels.social import web
from crm_desktop.channels.web.limits import Rate
from crm_desktop.domain.errors import ConnectorTrouble, InvalidInput
from crm_desktop.domain.service_notices import NewNotice
from crm_desktop.domain.social import Network, News, OutboundPost, Post, SentPost
from crm_desktop.domain.social_thread import PostReply
from crm_desktop.gateway import social as reading
from crm_desktop.gateway import social_door
from crm_desktop.gateway.social import SocialReader
from crm_desktop.gateway.statuses import StatusBoard
from crm_desktop.gateway.supervisor import Gateway
from crm_desktop.services import (
    accounts,
    contacts,
    leases,
    service_notices,
    social,
    social_intake,
)
from crm_desktop.services.accounts import Account
from crm_desktop.store.models import (
    ChannelAccount,
    Contact,
    Message,
    NoticePost,
    OutboxItem,
    SocialPost,
)
from tests.centre import Centre
from tests.integration.gateway.conftest import Secrets
from tests.integration.gateway.looking import watching
from tests.integration.gateway.page import BATCH, Held, facebook_page, use_page
from tests.integration.gateway.processes import GatewayProcess, target_of
from tests.integration.services.posts import network_account, post
from tests.servers.facebook_stand_in import FacebookStandIn
from tests.servers.processes import PATIENCE, wait_for


@dataclass(frozen=True)
class RunningGateway:
    """A process, and where its web door is."""

    process: GatewayProcess
    port: int

    def hook(self, account: int) -> str:
        """Where a network delivers."""
        return f"http://127.0.0.1:{self.port}/social/{account}/hook"


@pytest.fixture
def facebook() -> Iterator[FacebookStandIn]:
    """The network."""
    with facebook_page() as network:
        yield network


def test_a_comment_is_read_answered_and_corrected(
    centre: Centre,
    facebook: FacebookStandIn,
    secrets: Secrets,
    start_gateway: Callable[[], Gateway],
) -> None:
    account = use_page(centre, facebook, secrets.values)
    root = facebook.write(facebook.page_id, "Bin rounds are late")
    gateway, anna = start_gateway(), centre.as_person("anna")
    with watching(centre) as watch:
        watch.row(ChannelAccount, id=account, status="ok")
        comment = facebook.comment(facebook.person("Alice Smith"), root, "Nobody came")
        contact = watch.contact(account_id=account)
        contacts.take(anna, contact.id)
        shown = social.thread(anna, contact.id)
        assert [each.by_us for each in shown.posts] == [True, False], "with what is answered"
        assert shown.answered is not None

        reply = PostReply("We come tomorrow", True, shown.answered)
        sent = social.reply(anna, contact.id, reply, undo_seconds=0)
        watch.row(Message, id=sent.message_id, state="sent")
        ours = [each for each in facebook.comments.values() if each["message"] == reply.text]
        assert len(ours) == 1

        door = f"http://127.0.0.1:{gateway.http_port}/social/{account}/hook"
        assert facebook.verify(door)
        facebook.edit(comment, "Nobody came to Elm Road")
        facebook.deliveries()  # the comment's and the edit's: the reader knows them already
        facebook.delete(comment)
        assert [each.status_code for each in facebook.deliver(door)] == [200]
        deleted = social.thread(anna, contact.id).post(shown.answered)
        assert deleted is not None
        assert deleted.deleted_at is not None, "it was kept before the answer"


def test_only_what_the_network_signed_comes_in_by_the_door(
    sqlite_centre: Centre,
    facebook: FacebookStandIn,
    secrets: Secrets,
    start_gateway_of: Callable[[Centre], Gateway],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(social_door, "_RATE", Rate(burst=20, per_minute=0.001))
    centre = sqlite_centre
    account = use_page(centre, facebook, secrets.values, every=3_600)
    other = network_account(centre)
    gateway = start_gateway_of(centre)
    house = f"http://127.0.0.1:{gateway.http_port}/social"
    facebook.comment(facebook.person("Eve"), facebook.write(facebook.page_id, "x"), "Forged")
    ((headers, body), *_) = reversed(facebook.deliveries())

    def status(number: int, content: bytes, given: Mapping[str, str] = headers) -> int:
        return httpx.post(f"{house}/{number}/hook", headers=given, content=content).status_code

    assert status(account, body + b" ") == 403
    assert status(account, body, {"X-Hub-Signature-256": "sha256=" + "0" * 64}) == 403
    assert status(account, body, {}) == 403
    assert status(account, b"x" * 2_000_000) == 413
    assert status(other, body) == 404, "a network that does not deliver"
    assert status(account + 1000, body) == 404
    question = {"hub.mode": "subscribe", "hub.challenge": "7", "hub.verify_token": "guessed"}
    assert httpx.get(f"{house}/{account}/hook", params=question).status_code == 403
    assert httpx.get(f"{house}/none/hook").status_code == 404
    with centre.as_owner().read() as tx:
        assert tx.session.scalar(select(func.count()).select_from(SocialPost)) == 0
    assert status(account, body) == 200
    with centre.as_owner().read() as tx:
        contact_id = tx.session.scalars(select(Contact.id)).one()
    anna = centre.as_person("anna")
    contacts.take(anna, contact_id)
    shown = social.thread(anna, contact_id)
    assert [each.by_us for each in shown.posts] == [True, False], "with what is answered"
    del secrets.values["page:app"]
    assert status(account, body) == 503, "the network tries again when the secret is there"
    flood = [status(account + 1000, b"x") for _ in range(20)]
    assert flood[-1] == 429, "nobody asks without end"


@pytest.fixture
def start_anew(postgres_centre: Centre) -> Iterator[Callable[[dict[str, str]], RunningGateway]]:
    """Starts a gateway process as after a power cut."""
    running: list[GatewayProcess] = []

    def start(secrets: dict[str, str]) -> RunningGateway:
        with postgres_centre.as_owner().write() as tx:  # as eight seconds later
            tx.session.execute(text("UPDATE lease SET expires_at = now()"))
        running.append(GatewayProcess(target_of(postgres_centre), secrets))
        return RunningGateway(running[-1], running[-1].wait_ready()["http"])

    yield start
    for process in running:
        process.kill()


def test_a_gateway_that_is_killed_loses_nothing_and_says_nothing_twice(
    postgres_centre: Centre,
    facebook: FacebookStandIn,
    start_anew: Callable[[dict[str, str]], RunningGateway],
) -> None:
    """Killed while it reads, and after its answer was posted but before it knew."""
    centre, secrets = postgres_centre, dict[str, str]()
    account = use_page(centre, facebook, secrets)
    alice, anna = facebook.person("Alice Smith"), centre.as_person("anna")
    root = facebook.write(facebook.page_id, "Bin rounds are late")
    gateway = start_anew(secrets)
    with watching(centre) as watch:
        watch.row(ChannelAccount, id=account, status="ok")
        facebook.comment(alice, root, "Nobody came")
        contact = watch.contact(account_id=account)
        contacts.take(anna, contact.id)
        answered = social.thread(anna, contact.id).answered
        assert answered is not None

        sending, asked = Held(), Held()
        facebook.troubles.waiting.append(("POST", "/comments", sending))
        reply = PostReply("We come tomorrow", True, answered)
        sent = social.reply(anna, contact.id, reply, undo_seconds=0)
        assert sending.reached.wait(PATIENCE)
        facebook.troubles.waiting.append(("POST", BATCH, asked))
        late = [facebook.comment(alice, root, f"And number {n}") for n in range(30)]
        assert asked.reached.wait(PATIENCE)
        gateway.process.kill()

        start_anew(secrets)
        watch.row(Message, id=sent.message_id, state="sent")
        for each in late:
            watch.row(SocialPost, account_id=account, post_id=each)
    said = [each["message"] for each in facebook.comments.values()]
    assert said.count(reply.text) == 1
    with centre.as_owner().read() as tx:
        kept = tx.session.scalars(select(SocialPost.post_id)).all()
        assert sorted(kept) == sorted([*facebook.posts, *facebook.comments])
        assert tx.session.scalar(select(func.count()).select_from(Contact)) == 1
        assert tx.session.scalars(select(OutboxItem.state)).all() == ["done"]


def test_what_is_said_in_private_to_all_or_taken_back_survives_a_kill_and_so_does_a_delivery(
    postgres_centre: Centre,
    facebook: FacebookStandIn,
    start_anew: Callable[[dict[str, str]], RunningGateway],
) -> None:
    """Killed three times: when the network has done it, and the gateway does not know it yet."""
    centre, secrets = postgres_centre, dict[str, str]()
    account = use_page(centre, facebook, secrets, every=3_600)
    anna, rose = centre.as_person("anna"), centre.as_person("rose")
    alice = facebook.person("Alice Smith")

    def hold(method: str, path: str) -> Held:
        facebook.troubles.waiting.append((method, path, held := Held()))
        return held

    gateway = start_anew(secrets)
    facebook.message(alice, "My bins were not emptied")
    assert [each.status_code for each in facebook.deliver(gateway.hook(account))] == [200]
    with watching(centre) as watch:
        contact = watch.contact(account_id=account)
        contacts.take(anna, contact.id)
        answered = social.thread(anna, contact.id).answered
        assert answered is not None

        answering = hold("POST", "/messages")
        reply = PostReply("Which street?", False, answered)
        sent = social.reply(anna, contact.id, reply, undo_seconds=0)
        assert answering.reached.wait(PATIENCE)
        gateway.process.kill()

        gateway = start_anew(secrets)
        watch.row(OutboxItem, message_id=sent.message_id, state="done")
        telling = hold("POST", "/feed")
        ends = datetime.now(UTC) + timedelta(days=2)
        words = NewNotice("Bin rounds are a day late.", ends, account_ids=(account,))
        notice, _ = service_notices.publish(rose, words)
        assert telling.reached.wait(PATIENCE)
        gateway.process.kill()

        gateway = start_anew(secrets)
        stands = watch.row(NoticePost, notice_id=notice, state="sent")
        assert list(facebook.posts) == [stands.post_id]
        facebook.deliveries()
        deleting = hold("DELETE", f"/{stands.post_id}")
        service_notices.delete_posts(rose, notice)
        assert deleting.reached.wait(PATIENCE)
        # The delivery waits until the network can be asked, and is not answered.
        facebook.message(alice, "It is Elm Road")
        (*_, (headers, body)) = facebook.deliveries()
        with suppress(httpx.ReadTimeout):
            httpx.post(gateway.hook(account), headers=headers, content=body, timeout=0.5)
            raise AssertionError("it was answered before it was kept")
        gateway.process.kill()

        gateway = start_anew(secrets)
        watch.row(NoticePost, notice_id=notice, state="deleted")
        again = httpx.post(gateway.hook(account), headers=headers, content=body, timeout=PATIENCE)
        assert again.status_code == 200
        # What the reader met first is settled by the lane a little later.
        wait_for(lambda: _outbox_states(centre) == {"done"}, "all work done")

    assert facebook.posts == {}
    said = [each["message"] for each in facebook.messages[alice]]
    assert said == ["My bins were not emptied", "Which street?", "It is Elm Road"]
    shown = social.thread(anna, contact.id)
    assert len(shown.posts) == 3, "each once"


def _outbox_states(centre: Centre) -> set[str]:
    with centre.as_owner().read() as tx:
        return set(tx.session.scalars(select(OutboxItem.state)))


def test_a_notice_is_on_the_pages_and_on_the_network_at_once(
    centre: Centre,
    facebook: FacebookStandIn,
    secrets: Secrets,
    start_gateway: Callable[[], Gateway],
) -> None:
    account = use_page(centre, facebook, secrets.values)
    gateway, rose = start_gateway(), centre.as_person("rose")
    ends = datetime.now(UTC) + timedelta(days=2)
    notice = NewNotice("Bin rounds are a day late this week.", ends, account_ids=(account,))
    with watching(centre) as watch:
        service_notices.publish(rose, notice)
        sent = watch.row(NoticePost, state="sent")

    assert [each["message"] for each in facebook.posts.values()] == [notice.text]
    assert sent.post_id in facebook.posts
    pages = f"http://127.0.0.1:{gateway.http_port}/forms"
    for page in (pages, f"{pages}/missed_bin"):
        assert notice.text in httpx.get(page).text
    with centre.as_owner().read() as tx:
        assert tx.session.scalar(select(func.count()).select_from(Contact)) == 0


# What a network cannot be made to do is said by a script.


@dataclass
class Script:
    """A network that does what the test says, thing after thing."""

    answers: list[News | Exception]
    now: Mapping[str, Post | None] = field(default_factory=dict)
    asked: list[Mapping[str, object]] = field(default_factory=list)
    closed: int = 0

    def news(self, cursor: Mapping[str, object]) -> News:
        """The next answer."""
        self.asked.append(cursor)
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    def look_again(self, post_ids: Sequence[str]) -> Mapping[str, Post | None]:
        """What the test says of these."""
        return {each: self.now[each] for each in post_ids if each in self.now}

    def send(self, post: OutboundPost, *, tried_at: datetime | None = None) -> SentPost:
        """Nothing is said here."""
        raise NotImplementedError

    def delete(self, post_id: str) -> None:
        """Nothing is taken back here."""
        raise NotImplementedError

    def close(self) -> None:
        """Count it."""
        self.closed += 1


@dataclass
class Reading:
    """A reader of a scripted network, whose waiting is written down instead."""

    reader: SocialReader
    account: int
    script: Script
    waits: list[float]

    def rounds(self, many: int = 1) -> list[float]:
        """How long it wanted to wait after each of the next rounds."""
        self.waits.clear()
        for _ in range(many):
            self.reader.work()
        return list(self.waits)


@pytest.fixture
def scripted(sqlite_centre: Centre, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Reading]:
    """Makes a reader of answers."""

    def make(*answers: News | Exception, opening: Exception | None = None) -> Reading:
        network = Network.MASTODON if opening else Network.BLUESKY
        account = network_account(sqlite_centre, network)
        db, script = sqlite_centre.as_gateway(), Script(list(answers))
        lease = leases.acquire(db, f"social:{account}", "test", 60)
        assert lease is not None

        def open_network(_account: Account) -> Any:
            if opening is not None:
                raise opening
            return script

        reader = SocialReader(
            db,
            accounts.get(db, account),
            lease,
            open_network=open_network,
            statuses=StatusBoard(db),
        )
        waits: list[float] = []
        for event in (reader.stopping, reader._awake):
            monkeypatch.setattr(event, "wait", waits.append)
        return Reading(reader, account, script, waits)

    return make


def _status(centre: Centre, account: int) -> tuple[str, str]:
    with centre.as_owner().read() as tx:
        row = tx.session.get_one(ChannelAccount, account)
        return row.status, row.status_words


def test_the_cursor_is_what_the_next_asking_begins_with(
    scripted: Callable[..., Reading],
) -> None:
    read = scripted(News((post(),), {"at": 1}, more=True), News((), {"at": 2}))
    assert read.rounds(2) == [reading.READ_SECONDS], "where there is more it is asked at once"
    assert read.script.asked == [{}, {"at": 1}]


def test_a_network_is_left_alone_as_long_as_it_says(
    sqlite_centre: Centre, scripted: Callable[..., Reading]
) -> None:
    read = scripted(
        web.busy("Bluesky", 30.0),
        web.busy("Bluesky", 1_200.0),
        News((), {}),
    )
    assert read.rounds() == [30.0]
    assert _status(sqlite_centre, read.account)[0] != "trouble", "so short is as it should be"
    assert read.rounds() == [1_200.0]
    words = "Bluesky asks us to wait 20 minutes"
    assert _status(sqlite_centre, read.account) == ("trouble", words)
    read.rounds()
    assert _status(sqlite_centre, read.account) == ("ok", "")


def test_what_fails_again_is_tried_later_each_time(scripted: Callable[..., Reading]) -> None:
    away = ConnectorTrouble("No answer.", retry=True)
    read = scripted(*[away] * 8, News((), {}), away)
    assert read.rounds(8) == [5, 10, 20, 40, 80, 160, 300, 300]
    assert read.rounds(2) == [reading.READ_SECONDS, 5]
    assert read.script.closed == 0, "the session is kept"


def test_a_refused_password_is_not_tried_often(
    sqlite_centre: Centre, scripted: Callable[..., Reading]
) -> None:
    read = scripted(ConnectorTrouble("The password is wrong.", retry=False))
    assert read.rounds() == [60.0]
    assert read.script.closed == 1, "the secret may be another next time"
    missing = scripted(opening=InvalidInput("The keyring has no password."))
    assert missing.rounds() == [60.0]
    assert _status(sqlite_centre, missing.account) == ("trouble", "The keyring has no password.")


def test_one_post_that_meets_a_bug_does_not_close_the_account(
    sqlite_centre: Centre, scripted: Callable[..., Reading], monkeypatch: pytest.MonkeyPatch
) -> None:
    good, bad = post(), post(text="poison", reply_ref={"bad": True})
    read = scripted(News((bad, good), {"at": 1}))
    honest = social_intake.receive

    def receive(db: Any, account_id: int, news: News, **more: Any) -> Any:
        if any(each.reply_ref.get("bad") for each in news.posts):
            raise RuntimeError("a bug")
        return honest(db, account_id, news, **more)

    monkeypatch.setattr(social_intake, "receive", receive)
    read.rounds()

    with sqlite_centre.as_owner().read() as tx:
        kept = tx.session.scalars(select(Message.body_text).order_by(Message.id)).all()
        problems = tx.session.scalars(select(Message.problems).order_by(Message.id)).all()
        assert tx.session.get_one(ChannelAccount, read.account).cursor == {"at": 1}
    assert kept == ["poison", good.text]
    assert "could not be read whole" in str(problems[0])


def test_posts_in_hand_are_looked_at_again(
    sqlite_centre: Centre, scripted: Callable[..., Reading]
) -> None:
    first, gone = post(), post()
    read = scripted(News((first, gone), {}), News((), {}))
    read.rounds()
    with sqlite_centre.as_owner().write() as tx:
        tx.session.execute(text("UPDATE social_post SET looked_at = '2026-01-01 00:00:00.000000'"))
    read.script.now = {first.post_id: replace(first, text="Changed"), gone.post_id: None}
    read.rounds()
    with sqlite_centre.as_owner().read() as tx:
        rows = tx.session.scalars(select(SocialPost).order_by(SocialPost.message_id)).all()
    assert rows[0].versions
    assert rows[1].deleted_at is not None
