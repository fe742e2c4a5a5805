"""What nobody can do with psql to chats that are not theirs, and the gateway to any."""

from __future__ import annotations

from collections.abc import Callable
from typing import LiteralString

import pytest

from crm_desktop.services import chats, contacts
from tests.centre import GATEWAY_LOGIN, Centre
from tests.chats_centre import add_site, visitor
from tests.integration.store.attacking import (
    DESK,
    LEADER,
    Attack,
    Connection,
    Ids,
    named_by_login,
    refused,
    unseen,
)

_SAY: LiteralString = (
    "SELECT app.chat_say(%(bens_chat_contact)s, repeat('a', 32), 'x', NULL, '[]', 0)"
)
_READ: LiteralString = "SELECT app.chat_open(%(care_chat_contact)s, 0)"
_TYPED: LiteralString = "SELECT app.chat_visitor_typing(%(bens_chat)s)"
_BLOCK: LiteralString = "SELECT app.chat_block(%(bens_chat_contact)s, 'x', 1)"

ADVISOR_ATTACKS = (
    Attack("a chat of a queue that is not theirs", _READ),
    Attack("a line in a colleague's chat", _SAY),
    Attack(
        "a line in a restricted chat",
        "SELECT app.chat_say(%(care_chat_contact)s, repeat('a', 32), 'x', NULL, '[]', 0)",
    ),
    Attack(
        "a line under no key",
        "SELECT app.chat_say(%(own_chat_contact)s, 'again', 'x', NULL, '[]', 0)",
    ),
    Attack(
        "a line too long",
        "SELECT app.chat_say(%(own_chat_contact)s, repeat('a', 32), repeat('x', 4001), NULL,"
        " '[]', 0)",
    ),
    Attack(
        "a file that is not there in a chat",
        "SELECT app.chat_say(%(own_chat_contact)s, repeat('a', 32), 'x', NULL,"
        ' \'[{"sha256": "none"}]\', 0)',
    ),
    Attack("what a colleague's visitor types", _TYPED),
    Attack("typing in a colleague's chat", "SELECT app.chat_typing(%(bens_chat_contact)s)"),
    Attack(
        "what is known before a restricted chat is answered",
        "SELECT app.chat_answering(%(care_chat_contact)s)",
    ),
    Attack("a colleague's chat ended", "SELECT app.chat_end(%(bens_chat_contact)s, 'advisor')"),
    Attack(
        "a colleague's chat to a mail address of one's own",
        "SELECT app.chat_email(%(bens_chat_contact)s, 'evil@example.com')",
    ),
    Attack(
        "a chat ended in the visitor's name",
        "SELECT app.chat_end(%(own_chat_contact)s, 'visitor')",
    ),
    unseen(
        "a colleague's visitor's address",
        "SELECT 1 WHERE app.chat_address(%(bens_chat_contact)s) <> '[]'",
    ),
    Attack("a colleague's visitor kept out", _BLOCK),
    Attack("a visitor kept out for ever", "SELECT app.chat_block(%(own_chat_contact)s, 'x', 721)"),
    Attack(
        "a visitor kept out for no reason", "SELECT app.chat_block(%(own_chat_contact)s, ' ', 1)"
    ),
    Attack("a visitor let in again", "SELECT app.chat_unblock(%(block)s)"),
    Attack("who is kept out", "SELECT app.chat_blocks()"),
    Attack("visitors' names by hand", "SELECT visitor FROM chat"),
    Attack("a visitor's token", "SELECT token_hash FROM chat"),
    Attack("the lines of chats by hand", "SELECT 1 FROM chat_line"),
    Attack("what visitors type by hand", "SELECT text FROM chat_typing"),
    Attack("blocks by hand", "SELECT 1 FROM chat_block"),
    Attack(
        "a line of a chat by hand",
        "INSERT INTO chat_line (chat_id, seq, contact_id, kind, side)"
        " VALUES (%(own_chat)s, 99, %(own_chat_contact)s, 'said', 'visitor')",
    ),
    Attack(
        "a visitor's line by the inner function",
        "SELECT app.chat_add(%(own_chat)s, %(own_chat_contact)s, 'said', 'visitor', 'x')",
    ),
    Attack(
        "the end by the inner function",
        "SELECT app.chat_close(%(bens_chat)s, %(bens_chat_contact)s, 'gone')",
    ),
    Attack("a chat's whole row", "SELECT app.chat_of(%(care_chat_contact)s)"),
    Attack(
        "the row of a chat in hand",
        "SELECT app.chat_mine(%(own_chat_contact)s, ARRAY['active'])",
    ),
    Attack("a false notice of a chat", "SELECT app.chat_told('chat', ARRAY[1])"),
    Attack(
        "an event of a chat that never was",
        "INSERT INTO event (kind, actor_id, contact_id, data)"
        " VALUES ('chat.rated', app.me(), %(own_chat_contact)s, '{}')",
    ),
    Attack("a chat for oneself", "UPDATE chat SET contact_id = %(own)s"),
    Attack("the end of all chats", "DELETE FROM chat"),
)
DESK_ATTACKS = (
    Attack("a restricted chat", _READ),
    Attack("a line in somebody's chat", _SAY),
    Attack("what a visitor types", _TYPED),
    Attack("a visitor kept out", _BLOCK),
)
LEADER_ATTACKS = (
    Attack("a chat of another's queue", _READ),
    Attack("a line in a chat that somebody has", _SAY),
    Attack("what somebody's visitor types", _TYPED),
    Attack(
        "a visitor of another's queue kept out",
        "SELECT app.chat_block(%(care_chat_contact)s, 'x', 1)",
    ),
    Attack("a visitor of another's queue let in", "SELECT app.chat_unblock(%(care_block)s)"),
    Attack("a block's end by hand", "UPDATE chat_block SET until = now()"),
)
GATEWAY_ATTACKS = (
    Attack("a chat as staff", "SELECT app.chat_open(%(own_chat_contact)s, 0)"),
    Attack("a line as staff", _SAY),
    Attack("what was said in a chat", "UPDATE chat_line SET who = 'x'"),
    Attack("the end of what was said", "DELETE FROM chat_line"),
    Attack("a visitor's chat for somebody else", "UPDATE chat SET token_hash = 'x'"),
    Attack("a chat's mail address", "UPDATE chat SET email = 'evil@example.com'"),
    Attack("a visitor's mark", "UPDATE chat SET client = ''"),
    Attack("the end of chats", "DELETE FROM chat"),
    Attack(
        "a visitor kept out by the gateway",
        "INSERT INTO chat_block (client, chat_id, reason, by_id, until)"
        " VALUES ('x', %(own_chat)s, 'x', %(ben_id)s, now())",
    ),
    Attack("a visitor let in by the gateway", "UPDATE chat_block SET until = now()"),
    Attack("the end of blocks", "DELETE FROM chat_block"),
    Attack(
        "a line by the gateway's inner function",
        "SELECT app.chat_add(%(own_chat)s, %(own_chat_contact)s, 'said', 'staff', 'Ben')",
    ),
)


