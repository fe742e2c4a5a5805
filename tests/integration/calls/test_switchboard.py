"""A caller, a gateway, a telephone and a real PBX in between: from the call to its end."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import select, update

from crm_desktop.domain.calls import CallState
from crm_desktop.domain.changes import Topic
from crm_desktop.domain.states import ContactState, DeclineReason
from crm_desktop.gateway.supervisor import Gateway
from crm_desktop.services import calls, routing
from crm_desktop.store.models import (
    Activity,
    Assignment,
    Call,
    Contact,
    LineChoice,
    TelephoneLine,
)
from tests.calls_centre import call_row, contact, customer, event
from tests.centre import Centre
from tests.integration.calls.conftest import connect
from tests.integration.gateway.looking import Watch, watching
from tests.routing_centre import change
from tests.servers.asterisk import LINE, MENU_LINE, Asterisk
from tests.servers.callers import Caller
from tests.servers.phone import Phone, Phones

StartGateway = Callable[[Centre], Gateway]


@pytest.fixture
def running(centre: Centre, pbx: Asterisk, start_gateway: StartGateway) -> Gateway:
    """A gateway that has the PBX; Anna is at work."""
    connect(centre, pbx)
    gateway = start_gateway(centre)
    pbx.wait_for_gateway()
    return gateway


def _in_state(watch: Watch, state: ContactState, **wanted: object) -> Contact:
    return watch.contact(channel="call", state=state.value, **wanted)


def _does(watch: Watch, contact_id: int, state: CallState) -> Call:
    found = watch.row(Call, contact_id=contact_id, state=state.value)
    assert isinstance(found, Call)
    return found


@pytest.mark.usefixtures("running")
def test_a_call_is_offered_answered_and_ended_by_the_caller(
    centre: Centre, pbx: Asterisk, phone: Phone, watch: Watch
) -> None:
    with Caller(pbx, LINE) as caller:
        offered = _in_state(watch, ContactState.OFFERED)
        caller.wait_answered()
        phone.wait("rings")
        _does(watch, offered.id, CallState.RINGING)

        phone.answer()

        _in_state(watch, ContactState.ACTIVE)
        assert _does(watch, offered.id, CallState.TALKING).answered_at is not None
        watch.until(lambda _: len(_talking(pbx, offered.id)) == 2)
        caller.hang_up()

        _in_state(watch, ContactState.WRAP_UP)
        phone.wait("ended")
    row = call_row(centre, offered.id)
    assert (row.state, row.ended_by, row.cause, row.cut_off) == ("ended", "caller", 16, False)
    assert offered.who == "01632 960123"
    watch.until(lambda _: not _ours(pbx, offered.id))


@pytest.mark.usefixtures("running")
def test_an_advisor_who_hangs_up_ends_the_call_for_the_caller(
    centre: Centre, pbx: Asterisk, phone: Phone, watch: Watch
) -> None:
    with Caller(pbx, LINE) as caller:
        phone.wait("rings")
        phone.answer()
        active = _in_state(watch, ContactState.ACTIVE)
        _does(watch, active.id, CallState.TALKING)
        watch.until(lambda _: len(_talking(pbx, active.id)) == 2)

        phone.hang_up()

        caller.wait_ended()
    _in_state(watch, ContactState.WRAP_UP)
    row = call_row(centre, active.id)
    assert (row.ended_by, row.cut_off) == ("advisor", False)
    watch.until(lambda _: not _ours(pbx, active.id))


@pytest.mark.usefixtures("running")
def test_callers_give_up_in_the_queue_and_while_it_rings(
    centre: Centre, pbx: Asterisk, phone: Phone, watch: Watch
) -> None:
    with Caller(pbx, LINE) as first:
        offered = _in_state(watch, ContactState.OFFERED)
        phone.wait("rings")
        with Caller(pbx, LINE, "+441632960124") as second:
            (waits,) = watch.until(lambda _: _others(centre, offered.id))
            for caller in (second, first):
                caller.wait_answered()
                caller.hang_up()
        phone.wait("ended")

    watch.until(lambda _: _states(centre) == {"abandoned"})
    assert event(centre, offered.id, "contact.abandoned")["ringing"] is True
    assert event(centre, waits, "contact.abandoned")["ringing"] is False
    watch.until(lambda _: not _ours(pbx, offered.id) and not _ours(pbx, waits))


def test_who_calls_is_known_as_far_as_the_network_says(
    sqlite_centre: Centre, pbx: Asterisk, start_gateway: StartGateway
) -> None:
    """Withheld, from abroad, nothing that is a number, and one that two people share."""
    centre = sqlite_centre
    connect(centre, pbx)
    for name in ("Margaret Okafor", "David Okafor"):
        customer(centre, name, "+441632960123")
    start_gateway(centre)
    pbx.wait_for_gateway()
    with (
        watching(centre) as watch,
        Caller(pbx, LINE, "+441632960999", withheld=True),
        Caller(pbx, LINE, "+33123456789"),
        Caller(pbx, LINE, "bob-the-builder"),
        Caller(pbx, LINE, "+441632960123"),
    ):
        who = {
            *("Number withheld", "+33 1 23 45 67 89"),
            *("bob-the-builder", "2 people have this number"),
        }
        watch.until(lambda _: _who(centre) == who)


@pytest.mark.usefixtures("running")
def test_the_menu_s_choice_goes_with_the_call(centre: Centre, pbx: Asterisk, watch: Watch) -> None:
    with centre.as_owner().write() as tx:
        lines = tx.session.scalars(select(TelephoneLine).order_by(TelephoneLine.id)).all()
        tx.session.add(
            LineChoice(
                line_id=lines[1].id, digit="3", name="Tax", queue_id=centre.queue_id("general")
            )
        )
    with Caller(pbx, MENU_LINE) as caller:
        caller.wait_answered()
        caller.press("3")
        call = watch.row(Call, choice="3")

    assert contact(centre, call.contact_id).queue_id == centre.queue_id("general")
    assert contact(centre, call.contact_id).subject == "Bins: Tax"


@pytest.mark.parametrize(
    ("doing", "reason"),
    [("nothing", "no_answer"), ("reject", "busy"), ("unregister", "unreachable")],
)
def test_a_phone_that_is_not_answered_gives_the_call_back_and_says_why(  # noqa: PLR0917
    centre: Centre,
    pbx: Asterisk,
    phone: Phone,
    start_gateway: StartGateway,
    watch: Watch,
    doing: str,
    reason: str,
) -> None:
    connect(centre, pbx)
    if doing == "unregister":
        phone.unregister()
    start_gateway(centre)
    pbx.wait_for_gateway()

    with Caller(pbx, LINE) as caller:
        if doing == "reject":
            phone.wait("rings")
            phone.reject()
        if doing == "nothing":
            phone.wait("rings")
            with centre.as_owner().write() as tx:  # its time has passed
                tx.session.execute(update(Assignment).values(expires_at=tx.now))
        over = watch.row(Assignment, state="timed_out")
        back = _in_state(watch, ContactState.QUEUED)
        watch.until(lambda _: _not_responding(centre))
        if doing == "nothing":
            phone.wait("ended")
        why = calls.why_unanswered(centre.as_person("anna"))
        assert why is not None
        assert (why.contact_id, why.reason) == (back.id, reason)
        assert over.ended_at is not None
        _does(watch, back.id, CallState.WAITING)
        # It was never put aside: who is free next has it.
        rung = phone.count("rings")
        change(centre, "anna", not_responding_since=None)
        phone.register()
        with centre.as_owner().write() as tx:
            tx.changed(Topic.STAFF, centre.person("anna").id)
        phone.wait("rings", rung + 1)
        phone.answer()
        _in_state(watch, ContactState.ACTIVE, id=back.id)
        watch.until(lambda _: len(_talking(pbx, back.id)) == 2)
        phone.hang_up()
        caller.wait_ended()


def test_two_callers_and_two_phones_are_two_conversations(
    centre: Centre, pbx: Asterisk, phones: Phones, start_gateway: StartGateway, watch: Watch
) -> None:
    connect(centre, pbx, "anna", "ben")
    hers, his = phones.add("101", answers="always"), phones.add("102", answers="always")
    start_gateway(centre)
    pbx.wait_for_gateway()

    with Caller(pbx, LINE) as first, Caller(pbx, LINE, "+441632960124") as second:
        hers.wait("up")
        his.wait("up")
        watch.until(lambda _: _states(centre) == {"active"})
        ids = _others(centre, 0)
        watch.until(lambda _: [len(_talking(pbx, each)) for each in ids] == [2, 2])
        with centre.as_owner().read() as tx:
            owners = tx.session.scalars(select(Contact.owner_id)).all()
        assert len(set(owners)) == 2
        for each in (hers, his):
            each.hang_up()
        for caller in (first, second):
            caller.wait_ended()
    watch.until(lambda _: _states(centre) == {"wrap_up"})


def test_an_offer_that_is_declined_stops_the_phone(
    postgres_centre: Centre, pbx: Asterisk, phone: Phone, start_gateway: StartGateway
) -> None:
    centre = postgres_centre
    connect(centre, pbx)
    start_gateway(centre)
    pbx.wait_for_gateway()
    with watching(centre) as watch, Caller(pbx, LINE) as caller:
        offered = _in_state(watch, ContactState.OFFERED)
        phone.wait("rings")

        routing.decline(centre.as_person("anna"), offered.id, DeclineReason.BREAK)

        phone.wait("ended")
        _does(watch, offered.id, CallState.WAITING)
        caller.hang_up()
        _in_state(watch, ContactState.ABANDONED)


def _who(centre: Centre) -> set[str]:
    with centre.as_owner().read() as tx:
        return set(tx.session.scalars(select(Contact.who)))


def _not_responding(centre: Centre) -> bool:
    with centre.as_owner().read() as tx:
        return tx.session.scalars(select(Activity.not_responding_since)).one() is not None


def _others(centre: Centre, contact_id: int) -> list[int]:
    with centre.as_owner().read() as tx:
        return list(tx.session.scalars(select(Contact.id).where(Contact.id != contact_id)))


def _states(centre: Centre) -> set[str]:
    with centre.as_owner().read() as tx:
        return set(tx.session.scalars(select(Contact.state)))


def _talking(pbx: Asterisk, contact_id: int) -> tuple[str, ...]:
    with pbx.ari() as ari:
        bridges = [each for each in ari.bridges() if each.id == f"crm-talk-{contact_id}"]
        return bridges[0].channels if bridges else ()


def _ours(pbx: Asterisk, contact_id: int) -> list[str]:
    """What is left at the PBX of a call."""
    with pbx.ari() as ari:
        found = [*(each.id for each in ari.channels()), *(each.id for each in ari.bridges())]
    return [each for each in found if f"-{contact_id}" in each]
