"""Hand-offs from the request to the back office's last word, alike on both dialects."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, update

from crm_desktop.domain.changes import Topic
from crm_desktop.domain.errors import Conflict, ConnectorTrouble, InvalidInput, NotFound
from crm_desktop.domain.handoffs import HandoffReceipt, HandoffStatus
from crm_desktop.domain.states import CaseState, HandoffState
from crm_desktop.domain.views import HandoffView, Reply
from crm_desktop.services import cases, handoffs, leases, outbox, replies
from crm_desktop.services.cases import CaseInput
from crm_desktop.store.database import Database, Tx
from crm_desktop.store.models import (
    Attachment,
    Case,
    Contact,
    Customer,
    Handoff,
    Identifier,
    Message,
    OutboxItem,
)
from tests.centre import Centre
from tests.integration.services.casework import SAM, Desk, at_work, service_id

PNG = b"\x89PNG\r\n\x1a\n" + bytes(2_000_000)


def _only_handoff(centre: Centre) -> Handoff:
    with centre.as_owner().read() as tx:
        return tx.session.scalars(select(Handoff)).one()


def _set(centre: Centre, **columns: object) -> None:
    with centre.as_owner().write() as tx:
        tx.session.execute(update(Handoff).values(**columns))


def _view(desk: Desk, case_id: int) -> HandoffView:
    return cases.get(desk.db, case_id).handoffs[-1]


def _handed_off(centre: Centre) -> tuple[Desk, int, int]:
    """An advisor, their case, and its hand-off."""
    anna = at_work(centre)
    case_id = anna.opens(bin="recycling", notes="Lid open").case_id
    handoffs.request(anna.db, case_id, anna.contact_id)
    return anna, case_id, _only_handoff(centre).id


def _sent(centre: Centre, *, receipt: HandoffReceipt | None = None) -> tuple[Desk, int, int]:
    anna, case_id, handoff_id = _handed_off(centre)
    with centre.as_gateway().write() as tx:
        handoffs.apply_receipt(tx, handoff_id, receipt or HandoffReceipt("SR-1"))
    return anna, case_id, handoff_id


def _dies(centre: Centre, words: str = "The office refused it") -> None:
    """The lane tries once, and is told that trying again cannot help."""

    def refuse(_db: Database, _work: outbox.Work) -> outbox.Outcome:
        raise ConnectorTrouble(words, retry=False)

    def gave_up(tx: Tx, work: outbox.Work, said: str) -> None:
        handoffs.gave_up(tx, work.handoff_id or 0, said)

    lane = outbox.Lane(
        handoffs.LANE,
        refuse,  # type: ignore[arg-type]
        gave_up,
        lambda tx, work: handoffs.subject(tx, work.handoff_id or 0),
    )
    gateway = centre.as_gateway()
    lease = leases.acquire(gateway, lane.lease_name, "test", 60)
    assert lease is not None
    (work,) = outbox.claim(gateway, lane, lease)
    outbox.settle(gateway, lane, lease, work, outbox.attempt(gateway, lane, work))


def test_the_preview_says_who_gets_what_by_when_and_what_is_missing(centre: Centre) -> None:
    anna = centre.as_person("anna")
    missed_bin = service_id(centre, "missed_bin")

    complete = handoffs.preview(anna, missed_bin, {"bin": "recycling", "notes": "Lid open"})
    missing = handoffs.preview(anna, missed_bin, {"notes": "Lid open"})

    assert complete is not None
    assert (complete.target, complete.missing) == ("Waste (Open311)", ())
    assert complete.description == "Missed bin collection\nNotes: Lid open"
    assert complete.due_at is not None
    assert complete.due_at > datetime.now(UTC)
    assert missing is not None
    assert len(missing.missing) == 1
    assert handoffs.preview(anna, service_id(centre, "council_tax"), {}) is None


def test_a_request_is_one_hand_off_one_piece_of_work_and_one_event(centre: Centre) -> None:
    anna = at_work(centre)
    saved = anna.opens(bin="recycling", notes="Lid open")

    changes = handoffs.request(anna.db, saved.case_id, anna.contact_id)

    handoff = _only_handoff(centre)
    case = cases.get(anna.db, saved.case_id)
    assert (case.state, case.handoffs[0].state) == (
        CaseState.WAITING_BACK_OFFICE,
        HandoffState.PENDING,
    )
    assert handoff.idempotency_key == f"{saved.reference}-1"
    assert handoff.due_at is not None
    assert anna.db.actor is not None
    assert handoff.requested_by_id == anna.db.actor.id
    assert anna.events("handoff") == ["handoff.requested"]
    assert changes.ids(Topic.HANDOFF) == {handoff.id}
    assert changes.ids(Topic.CASE) == {saved.case_id}
    assert changes.ids(Topic.CONTACT) == {anna.contact_id}
    with centre.as_owner().read() as tx:
        item = tx.session.scalars(select(OutboxItem)).one()
    assert (item.lane, item.handoff_id, item.state, item.created_by_id) == (
        handoffs.LANE,
        handoff.id,
        "pending",
        anna.db.actor.id,
    )


def test_a_second_request_while_one_is_under_way_is_a_conflict(centre: Centre) -> None:
    anna, case_id, _ = _handed_off(centre)

    with pytest.raises(Conflict):
        handoffs.request(anna.db, case_id, anna.contact_id)
    with pytest.raises(Conflict):
        handoffs.request(centre.as_person("ben"), case_id)

    assert anna.events("handoff") == ["handoff.requested"]


def test_whoever_opened_a_case_knows_that_another_queue_handed_it_off(centre: Centre) -> None:
    cora = at_work(centre, "cora", "care")
    case_id = cora.opens("missed_bin").case_id
    handoffs.request(centre.as_person("anna"), case_id)

    with pytest.raises(Conflict):
        handoffs.request(cora.db, case_id)


def test_missing_answers_are_named_and_nothing_is_handed_off(centre: Centre) -> None:
    anna = at_work(centre)
    case_id = anna.opens().case_id
    with centre.as_owner().write() as tx:
        tx.session.get_one(Case, case_id).answers = {}

    with pytest.raises(InvalidInput) as refusal:
        handoffs.request(anna.db, case_id)

    assert list(refusal.value.params["fields"]) == ["bin"]  # type: ignore[call-overload]
    assert cases.get(anna.db, case_id).handoffs == ()
    assert cases.get(anna.db, case_id).state is CaseState.OPEN


def test_a_service_without_a_back_office_cannot_be_handed_off(centre: Centre) -> None:
    anna = at_work(centre)

    with pytest.raises(InvalidInput):
        handoffs.request(anna.db, anna.opens("council_tax").case_id)


def test_another_queue_s_case_cannot_be_handed_off(centre: Centre) -> None:
    case_id = at_work(centre, "cora", "care").opens("concern").case_id

    with pytest.raises(NotFound):
        handoffs.request(centre.as_person("anna"), case_id)


def test_the_back_office_is_told_the_answers_and_shown_the_picture(centre: Centre) -> None:
    anna, case_id, handoff_id = _handed_off(centre)
    with anna.db.write() as tx:
        sha256 = tx.guard.put_blob(PNG)
    with centre.as_owner().write() as tx:
        message_id = tx.session.scalars(
            select(Message.id).where(Message.contact_id == anna.contact_id)
        ).one()
        tx.session.add(
            Attachment(
                message_id=message_id,
                sha256=sha256,
                name="bin.png",
                content_type="image/png",
                size=len(PNG),
            )
        )

    account_id, request = handoffs.request_for(centre.as_gateway(), handoff_id)

    assert account_id == _only_handoff(centre).account_id
    assert request.reference == cases.get(anna.db, case_id).reference
    assert request.idempotency_key == f"{request.reference}-1"
    assert request.service_code == "MISSED_BIN"
    assert request.attributes == {"bin_type": "recycling"}
    assert request.description == "Missed bin collection\nNotes: Lid open"
    assert (request.first_name, request.last_name) == ("Sam", "Doe")
    assert (request.email, request.phone) == ("", "")
    assert request.photo == ("bin.png", "image/png", PNG)


def test_a_receipt_makes_it_sent_and_asks_soon(centre: Centre) -> None:
    anna, case_id, _ = _sent(centre, receipt=HandoffReceipt("SR-1", notice="Thank you"))

    view = _view(anna, case_id)
    assert (view.state, view.external_id, view.words) == (HandoffState.SENT, "SR-1", "Thank you")
    assert [(state, words) for _, state, words in view.notes] == [("sent", "Thank you")]
    assert anna.events("handoff") == ["handoff.requested", "handoff.sent"]
    asked_at = _only_handoff(centre).next_poll_at
    assert asked_at is not None
    assert asked_at < datetime.now(UTC) + timedelta(seconds=10)


def test_a_target_that_gives_no_number_is_never_asked(centre: Centre) -> None:
    _sent(centre, receipt=HandoffReceipt(notice="Thank you"))

    assert _only_handoff(centre).next_poll_at is None


def test_a_token_becomes_an_id(centre: Centre) -> None:
    anna, case_id, handoff_id = _sent(centre, receipt=HandoffReceipt(token="T-1"))
    gateway = centre.as_gateway()

    none_yet = handoffs.apply_id(gateway, handoff_id, "")
    numbered = handoffs.apply_id(gateway, handoff_id, "SR-9")

    assert not none_yet
    assert numbered.ids(Topic.HANDOFF) == {handoff_id}
    assert _view(anna, case_id).external_id == "SR-9"


def test_news_come_in_order_once_and_end_with_done(centre: Centre) -> None:
    anna, case_id, handoff_id = _sent(centre)
    gateway = centre.as_gateway()
    day = datetime(2026, 11, 20, 9, tzinfo=UTC)
    told = [
        HandoffStatus(HandoffState.ACKNOWLEDGED, "Received", day),
        HandoffStatus(HandoffState.ACKNOWLEDGED, "Received", day),
        HandoffStatus(HandoffState.IN_PROGRESS, "Crew sent", day + timedelta(hours=1)),
        HandoffStatus(HandoffState.DONE, "Emptied", day + timedelta(hours=3)),
        HandoffStatus(HandoffState.DONE, "Emptied", day + timedelta(hours=3)),
    ]

    changed = [bool(handoffs.apply_status(gateway, handoff_id, each)) for each in told]
    silent = handoffs.apply_status(gateway, handoff_id, None)

    view = _view(anna, case_id)
    assert changed == [True, False, True, True, False]
    assert not silent
    assert (view.state, view.words) == (HandoffState.DONE, "Emptied")
    assert [(state, words) for _, state, words in view.notes] == [
        ("sent", ""),
        ("acknowledged", "Received"),
        ("in_progress", "Crew sent"),
        ("done", "Emptied"),
    ]
    assert [at for at, *_ in view.notes[1:]] == [day, day + timedelta(hours=1), told[3].updated_at]
    assert cases.get(anna.db, case_id).state is CaseState.OPEN
    assert _only_handoff(centre).next_poll_at is None
    assert anna.events("handoff") == [
        "handoff.requested",
        "handoff.sent",
        *["handoff.told", "handoff.status"] * 3,
    ]


def test_a_bounced_hand_off_gives_the_case_back_and_may_be_repeated(centre: Centre) -> None:
    anna, case_id, handoff_id = _sent(centre)

    handoffs.apply_status(
        centre.as_gateway(), handoff_id, HandoffStatus(HandoffState.BOUNCED, "Not our street")
    )
    bounced = cases.get(anna.db, case_id)
    handoffs.request(anna.db, case_id, anna.contact_id)

    assert (bounced.state, bounced.handoffs[0].words) == (CaseState.OPEN, "Not our street")
    again = cases.get(anna.db, case_id)
    assert [each.state for each in again.handoffs] == ["bounced", "pending"]
    assert again.state is CaseState.WAITING_BACK_OFFICE


def test_what_never_arrived_stands_as_failed_and_as_a_dead_letter(centre: Centre) -> None:
    anna, case_id, _ = _handed_off(centre)

    _dies(centre)

    case = cases.get(anna.db, case_id)
    assert case.state is CaseState.OPEN
    view = case.handoffs[0]
    assert (view.state, view.dead, view.attempts) == (HandoffState.FAILED, True, 1)
    assert view.last_error == view.words == "The office refused it"
    for login in ("anna", "rose"):
        (letter,) = handoffs.dead_letters(centre.as_person(login))
        assert (letter.what, letter.contact_id, letter.case_id) == (
            "Hand-off",
            anna.contact_id,
            case_id,
        )
        assert (letter.state, letter.error) == ("dead", "The office refused it")
    assert handoffs.dead_letters(centre.as_person("ben")) == ()


def test_a_reply_that_could_not_be_sent_leads_to_its_contact(centre: Centre) -> None:
    anna = at_work(centre)
    replies.send(anna.db, anna.contact_id, Reply("We will come back.", SAM))
    with centre.as_owner().write() as tx:
        tx.session.execute(update(OutboxItem).values(state="dead", last_error="No such mailbox"))

    for login in ("anna", "rose"):
        (letter,) = handoffs.dead_letters(centre.as_person(login))
        assert (letter.what, letter.contact_id) == ("Reply", anna.contact_id)


@pytest.mark.parametrize("login", ["anna", "rose"])
def test_a_dead_hand_off_is_tried_again_by_whoever_made_it_or_leads(
    centre: Centre, login: str
) -> None:
    anna, case_id, handoff_id = _handed_off(centre)
    _dies(centre)
    person = centre.as_person(login)
    (letter,) = handoffs.dead_letters(person)

    changes = handoffs.retry(person, letter.outbox_id)

    case = cases.get(anna.db, case_id)
    assert (case.state, case.handoffs[0].state) == (CaseState.WAITING_BACK_OFFICE, "pending")
    assert changes.ids(Topic.HANDOFF) == {handoff_id}
    assert changes.ids(Topic.CASE) == {case_id}
    assert handoffs.dead_letters(person) == ()
    with pytest.raises(NotFound):
        handoffs.retry(person, letter.outbox_id)


def test_a_colleague_cannot_try_it_again(centre: Centre) -> None:
    anna, *_ = _handed_off(centre)
    _dies(centre)
    (letter,) = handoffs.dead_letters(anna.db)

    with pytest.raises(NotFound):
        handoffs.retry(centre.as_person("ben"), letter.outbox_id)

    assert len(handoffs.dead_letters(anna.db)) == 1


def test_a_dead_hand_off_is_not_revived_beside_a_new_one(centre: Centre) -> None:
    anna, case_id, _ = _handed_off(centre)
    _dies(centre)
    (letter,) = handoffs.dead_letters(anna.db)
    handoffs.request(anna.db, case_id, anna.contact_id)

    with pytest.raises(Conflict):
        handoffs.retry(anna.db, letter.outbox_id)


def test_what_is_overdue_stays_so_until_it_ends(centre: Centre) -> None:
    anna, case_id, handoff_id = _sent(centre)
    gateway = centre.as_gateway()
    acknowledged = HandoffStatus(HandoffState.ACKNOWLEDGED, "Received")
    handoffs.apply_status(gateway, handoff_id, acknowledged)
    in_time = handoffs.mark_overdue(gateway)
    _set(centre, due_at=datetime.now(UTC) - timedelta(hours=1))

    late = handoffs.mark_overdue(gateway)
    again = handoffs.mark_overdue(gateway)
    same_news = handoffs.apply_status(gateway, handoff_id, acknowledged)
    news = handoffs.apply_status(
        gateway, handoff_id, HandoffStatus(HandoffState.IN_PROGRESS, "Crew sent")
    )
    overdue = _view(anna, case_id)
    handoffs.apply_status(gateway, handoff_id, HandoffStatus(HandoffState.DONE))

    assert [bool(each) for each in (in_time, late, again, same_news, news)] == [
        False,
        True,
        False,
        False,
        True,
    ]
    assert (overdue.state, overdue.words) == (HandoffState.OVERDUE, "Crew sent")
    assert _view(anna, case_id).state is HandoffState.DONE
    assert anna.events("handoff").count("handoff.overdue") == 1


def test_targets_are_asked_in_the_order_of_waiting_and_less_often_with_time(
    centre: Centre,
) -> None:
    anna = at_work(centre)
    gateway = centre.as_gateway()
    now = datetime.now(UTC)
    ids = []
    for n in range(3):
        case_id = anna.opens().case_id
        handoffs.request(anna.db, case_id)
        with gateway.write() as tx:
            id_ = tx.session.scalars(select(Handoff.id).where(Handoff.case_id == case_id)).one()
            handoffs.apply_receipt(tx, id_, HandoffReceipt(f"SR-{n}"))
        ids.append(id_)
    due = (now - timedelta(minutes=1), now - timedelta(minutes=9), now + timedelta(hours=1))
    with centre.as_owner().write() as tx:
        for id_, at in zip(ids, due, strict=True):
            tx.session.get_one(Handoff, id_).next_poll_at = at
            tx.session.get_one(Handoff, id_).state_since = now - timedelta(hours=2)
    account_id = _only_account(centre)

    asked = handoffs.due_polls(gateway, account_id)
    handoffs.apply_status(gateway, asked[0].id, None)

    assert [each.id for each in asked] == [ids[1], ids[0]]
    assert [each.external_id for each in asked] == ["SR-1", "SR-0"]
    assert [each.id for each in handoffs.due_polls(gateway, account_id)] == [ids[0]]
    with centre.as_owner().read() as tx:
        later = tx.session.get_one(Handoff, ids[1]).next_poll_at
    assert later is not None
    assert timedelta(minutes=25) < later - now < timedelta(minutes=35)
    assert handoffs.due_polls(gateway, account_id + 1) == ()


def _only_account(centre: Centre) -> int:
    with centre.as_owner().read() as tx:
        return tx.session.scalars(select(Handoff.account_id).distinct()).one()


def test_a_resolved_case_that_is_handed_off_waits_again(centre: Centre) -> None:
    anna = at_work(centre)
    saved = anna.opens()
    cases.resolve(anna.db, saved.case_id)

    handoffs.request(anna.db, saved.case_id)

    with centre.as_owner().read() as tx:
        case = tx.session.get_one(Case, saved.case_id)
    assert (case.state, case.resolved_at, case.paused_at) == ("waiting_back_office", None, None)


def test_a_case_saved_while_handed_off_keeps_what_was_told(centre: Centre) -> None:
    anna, case_id, handoff_id = _handed_off(centre)
    case = cases.get(anna.db, case_id)
    cases.save(
        anna.db,
        CaseInput(
            anna.contact_id, case.service_id, {"bin": "general"}, case_id, version=case.version
        ),
    )

    _, request = handoffs.request_for(centre.as_gateway(), handoff_id)

    assert request.attributes == {"bin_type": "recycling"}
    assert cases.get(anna.db, case_id).state is CaseState.WAITING_BACK_OFFICE


def _mails(centre: Centre) -> list[Message]:
    with centre.as_owner().read() as tx:
        query = select(Message).where(Message.auto_generated, Message.direction == "outbound")
        return list(tx.session.scalars(query.order_by(Message.id)))


def _news(centre: Centre, handoff_id: int, state: HandoffState, words: str) -> None:
    handoffs.apply_status(centre.as_gateway(), handoff_id, HandoffStatus(state, words))


def test_the_customer_is_told_once_of_each_new_state_without_the_target_s_words(
    centre: Centre,
) -> None:
    _, _, handoff_id = _sent(centre)

    _news(centre, handoff_id, HandoffState.IN_PROGRESS, "Crew: see Mrs Jones at number 9")
    _news(centre, handoff_id, HandoffState.IN_PROGRESS, "Crew: on its way")
    _news(centre, handoff_id, HandoffState.DONE, "")
    mails = _mails(centre)

    assert [mail.recipients["to"] for mail in mails] == [[["Sam Doe", SAM]]] * 2
    assert "is being worked on now" in mails[0].body_text
    assert "has been dealt with" in mails[1].body_text
    assert not any("Jones" in mail.body_text for mail in mails)
    with centre.as_owner().read() as tx:
        lanes = tx.session.scalars(
            select(OutboxItem.lane).where(OutboxItem.message_id.is_not(None))
        )
        assert list(lanes) == ["email", "email"]


@pytest.mark.parametrize("reason", ["prefers the telephone", "bounced", "unchecked"])
def test_nobody_is_written_to_who_should_not_be(centre: Centre, reason: str) -> None:
    _, _, handoff_id = _sent(centre)
    with centre.as_owner().write() as tx:
        changes = {
            "prefers the telephone": update(Customer).values(prefers="phone"),
            "bounced": update(Identifier).values(flag="bounced"),
            "unchecked": update(Contact).values(needs_checking=True),
        }
        tx.session.execute(changes[reason])

    _news(centre, handoff_id, HandoffState.DONE, "")

    assert _mails(centre) == []
