"""What a team leader's board shows, and what it keeps from them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import event, text

from crm_desktop.domain.errors import NotAllowed
from crm_desktop.domain.states import Channel, ContactState, Presence, Resolution, StaffRole
from crm_desktop.domain.team import Group, PersonNow, TeamBoard, occupation
from crm_desktop.domain.views import Disposition
from crm_desktop.services import Database, contacts, team
from crm_desktop.store import people
from crm_desktop.store.models import Activity, Membership, QueueStat, Staff
from tests.centre import PASSWORD, Centre

NOW = datetime.now(UTC)


def _person(board: TeamBoard, name: str) -> PersonNow:
    return next(each for each in board.people if each.name.startswith(name))


def _sign_in(centre: Centre, *logins: str, presence: Presence = Presence.AVAILABLE) -> None:
    """As desktops that say so of themselves."""
    with centre.as_owner().write() as tx:
        for staff in tx.session.query(Staff).filter(Staff.login.in_(logins)):
            staff.presence, staff.presence_since = presence, tx.now
            tx.session.merge(Activity(staff_id=staff.id, signed_in_at=tx.now, seen_at=tx.now))


def _leader_of_one_queue(centre: Centre) -> Database:
    """Somebody who leads waste alone; roles are the server's, so the login is this database's."""
    login = f"w{centre.database[-9:]}".replace("-", "_") if centre.cluster else "will"
    with centre.as_owner().write() as tx:
        people.add(tx, login, "Will Marsh", StaffRole.TEAM_LEADER, [centre.queue_id("waste")])
        if centre.cluster:
            people.create_login(tx, login, "crm_team_leader", PASSWORD)
    return centre.as_person(login)


def test_the_board_is_one_statement_with_queues_people_and_their_work(centre: Centre) -> None:
    _sign_in(centre, "anna", "ben")
    with centre.as_owner().write() as tx:
        tx.session.add(
            QueueStat(
                queue_id=centre.queue_id("waste"),
                channel="email",
                waiting=4,
                oldest_at=NOW - timedelta(hours=1),
                next_due_at=NOW + timedelta(hours=5),
            )
        )
    done, taken = centre.add_contact(), centre.add_contact(subject="Bin not emptied")
    anna = centre.as_person("anna")
    contacts.take(anna, done)
    contacts.complete(anna, done, _resolved())
    contacts.take(anna, taken)
    rose = centre.as_person("rose")
    statements: list[str] = []
    event.listen(
        rose.engine, "before_cursor_execute", lambda *args: statements.append(str(args[2]))
    )

    board = team.board(rose)

    assert [each.name for each in board.queues] == [
        "Children's services",
        "General enquiries",
        "Waste and recycling",
    ]
    waste = board.queues[2]
    assert (waste.waiting, waste.waits[0].channel) == (4, Channel.EMAIL)
    assert [each.name for each in board.people] == [
        "Anna Whitlock",
        "Ben Achebe",
        "Cora Lindqvist",
    ]
    here = _person(board, "Anna")
    assert [(each.contact_id, each.subject) for each in here.hands] == [(taken, "Bin not emptied")]
    assert (here.handled, here.here, occupation(here).group) == (1, True, Group.ON_CONTACT)
    assert occupation(_person(board, "Ben")).group is Group.AVAILABLE
    assert occupation(_person(board, "Cora")).group is Group.OFFLINE
    assert board.staff[waste.id].working == 2
    assert len([each for each in statements if "json" in each]) == 1


def test_only_those_who_lead_have_a_board(centre: Centre) -> None:
    with pytest.raises(NotAllowed):
        team.board(centre.as_person("anna"))


def test_a_leader_sees_the_people_of_their_queues_and_of_other_queues_work_only_the_stub(
    centre: Centre,
) -> None:
    will = _leader_of_one_queue(centre)
    _sign_in(centre, "anna", "ben")
    with centre.as_owner().write() as tx:
        ben = tx.session.query(Staff).filter(Staff.login == "ben").one()
        tx.session.add(Membership(staff_id=ben.id, queue_id=centre.queue_id("care")))
    other = centre.add_contact(queue="general", subject="Not for waste")
    closed = centre.add_contact(queue="care", subject="A child")
    contacts.take(centre.as_person("anna"), other)
    contacts.take(centre.as_person("ben"), closed)

    board = team.board(will)

    assert [each.name for each in board.queues] == ["Waste and recycling"]
    assert "Cora Lindqvist" not in {each.name for each in board.people}
    (at_other,) = _person(board, "Anna").hands
    assert (at_other.contact_id, at_other.channel, at_other.subject) == (None, Channel.EMAIL, "")
    (at_closed,) = _person(board, "Ben").hands
    assert (at_closed.contact_id, at_closed.channel) == (None, None)
    assert (at_closed.subject, at_closed.service) == ("", "")
    assert at_closed.state is ContactState.ACTIVE
    assert occupation(_person(board, "Ben")).group is Group.ON_CONTACT
    assert _person(board, "Ben").queue_ids == (centre.queue_id("waste"),)


def test_who_is_silent_or_off_a_queue_does_not_staff_it(centre: Centre) -> None:
    _sign_in(centre, "anna", "ben")
    waste = centre.queue_id("waste")
    with centre.as_owner().write() as tx:
        ids = {each.login: each.id for each in tx.session.query(Staff)}
        silent = tx.session.get_one(Activity, ids["anna"])
        silent.seen_at = NOW - timedelta(minutes=5)
        off = tx.session.get_one(Membership, (ids["ben"], waste))
        off.off_until = NOW + timedelta(hours=1)
        gone = tx.session.get_one(Membership, (ids["ben"], centre.queue_id("general")))
        gone.until = NOW - timedelta(hours=1)

    board = team.board(centre.as_person("rose"))

    assert not _person(board, "Anna").here
    ben = _person(board, "Ben")
    assert (ben.queue_ids, ben.off_ids) == ((waste,), (waste,))
    assert waste not in board.staff


def test_the_boards_functions_tell_an_advisor_nothing(postgres_centre: Centre) -> None:
    contacts.take(postgres_centre.as_person("anna"), postgres_centre.add_contact())
    with postgres_centre.as_person("ben").read() as tx:
        for function in ("team_hands", "team_today"):
            assert tx.session.execute(text(f"SELECT * FROM app.{function}()")).all() == []


def _resolved() -> Disposition:
    return Disposition(None, Resolution.RESOLVED, avoidable=False)


def test_who_is_not_at_the_desk_is_away_whatever_they_chose(centre: Centre) -> None:
    _sign_in(centre, "anna", "ben")
    with centre.as_owner().write() as tx:
        ids = {each.login: each.id for each in tx.session.query(Staff)}
        tx.session.get_one(Activity, ids["anna"]).idle_since = NOW - timedelta(minutes=9)
        tx.session.get_one(Activity, ids["ben"]).not_responding_since = NOW

    board = team.board(centre.as_person("rose"))

    assert [occupation(_person(board, each)).group for each in ("Anna", "Ben")] == [Group.AWAY] * 2
    served = board.staff[centre.queue_id("waste")]
    assert (served.working, served.here) == (0, 2)
