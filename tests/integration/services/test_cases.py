"""Cases are opened, changed and ended alike on both dialects, and nobody's work is overwritten."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from crm_desktop.domain.changes import Topic
from crm_desktop.domain.errors import Conflict, InvalidInput, NotAllowed, NotFound
from crm_desktop.domain.references import parse_reference
from crm_desktop.domain.states import CaseState
from crm_desktop.services import cases, contacts
from crm_desktop.services.cases import CaseInput
from crm_desktop.store.models import Case, Contact, FormVersion
from tests.centre import Centre
from tests.integration.services.casework import at_work, service_id

LONDON = ZoneInfo("Europe/London")


def _stored(centre: Centre, case_id: int) -> Case:
    with centre.as_owner().read() as tx:
        return tx.session.get_one(Case, case_id)


def _set(centre: Centre, case_id: int, **columns: object) -> None:
    with centre.as_owner().write() as tx:
        case = tx.session.get_one(Case, case_id)
        for name, value in columns.items():
            setattr(case, name, value)


def test_a_case_opened_from_a_contact_has_all_that_it_needs(centre: Centre) -> None:
    anna = at_work(centre)

    saved = anna.opens(bin="recycling", due_on="2026-11-19", notes=" Lid open ")

    view = contacts.open_contact(anna.db, anna.contact_id)
    (case,) = view.cases
    assert parse_reference(saved.reference) == saved.reference
    assert (case.id, case.reference, case.version) == (
        saved.case_id,
        saved.reference,
        saved.version,
    )
    assert case.answers == {"bin": "recycling", "due_on": "2026-11-19", "notes": "Lid open"}
    assert (case.state, case.service_name) == (CaseState.OPEN, "Missed bin collection")
    assert view.row.service_name == "Missed bin collection"
    assert anna.events() == ["case.opened"]
    assert saved.changes.ids(Topic.CASE) == {saved.case_id}
    assert saved.changes.ids(Topic.CONTACT) == {anna.contact_id}
    assert _stored(centre, saved.case_id).customer_id == (view.customer and view.customer.id)


def test_a_case_is_due_within_opening_hours(centre: Centre) -> None:
    saved = at_work(centre).opens()

    due = _stored(centre, saved.case_id).due_at
    assert due is not None
    local = due.astimezone(LONDON)
    assert due > datetime.now(UTC) + timedelta(days=1)
    assert local.weekday() < 5
    assert 8 <= local.hour <= 18


def test_a_service_without_a_target_or_form_has_no_due_time(centre: Centre) -> None:
    anna = at_work(centre)

    saved = anna.opens("council_tax", moving_on="1 May\x00")

    case = cases.get(anna.db, saved.case_id)
    assert (case.due_at, case.schema, case.answers) == (None, {}, {"moving_on": "1 May"})


def test_a_contact_with_a_colleague_keeps_its_service(centre: Centre) -> None:
    anna = at_work(centre)
    ben = centre.as_person("ben")

    cases.save(ben, CaseInput(anna.contact_id, service_id(centre, "council_tax"), {}))

    assert contacts.open_contact(anna.db, anna.contact_id).row.service_id is None


def test_saving_again_changes_the_answers_and_the_version(centre: Centre) -> None:
    anna = at_work(centre)
    first = anna.opens()
    changed = CaseInput(
        anna.contact_id,
        service_id(centre, "missed_bin"),
        {"bin": "general"},
        case_id=first.case_id,
        version=first.version,
        title="Two  bins\n",
    )

    second = cases.save(anna.db, changed)

    case = cases.get(anna.db, first.case_id)
    assert (case.answers, case.title, case.version) == (
        {"bin": "general"},
        "Two bins",
        second.version,
    )
    assert second.version > first.version
    assert second.reference == first.reference
    assert anna.events() == ["case.opened", "case.saved"]


def test_a_stale_version_overwrites_nothing(centre: Centre) -> None:
    anna = at_work(centre)
    first = anna.opens()
    missed_bin = service_id(centre, "missed_bin")

    def entered(answer: str, version: int) -> CaseInput:
        return CaseInput(
            anna.contact_id, missed_bin, {"bin": answer}, case_id=first.case_id, version=version
        )

    cases.save(centre.as_person("ben"), entered("general", first.version))
    with pytest.raises(Conflict):
        cases.save(anna.db, entered("recycling", first.version))

    assert cases.get(anna.db, first.case_id).answers == {"bin": "general"}
    assert anna.events() == ["case.opened", "case.saved"]


def test_unusable_answers_are_named_and_nothing_is_kept(centre: Centre) -> None:
    anna = at_work(centre)

    with pytest.raises(InvalidInput) as refusal:
        anna.opens(bin="purple", due_on="yesterday")

    assert set(refusal.value.params["fields"]) == {"bin", "due_on"}  # type: ignore[call-overload]
    assert all(refusal.value.params["fields"].values())  # type: ignore[attr-defined]
    assert cases.list_cases(anna.db) == ()
    assert anna.events() == []


def test_an_answer_keeps_the_form_that_it_was_given_to(centre: Centre) -> None:
    anna = at_work(centre)
    first = anna.opens()
    missed_bin = service_id(centre, "missed_bin")
    with centre.as_owner().write() as tx:
        newer = {"type": "object", "properties": {"street": {"type": "string", "title": "Street"}}}
        tx.session.add(FormVersion(service_id=missed_bin, version=2, schema=newer))

    again = CaseInput(anna.contact_id, missed_bin, {"bin": "general"}, first.case_id, first.version)
    cases.save(anna.db, again)
    fresh = anna.opens(street="Rowan Close")

    assert cases.get(anna.db, first.case_id).answers == {"bin": "general"}
    assert cases.get(anna.db, fresh.case_id).answers == {"street": "Rowan Close"}
    newest = cases.form(anna.db, missed_bin)
    assert newest is not None
    assert newest.version == 2


def test_another_service_takes_its_own_form_queue_and_clock(centre: Centre) -> None:
    anna = at_work(centre)
    first = anna.opens()
    other = CaseInput(
        anna.contact_id,
        service_id(centre, "council_tax"),
        {"note": "Moving"},
        case_id=first.case_id,
        version=first.version,
    )

    saved = cases.save(anna.db, other)

    case = cases.get(anna.db, first.case_id)
    assert (case.service_name, case.answers) == (
        "Council Tax change of address",
        {"note": "Moving"},
    )
    assert (case.form_version_id, case.due_at, case.version) == (None, None, saved.version)
    assert _stored(centre, case.id).queue_id == centre.queue_id("general")


def test_a_case_may_go_where_its_advisor_does_not_follow(centre: Centre) -> None:
    first = at_work(centre, "ben").opens()
    anna = at_work(centre)

    concern = CaseInput(
        anna.contact_id, service_id(centre, "concern"), {}, first.case_id, first.version
    )
    saved = cases.save(anna.db, concern)

    with pytest.raises(NotFound):
        cases.get(anna.db, saved.case_id)
    assert cases.get(centre.as_person("cora"), saved.case_id).version == saved.version


def test_a_contact_is_linked_once_and_unlinked(centre: Centre) -> None:
    anna = at_work(centre)
    saved = anna.opens()
    other = centre.add_contact()

    for _ in range(2):
        changes = cases.link(anna.db, saved.case_id, other)
    linked = [case.id for case in contacts.open_contact(anna.db, other).cases]
    cases.unlink(anna.db, saved.case_id, other)

    assert changes.ids(Topic.CONTACT) == {other}
    assert linked == [saved.case_id]
    assert contacts.open_contact(anna.db, other).cases == ()
    assert anna.events() == ["case.opened", "case.linked", "case.linked", "case.unlinked"]


def test_nothing_is_linked_that_one_does_not_see(centre: Centre) -> None:
    anna = at_work(centre)
    saved = anna.opens()
    hidden_contact = centre.add_contact(queue="care")
    hidden_case = at_work(centre, "cora", "care").opens("concern").case_id

    with pytest.raises(NotFound):
        cases.link(anna.db, saved.case_id, hidden_contact)
    with pytest.raises(NotFound):
        cases.link(anna.db, hidden_case, anna.contact_id)
    with pytest.raises(NotFound):
        cases.save(anna.db, CaseInput(hidden_contact, service_id(centre, "council_tax"), {}))


def test_a_resolved_case_s_clock_stands_until_it_is_reopened(centre: Centre) -> None:
    anna = at_work(centre)
    saved = anna.opens()
    due = _stored(centre, saved.case_id).due_at
    assert due is not None

    cases.resolve(anna.db, saved.case_id)
    resolved = _stored(centre, saved.case_id)
    cases.resolve(anna.db, saved.case_id)
    cases.reopen(anna.db, saved.case_id)
    reopened = _stored(centre, saved.case_id)

    assert (resolved.state, resolved.due_at) == (CaseState.RESOLVED, None)
    assert resolved.resolved_at is not None
    assert resolved.paused_at is not None
    assert resolved.remaining_seconds == pytest.approx(72_000, abs=120)
    assert (reopened.state, reopened.resolved_at, reopened.paused_at) == (
        CaseState.OPEN,
        None,
        None,
    )
    assert reopened.due_at is not None
    assert abs(reopened.due_at - due) < timedelta(minutes=5)
    assert anna.events() == ["case.opened", "case.resolved", "case.reopened"]


def test_waiting_for_the_customer_really_stops_the_clock(centre: Centre) -> None:
    anna = at_work(centre)
    saved = anna.opens()
    cases.move(anna.db, saved.case_id, CaseState.WAITING_CUSTOMER, contact_id=anna.contact_id)
    # As if the customer had been silent for a long time.
    _set(centre, saved.case_id, paused_at=datetime(2020, 1, 6, 9, tzinfo=UTC))

    waiting = cases.get(anna.db, saved.case_id)
    cases.reopen(anna.db, saved.case_id)

    running = cases.get(anna.db, saved.case_id)
    assert (waiting.paused, waiting.due_at) == (True, None)
    assert not running.paused
    assert running.due_at is not None
    assert running.due_at > datetime.now(UTC) + timedelta(days=1)


def test_resolving_a_version_that_is_no_more_is_a_conflict(centre: Centre) -> None:
    anna = at_work(centre)
    saved = anna.opens()

    with pytest.raises(Conflict):
        cases.resolve(anna.db, saved.case_id, saved.version - 1)

    assert cases.get(anna.db, saved.case_id).state is CaseState.OPEN


def test_cases_are_listed_by_reference_name_and_state(centre: Centre) -> None:
    anna = at_work(centre)
    first, second = anna.opens(), anna.opens("council_tax")
    cases.resolve(anna.db, first.case_id)

    def found(text: str = "", state: CaseState | None = None) -> list[int]:
        return [row.id for row in cases.list_cases(anna.db, text, state)]

    assert found() == [second.case_id, first.case_id]
    assert found(first.reference.lower()) == [first.case_id]
    assert found("SÁM d") == [second.case_id, first.case_id]
    assert found("sam", CaseState.RESOLVED) == [first.case_id]
    assert found("nobody") == found("\x00'\ud800%") == []
    (row,) = cases.list_cases(anna.db, state=CaseState.RESOLVED)
    assert (row.customer_name, row.contact_id) == ("Sam Doe", anna.contact_id)


def test_a_restricted_case_shows_nothing_to_another_queue(centre: Centre) -> None:
    cora = at_work(centre, "cora", "care")
    saved = cora.opens("concern")
    anna = centre.as_person("anna")

    assert cases.list_cases(anna) == ()
    assert cases.list_cases(anna, saved.reference) == ()
    for attempt in (
        lambda: cases.get(anna, saved.case_id),
        lambda: cases.resolve(anna, saved.case_id),
        lambda: cases.reopen(anna, saved.case_id),
        lambda: cases.unlink(anna, saved.case_id, cora.contact_id),
    ):
        with pytest.raises(NotFound):
            attempt()
    assert cases.get(cora.db, saved.case_id).state is CaseState.OPEN


def test_who_opened_a_case_for_another_queue_still_sees_it(centre: Centre) -> None:
    cora = at_work(centre, "cora", "care")

    saved = cora.opens("council_tax")

    assert cases.get(cora.db, saved.case_id).reference == saved.reference
    assert [row.id for row in cases.list_cases(cora.db)] == [saved.case_id]
    with centre.as_owner().read() as tx:
        assert tx.session.get_one(Contact, cora.contact_id).service_id == service_id(
            centre, "council_tax"
        )


def test_a_case_of_a_restricted_service_is_opened_by_its_queue_alone(centre: Centre) -> None:
    anna = at_work(centre)

    with pytest.raises(NotAllowed, match="pass it on"):
        anna.opens("concern")

    with centre.as_owner().read() as tx:
        assert tx.session.scalars(select(Case.id)).all() == []


def test_a_case_refiled_under_a_restricted_service_is_gone_for_whoever_opened_it(
    centre: Centre,
) -> None:
    anna = at_work(centre)
    opened = anna.opens("council_tax")

    concern = CaseInput(
        anna.contact_id, service_id(centre, "concern"), {}, opened.case_id, opened.version
    )
    cases.save(anna.db, concern)

    workspace = contacts.open_contact(anna.db, anna.contact_id)
    assert cases.list_cases(anna.db) == ()
    assert workspace.cases == ()
    assert not [each for each in workspace.timeline if each.kind.startswith("case.")]
    assert cases.get(centre.as_person("cora"), opened.case_id).state is CaseState.OPEN
    with pytest.raises(NotFound):
        cases.save(anna.db, concern)
