"""What a person waits for goes to the database as seldom as can be, and says and leaves no less."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import pytest
from sqlalchemy import event, func, select

from crm_desktop.domain.errors import NotAllowed, Taken
from crm_desktop.domain.views import QueueFilter, Reply
from crm_desktop.services import contacts, replies
from crm_desktop.store.database import Database
from crm_desktop.store.models import ReadAudit
from tests.centre import Centre

_ADDRESS = "sam.doe@example.org"
_REPLY = Reply("We are on our way.", _ADDRESS)


@contextmanager
def _statements(db: Database) -> Iterator[list[str]]:
    """Every statement that is sent meanwhile, without BEGIN and COMMIT."""
    sent: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        sent.append(statement)

    event.listen(db.engine, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        event.remove(db.engine, "before_cursor_execute", note)


@contextmanager
def _heard(centre: Centre) -> Iterator[list[str]]:
    """What a feed hears meanwhile."""
    url = centre.as_owner().target.full_url().set(drivername="postgresql")
    told: list[str] = []
    with psycopg.connect(url.render_as_string(hide_password=False), autocommit=True) as listener:
        listener.execute("LISTEN crm")
        yield told
        told += [each.payload for each in listener.notifies(timeout=60, stop_after=1)]
        told += [each.payload for each in listener.notifies(timeout=0.2)]


def _traces(centre: Centre) -> int:
    with centre.as_owner().read() as tx:
        return tx.session.scalar(select(func.count()).select_from(ReadAudit)) or 0


def test_opening_and_taking_are_one_statement_and_a_reply_two(postgres_centre: Centre) -> None:
    first, second = (postgres_centre.add_contact(customer=_ADDRESS) for _ in range(2))
    anna = postgres_centre.as_person("anna")

    with _statements(anna) as sent:
        contacts.open_contact(anna, first)
        contacts.take(anna, first)
        taken = contacts.take_next(anna, QueueFilter())
    assert taken is not None
    assert taken.contact_id == second
    assert taken.row is not None
    assert taken.row.owner_name == "Anna Whitlock"
    assert len(sent) == 3

    with _statements(anna) as sent:
        replies.send(anna, first, _REPLY)
    # A third asks whose the names are that the reply may speak of.
    assert len([each for each in sent if "app.owners" not in each]) == 2


def test_each_is_told_once_to_who_listens(postgres_centre: Centre) -> None:
    first, second = (postgres_centre.add_contact(customer=_ADDRESS) for _ in range(2))
    anna = postgres_centre.as_person("anna")

    with _heard(postgres_centre) as told:
        contacts.take(anna, first)
    assert told == [f"contact:{first}"]
    with _heard(postgres_centre) as told:
        contacts.take_next(anna, QueueFilter())
    assert told == [f"contact:{second}"]
    with _heard(postgres_centre) as told:
        replies.send(anna, first, _REPLY)
    assert told == [f"contact:{first},outbox:0"]


def test_who_may_not_answer_opens_nothing(centre: Centre) -> None:
    contact_id = centre.add_contact(customer=_ADDRESS)
    anna, ben = centre.as_person("anna"), centre.as_person("ben")

    before = _traces(centre)
    with pytest.raises(NotAllowed):
        replies.send(ben, contact_id, _REPLY)
    contacts.take(anna, contact_id)
    with pytest.raises(Taken):
        replies.send(ben, contact_id, _REPLY)
    assert _traces(centre) == before

    replies.send(anna, contact_id, _REPLY)
    # The contact and its customer.
    assert _traces(centre) == before + 2


def test_a_taking_that_fails_leaves_nothing_behind(centre: Centre) -> None:
    contact_id = centre.add_contact()
    anna, ben = centre.as_person("anna"), centre.as_person("ben")
    contacts.take(anna, contact_id)

    with pytest.raises(Taken) as refused:
        contacts.take(ben, contact_id)

    assert refused.value.params["by"] == "Anna Whitlock"
    assert contacts.open_contact(ben, contact_id).row.owner_name == "Anna Whitlock"
    assert contacts.take_next(ben, QueueFilter()) is None
