"""Who has seen this customer, and what did this person do: the same answers on both dialects."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlalchemy import func, select, text, update

from crm_desktop.domain.errors import NotAllowed
from crm_desktop.domain.recordings import RecordingKind, StoredSound
from crm_desktop.domain.states import StaffRole
from crm_desktop.services import audit, contacts, customers, recordings
from crm_desktop.services.customers import NewCustomer
from crm_desktop.services.sealed_sound import seal
from crm_desktop.store.database import Database
from crm_desktop.store.models import (
    Attachment,
    Blob,
    BlobChunk,
    Contact,
    Membership,
    Message,
    ReadAudit,
    Staff,
)
from tests.centre import Centre

MARGARET = "margaret.okafor@example.org"
#: As the functions ask.
EXPLAINED = (
    """EXPLAIN SELECT * FROM read_audit WHERE what = 'customer' AND ref_id = 7 AND id < 99999
       ORDER BY id DESC LIMIT 100""",
    """EXPLAIN SELECT * FROM read_audit WHERE staff_id = 1 AND at >= now() - interval '1 day'
       AND at < now() ORDER BY at DESC, id DESC LIMIT 100""",
    """EXPLAIN SELECT * FROM row_audit WHERE login = 'anna' AND at >= now() - interval '1 day'
       AND at < now() ORDER BY at DESC, id DESC LIMIT 100""",
)


@pytest.fixture
def opened(centre: Centre) -> tuple[int, int]:
    """A customer and their contact, opened by Anna, and by Ben without the contact."""
    contact_id = centre.add_contact(customer=MARGARET)
    customer_id = customer_of(centre, contact_id)
    contacts.open_contact(centre.as_person("anna"), contact_id)
    customers.get(centre.as_person("ben"), customer_id)
    return customer_id, contact_id


def customer_of(centre: Centre, contact_id: int) -> int:
    with centre.as_owner().read() as tx:
        found = tx.session.scalars(
            select(Contact.customer_id).where(Contact.id == contact_id)
        ).one()
    assert found is not None
    return found


def today(db: Database) -> date:
    with db.read() as tx:
        return tx.now.astimezone(audit.LONDON).date()


def traces(centre: Centre, what: str) -> int:
    with centre.as_owner().read() as tx:
        query = select(func.count()).select_from(ReadAudit).where(ReadAudit.what == what)
        return tx.session.scalars(query).one()


def make_admin(centre: Centre, login: str, *queues: str) -> Database:
    with centre.as_owner().write() as tx:
        tx.session.execute(update(Staff).where(Staff.login == login).values(role=StaffRole.ADMIN))
    return centre.as_person(login)


def test_a_leader_learns_who_saw_a_customer_and_from_which_contact(
    centre: Centre, opened: tuple[int, int]
) -> None:
    customer_id, contact_id = opened
    rose = centre.as_person("rose")

    seen = audit.who_saw(rose, customer_id)

    assert [(each.name, each.what, each.contact_id) for each in seen][-2:] == [
        ("Ben Achebe", "customer", None),
        ("Anna Whitlock", "customer", contact_id),
    ]
    assert seen[-1].title == "Missed bin"


def test_asking_leaves_a_trace_that_the_next_one_sees(
    centre: Centre, opened: tuple[int, int]
) -> None:
    customer_id, _ = opened
    rose = centre.as_person("rose")

    audit.who_saw(rose, customer_id)
    seen = audit.who_saw(rose, customer_id)

    assert (seen[0].name, seen[0].what) == ("Rose Boateng", "report.customer")
    assert traces(centre, "report.customer") == 2


def test_a_file_that_was_opened_is_told_with_its_name(
    centre: Centre, opened: tuple[int, int]
) -> None:
    customer_id, contact_id = opened
    with centre.as_owner().write() as tx:
        tx.session.add(Blob(sha256="ab", size=1, complete=True))
        tx.session.flush()
        tx.session.add(BlobChunk(sha256="ab", n=0, data=b"x"))
        message_id = tx.session.scalars(
            select(Message.id).where(Message.contact_id == contact_id)
        ).one()
        file = Attachment(
            message_id=message_id, sha256="ab", name="bin.jpg", content_type="image/jpeg", size=1
        )
        tx.session.add(file)
        tx.session.flush()
        file_id = file.id
    with centre.as_person("anna").read() as tx:
        tx.guard.open_attachment(file_id)

    seen = audit.who_saw(centre.as_person("rose"), customer_id)

    files = [each for each in seen if each.what == "attachment"]
    assert [(each.name, each.title, each.contact_id) for each in files] == [
        ("Anna Whitlock", "bin.jpg", contact_id)
    ]


def test_a_recording_that_was_heard_is_told_with_its_contact(
    centre: Centre, opened: tuple[int, int]
) -> None:
    customer_id, contact_id = opened
    anna = centre.as_person("anna")
    gateway = centre.as_gateway()
    stored = StoredSound("crm-1", "north", "0123", 60, 100, "aa", "bb")
    recording_id = recordings.kept(gateway, contact_id, RecordingKind.CALL, stored)
    playback = recordings.listen(anna, recording_id)
    (asked,) = recordings.asked(gateway, "north")
    recordings.answer(gateway, asked.id, seal(asked.public_key, b"sound"))
    assert recordings.sound(anna, playback) == b"sound"

    rose = centre.as_person("rose")
    seen = audit.who_saw(rose, customer_id)

    heard = [each for each in seen if each.what == "recording"]
    assert [(each.name, each.contact_id) for each in heard] == [("Anna Whitlock", contact_id)]
    assert anna.actor is not None
    did = audit.who_did(rose, anna.actor.id, today(rose))
    assert ("recording", contact_id) in [(each.kind, each.contact_id) for each in did]


def test_pages_follow_without_gap_or_repetition(centre: Centre, opened: tuple[int, int]) -> None:
    customer_id, contact_id = opened
    for _ in range(5):
        contacts.open_contact(centre.as_person("anna"), contact_id)
    rose = centre.as_person("rose")
    whole = audit.who_saw(rose, customer_id)

    first = audit.who_saw(rose, customer_id, limit=3)
    second = audit.who_saw(rose, customer_id, before=first[-1].id, limit=3)

    # The asking itself stands first the second time.
    assert [each.id for each in first[1:] + second] == [each.id for each in whole][0:5]


@pytest.mark.parametrize("login", ["anna", "ben"])
def test_an_advisor_may_not_ask(centre: Centre, opened: tuple[int, int], login: str) -> None:
    customer_id, _ = opened
    advisor = centre.as_person(login)
    with pytest.raises(NotAllowed):
        audit.who_saw(advisor, customer_id)
    with pytest.raises(NotAllowed):
        audit.people(advisor)
    with pytest.raises(NotAllowed):
        audit.who_did(advisor, centre.person("rose").id, today(advisor))
    assert traces(centre, "report.customer") == 0


def leader_without_care(centre: Centre) -> Database:
    """Rose without children's services."""
    care = centre.queue_id("care")
    with centre.as_owner().write() as tx:
        tx.session.execute(
            text("DELETE FROM membership WHERE queue_id = :care AND staff_id ="
                 " (SELECT id FROM staff WHERE login = 'rose')"),
            {"care": care},
        )  # fmt: skip
    return centre.as_person("rose")


