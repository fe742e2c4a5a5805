"""What the queue shows, in which order, to whom."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sqlalchemy import event

from crm_desktop.domain.states import Channel, ContactState
from crm_desktop.domain.views import QueueFilter
from crm_desktop.services import Database, contacts, queue
from crm_desktop.store.models import QueueStat
from tests.centre import Centre

NOW = datetime.now(UTC)
EVERYTHING = QueueFilter()


def _statements(db: Database) -> list[str]:
    seen: list[str] = []

    def note(_c: object, _cursor: object, statement: str, *_: object) -> None:
        seen.append(statement)

    event.listen(db.engine, "before_cursor_execute", note)
    return seen


def test_what_waits_is_sorted_by_next_breach(centre: Centre) -> None:
    later = centre.add_contact(due_at=NOW + timedelta(hours=5))
    sooner = centre.add_contact(due_at=NOW + timedelta(hours=1))
    overdue = centre.add_contact(due_at=NOW - timedelta(hours=1))

    page = queue.page(centre.as_person("anna"), EVERYTHING)

    assert [row.id for row in page.waiting] == [overdue, sooner, later]
    assert page.more is None


def test_a_page_continues_where_the_last_one_ended(centre: Centre) -> None:
    ids = [centre.add_contact(due_at=NOW + timedelta(hours=n // 2)) for n in range(7)]
    anna = centre.as_person("anna")

    first = queue.page(anna, EVERYTHING, limit=3)
    second = queue.page(anna, EVERYTHING, after=first.more, limit=3)
    third = queue.page(anna, EVERYTHING, after=second.more, limit=3)

    assert [row.id for page in (first, second, third) for row in page.waiting] == ids
    assert third.more is None


def test_only_own_queues_are_shown(centre: Centre) -> None:
    centre.add_contact(queue="care")
    own = centre.add_contact(queue="waste")

    page = queue.page(centre.as_person("anna"), EVERYTHING)

    assert [row.id for row in page.waiting] == [own]
    assert queue.rows(centre.as_person("cora"), [own]) == ()


def test_filters_narrow_what_is_shown(centre: Centre) -> None:
    mail = centre.add_contact(due_at=NOW - timedelta(hours=1))
    form = centre.add_contact(channel=Channel.WEB_FORM, queue="waste")
    anna = centre.as_person("anna")

    by_channel = queue.page(anna, QueueFilter(channels=frozenset({Channel.WEB_FORM})))
    by_queue = queue.page(anna, QueueFilter(queue_id=centre.queue_id("general")))
    overdue = queue.page(anna, QueueFilter(overdue=True))

    assert [row.id for row in by_channel.waiting] == [form]
    assert [row.id for row in by_queue.waiting] == [mail]
    assert [row.id for row in overdue.waiting] == [mail]


def test_what_is_in_hand_stands_apart(centre: Centre) -> None:
    waiting, taken = centre.add_contact(), centre.add_contact()
    anna = centre.as_person("anna")
    contacts.take(anna, taken)

    page = queue.page(anna, EVERYTHING)
    mine = queue.page(anna, QueueFilter(mine=True))

    assert [row.id for row in page.mine] == [taken]
    assert [row.id for row in page.waiting] == [waiting]
    assert (len(mine.mine), mine.waiting) == (1, ())
    assert page.mine[0].owner_name == "Anna Whitlock"


def test_counts_come_from_the_statistics(centre: Centre) -> None:
    with centre.as_owner().write() as tx:
        for code, waiting in (("general", 4), ("care", 9)):
            tx.session.add(
                QueueStat(
                    queue_id=centre.queue_id(code),
                    channel="email",
                    waiting=waiting,
                    overdue=1,
                    oldest_at=NOW,
                )
            )
    anna = centre.as_person("anna")
    contacts.take(anna, centre.add_contact())

    counts = queue.counts(anna)

    assert (counts.waiting, counts.overdue, counts.mine) == (4, 1, 1)
    assert counts.by_channel == {Channel.EMAIL: 4}
    assert counts.oldest_at == NOW.replace(microsecond=NOW.microsecond)


def test_news_is_what_a_list_can_show_and_counts_when_they_are_wanted(centre: Centre) -> None:
    waits, taken, own, care = (
        centre.add_contact(),
        centre.add_contact(),
        centre.add_contact(),
        centre.add_contact(queue="care"),
    )
    form = centre.add_contact(channel=Channel.WEB_FORM, queue="waste")
    anna = centre.as_person("anna")
    contacts.take(centre.as_person("ben"), taken)
    contacts.take(anna, own)
    ids = [waits, taken, own, care, form]
    forms = QueueFilter(channels=frozenset({Channel.WEB_FORM}))

    news = queue.news(anna, ids, EVERYTHING)
    counted = queue.news(anna, [taken], forms, counting=True)

    assert {row.id for row in news.rows} == {waits, own, form}
    assert set(news.rows) == set(queue.rows(anna, [waits, own, form]))
    assert [row.id for row in queue.news(anna, ids, forms).rows] == [form]
    assert (news.counts, counted.rows) == (None, ())
    assert counted.counts == queue.counts(anna)


def test_who_else_looks_is_shown_and_locks_nothing(centre: Centre) -> None:
    contact_id = centre.add_contact()
    anna, ben = centre.as_person("anna"), centre.as_person("ben")

    contacts.look(anna, contact_id)
    contacts.look(anna, contact_id)
    seen = queue.rows(ben, [contact_id])[0].looking
    own = queue.rows(anna, [contact_id])[0].looking
    contacts.take(ben, contact_id)
    contacts.look_away(anna, contact_id)

    assert (seen, own) == (("Anna Whitlock",), ())
    assert queue.rows(ben, [contact_id])[0].looking == ()


def test_a_page_takes_the_same_number_of_statements_however_long(centre: Centre) -> None:
    anna = centre.as_person("anna")
    centre.add_contact()
    statements = _statements(anna)
    queue.page(anna, EVERYTHING)
    few = len(statements)
    for _ in range(20):
        centre.add_contact()
    statements.clear()

    queue.page(anna, EVERYTHING)

    assert len(statements) == few


def test_saved_views_are_one_s_own(centre: Centre) -> None:
    anna = centre.as_person("anna")
    wanted = QueueFilter(channels=frozenset({Channel.EMAIL}), overdue=True)

    queue.save_view(anna, "Late mail", wanted)
    queue.save_view(anna, "Late mail", wanted)
    (view,) = queue.saved_views(anna)
    others = queue.saved_views(centre.as_person("ben"))
    queue.delete_view(anna, view.id)

    assert (view.name, view.filter, others) == ("Late mail", wanted, ())
    assert queue.saved_views(anna) == ()


def test_services_and_queues_are_listed(centre: Centre) -> None:
    anna = centre.as_person("anna")

    services = {each.code: each for each in queue.services(anna)}
    queues = {each.code: each.mine for each in queue.queues(anna)}

    assert services["missed_bin"].has_form
    assert services["missed_bin"].hands_off_to == "Waste (Open311)"
    assert queues == {"general": True, "waste": True, "care": False}


def test_row_tells_the_state(centre: Centre) -> None:
    contact_id = centre.add_contact()
    anna = centre.as_person("anna")
    contacts.take(anna, contact_id)
    contacts.park(anna, contact_id, None, for_reply=True)

    (row,) = queue.rows(anna, [contact_id])

    assert (row.state, row.parked_for_reply) == (ContactState.PARKED, True)
