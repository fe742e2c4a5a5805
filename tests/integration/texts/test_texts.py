"""Visitors are texted their ticket, when it is nearly their turn, and where to go: each once."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select, update

from crm_desktop.domain.errors import InvalidInput
from crm_desktop.domain.kiosks import KioskCheckIn
from crm_desktop.services import appointments, contacts, decisions, kiosks, texts, visits
from crm_desktop.store.models import (
    Appointment,
    ChannelAccount,
    Contact,
    Event,
    Message,
    Site,
    TextMessage,
    Visit,
)
from tests.bookings_centre import a_day, at, booking
from tests.centre import Centre
from tests.integration.texts.conftest import Texting
from tests.servers.notify_stand_in import day_limit, rate_limit, refusal
from tests.visits_centre import add_site, arriving, places, service_of

PHONE, NORM = "07700 900 982", "+447700900982"


def comes(texting: Texting, phone: str = PHONE, **more: object) -> int:
    """A visitor is checked in at the desk; their contact."""
    anna = texting.centre.as_person("anna")
    arrival = arriving(texting.site, texting.service, "M. Okafor", phone=phone, **more)
    return visits.check_in(anna, arrival)[0].contact_id


def events(texting: Texting, contact_id: int) -> list[str]:
    """What happened to a visit's texts."""
    with texting.centre.as_owner().read() as tx:
        kinds = tx.session.scalars(
            select(Event.kind).where(Event.contact_id == contact_id).order_by(Event.id)
        )
        return [each for each in kinds if each.startswith("text.")]


def test_a_ticket_is_texted_once_and_that_it_arrived_is_known(texting: Texting) -> None:
    contact = comes(texting)
    assert texting.kept() == [("ticket", "pending", "")], "written with the arrival"

    texting.send()
    texting.send()

    said = "You are A001 at Guildhall one-stop-shop. You are next. Please stay in the waiting area."
    assert texting.notify.said() == [(NORM, said)]
    assert "Okafor" not in said
    assert texting.kept() == [("ticket", "sent", said)]
    texting.notify.arrive()
    texting.ask()
    texting.ask()
    assert events(texting, contact) == ["text.sent", "text.delivered"]
    assert texting.status() == ("ok", "")


def test_without_an_account_or_a_number_nothing_is_written(centre: Centre) -> None:
    site = add_site(centre)
    anna, service = centre.as_person("anna"), service_of(centre, site)
    visits.check_in(anna, arriving(site, service, phone=PHONE))
    with centre.as_owner().write() as tx:
        tx.session.add(ChannelAccount(kind="texting", name="texts"))
    visits.check_in(anna, arriving(site, service))

    with centre.as_owner().read() as tx:
        assert tx.session.scalars(select(TextMessage.message_id)).all() == []
    with pytest.raises(InvalidInput):
        visits.check_in(anna, arriving(site, service, phone="01632 960123"))


def test_who_is_nearly_next_and_who_is_called_is_told_once(texting: Texting) -> None:
    anna = texting.centre.as_person("anna")
    earlier = [comes(texting, "") for _ in range(3)]
    contact = comes(texting)
    texting.send()
    assert "3 people are before you" in texting.notify.said()[-1][1]
    texting.sweep()
    assert len(texting.kept()) == 1, "three are before them still"

    visits.left(anna, earlier[0])
    texting.sweep()
    texting.sweep()
    texting.send()

    (nearly,) = texting.notify.said()[1:]
    assert nearly[0] == NORM
    assert nearly[1].startswith("A004: it is nearly your turn at Guildhall one-stop-shop. ")
    visits.at(anna, texting.desk)
    visits.call(anna, contact, texting.desk)
    visits.recall(anna, contact)
    texting.send()
    assert texting.notify.said()[2:] == [
        (NORM, "A004: please come to Desk 1 now, at Guildhall one-stop-shop.")
    ]