def test_a_leader_may_not_ask_about_others_queues(centre: Centre) -> None:
    hidden = customer_of(centre, centre.add_contact(queue="care", customer="h@example.org"))
    rose = leader_without_care(centre)
    with pytest.raises(NotAllowed):
        audit.who_saw(rose, hidden)
    with pytest.raises(NotAllowed):
        audit.who_did(rose, centre.person("cora").id, today(rose))
    assert "Cora Lindqvist" not in {each.name for each in audit.people(rose)}

    admin = make_admin(centre, "rose")

    assert [each.name for each in audit.who_saw(admin, hidden)] == ["Rose Boateng"]
    assert "Cora Lindqvist" in {each.name for each in audit.people(admin)}


def test_whose_time_in_a_queue_is_over_is_its_leaders_to_ask_about_no_more(
    centre: Centre,
) -> None:
    rose, anna = centre.as_person("rose"), centre.person("anna")
    assert anna.id in {each.id for each in audit.people(rose)}
    with centre.as_owner().write() as tx:
        theirs = update(Membership).where(Membership.staff_id == anna.id)
        tx.session.execute(theirs.values(until=tx.now - timedelta(seconds=1)))

    assert anna.id not in {each.id for each in audit.people(rose)}
    with pytest.raises(NotAllowed):
        audit.hours(rose, anna.id, today(rose))


