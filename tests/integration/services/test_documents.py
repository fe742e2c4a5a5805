"""A customer's document is kept with contact and case, opened with a trace, taken back whole."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from crm_desktop.domain.changes import Topic
from crm_desktop.domain.documents import MOST_BYTES, NewDocument, Source
from crm_desktop.domain.errors import CardNumber, Conflict, InvalidInput, NotFound, TooLarge
from crm_desktop.domain.states import Visibility
from crm_desktop.domain.views import NewAttachment, Writing
from crm_desktop.services import contacts, documents, replies
from crm_desktop.store.models import (
    Attachment,
    Blob,
    BlobChunk,
    Case,
    CaseContact,
    Document,
    Message,
    ReadAudit,
)
from tests.centre import Centre
from tests.integration.services.casework import at_work

PDF = NewAttachment("letter.pdf", "application/pdf", b"%PDF-1.7 of a bank")
KEY = "0" * 31


def new(*files: NewAttachment, case_id: int | None = None, words: str = "of March") -> NewDocument:
    """A bank statement."""
    return NewDocument("Bank statement", words, Source.SCANNER, files or (PDF,), case_id)


def test_a_document_stands_in_the_contact_and_in_its_case(centre: Centre) -> None:
    anna = at_work(centre)
    case_id = anna.opens().case_id

    added = documents.add(
        anna.db, anna.contact_id, new(case_id=case_id), writing=Writing(KEY + "1")
    )

    view = contacts.open_contact(anna.db, anna.contact_id)
    message = view.messages[-1]
    assert (message.visibility, message.subject, message.text) == (
        Visibility.INTERNAL,
        "Bank statement",
        "of March",
    )
    (file,) = message.attachments
    (document,) = view.documents
    assert (document.id, document.case_id, document.kind, document.words) == (
        file.id,
        case_id,
        "Bank statement",
        "of March",
    )
    assert (document.name, document.by) == ("letter.pdf", "Anna Whitlock")
    assert anna.events("document") == ["document.added"]
    assert added.changes.ids(Topic.CONTACT) == {anna.contact_id}
    assert added.changes.ids(Topic.CASE) == {case_id}
    with centre.as_owner().read() as tx:
        kept = tx.session.scalars(select(Document)).one()
        assert kept.customer_id == (view.customer and view.customer.id)
        assert kept.source == "scanner"


def test_opening_a_document_is_written_down(centre: Centre) -> None:
    anna = at_work(centre)
    documents.add(anna.db, anna.contact_id, new(), writing=Writing(KEY + "1"))
    (file,) = contacts.open_contact(anna.db, anna.contact_id).messages[-1].attachments

    assert replies.attachment(centre.as_person("ben"), file.id).content == PDF.content

    with centre.as_owner().read() as tx:
        read = tx.session.scalars(select(ReadAudit).where(ReadAudit.what == "attachment")).one()
        assert (read.ref_id, read.staff_id) == (file.id, centre.person("ben").id)


def test_whoever_reads_the_case_opens_its_document_and_nobody_else(centre: Centre) -> None:
    """A waste case's document came in with a contact of the care queue."""
    cora = at_work(centre, "cora", "care")
    case_id = at_work(centre).opens().case_id
    with centre.as_owner().write() as tx:
        tx.session.add(CaseContact(case_id=case_id, contact_id=cora.contact_id))
        tx.session.get_one(Case, case_id).opened_by_id = centre.person("cora").id
    documents.add(cora.db, cora.contact_id, new(case_id=case_id), writing=Writing(KEY + "1"))
    documents.add(cora.db, cora.contact_id, new(), writing=Writing(KEY + "2"))
    with centre.as_owner().read() as tx:
        of_case, of_contact = tx.session.scalars(select(Attachment.id).order_by(Attachment.id))

    ben = centre.as_person("ben")
    assert replies.attachment(ben, of_case).content == PDF.content
    with pytest.raises(NotFound):
        replies.attachment(ben, of_contact)