def test_of_two_calls_that_wait_to_be_texted_the_last_one_leaves(texting: Texting) -> None:
    """No gateway was there while a visitor was called, went back, and was called elsewhere."""
    anna, ben = (texting.centre.as_person(login) for login in ("anna", "ben"))
    contact = comes(texting)
    texting.send()
    first, second = places(texting.centre, texting.site)[:2]
    visits.at(anna, first)
    visits.call(anna, contact, first)
    visits.back_to_line(anna, contact)
    visits.at(ben, second)
    visits.call(ben, contact, second)

    texting.send()

    ((_, words),) = texting.notify.said()[1:]
    assert "please come to Desk 2 now" in words
    assert [state for kind, state, _ in texting.kept() if kind == "called"] == ["withdrawn", "sent"]


def test_a_kiosk_s_visitor_is_texted_in_welsh(local: Texting) -> None:
    with local.centre.as_owner().write() as tx:
        tx.session.execute(update(Site).values(name_cy="Neuadd y Dref"))
    said = KioskCheckIn("c" * 32, local.service, language="cy", phone=PHONE)

    kiosks.check_in(local.gateway, local.site, said)
    local.send()

    ((phone, words),) = local.notify.said()
    assert phone == NORM
    assert words.startswith("Eich tocyn yw A001 yn Neuadd y Dref. Chi sydd nesaf.")


def test_a_text_with_nothing_to_say_any_more_does_not_leave(local: Texting) -> None:
    contact = comes(local)
    visits.left(local.centre.as_person("anna"), contact)

    local.send()

    assert local.notify.said() == []
    assert local.kept() == [("ticket", "withdrawn", "")]
    assert local.work() == [("done", 1, "")]
    assert events(local, contact) == ["text.dropped"]


def test_who_went_back_to_the_line_is_told_of_the_next_desk(texting: Texting) -> None:
    anna, ben = texting.centre.as_person("anna"), texting.centre.as_person("ben")
    contact = comes(texting)
    visits.at(anna, texting.desk)
    visits.call(anna, contact, texting.desk)
    texting.send()
    visits.back_to_line(anna, contact)
    other = places(texting.centre, texting.site)[1]
    visits.at(ben, other)

    visits.call(ben, contact, other)
    visits.recall(ben, contact)
    texting.send()

    assert [words[6:27] for _, words in texting.notify.said()[-2:]] == [
        "please come to Desk 1", "please come to Desk 2",
    ]  # fmt: skip
    assert len(texting.kept()) == 3


def test_who_is_entered_hours_late_is_not_texted(texting: Texting) -> None:
    anna = texting.centre.as_person("anna")
    waits, called = comes(texting), comes(texting, "07700 900 983")
    texting.sweep()
    with texting.centre.as_owner().write() as tx:
        tx.session.execute(update(Contact).values(received_at=tx.now - timedelta(hours=2)))
    texting.send()
    visits.at(anna, texting.desk)
    visits.call(anna, called, texting.desk)
    with texting.centre.as_owner().write() as tx:
        tx.session.execute(update(Visit).values(called_at=tx.now - timedelta(minutes=20)))

    texting.send()

    assert texting.notify.said() == []
    assert {(kind, state) for kind, state, _ in texting.kept()} == {
        ("ticket", "withdrawn"), ("called", "withdrawn"),
    }  # fmt: skip
    assert events(texting, waits) == ["text.dropped"]


def test_what_is_left_of_a_visit_is_texted_nothing(texting: Texting) -> None:
    anna = texting.centre.as_person("anna")
    earlier = [comes(texting, "") for _ in range(3)]
    gone = comes(texting)
    texting.send()
    visits.at(anna, texting.desk)
    visits.call(anna, gone, texting.desk)
    visits.serve(anna, gone)
    contacts.begin_wrap_up(anna, gone)
    contacts.release(anna, gone, "a form is missing")
    visits.left(anna, earlier[0])

    texting.sweep()
    texting.send()

    assert [(kind, state) for kind, state, _ in texting.kept()] == [
        ("ticket", "sent"), ("called", "withdrawn"),
    ]  # fmt: skip