def test_of_a_restricted_queue_a_leader_without_it_sees_nothing(
    centre: Centre, opened: tuple[int, int]
) -> None:
    customer_id, _ = opened
    hidden = centre.add_contact(queue="care", who="H", subject="Secret", customer=MARGARET)
    contacts.open_contact(centre.as_person("cora"), hidden)
    rose = leader_without_care(centre)

    seen = audit.who_saw(rose, customer_id)

    others = {each.name for each in seen if each.what != "report.customer"}
    assert others == {"Anna Whitlock", "Ben Achebe"}
    admin = make_admin(centre, "rose")
    assert "Cora Lindqvist" in {each.name for each in audit.who_saw(admin, customer_id)}


def test_a_day_of_a_person_is_told_in_plain_words(centre: Centre, opened: tuple[int, int]) -> None:
    _, contact_id = opened
    anna = centre.as_person("anna")
    contacts.take(anna, contact_id)
    rose = centre.as_person("rose")

    did = audit.who_did(rose, centre.person("anna").id, today(rose))

    # Both readings are of one moment, in either order.
    assert did[0].words == "Taken"
    assert sorted(each.words for each in did[1:]) == [
        "Opened a contact",
        "Opened a customer's record",
    ]
    assert did[0].about == "Margaret Okafor · Missed bin"
    assert traces(centre, "report.person") == 1
    yesterday = today(rose) - timedelta(days=1)
    assert audit.who_did(rose, centre.person("anna").id, yesterday) == ()
    hours = audit.hours(rose, centre.person("anna").id, today(rose))
    assert (sum(each.reads for each in hours), sum(each.changes for each in hours)) == (2, 1)


def test_before_and_after_stand_behind_what_was_done(postgres_centre: Centre) -> None:
    centre = postgres_centre
    contact_id = centre.add_contact(customer=MARGARET)
    anna = centre.as_person("anna")
    contacts.take(anna, contact_id)
    customer_id, _ = customers.create(anna, NewCustomer("Jo Brandt"))
    with anna.write() as tx:
        tx.session.execute(
            text("UPDATE customer SET name = 'Jo Brand' WHERE id = :id"), {"id": customer_id}
        )
    rose = centre.as_person("rose")
    anna_id = centre.person("anna").id

    did = audit.who_did(rose, anna_id, today(rose))

    by_words = {each.words: each for each in did}
    assert "Changed a customer's record" in by_words
    assert by_words["Changed a customer's record"].about == "Jo Brand"
    taken = by_words["Taken"]
    assert taken.changes == 2
    assert taken.xact is not None
    (changed,) = [
        each for each in audit.row_changes(rose, anna_id, taken.xact) if each.table == "contact"
    ]
    assert (changed.before["state"], changed.after["state"]) == ("queued", "active")


def test_the_two_questions_are_answered_by_indexes(postgres_centre: Centre) -> None:
    centre = postgres_centre
    with centre.as_owner().write() as tx:
        tx.session.execute(
            text(
                "INSERT INTO read_audit (staff_id, what, ref_id, at) SELECT 1 + n % 4, 'customer',"
                " n % 5000, now() - n * interval '1 minute' FROM generate_series(1, 60000) n"
            )
        )
    owner = centre.as_owner().engine.execution_options(isolation_level="AUTOCOMMIT")
    with owner.connect() as connection:
        connection.execute(text("ANALYZE read_audit"))
        plans = ["\n".join(connection.execute(text(each)).scalars()) for each in EXPLAINED]
    assert "ix_read_audit_what" in plans[0]
    assert "ix_read_audit_staff" in plans[1]
    assert "ix_row_audit_login" in plans[2]
