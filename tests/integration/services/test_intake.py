"""What one arrival becomes: once, in the right place, with nothing lost."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from crm_desktop.domain.changes import Topic
from crm_desktop.domain.errors import NotFound
from crm_desktop.domain.messages import Address, Bounce, InboundAttachment, InboundMessage
from crm_desktop.domain.references import find_references
from crm_desktop.services import intake
from crm_desktop.store.models import (
    Attachment,
    BlobChunk,
    Case,
    CaseContact,
    ChannelAccount,
    Contact,
    Customer,
    Identifier,
    Message,
)
from crm_desktop.store.queries import accounts, blobs
from tests.centre import Centre
from tests.integration.services.arrivals import (
    account_id,
    change,
    contact,
    event_kinds,
    form,
    mail,
    message_row,
    receive,
    total,
)


def test_a_first_mail_becomes_a_queued_contact_of_a_new_customer(centre: Centre) -> None:
    received = receive(centre, replace(mail(), sender=Address("Siân O", "Sian@X.org")))

    row = contact(centre, received.contact_id)
    assert (row.state, row.who, row.subject) == ("queued", "Siân O", "Missed bin")
    assert row.queue_id == centre.queue_id("waste")
    assert row.thread_id == row.id
    assert "sian o" in row.folded
    assert row.due_at is not None
    assert row.due_at > row.received_at
    assert not row.needs_checking
    assert event_kinds(centre, row.id) == ["contact.received"]
    assert row.id in received.changes.ids(Topic.CONTACT)
    with centre.as_owner().read() as tx:
        norm = tx.session.scalar(
            select(Identifier.norm).where(Identifier.customer_id == row.customer_id)
        )
    assert norm == "sian@x.org"


def test_the_same_arrival_again_gives_the_earlier_ids(centre: Centre) -> None:
    message = mail()
    first = receive(centre, message)

    again = receive(centre, message)

    assert again.duplicate
    assert (again.contact_id, again.message_id) == (first.contact_id, first.message_id)
    assert not again.changes
    assert total(centre, Message) == 1


def test_an_equal_message_id_only_links(centre: Centre) -> None:
    first = receive(centre, mail(message_id="<same@example.org>"))

    other = receive(centre, mail("stranger@example.net", message_id="<same@example.org>"))

    assert other.contact_id != first.contact_id
    assert contact(centre, other.contact_id).needs_checking
    assert total(centre, Message) == 2


def test_two_gateways_take_the_same_mail_in_once(centre: Centre) -> None:
    message = mail()
    gateways = [centre.as_gateway() for _ in range(4)]

    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(lambda db: receive(centre, message, db), gateways))

    assert len({each.contact_id for each in results}) == 1
    assert sorted(each.duplicate for each in results) == [False, True, True, True]
    assert total(centre, Contact) == 1
    assert total(centre, Customer) == 1


def test_a_new_sender_whose_mails_arrive_at_once_is_one_customer(centre: Centre) -> None:
    gateways = [centre.as_gateway() for _ in range(4)]

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda db: receive(centre, mail(), db), gateways))

    assert total(centre, Contact) == 4
    assert total(centre, Customer) == 1


def test_a_reply_joins_the_open_contact(centre: Centre) -> None:
    first = receive(centre, mail(message_id="<a@example.org>"))

    reply = receive(centre, mail(in_reply_to="<a@example.org>"))

    assert reply.contact_id == first.contact_id
    assert total(centre, Contact) == 1


def test_a_reply_to_a_completed_contact_is_a_new_one_in_the_same_thread(centre: Centre) -> None:
    first = receive(centre, mail(message_id="<a@example.org>"))
    change(centre, Contact, first.contact_id, state="completed")

    reply = receive(centre, mail(references=("<a@example.org>",), text="Thank you, but no."))

    assert reply.contact_id != first.contact_id
    row = contact(centre, reply.contact_id)
    assert row.thread_id == first.contact_id
    assert row.service_id == contact(centre, first.contact_id).service_id


def test_a_reply_wakes_a_contact_parked_for_it(centre: Centre) -> None:
    first = receive(centre, mail(message_id="<a@example.org>"))
    change(
        centre,
        Contact,
        first.contact_id,
        state="parked",
        parked_for_reply=True,
        owner_id=centre.person("anna").id,
        due_at=datetime(2020, 1, 1, tzinfo=UTC),
    )

    receive(centre, mail(in_reply_to="<a@example.org>"))

    row = contact(centre, first.contact_id)
    assert (row.state, row.owner_id, row.parked_for_reply) == ("queued", None, False)
    assert row.due_at is not None
    assert row.due_at > datetime(2026, 1, 1, tzinfo=UTC)
    assert "contact.woken" in event_kinds(centre, row.id)


def test_an_automatic_reply_wakes_nobody(centre: Centre) -> None:
    first = receive(centre, mail(message_id="<a@example.org>"))
    change(centre, Contact, first.contact_id, state="parked", parked_for_reply=True)

    receive(centre, mail(in_reply_to="<a@example.org>", auto_generated=True))

    assert contact(centre, first.contact_id).state == "parked"


def test_a_strangers_reply_is_kept_apart_and_checked(centre: Centre) -> None:
    first = receive(centre, mail(message_id="<a@example.org>"))

    other = receive(centre, mail("stranger@example.net", in_reply_to="<a@example.org>"))

    row = contact(centre, other.contact_id)
    assert other.contact_id != first.contact_id
    assert row.needs_checking
    assert row.check_reason
    assert row.thread_id == first.contact_id


def test_a_form_opens_its_case_and_gives_the_reference(centre: Centre) -> None:
    received = receive(centre, form())

    assert find_references(received.reference) == (received.reference,)
    with centre.as_owner().read() as tx:
        case = tx.session.scalars(select(Case)).one()
    assert (case.reference, case.state, case.answers) == (
        received.reference,
        "new",
        {"bin": "recycling"},
    )
    assert case.form_version_id is not None
    assert case.due_at is not None
    assert contact(centre, received.contact_id).queue_id == centre.queue_id("waste")


def test_a_form_sent_twice_makes_one_case_and_gives_its_reference_again(centre: Centre) -> None:
    message = form()
    first = receive(centre, message)

    again = receive(centre, message)

    assert again.reference == first.reference
    assert total(centre, Case) == 1


def test_a_reference_joins_its_case_for_a_participant(centre: Centre) -> None:
    opened = receive(centre, form())
    change(centre, Contact, opened.contact_id, state="completed")

    received = receive(centre, mail(subject=f"Any news of {opened.reference}?"))

    assert not contact(centre, received.contact_id).needs_checking
    with centre.as_owner().read() as tx:
        linked = tx.session.scalars(
            select(CaseContact.case_id).where(CaseContact.contact_id == received.contact_id)
        ).all()
    assert len(linked) == 1


def test_a_reference_from_a_stranger_joins_nothing_and_is_checked(centre: Centre) -> None:
    opened = receive(centre, form())

    received = receive(
        centre, mail("stranger@example.net", subject=f"Re: [{opened.reference}] missed bin")
    )

    row = contact(centre, received.contact_id)
    assert row.needs_checking
    assert opened.reference in row.check_reason
    assert row.thread_id == row.id
    with centre.as_owner().read() as tx:
        assert tx.session.get(CaseContact, (1, received.contact_id)) is None


def test_the_centres_own_address_is_nobodys_part_in_a_case(centre: Centre) -> None:
    opened = receive(centre, form(to=(Address("", "contact@crm.test"),)))

    received = receive(centre, mail("contact@crm.test", subject=opened.reference))

    assert contact(centre, received.contact_id).needs_checking


def test_the_customers_answer_reopens_a_waiting_case_and_its_clock(centre: Centre) -> None:
    opened = receive(centre, form(message_id="<f@example.org>"))
    with centre.as_owner().read() as tx:
        case_id = tx.session.scalars(select(Case.id)).one()
    change(
        centre,
        Case,
        case_id,
        state="waiting_customer",
        due_at=None,
        paused_at=datetime.now(UTC) - timedelta(days=9),
        remaining_seconds=3600,
    )

    received = receive(centre, mail(in_reply_to="<f@example.org>"))

    assert received.contact_id == opened.contact_id
    assert case_id in received.changes.ids(Topic.CASE)
    with centre.as_owner().read() as tx:
        case = tx.session.get_one(Case, case_id)
    assert (case.state, case.paused_at, case.remaining_seconds) == ("open", None, None)
    assert case.due_at is not None
    assert case.due_at > datetime.now(UTC)


def test_a_shared_address_is_given_to_nobody_and_checked(centre: Centre) -> None:
    first = receive(centre, mail())
    with centre.as_owner().write() as tx:
        twin = Customer(name="Somebody Else", folded="somebody else")
        tx.session.add(twin)
        tx.session.flush()
        value = "margaret@example.org"
        tx.session.add(Identifier(customer_id=twin.id, kind="email", value=value, norm=value))

    received = receive(centre, mail())

    row = contact(centre, received.contact_id)
    assert row.customer_id is None
    assert row.needs_checking
    assert contact(centre, first.contact_id).customer_id is not None


def test_words_that_no_database_keeps_are_replaced(centre: Centre) -> None:
    received = receive(
        centre,
        form(
            subject="A\x00B\nC",
            text="half \ud83d of a pair \x00",
            answers={"notes": ["\x00", {"a\x00": "\udfff"}]},
        ),
    )

    row = message_row(centre, received.message_id)
    assert row.subject == "A\ufffdB C"
    assert row.body_text == "half \ufffd of a pair \ufffd"


def test_large_files_are_stored_in_chunks_and_once(centre: Centre) -> None:
    content = bytes(range(256)) * 10_000
    file = InboundAttachment("photo.jpg", "image/jpeg", content)
    small = InboundAttachment("note.txt", "text/plain", b"")
    receive(centre, mail(attachments=(file, small)))

    received = receive(centre, mail(attachments=(file, replace(file, name="again.jpg"))))

    assert total(centre, BlobChunk) == 3
    with centre.as_owner().read() as tx:
        files = tx.session.scalars(
            select(Attachment).where(Attachment.message_id == received.message_id)
        ).all()
        assert [each.name for each in files] == ["photo.jpg", "again.jpg"]
        assert blobs.read(tx, files[0].sha256) == content


def test_the_cursor_is_kept_with_what_was_read(centre: Centre) -> None:
    account = account_id(centre)

    intake.receive(centre.as_gateway(), account, mail(), cursor={"uid": 12})

    with centre.as_owner().read() as tx:
        assert tx.session.get_one(ChannelAccount, account).cursor == {"uid": 12}


def test_unreadable_opening_hours_lose_no_mail(centre: Centre) -> None:
    with centre.as_owner().write() as tx:
        from crm_desktop.store.models import OpeningCalendar

        tx.session.scalars(select(OpeningCalendar)).one().hours = {"week": "nonsense"}

    received = receive(centre, mail())

    assert contact(centre, received.contact_id).due_at is not None


@pytest.mark.parametrize("text", ["I want to tell you about a child in danger", "Hello"])
def test_what_no_open_service_fits_waits_in_the_general_queue(centre: Centre, text: str) -> None:
    received = receive(centre, mail(subject="Hello", text=text))

    row = contact(centre, received.contact_id)
    assert row.queue_id == centre.queue_id("general")
    assert row.service_id is None


@pytest.mark.parametrize(
    ("action", "state", "message_state"),
    [("failed", "queued", "failed"), ("delayed", "parked", "sent")],
)
def test_a_bounce_wakes_whoever_waits_for_an_answer_in_vain(
    centre: Centre, action: str, state: str, message_state: str
) -> None:
    first = receive(centre, mail())
    with centre.as_owner().write() as tx:
        sent = Message(
            contact_id=first.contact_id,
            direction="outbound",
            state="sent",
            rfc_id="<ours@crm.test>",
            recipients={"to": [["", "margaret@example.org"]]},
        )
        tx.session.add(sent)
        tx.session.flush()
        sent_id = sent.id
    change(centre, Contact, first.contact_id, state="parked", parked_for_reply=True)
    bounce = Bounce("margaret@example.org", "5.1.1", action, "<ours@crm.test>")

    report = receive(centre, mail("mailer-daemon@example.org", bounce=bounce, auto_generated=True))

    assert report.contact_id == first.contact_id
    assert contact(centre, first.contact_id).state == state
    assert message_row(centre, sent_id).state == message_state
    assert total(centre, Contact) == 1
    assert total(centre, Customer) == 1


def test_a_bounce_of_nothing_that_we_sent_waits_in_the_queue_without_a_customer(
    centre: Centre,
) -> None:
    bounce = Bounce("someone@example.org", "5.1.1", "failed", "<forged@example.org>")

    received = receive(
        centre, mail("mailer-daemon@example.org", bounce=bounce, auto_generated=True)
    )

    row = contact(centre, received.contact_id)
    assert (row.state, row.customer_id) == ("queued", None)
    assert total(centre, Customer) == 0


def test_a_person_is_found_by_number_under_a_new_address_when_the_name_agrees(
    centre: Centre,
) -> None:
    margaret = receive(centre, form(phone="01632 960123"))
    new_address = Address("MARGARET", "m.okafor@example.net")

    same = receive(centre, form(sender=new_address, phone="+44 1632 960123"))
    housemate = receive(
        centre, form(sender=Address("Tom", "tom@example.org"), phone="01632 960123")
    )

    known = contact(centre, margaret.contact_id).customer_id
    assert contact(centre, same.contact_id).customer_id == known
    other = contact(centre, housemate.contact_id)
    assert (other.customer_id, other.needs_checking) == (None, True)


def _together(centre: Centre, *messages: InboundMessage) -> tuple[intake.Received, ...]:
    """Take messages in as the mail door does, in one transaction."""
    db = centre.as_gateway()
    door = intake.Door("smtp_listener", frozenset({"contact@crm.test"}))
    return intake.receive_together(db, [intake.stored(db, door, each) for each in messages])


def test_what_comes_together_is_what_it_would_be_one_after_the_other(centre: Centre) -> None:
    first = mail("new@example.org")
    answer = mail("new@example.org", in_reply_to=first.message_id)
    other = mail("new@example.org", subject="Street light")
    stranger = mail("stranger@example.net", in_reply_to=first.message_id)

    began, again, joined, beside, doubtful = _together(
        centre, first, first, answer, other, stranger
    )

    assert again.duplicate
    assert (again.contact_id, again.message_id) == (began.contact_id, began.message_id)
    assert joined.contact_id == began.contact_id
    assert beside.contact_id not in (began.contact_id, doubtful.contact_id)
    assert contact(centre, doubtful.contact_id).needs_checking
    customers = {contact(centre, each.contact_id).customer_id for each in (began, beside)}
    assert len(customers) == 1
    assert total(centre, Message) == 4
    assert {began.contact_id, beside.contact_id} <= began.changes.ids(Topic.CONTACT)


def test_of_what_comes_together_all_is_kept_or_nothing(centre: Centre) -> None:
    db = centre.as_gateway()
    good = intake.stored(db, account_id(centre), mail())
    homeless = intake.stored(db, 999_999, mail())

    with pytest.raises(NotFound):
        intake.receive_together(db, [good, homeless])

    assert total(centre, Message) == 0
    (received,) = intake.receive_together(db, [good])
    assert not received.duplicate


def test_a_door_gives_mail_to_the_account_that_it_is_addressed_to(centre: Centre) -> None:
    with centre.as_owner().write() as tx:
        accounts.put(
            tx,
            "smtp_listener",
            "Benefits",
            settings={"address": "Benefits@crm.test"},
            queue_id=centre.queue_id("care"),
            secret_name="",
        )
    db = centre.as_gateway()
    door = intake.Door("smtp_listener", frozenset({"benefits@crm.test"}))
    message = mail(subject="Hello", text="Nothing that a service speaks of.")

    (received,) = intake.receive_together(db, [intake.stored(db, door, message)])

    assert contact(centre, received.contact_id).queue_id == centre.queue_id("care")