def test_a_lost_answer_sends_nothing_twice(texting: Texting) -> None:
    contact = comes(texting)
    texting.notify.troubles.lose("POST", "/v2/notifications/sms")

    texting.send()
    assert texting.work()[0][:2] == ("pending", 1)
    texting.send()

    assert len(texting.notify.said()) == 1
    assert texting.notify.count("POST", "/v2/notifications/sms") == 1
    assert texting.kept()[0][1] == "sent"
    with texting.centre.as_owner().read() as tx:
        message = tx.session.scalars(select(Message).where(Message.contact_id == contact)).one()
        assert message.external_id == texting.notify.texts[0]["id"]


def test_looking_for_what_may_have_left_is_no_try_to_send(local: Texting) -> None:
    """Notify is slow for a while: it has the text, and the lane must not give it up."""
    comes(local)
    local.notify.troubles.lose("POST", "/v2/notifications/sms")
    local.send()
    for _ in range(2):
        local.notify.troubles.lose("GET", "/v2/notifications")
        local.send()
        assert local.work()[0][0] == "pending"

    local.send()

    assert local.work()[0][0] == "done"
    assert local.notify.count("POST", "/v2/notifications/sms") == 1


def test_notify_that_has_trouble_is_asked_again(local: Texting) -> None:
    comes(local)
    wrong = (refusal(500, "Exception", "Internal server error"), rate_limit(),
             refusal(403, "AuthError", "Invalid token: API key not found"))  # fmt: skip
    for each in wrong:
        local.notify.troubles.answer("POST", "/v2/notifications/sms", each)
        local.send()
        assert local.work()[0][0] == "pending"
    assert local.status()[0] == "trouble"
    local.send()

    assert len(local.notify.said()) == 1
    assert local.status() == ("ok", "")


@pytest.mark.parametrize(
    ("answer", "words", "status"),
    [
        (day_limit, "The day’s limit", "trouble"),
        (
            lambda: refusal(400, "ValidationError", "phone_number Not enough digits"),
            "refused the text: phone_number Not enough digits",
            "unknown",
        ),
        (
            lambda: refusal(400, "BadRequestError", "Cannot send when in trial mode"),
            "refused the text: Cannot send when in trial mode",
            "trouble",
        ),
    ],
)
def test_what_is_refused_for_good_waits_for_a_decision(
    local: Texting, answer: object, words: str, status: str
) -> None:
    comes(local)
    assert callable(answer)
    local.notify.troubles.answer("POST", "/v2/notifications/sms", answer())

    local.send()

    assert local.work()[0][0] == "dead"
    (waits,) = decisions.needs(local.centre.as_person("rose"))
    assert words in waits.detail
    assert local.status()[0] == status
    # And it leaves when the leader has it tried again.
    with local.centre.as_person("rose").write() as tx:
        tx.guard.retry_dead(waits.ref)
    local.send()
    assert len(local.notify.said()) == 1