def test_a_case_of_another_contact_takes_no_document(centre: Centre) -> None:
    anna = at_work(centre)
    other = at_work(centre, "ben").opens().case_id

    with pytest.raises(NotFound):
        documents.add(anna.db, anna.contact_id, new(case_id=other), writing=Writing(KEY + "1"))
    with centre.as_owner().read() as tx:
        assert tx.session.scalar(select(func.count()).select_from(Document)) == 0


def test_a_document_sent_twice_is_kept_once(centre: Centre) -> None:
    anna = at_work(centre)

    first = documents.add(anna.db, anna.contact_id, new(), writing=Writing(KEY + "1"))
    again = documents.add(anna.db, anna.contact_id, new(), writing=Writing(KEY + "1", again=True))

    assert again.message_id == first.message_id
    with centre.as_owner().read() as tx:
        assert tx.session.scalar(select(func.count()).select_from(Document)) == 1


def test_what_is_taken_back_is_gone_with_its_bytes(centre: Centre) -> None:
    anna = at_work(centre)
    case_id = anna.opens().case_id
    scan = NewAttachment("passport.jpg", "image/jpeg", b"\xff\xd8\xff of the wrong person")
    kept = documents.add(anna.db, anna.contact_id, new(), writing=Writing(KEY + "1"))
    wrong = documents.add(
        anna.db, anna.contact_id, new(scan, PDF, case_id=case_id), writing=Writing(KEY + "2")
    )

    changes = documents.undo(anna.db, wrong.message_id)

    assert changes.ids(Topic.CASE) == {case_id}
    view = contacts.open_contact(anna.db, anna.contact_id)
    assert view.messages[-1].id == kept.message_id
    assert view.documents == ()
    assert anna.events("document") == ["document.added", "document.added", "document.removed"]
    with centre.as_owner().read() as tx:
        assert tx.session.scalars(select(Blob.size)).all() == [len(PDF.content)], "another has it"
        assert tx.session.scalars(select(BlobChunk.data)).all() == [PDF.content]


def test_only_an_own_document_is_taken_back_and_not_after_its_time(centre: Centre) -> None:
    anna = at_work(centre)
    added = documents.add(anna.db, anna.contact_id, new(), writing=Writing(KEY + "1"))

    with pytest.raises(NotFound):
        documents.undo(centre.as_person("ben"), added.message_id)
    with centre.as_owner().write() as tx:
        tx.session.get_one(Message, added.message_id).at -= timedelta(minutes=2)
    with pytest.raises(Conflict):
        documents.undo(anna.db, added.message_id)


def test_what_is_no_document_is_refused_in_words(centre: Centre) -> None:
    anna = at_work(centre)

    def add(document: NewDocument) -> None:
        documents.add(anna.db, anna.contact_id, document, writing=Writing(KEY + "1"))

    program = NewAttachment("letter.pdf", "application/pdf", b"MZ\x90\x00 a program")
    with pytest.raises(InvalidInput, match=r"letter\.pdf is not a picture"):
        add(new(program))
    with pytest.raises(TooLarge):
        add(new(NewAttachment("x.pdf", "application/pdf", b"%PDF-" + b"0" * MOST_BYTES)))
    with pytest.raises(InvalidInput):
        add(NewDocument(" ", "", Source.FILE, (PDF,)))
    with pytest.raises(InvalidInput):
        add(NewDocument("Photograph", "", Source.FILE, ()))
    with pytest.raises(CardNumber):
        add(new(words="card 4111 1111 1111 1111"))
    with pytest.raises(NotFound):
        documents.add(centre.as_person("cora"), anna.contact_id, new(), writing=Writing(KEY + "1"))
    assert anna.events("document") == []


def test_a_file_is_called_by_what_it_is(centre: Centre) -> None:
    anna = at_work(centre)
    files = (
        NewAttachment("../../evil.exe", "application/x-msdownload", b"%PDF-1.4"),
        NewAttachment("scan.tiff", "image/tiff", b"II*\x00 pages"),
    )

    documents.add(anna.db, anna.contact_id, new(*files), writing=Writing(KEY + "1"))

    kept = contacts.open_contact(anna.db, anna.contact_id).messages[-1].attachments
    assert [(each.name, each.content_type) for each in kept] == [
        ("evil.exe.pdf", "application/pdf"),
        ("scan.tif", "image/tiff"),
    ]
