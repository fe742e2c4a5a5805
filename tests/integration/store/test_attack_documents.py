"""What nobody can do by psql with customers' documents, and with texts to their telephones."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import select

from crm_desktop.domain.documents import NewDocument, Source
from crm_desktop.domain.views import NewAttachment, Writing
from crm_desktop.services import documents
from crm_desktop.store.models import Attachment
from tests.centre import GATEWAY_LOGIN, Centre
from tests.integration.store.attacking import Attack, Connection, Ids, named, refused, unseen

_MESSAGE = (
    "INSERT INTO message (contact_id, direction, visibility, state, author_id, sender_name, "
    "sender_address, recipients, subject, body_text, reply_text, body_html, in_reply_to, "
    "reference_ids, problems, findings, auto_generated, failure) "
)
_EMPTY = "'', '', '{}', 'x', 'x', 'x', '', '', '[]', '[]', '[]', false, '')"
_NOTE = _MESSAGE + "VALUES (%(own)s, 'outbound', 'internal', 'sent', app.me(), " + _EMPTY
_REPLY = _MESSAGE + "VALUES (%(own)s, 'outbound', 'public', 'pending', app.me(), " + _EMPTY
_MINE = "(SELECT max(id) FROM message WHERE author_id = app.me())"
_FILE = (
    "INSERT INTO attachment (message_id, sha256, name, content_type, size, inline, content_id) "
    f"VALUES ({_MINE}, %(sha256)s, 'x', 'application/pdf', 1, false, '')"
)
_ADD = "SELECT app.document_add(jsonb_build_object('kind', 'x', 'source', 'file', "

ADVISOR_ATTACKS = (
    Attack("another queue's document", "SELECT 1 FROM app.open_attachment(%(hidden_file)s)"),
    unseen(
        "what documents another queue's case has",
        "SELECT 1 FROM app.case_documents(ARRAY[%(care_case)s]::bigint[])",
    ),
    unseen(
        "that a case is there, by its documents", "SELECT 1 WHERE app.may_read_case(%(care_case)s)"
    ),
    Attack("documents by their table", "SELECT 1 FROM document"),
    Attack(
        "a document by its table",
        "INSERT INTO document (message_id, kind, source) VALUES (%(message)s, 'x', 'file')",
    ),
    Attack("a customer's message as a document", _ADD + "'message', %(message)s::bigint))"),
    Attack("a colleague's message as a document", _ADD + "'message', %(ben_document)s::bigint))"),
    Attack("a document without a file", _ADD + f"'message', {_MINE}))", before=(_NOTE,)),
    Attack(
        "a document in another queue's case",
        _ADD + f"'message', {_MINE}, 'case', %(care_case)s::bigint))",
        before=(_NOTE, _FILE),
    ),
    Attack("taking a colleague's document back", "SELECT app.document_undo(%(ben_document)s)"),
    Attack("taking a note back thus", f"SELECT app.document_undo({_MINE})", before=(_NOTE,)),
    Attack(
        "that a document was removed",
        "INSERT INTO event (kind, actor_id, contact_id, data) "
        "VALUES ('document.removed', app.me(), %(own)s, '{}')",
    ),
    Attack(
        "a text in one's own words",
        "INSERT INTO outbox (lane, message_id, state, not_before, created_by_id, attempts, "
        f"unknown_fate, last_error) VALUES ('texts', {_MINE}, 'pending', now(), app.me(), 0, "
        "false, '')",
        before=(_REPLY,),
    ),
    Attack("whom the centre texts", "SELECT phone FROM text_message"),
    Attack("a text by its table", "UPDATE text_message SET phone = '+447700900982'"),
    Attack("what writes texts", "SELECT app.text_visit()"),
)  # fmt: skip
GATEWAY_ATTACKS = (
    Attack("a document in nobody's name", _ADD + "'message', %(ben_document)s::bigint))"),
    Attack("a document's bytes taken away", "SELECT app.document_undo(%(ben_document)s)"),
    Attack("a document taken away", "DELETE FROM document"),
    Attack("a document called otherwise", "UPDATE document SET kind = 'x'"),
    Attack("a text taken away", "DELETE FROM text_message"),
)


@pytest.fixture(scope="module")
def brought(attacked: tuple[Centre, Ids]) -> Ids:
    """Ben has added a document to a contact of the general queue, Cora one to a case of care."""
    centre, ids = attacked
    file = NewAttachment("scan.pdf", "application/pdf", b"%PDF-1.7 hidden")
    new = NewDocument("Medical letter", "hidden", Source.SCANNER, (file,))
    ben, cora = centre.as_person("ben"), centre.as_person("cora")
    bens = documents.add(ben, int(str(ids["ben"])), new, writing=Writing("b" * 32))
    of_case = NewDocument(*(new.kind, new.words, new.source, new.files), int(str(ids["care_case"])))
    hidden = documents.add(cora, int(str(ids["care"])), of_case, writing=Writing("c" * 32))
    with centre.as_owner().read() as tx:
        own = select(Attachment.id).where(Attachment.message_id == hidden.message_id)
        file_id = tx.session.scalars(own).one()
    return ids | {"ben_document": bens.message_id, "hidden_file": file_id}


@pytest.mark.parametrize("attack", named(ADVISOR_ATTACKS))
def test_the_database_refuses_an_advisor(
    brought: Ids, connected: Callable[[str], Connection], attack: Attack
) -> None:
    refused(connected("anna"), brought, attack)


@pytest.mark.parametrize("attack", named(GATEWAY_ATTACKS))
def test_the_database_refuses_the_gateway(
    brought: Ids, connected: Callable[[str], Connection], attack: Attack
) -> None:
    refused(connected(GATEWAY_LOGIN), brought, attack)
