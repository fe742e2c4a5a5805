"""The one contract of all networks: what residents say arrives, and what we say is said once."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest

from crm_desktop.domain.errors import ConnectorTrouble
from crm_desktop.domain.social import OutboundPost, Picture, Post, SentPost, SocialNetwork
from tests.integration.social.outside import Outside, Seen, picture
from tests.servers.processes import PATIENCE

HOSTILE = "Bins\u202egnp.exe <script>alert(1)</script> <b>not</b> collected & why? 👩‍👩‍👧 Siân"
#: Servers that take markup change what is in it; these stay.
HARMLESS = ("Binsgnp.exe", "collected & why? 👩‍👩‍👧 Siân")


@dataclass
class Reader:
    """Our account read as the gateway reads it: by a cursor that is all that is kept."""

    client: SocialNetwork
    cursor: Mapping[str, object] = field(default_factory=dict)
    posts: dict[str, Post] = field(default_factory=dict)

    def wait(self, *post_ids: str) -> None:
        """Read until these have come."""
        _wait(lambda: set(post_ids) <= self.read().keys(), f"{post_ids} among {self.posts}")

    def read(self) -> dict[str, Post]:
        """What there is now."""
        while True:
            news = self.client.news(self.cursor)
            self.posts |= {each.post_id: each for each in news.posts}
            self.cursor = news.cursor
            if not news.more:
                return self.posts


@dataclass
class Story:
    """A morning on a network, told once for the tests of this module."""

    outside: Outside
    mention: Post
    whisper: Post
    to_be_changed: Post
    to_be_deleted: Post
    reply: SentPost
    repeated: SentPost
    private_reply: SentPost
    private_again: SentPost
    notice: SentPost
    answer: Post
    after_restart: tuple[Post, ...]
    looked: Mapping[str, Post | None]


@pytest.fixture(scope="module")
def story(outside: Outside) -> Iterator[Story]:
    """Residents write, we answer, the gateway starts anew, they answer again."""
    alt = "Three full bins in a row"
    with closing(outside.open()) as client:
        reader = Reader(client)
        reader.read()
        private = picture(alt) if outside.private_pictures else None
        ids = [
            outside.mention(HOSTILE, picture(alt)),
            outside.whisper(HOSTILE, private),
            outside.mention("The ligt is out"),
            outside.mention("I regret this"),
        ]
        reader.wait(*ids)
        mention, whisper, changed, deleted = (reader.posts[each] for each in ids)
        text = f"We come today {secrets.token_hex(4)} https://www.example.gov.uk/x"
        said = _say(mention, text, public=True, pictures=(picture("A lorry"),))
        reply = _send(client, said)
        repeated = client.send(said, tried_at=datetime.now(UTC))
        in_private = _say(whisper, f"Which street? {secrets.token_hex(4)}", public=False)
        private_reply = _send(client, in_private)
        private_again = client.send(in_private, tried_at=datetime.now(UTC))
        notice = _send(
            client,
            OutboundPost(key=secrets.token_hex(16), text="Bins are a day late #bins", public=True),
        )
    _wait(lambda: outside.seen(reply.post_id) is not None, "our reply outside")
    answer = outside.reply(reply.post_id, "Thank you!")
    outside.delete(deleted.post_id)
    if outside.edits:
        outside.edit(changed.post_id, "The light is out")
    with closing(outside.open()) as client:
        # Nothing but the cursor outlives a gateway.
        later = Reader(client, reader.cursor)
        later.wait(answer)
        looked = _look_until_changed(outside, client, changed, deleted, mention)
        yield Story(
            outside, mention, whisper, changed, deleted, reply, repeated, private_reply,
            private_again, notice, later.posts[answer], tuple(later.posts.values()), looked,
        )  # fmt: skip


def _look_until_changed(
    outside: Outside, client: SocialNetwork, changed: Post, deleted: Post, kept: Post
) -> Mapping[str, Post | None]:
    looked: Mapping[str, Post | None] = {}

    def done() -> bool:
        nonlocal looked
        looked = client.look_again([changed.post_id, deleted.post_id, kept.post_id])
        now = looked.get(changed.post_id)
        is_changed = not outside.edits or (now is not None and "light" in now.text)
        is_gone = not outside.deletes or looked.get(deleted.post_id, deleted) is None
        return is_changed and is_gone

    _wait(done, "the change")
    return looked


def _say(to: Post, text: str, *, public: bool, pictures: tuple[Picture, ...] = ()) -> OutboundPost:
    return OutboundPost(
        key=secrets.token_hex(16),
        text=text,
        public=public,
        reply_to=to.post_id,
        reply_ref=to.reply_ref,
        author_id=to.author_id,
        handle=to.handle,
        pictures=pictures,
    )


def _send(client: SocialNetwork, post: OutboundPost) -> SentPost:
    """Say it as the gateway does: a try of unknown fate is repeated, with its time."""
    tried_at = None
    while True:
        begun = datetime.now(UTC)
        try:
            return client.send(post, tried_at=tried_at)
        except ConnectorTrouble as trouble:
            if not trouble.retry:
                raise
            tried_at = tried_at or begun


def _wait(condition: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, f"not in {PATIENCE:g} s: {what}"
        time.sleep(0.2)


def test_a_mention_comes_with_its_author_and_harmless_words(story: Story) -> None:
    mention = story.mention
    assert mention.public
    assert not mention.by_us
    assert all(each in mention.text for each in HARMLESS)
    assert (mention.author_id, mention.handle) == (story.outside.author_id, story.outside.handle)
    assert mention.root_id
    assert mention.url.startswith("http")


def test_a_picture_comes_with_its_description(story: Story) -> None:
    for post in (story.mention, *([story.whisper] if story.outside.private_pictures else [])):
        assert post.problems == ()
        (shown,) = post.pictures
        assert shown.alt == "Three full bins in a row"
        assert shown.content_type.startswith("image/")
        assert len(shown.content) > 50


def test_a_private_message_is_a_conversation_of_its_own(story: Story) -> None:
    assert not story.whisper.public
    assert all(each in story.whisper.text for each in HARMLESS)
    assert story.whisper.author_id == story.outside.author_id
    assert story.whisper.root_id != story.mention.root_id


def test_a_reply_stands_below_what_it_answers_with_its_picture(story: Story) -> None:
    seen = story.outside.seen(story.reply.post_id)
    assert isinstance(seen, Seen)
    assert "We come today" in seen.text
    assert seen.reply_to == story.mention.post_id
    assert seen.alts == ("A lorry",)
    assert seen.public
    assert story.reply.root_id == story.mention.root_id


def test_a_repeated_try_is_the_same_post(story: Story) -> None:
    assert story.repeated.post_id == story.reply.post_id
    assert story.private_again.post_id == story.private_reply.post_id
    assert story.outside.count("We come today") == 1
    assert story.outside.count("Which street?") == 1


def test_a_private_answer_is_seen_in_its_conversation_and_not_in_public(story: Story) -> None:
    _wait(lambda: story.outside.seen(story.private_reply.post_id) is not None, "it outside")
    seen = story.outside.seen(story.private_reply.post_id)
    assert seen is not None
    assert "Which street?" in seen.text
    assert not seen.public
    assert story.private_reply.root_id == story.whisper.root_id


def test_a_post_of_its_own_begins_a_conversation(story: Story) -> None:
    assert story.notice.root_id not in ("", story.mention.root_id)
    seen = story.outside.seen(story.notice.post_id)
    assert seen is not None
    assert seen.reply_to == ""


def test_after_a_restart_only_what_is_new_comes_and_in_the_same_conversation(story: Story) -> None:
    assert story.answer.root_id == story.mention.root_id
    assert story.answer.parent_id == story.reply.post_id
    known = {story.mention.post_id, story.whisper.post_id, story.to_be_changed.post_id}
    # A changed post may come again.
    new = [each for each in story.after_restart if not each.by_us and each.edited_at is None]
    assert not known & {each.post_id for each in new}


def test_edited_and_deleted_posts_are_told_apart_from_others(story: Story) -> None:
    if story.outside.deletes:
        assert story.looked[story.to_be_deleted.post_id] is None
    kept = story.looked[story.mention.post_id]
    assert kept is not None
    assert kept.text == story.mention.text
    if story.outside.edits:
        changed = story.looked[story.to_be_changed.post_id]
        assert changed is not None
        assert "The light is out" in changed.text


def test_a_public_post_can_be_answered_in_private(story: Story) -> None:
    with closing(story.outside.open()) as client:
        sent = _send(client, _say(story.mention, "Your address, please", public=False))
    assert sent.root_id not in ("", story.mention.root_id)
    _wait(lambda: story.outside.seen(sent.post_id) is not None, "it outside")
    seen = story.outside.seen(sent.post_id)
    assert seen is not None
    assert not seen.public


def test_what_we_said_is_taken_back_however_often_that_is_asked(story: Story) -> None:
    post = OutboundPost(key=secrets.token_hex(16), text="The tip is closed today", public=True)
    with closing(story.outside.open()) as client:
        sent = _send(client, post)
        _wait(lambda: story.outside.seen(sent.post_id) is not None, "it outside")
        for _ in range(2):
            client.delete(sent.post_id)
    _wait(lambda: story.outside.seen(sent.post_id) is None, "it gone")
    assert story.outside.seen(story.notice.post_id) is not None, "and nothing else"


def test_nobody_elses_post_can_be_taken_back(story: Story) -> None:
    with closing(story.outside.open()) as client, suppress(ConnectorTrouble):
        client.delete(story.mention.post_id)
    with closing(story.outside.open()) as client:
        assert client.look_again([story.mention.post_id])[story.mention.post_id] is not None


def test_what_is_too_long_is_refused_and_not_cut(story: Story) -> None:
    with closing(story.outside.open()) as client, pytest.raises(ConnectorTrouble) as trouble:
        client.send(_say(story.mention, "too long " * 12_000, public=True))
    assert trouble.value.params["fate"] == "refused"
    assert not trouble.value.retry
    assert story.outside.count("too long") == 0