@pytest.fixture(scope="module")
def chatted(attacked: tuple[Centre, Ids]) -> Ids:
    """The ids of what is attacked, with a chat of Anna's, Ben's and Cora's restricted queue."""
    centre, ids = attacked
    site, care = add_site(centre), add_site(centre, queue="care", key="care")
    own, hidden = visitor(centre, site), visitor(centre, care)
    bens = visitor(centre, site, email="sam@example.org")
    for login, each in (("anna", own), ("ben", bens), ("cora", hidden)):
        contacts.take(centre.as_person(login), each.contact)
    blocks = {}
    for name, login, where in (("block", "ben", site), ("care_block", "cora", care)):
        kept_out = visitor(centre, where, client=name)
        db = centre.as_person(login)
        contacts.take(db, kept_out.contact)
        chats.block(db, kept_out.contact, "Abuse", 1)
        leader = centre.as_person("rose")
        blocks[name] = max(each.id for each in chats.blocks(leader))
    return {
        **ids,
        **blocks,
        "own_chat": own.chat,
        "own_chat_contact": own.contact,
        "bens_chat": bens.chat,
        "bens_chat_contact": bens.contact,
        "care_chat_contact": hidden.contact,
    }


@pytest.mark.parametrize(
    ("login", "attack"),
    named_by_login(
        {
            "anna": ADVISOR_ATTACKS,
            DESK: DESK_ATTACKS,
            LEADER: LEADER_ATTACKS,
            GATEWAY_LOGIN: GATEWAY_ATTACKS,
        }
    ),
)
def test_they_are_refused(
    chatted: Ids, connected: Callable[[str], Connection], login: str, attack: Attack
) -> None:
    refused(connected(login), chatted, attack)


def test_somebody_elses_reading_leaves_a_chat_unread(
    chatted: Ids, connected: Callable[[str], Connection]
) -> None:
    connected("anna").execute("SELECT app.chat_seen(%(bens_chat_contact)s, 99)", chatted)

    (unread,) = connected("ben").execute("SELECT app.chats_in_hand() -> 0 ->> 7").fetchall()

    assert unread == ("1",)


def test_they_may_what_is_theirs(chatted: Ids, connected: Callable[[str], Connection]) -> None:
    """The attacks fail for lack of rights, not for lack of what they are after."""
    for login, statements in (
        ("ben", (_SAY, _TYPED, _BLOCK, "SELECT app.chat_typing(%(bens_chat_contact)s)")),
        ("cora", (_READ, "SELECT app.chat_answering(%(care_chat_contact)s)")),
        (LEADER, (_BLOCK, "SELECT app.chat_unblock(%(block)s)", "SELECT app.chat_blocks()")),
    ):
        for statement in statements:
            connection = connected(login)
            with connection.transaction(force_rollback=True):
                connection.execute(statement, chatted)
