"""The open contacts that a team leader looks through, narrowed and paged alike on both dialects."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sqlalchemy import update

from crm_desktop.domain.reassigning import Park, ToPeople, WorkFilter
from crm_desktop.domain.states import Channel, ContactState
from crm_desktop.services import contacts, reassign
from crm_desktop.store.models import Contact
from tests.centre import Centre

DUE = datetime(2030, 1, 1, tzinfo=UTC)


def test_pages_go_through_all_that_is_open_by_next_breach(centre: Centre) -> None:
    rose, anna = centre.as_person("rose"), centre.as_person("anna")
    ids = [centre.add_contact(due_at=DUE + timedelta(hours=n)) for n in range(5)]
    done = centre.add_contact(state=ContactState.SPAM, due_at=DUE)
    contacts.take(anna, ids[1])
    contacts.take(anna, ids[2])
    contacts.park(anna, ids[2], None, for_reply=True)
    waits = {each.id: each.seen for each in reassign.page(rose, WorkFilter()).rows}[ids[3]]
    reassign.change(rose, [waits], Park(DUE))

    first = reassign.page(rose, WorkFilter(), limit=2)
    second = reassign.page(rose, WorkFilter(), first.more, limit=2)
    third = reassign.page(rose, WorkFilter(), second.more, limit=2)

    assert [each.id for page in (first, second, third) for each in page.rows] == ids
    assert (first.total, second.total, third.more) == (5, None, None)
    assert done not in {each.id for each in first.rows}
    states = [each.row.state for page in (first, second, third) for each in page.rows]
    assert states == ["queued", "active", "parked", "parked", "queued"]


def test_each_filter_narrows(centre: Centre) -> None:
    rose, anna = centre.as_person("rose"), centre.as_person("anna")
    plain = centre.add_contact(subject="Bins", text="Ours was not emptied: 100%")
    form = centre.add_contact(channel=Channel.WEB_FORM, queue="waste", text="Café chairs")
    late = centre.add_contact(due_at=datetime(2020, 1, 1, tzinfo=UTC), text="Where is it?")
    care = centre.add_contact(queue="care", text="Quiet please")
    held = centre.add_contact(text="A tree fell")
    given = centre.add_contact(text="A wall fell")
    contacts.take(anna, held)
    seen = [each.seen for each in reassign.rows(rose, WorkFilter(), [given])]
    reassign.give(rose, seen, ToPeople((centre.person("anna").id,)))
    with centre.as_owner().write() as tx:
        waits = update(Contact).where(Contact.id == care)
        tx.session.execute(waits.values(queued_at=tx.now - timedelta(minutes=10)))
        tx.session.execute(update(Contact).where(Contact.id == form).values(folded="cafe chairs"))

    def found(**wanted: object) -> set[int]:
        return {each.id for each in reassign.page(rose, WorkFilter(**wanted)).rows}  # type: ignore[arg-type]

    queue_ids = frozenset({centre.queue_id("waste"), centre.queue_id("care")})
    assert found() == {plain, form, late, care, held, given}
    assert found(queues=queue_ids) == {form, care}
    assert found(channels=frozenset({Channel.WEB_FORM})) == {form}
    assert found(states=frozenset({ContactState.QUEUED})) == {plain, form, late, care}
    assert found(owner_id=centre.person("anna").id) == {held, given}
    assert found(overdue=True) == {late}
    assert found(waited=300) == {care}
    assert found(words="fell A") == {held, given}
    assert found(words="100%") == {plain}
    assert found(words="Café") == {form}
    assert found(service_id=1) == set()


def test_nothing_of_another_queue_is_in_the_list_whatever_is_asked(centre: Centre) -> None:
    hidden = centre.add_contact(queue="care")
    anna = centre.as_person("anna")

    wanted = WorkFilter(queues=frozenset({centre.queue_id("care")}))

    assert reassign.page(anna, wanted).rows == ()
    assert reassign.page(anna, wanted).total == 0
    assert reassign.rows(anna, WorkFilter(), [hidden]) == ()
