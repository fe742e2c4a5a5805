"""Answering: one's own contact, with time to think again, and nobody else's data."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import event, select

from crm_desktop.domain.changes import Topic
from crm_desktop.domain.errors import CrmError, InvalidInput, NotAllowed, NotFound, Taken, TooLarge
from crm_desktop.domain.references import find_references
from crm_desktop.domain.views import NewAttachment, Reply, Writing
from crm_desktop.services import contacts, drafts, replies
from crm_desktop.store.database import Database
from crm_desktop.store.models import Attachment, Draft, Message, OutboxItem, ReplyTemplate
from tests.centre import Centre
from tests.integration.services.arrivals import (
    contact,
    event_kinds,
    form,
    mail,
    message_row,
    receive,
)

_ADDRESS = "margaret@example.org"
_KEY = "0123456789abcdef" * 2


def _in_hand(centre: Centre, login: str = "anna") -> tuple[Database, int]:
    received = receive(centre, mail())
    db = centre.as_person(login)
    with db.write() as tx:
        tx.guard.claim(received.contact_id)
    return db, received.contact_id


def _outbox(centre: Centre, message_id: int) -> OutboxItem:
    with centre.as_owner().read() as tx:
        return tx.session.scalars(
            select(OutboxItem).where(OutboxItem.message_id == message_id)
        ).one()


def test_a_reply_waits_to_be_taken_back_and_then_may_leave(centre: Centre) -> None:
    db, contact_id = _in_hand(centre)

    sent = replies.send(db, contact_id, Reply("We are on our way.", _ADDRESS))

    assert sent.stopped == ()
    assert contact_id in sent.changes.ids(Topic.CONTACT)
    assert sent.changes.has(Topic.OUTBOX)
    row, item = message_row(centre, sent.message_id), _outbox(centre, sent.message_id)
    assert (row.state, row.subject) == ("pending", "Re: Missed bin")
    assert row.rfc_id is not None
    assert row.rfc_id.endswith("@crm.test>")
    assert (item.state, item.lane, item.not_before) == ("pending", "email", sent.undo_until)
    assert "message.written" in event_kinds(centre, contact_id)


def test_a_reply_taken_back_never_leaves(centre: Centre) -> None:
    db, contact_id = _in_hand(centre)
    sent = replies.send(db, contact_id, Reply("Too quick.", _ADDRESS))

    withdrawn, changes = replies.withdraw(db, sent.message_id)

    assert withdrawn
    assert contact_id in changes.ids(Topic.CONTACT)
    assert message_row(centre, sent.message_id).state == "withdrawn"
    assert _outbox(centre, sent.message_id).state == "withdrawn"


def test_another_customers_address_stops_the_reply_until_somebody_has_looked(
    centre: Centre,
) -> None:
    receive(centre, mail("sian.luczak@example.net"))
    db, contact_id = _in_hand(centre)

    sent = replies.send(
        db, contact_id, Reply("Write to sian.luczak@example.net instead.", _ADDRESS)
    )

    assert "sian.luczak@example.net" in " ".join(sent.stopped)
    assert message_row(centre, sent.message_id).state == "stopped"
    assert _outbox(centre, sent.message_id).state == "held"

    replies.release_stopped(db, sent.message_id)

    assert message_row(centre, sent.message_id).state == "pending"
    assert _outbox(centre, sent.message_id).state == "pending"


@pytest.mark.parametrize(
    ("to", "text"),
    [
        ("stranger@example.com", "Hello."),
        (_ADDRESS, "Dear Sian Luczak, your bin was emptied."),
        (_ADDRESS, "Call Ms O'Neill."),
    ],
)
def test_a_wrong_recipient_or_name_stops_the_reply(centre: Centre, to: str, text: str) -> None:
    receive(centre, mail("sian.luczak@example.net"))
    receive(centre, mail("ms.o'neill@example.net"))
    db, contact_id = _in_hand(centre)

    assert replies.send(db, contact_id, Reply(text, to)).stopped


def test_the_subject_carries_the_reference_of_the_case_once(centre: Centre) -> None:
    received = receive(centre, form())
    db = centre.as_person("anna")
    with db.write() as tx:
        tx.guard.claim(received.contact_id)

    first = replies.send(db, received.contact_id, Reply("Thank you.", _ADDRESS))
    again = replies.send(
        db, received.contact_id, Reply("Thank you.", _ADDRESS, subject=f"[{received.reference}] x")
    )

    assert first.stopped == ()
    for message_id in (first.message_id, again.message_id):
        assert find_references(message_row(centre, message_id).subject) == (received.reference,)


def test_files_go_with_the_reply(centre: Centre) -> None:
    db, contact_id = _in_hand(centre)
    file = NewAttachment("form.pdf", "application/pdf", b"%PDF" * 400_000)

    sent = replies.send(db, contact_id, Reply("See the form.", _ADDRESS, attachments=(file,)))

    with centre.as_owner().read() as tx:
        stored = tx.session.scalars(
            select(Attachment).where(Attachment.message_id == sent.message_id)
        ).one()
    assert (stored.name, stored.size) == ("form.pdf", 1_600_000)
    assert replies.attachment(db, stored.id).content == file.content


@pytest.mark.parametrize(
    ("reply", "error"),
    [
        (Reply("  ", _ADDRESS), InvalidInput),
        (Reply("Hello", "no address"), InvalidInput),
        (Reply("Hello", _ADDRESS, cc=("nobody",)), InvalidInput),
        (Reply("Due on {{due_date}}.", _ADDRESS), InvalidInput),
        (Reply("x" * 200_001, _ADDRESS), TooLarge),
    ],
)
def test_what_cannot_be_sent_is_refused_in_words(
    sqlite_centre: Centre, reply: Reply, error: type[CrmError]
) -> None:
    db, contact_id = _in_hand(sqlite_centre)

    with pytest.raises(error):
        replies.send(db, contact_id, reply)


def test_only_whoever_has_the_contact_in_hand_answers(centre: Centre) -> None:
    _, contact_id = _in_hand(centre)
    waiting = receive(centre, mail("other@example.org"))
    ben, cora = centre.as_person("ben"), centre.as_person("cora")

    with pytest.raises(Taken) as taken:
        replies.send(ben, contact_id, Reply("Mine!", _ADDRESS))
    with pytest.raises(NotAllowed):
        replies.send(ben, waiting.contact_id, Reply("Mine!", _ADDRESS))
    with pytest.raises((NotFound, Taken)):
        replies.send(cora, contact_id, Reply("Mine!", _ADDRESS))

    assert taken.value.params["by"] == "Anna Whitlock"


def test_a_note_is_internal_and_goes_nowhere(centre: Centre) -> None:
    received = receive(centre, mail())
    ben = centre.as_person("ben")

    replies.note(ben, received.contact_id, "Rang twice about this.")

    with centre.as_owner().read() as tx:
        row = tx.session.scalars(select(Message).where(Message.visibility == "internal")).one()
        assert tx.session.scalars(select(OutboxItem)).all() == []
    assert (row.state, row.author_id) == ("sent", centre.person("ben").id)
    assert contact(centre, received.contact_id).state == "queued"


def test_a_canned_reply_is_filled_and_its_gaps_are_named(centre: Centre) -> None:
    db, contact_id = _in_hand(centre)
    with centre.as_owner().write() as tx:
        template = tx.session.scalars(select(ReplyTemplate)).one()
        template.body += "\n{{council_name}} {{ due_date }}"
    (info,) = replies.templates(db)

    filled = replies.filled(db, info.id, contact_id)

    assert filled.body.startswith("Dear Margaret,")
    assert "Anna Whitlock\nTestshire {{ due_date }}" in filled.body
    assert filled.missing == ("due_date",)


def test_a_draft_is_kept_and_sending_ends_it(centre: Centre) -> None:
    db, contact_id = _in_hand(centre)
    drafts.save(db, contact_id, "reply", {"text": "We a"})
    drafts.save(db, contact_id, "reply", {"text": "We are"})
    drafts.save(db, contact_id, "note", {"text": "ring"})

    with centre.as_owner().read() as tx:
        kept = tx.session.scalars(select(Draft.content).where(Draft.kind == "reply")).all()
    assert kept == [{"text": "We are"}]

    replies.send(db, contact_id, Reply("We are coming.", _ADDRESS))
    drafts.discard(db, contact_id, "note")

    with centre.as_owner().read() as tx:
        assert tx.session.scalars(select(Draft)).all() == []


@pytest.mark.parametrize("text", ["We are on our way.", "Call Ben Achebe on 01632 960111."])
def test_a_reply_comes_back_as_it_stands_in_the_conversation(centre: Centre, text: str) -> None:
    db, contact_id = _in_hand(centre)

    sent = replies.send(db, contact_id, Reply(text, _ADDRESS, cc=("other@example.org",)))

    assert sent.message == contacts.open_contact(db, contact_id).messages[-1]


def test_a_reply_with_files_is_read_again(centre: Centre) -> None:
    db, contact_id = _in_hand(centre)
    file = NewAttachment("plan.pdf", "application/pdf", b"%PDF-1.7")

    sent = replies.send(db, contact_id, Reply("The plan.", _ADDRESS, attachments=(file,)))

    assert sent.message is None


@pytest.mark.parametrize("kept", [True, False])
def test_a_reply_whose_answer_was_lost_is_written_once(centre: Centre, kept: bool) -> None:
    db, contact_id = _in_hand(centre)
    reply = Reply("We are on our way.", _ADDRESS)
    if kept:
        first = replies.send(db, contact_id, reply, writing=Writing(_KEY))

    again = replies.send(db, contact_id, reply, writing=Writing(_KEY, again=True))

    assert not kept or again.message_id == first.message_id
    assert message_row(centre, again.message_id).rfc_id == f"<{_KEY}.crm@crm.test>"
    assert _outbox(centre, again.message_id).state == "pending"
    assert event_kinds(centre, contact_id).count("message.written") == 1


def test_a_second_try_waits_for_the_first_that_is_still_under_way(postgres_centre: Centre) -> None:
    db, contact_id = _in_hand(postgres_centre)
    another_way = postgres_centre.as_person("anna")
    reply = Reply("We are on our way.", _ADDRESS)
    committing, go_on = threading.Event(), threading.Event()

    def hold(_connection: object) -> None:
        committing.set()
        go_on.wait(3.0)

    event.listen(db.engine, "commit", hold)
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(replies.send, db, contact_id, reply, writing=Writing(_KEY))
        assert committing.wait(30)
        second = pool.submit(
            replies.send, another_way, contact_id, reply, writing=Writing(_KEY, again=True)
        )
        with pytest.raises(TimeoutError):
            second.result(timeout=0.5)
        go_on.set()

        assert second.result(30).message_id == first.result(30).message_id


def test_a_reply_that_was_taken_back_may_be_sent_after_all(centre: Centre) -> None:
    db, contact_id = _in_hand(centre)
    reply = Reply("We are on our way.", _ADDRESS)
    first = replies.send(db, contact_id, reply, writing=Writing(_KEY))
    replies.withdraw(db, first.message_id)

    again = replies.send(db, contact_id, reply, writing=Writing(_KEY, again=True))

    assert again.message_id != first.message_id