def test_a_number_gets_only_so_many_texts_a_day(
    local: Texting, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(texts, "MOST_A_DAY", 1)
    for _ in range(2):
        comes(local)
        local.send()

    assert len(local.notify.said()) == 1
    assert local.work()[-1][0] == "dead"
    with local.centre.as_owner().write() as tx:
        tx.session.execute(update(Message).values(sent_at=tx.now - timedelta(days=2)))
    comes(local)
    local.send()
    assert len(local.notify.said()) == 2


def test_a_number_that_came_by_another_way_is_looked_at_before_it_is_texted(
    local: Texting,
) -> None:
    comes(local)
    with local.centre.as_owner().write() as tx:
        tx.session.execute(update(TextMessage).values(phone="+1 900 555 0199"))

    local.send()

    assert local.notify.said() == []
    assert "no mobile number" in local.work()[0][2]


def _booked(texting: Texting, **more: str) -> int:
    day = a_day(texting.centre)
    new = booking(texting.site, texting.service, at(day, "10:00"), **more)
    return appointments.book(texting.centre.as_person("anna"), new)[0].id


def _tomorrow(texting: Texting, appointment_id: int) -> None:
    """It is the day before: the reminder is due."""
    with texting.centre.as_owner().write() as tx:
        row = tx.session.get_one(Appointment, appointment_id)
        row.starts_at, row.ends_at = tx.now + timedelta(hours=2), tx.now + timedelta(hours=3)
        row.booked_at = tx.now - timedelta(days=20)


def test_who_gave_no_mail_address_is_reminded_by_text_once(texting: Texting) -> None:
    by_text = _booked(texting, phone=PHONE)
    _tomorrow(texting, by_text)

    texting.sweep()
    texting.sweep()
    texting.send()

    with texting.centre.as_owner().read() as tx:
        row = tx.session.get_one(Appointment, by_text)
        assert row.reminded_at is not None
        contact = tx.session.get_one(Contact, row.contact_id or 0)
        assert (contact.channel, contact.direction) == ("sms", "outbound")
        reference = row.reference
    ((phone, words),) = texting.notify.said()
    assert phone == NORM
    assert reference in words
    assert "bin" not in words, "nobody reads over a shoulder what it is about"


def test_a_reminder_that_does_not_arrive_waits_for_a_decision(local: Texting) -> None:
    _tomorrow(local, _booked(local, phone="07700 900002"))
    local.sweep()
    local.send()

    local.notify.arrive()
    local.ask()

    (waits,) = decisions.needs(local.centre.as_person("rose"))
    assert "does not know this number" in waits.detail
    assert local.kept()[0][1] == "failed"


def test_a_reminder_of_what_has_begun_does_not_leave(local: Texting) -> None:
    appointment = _booked(local, phone=PHONE)
    _tomorrow(local, appointment)
    local.sweep()
    with local.centre.as_owner().write() as tx:
        tx.session.get_one(Appointment, appointment).starts_at = tx.now - timedelta(minutes=1)

    local.send()

    assert local.notify.said() == []
    assert local.kept() == [("reminder", "withdrawn", "")]


def test_a_text_that_notify_does_not_know_keeps_no_other_waiting(local: Texting) -> None:
    """As when the account was moved to another of Notify's services."""
    gone, other = comes(local), comes(local, "07700 900 983")
    local.send()
    local.notify.texts = [each for each in local.notify.texts if each["phone_number"] != NORM]
    local.notify.arrive()

    local.ask()

    assert events(local, gone) == ["text.sent", "text.failed"]
    assert events(local, other) == ["text.sent", "text.delivered"]
    assert local.status() == ("ok", "")


def test_a_landline_and_a_mail_address_get_no_text(local: Texting) -> None:
    for more in ({"phone": "01632 960123"}, {"phone": PHONE, "email": "doyle@example.org"}):
        _tomorrow(local, _booked(local, **more))

    local.sweep()
    local.sweep()

    assert local.kept() == []


def test_a_wrong_key_or_template_is_said_of_the_account(local: Texting) -> None:
    local.notify.template = {**local.notify.template, "body": "Dear ((name))"}
    local.ask()
    assert local.status() == (
        "trouble",
        "The template in GOV.UK Notify must be for texts and say ((message)).",
    )

    local.notify.template = {**local.notify.template, "body": "((message))"}
    local.notify.clock.later(minutes=2)
    local.ask()
    assert "this computer’s clock is wrong" in local.status()[1]


def test_a_visit_s_number_is_for_nobody_at_a_desk_to_read(texting: Texting) -> None:
    contact = comes(texting)

    with texting.centre.as_owner().read() as tx:
        assert tx.session.get_one(Visit, contact).phone == NORM
    row = next(
        each
        for each in visits.line(texting.centre.as_person("anna"), texting.site).rows
        if each.contact_id == contact
    )
    assert NORM not in repr(row)
