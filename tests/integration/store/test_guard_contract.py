"""The guarded operations decide alike on both dialects, on PostgreSQL as real advisors."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from crm_desktop.domain.errors import Conflict, NotAllowed, NotFound, Taken
from crm_desktop.domain.states import Channel, ContactState, Resolution
from crm_desktop.domain.views import Disposition, QueueFilter
from crm_desktop.store.database import Database
from crm_desktop.store.guard import SearchTerms
from crm_desktop.store.models import (
    Assignment,
    Attachment,
    Contact,
    Event,
    Message,
    ReadAudit,
)
from tests.centre import Centre

ANYTHING = QueueFilter()


def _contact(centre: Centre, contact_id: int) -> Contact:
    with centre.as_owner().read() as tx:
        return tx.session.scalars(select(Contact).where(Contact.id == contact_id)).one()


def _events(centre: Centre, contact_id: int) -> list[str]:
    with centre.as_owner().read() as tx:
        query = select(Event.kind).where(Event.contact_id == contact_id).order_by(Event.id)
        return list(tx.session.scalars(query))


def _assignments(centre: Centre, contact_id: int) -> list[str]:
    with centre.as_owner().read() as tx:
        query = select(Assignment.state).where(Assignment.contact_id == contact_id)
        return list(tx.session.scalars(query.order_by(Assignment.id)))


def _take(db: Database, contact_id: int) -> None:
    with db.write() as tx:
        tx.guard.claim(contact_id)


def test_claim_gives_the_contact_its_owner_assignment_and_event(centre: Centre) -> None:
    anna = centre.as_person("anna")
    contact_id = centre.add_contact()

    _take(anna, contact_id)

    contact = _contact(centre, contact_id)
    assert (contact.state, contact.owner_id) == (ContactState.ACTIVE, anna.actor and anna.actor.id)
    assert contact.first_taken_at is not None
    assert _assignments(centre, contact_id) == ["accepted"]
    assert _events(centre, contact_id) == ["contact.taken"]


def test_a_taken_contact_names_its_holder(centre: Centre) -> None:
    contact_id = centre.add_contact()
    _take(centre.as_person("anna"), contact_id)

    with pytest.raises(Taken) as refusal:
        _take(centre.as_person("ben"), contact_id)

    assert refusal.value.params["by"] == "Anna Whitlock"


def test_another_queue_s_contact_does_not_exist(centre: Centre) -> None:
    contact_id = centre.add_contact(queue="care")

    with pytest.raises(NotFound):
        _take(centre.as_person("anna"), contact_id)


def test_of_many_who_claim_at_once_one_wins(centre: Centre) -> None:
    contact_id = centre.add_contact()
    people = [centre.as_person(login) for login in ("anna", "ben", "rose") * 4]

    def attempt(db: Database) -> bool:
        try:
            _take(db, contact_id)
        except Taken:
            return False
        return True

    with ThreadPoolExecutor(len(people)) as pool:
        won = sum(pool.map(attempt, people))

    assert won == 1
    assert _assignments(centre, contact_id) == ["accepted"]


def test_next_gives_the_most_urgent_that_fits(centre: Centre) -> None:
    now = datetime.now(UTC)
    centre.add_contact(due_at=now + timedelta(hours=3))
    urgent = centre.add_contact(due_at=now - timedelta(hours=1))
    form = centre.add_contact(due_at=now + timedelta(hours=1), channel=Channel.WEB_FORM)
    centre.add_contact(due_at=now - timedelta(hours=2), queue="care")
    anna = centre.as_person("anna")

    with anna.write() as tx:
        first = tx.guard.claim_next(QueueFilter(overdue=True))
    with anna.write() as tx:
        none = tx.guard.claim_next(QueueFilter(overdue=True))
    with anna.write() as tx:
        second = tx.guard.claim_next(QueueFilter(channels=frozenset({Channel.WEB_FORM})))

    assert (first, none, second) == (urgent, None, form)


def test_next_never_gives_one_contact_twice(centre: Centre) -> None:
    wanted = {centre.add_contact(subject=str(n)) for n in range(12)}
    people = [centre.as_person(login) for login in ("anna", "ben", "rose")] * 4

    def attempt(db: Database) -> int | None:
        with db.write() as tx:
            return tx.guard.claim_next(ANYTHING)

    with ThreadPoolExecutor(3) as pool:
        given = list(pool.map(attempt, people))

    assert sorted(each for each in given if each) == sorted(wanted)


def test_next_leaves_visitors_to_the_desks(centre: Centre) -> None:
    centre.add_contact(channel=Channel.VISIT, subject="Waits longest, with a ticket")
    mail = centre.add_contact(channel=Channel.EMAIL)
    anna = centre.as_person("anna")

    with anna.write() as tx:
        given = [tx.guard.claim_next(ANYTHING) for _ in range(2)]

    assert given == [mail, None]


def test_a_returned_contact_waits_again_with_its_clock(centre: Centre) -> None:
    anna = centre.as_person("anna")
    contact_id = centre.add_contact()
    due = _contact(centre, contact_id).due_at
    _take(anna, contact_id)

    with anna.write() as tx:
        tx.guard.release(contact_id, "not mine")

    contact = _contact(centre, contact_id)
    assert (contact.state, contact.owner_id, contact.due_at) == (ContactState.QUEUED, None, due)
    assert _assignments(centre, contact_id) == ["returned"]


def test_park_needs_an_end_and_resume_takes_it_up(centre: Centre) -> None:
    anna = centre.as_person("anna")
    contact_id = centre.add_contact()
    _take(anna, contact_id)
    until = datetime(2030, 1, 2, 9, tzinfo=UTC)

    with pytest.raises(Conflict), anna.write() as tx:
        tx.guard.park(contact_id, None, for_reply=False)
    with anna.write() as tx:
        tx.guard.park(contact_id, until, for_reply=True)
    parked = _contact(centre, contact_id)
    with anna.write() as tx:
        tx.guard.resume(contact_id)

    assert (parked.state, parked.parked_until, parked.parked_for_reply) == ("parked", until, True)
    assert _contact(centre, contact_id).state == ContactState.ACTIVE
    assert _assignments(centre, contact_id) == ["returned", "accepted"]


def test_transfer_to_a_queue_leaves_the_note(centre: Centre) -> None:
    anna = centre.as_person("anna")
    contact_id = centre.add_contact()
    _take(anna, contact_id)

    with anna.write() as tx:
        tx.guard.transfer(contact_id, centre.queue_id("care"), None, "A child is at risk")

    contact = _contact(centre, contact_id)
    assert (contact.state, contact.queue_id) == ("queued", centre.queue_id("care"))
    with centre.as_owner().read() as tx:
        note = tx.session.scalars(
            select(Message).where(Message.contact_id == contact_id, Message.author_id.is_not(None))
        ).one()
    assert (note.visibility, note.body_text) == ("internal", "A child is at risk")


def test_transfer_to_a_colleague_offers_it_to_them_alone(centre: Centre) -> None:
    anna, ben = centre.as_person("anna"), centre.as_person("ben")
    contact_id = centre.add_contact()
    _take(anna, contact_id)
    assert ben.actor is not None

    with anna.write() as tx:
        tx.guard.transfer(contact_id, None, ben.actor.id, "")
    with pytest.raises(Taken):
        _take(centre.as_person("rose"), contact_id)
    _take(ben, contact_id)

    assert _contact(centre, contact_id).owner_id == ben.actor.id
    assert _assignments(centre, contact_id) == ["transferred", "accepted"]


def test_transfer_goes_to_exactly_one_place(centre: Centre) -> None:
    anna = centre.as_person("anna")
    contact_id = centre.add_contact()
    _take(anna, contact_id)

    with pytest.raises(Conflict), anna.write() as tx:
        tx.guard.transfer(contact_id, None, None, "")
    with pytest.raises(NotFound), anna.write() as tx:
        tx.guard.transfer(contact_id, 99_999, None, "")


def test_wrap_up_and_complete_keep_the_three_answers(centre: Centre) -> None:
    anna = centre.as_person("anna")
    contact_id = centre.add_contact()
    _take(anna, contact_id)

    with anna.write() as tx:
        tx.guard.wrap_up(contact_id)
    with anna.write() as tx:
        tx.guard.complete(contact_id, Disposition(None, Resolution.RESOLVED, avoidable=True))

    contact = _contact(centre, contact_id)
    assert (contact.state, contact.resolution, contact.avoidable) == ("completed", "resolved", True)
    assert contact.completed_at is not None
    assert _assignments(centre, contact_id) == ["completed"]
    assert _events(centre, contact_id) == [
        "contact.taken",
        "contact.wrap_up",
        "contact.completed",
    ]


@pytest.mark.parametrize(
    "resolution", [Resolution.ANSWERED_BY_RESIDENT, Resolution.MOVED_TO_PRIVATE]
)
def test_only_a_post_ends_as_posts_do(centre: Centre, resolution: Resolution) -> None:
    anna = centre.as_person("anna")
    mail, post = centre.add_contact(), centre.add_contact(channel=Channel.SOCIAL)
    for each in (mail, post):
        _take(anna, each)

    with pytest.raises(Conflict), anna.write() as tx:
        tx.guard.complete(mail, Disposition(None, resolution, avoidable=False))
    with anna.write() as tx:
        tx.guard.complete(post, Disposition(None, resolution, avoidable=False))

    assert _contact(centre, mail).state == "active"
    assert _contact(centre, post).resolution == resolution


@pytest.mark.parametrize("operation", ["release", "park", "wrap_up", "complete", "set_service"])
def test_only_the_holder_moves_a_contact(centre: Centre, operation: str) -> None:
    contact_id = centre.add_contact()
    _take(centre.as_person("anna"), contact_id)
    ben = centre.as_person("ben")
    arguments: dict[str, tuple[object, ...]] = {
        "release": ("",),
        "park": (None, True),
        "complete": (Disposition(None, Resolution.RESOLVED, avoidable=False),),
        "set_service": (None,),
    }

    with pytest.raises(Taken) as refusal, ben.write() as tx:
        getattr(tx.guard, operation)(contact_id, *arguments.get(operation, ()))

    assert refusal.value.params["by"] == "Anna Whitlock"


def test_a_waiting_contact_must_be_taken_first(centre: Centre) -> None:
    contact_id = centre.add_contact()

    with pytest.raises(NotAllowed), centre.as_person("anna").write() as tx:
        tx.guard.complete(contact_id, Disposition(None, Resolution.RESOLVED, avoidable=False))


def test_a_team_leader_returns_what_somebody_else_holds(centre: Centre) -> None:
    contact_id = centre.add_contact()
    _take(centre.as_person("anna"), contact_id)

    with centre.as_person("rose").write() as tx:
        tx.guard.release(contact_id, "gone home")

    assert _contact(centre, contact_id).state == ContactState.QUEUED


def test_spam_from_the_queue_needs_no_taking(centre: Centre) -> None:
    contact_id = centre.add_contact()

    with centre.as_person("anna").write() as tx:
        tx.guard.spam(contact_id)

    assert _contact(centre, contact_id).state == ContactState.SPAM


def test_opening_a_contact_gives_its_messages_and_leaves_a_trace(centre: Centre) -> None:
    anna = centre.as_person("anna")
    contact_id = centre.add_contact(text="The whole text")

    with anna.write() as tx:
        (message,) = tx.guard.open_contact(contact_id)

    assert message.body_text == "The whole text"
    assert message.at.tzinfo is not None
    with centre.as_owner().read() as tx:
        traces = tx.session.execute(select(ReadAudit.what, ReadAudit.ref_id, ReadAudit.staff_id))
        assert traces.all() == [("contact", contact_id, anna.actor and anna.actor.id)]


def test_another_queue_s_messages_are_not_opened(centre: Centre) -> None:
    contact_id = centre.add_contact(queue="care")

    with pytest.raises(NotFound), centre.as_person("anna").write() as tx:
        tx.guard.open_contact(contact_id)


def test_a_file_of_any_size_comes_back_whole(centre: Centre) -> None:
    anna = centre.as_person("anna")
    contact_id = centre.add_contact()
    content = bytes(range(256)) * 10_000
    with anna.write() as tx:
        sha256 = tx.guard.put_blob(content)
        tx.guard.put_blob(content)
    with centre.as_owner().write() as tx:
        message_id = tx.session.scalars(
            select(Message.id).where(Message.contact_id == contact_id)
        ).one()
        attachment = Attachment(
            message_id=message_id,
            sha256=sha256,
            name="photo.png",
            content_type="image/png",
            size=len(content),
        )
        tx.session.add(attachment)
        tx.session.flush()
        attachment_id = attachment.id

    with anna.write() as tx:
        (row,) = tx.guard.attachments([message_id])
        found = tx.guard.open_attachment(attachment_id)

    assert (row.id, row.name, row.size) == (attachment_id, "photo.png", len(content))
    assert found.content == content


def test_history_shows_stubs_of_other_queues_and_nothing_of_restricted_ones(
    centre: Centre,
) -> None:
    mail = "sam.doe@example.org"
    own = centre.add_contact(customer=mail, subject="Bins")
    centre.add_contact(customer=mail, queue="care", subject="A concern")
    customer_id = _contact(centre, own).customer_id
    assert customer_id is not None

    with centre.as_person("anna").read() as tx:
        seen = tx.guard.history(customer_id, 10)
    with centre.as_person("cora").read() as tx:
        of_cora = tx.guard.history(customer_id, 10)

    assert [(entry.title, entry.readable) for entry in seen] == [("Bins", True)]
    assert sorted((entry.title, entry.readable) for entry in of_cora) == [
        ("", False),
        ("A concern", True),
    ]


def test_identifiers_are_opened_with_a_trace(centre: Centre) -> None:
    contact_id = centre.add_contact(customer="sam.doe@example.org")
    customer_id = _contact(centre, contact_id).customer_id
    assert customer_id is not None

    with centre.as_person("anna").write() as tx:
        (identifier,) = tx.guard.open_customer(customer_id)

    assert (identifier.kind, identifier.value) == ("email", "sam.doe@example.org")


@pytest.mark.parametrize(
    ("terms", "found"),
    [
        (SearchTerms("margaret", ("margaret",)), {"contact"}),
        (SearchTerms("sam do", ("sam", "do")), {"customer"}),
        (SearchTerms("doe sa", ("doe", "sa")), {"customer"}),
        (SearchTerms("", (), norm="sam.doe@example.org"), {"customer"}),
        (SearchTerms("nothing like it", ("nothing", "like", "it")), set()),
    ],
)
def test_search_finds_by_name_words_and_identifier(
    centre: Centre, terms: SearchTerms, found: set[str]
) -> None:
    centre.add_contact(customer="sam.doe@example.org")
    centre.add_contact(queue="care", who="Margaret Hidden")

    with centre.as_person("anna").read() as tx:
        contacts = tx.guard.search_contacts(terms.words, 10)
        hits = (*tx.guard.search(terms, 10), *contacts.hits)

    assert {hit.kind for hit in hits} == found
    assert not contacts.partial
    assert "Margaret Hidden" not in {hit.title for hit in hits}


def test_owners_tell_whose_identifier_it_is(centre: Centre) -> None:
    centre.add_contact(customer="sam.doe@example.org")

    with centre.as_person("anna").read() as tx:
        by_mail = tx.guard.owners("email", ("sam.doe@example.org", "nobody@example.org"))
        by_name = tx.guard.owners("name", ("sam doe",))

    assert [name for _, name in by_mail["sam.doe@example.org"]] == ["Sam Doe"]
    assert list(by_mail) == ["sam.doe@example.org"]
    assert [name for _, name in by_name["sam doe"]] == ["Sam Doe"]


def test_a_refused_move_writes_nothing(centre: Centre) -> None:
    contact_id = centre.add_contact()

    anna = centre.as_person("anna")

    def claim_and_fail() -> None:
        with anna.write() as tx:
            tx.guard.claim(contact_id)
            tx.guard.park(contact_id, None, for_reply=False)

    with pytest.raises(Conflict):
        claim_and_fail()

    assert _contact(centre, contact_id).state == ContactState.QUEUED
    assert _events(centre, contact_id) == []
