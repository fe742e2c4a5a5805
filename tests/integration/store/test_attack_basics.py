"""What an advisor with psql cannot do: the database refuses, not the program."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from typing import LiteralString

import psycopg
import pytest
from sqlalchemy import select

from crm_desktop.domain.states import IdentifierKind
from crm_desktop.domain.views import Reply
from crm_desktop.services import cases, contacts, customers, drafts, handoffs, replies
from crm_desktop.services.cases import CaseInput
from crm_desktop.store.database import Database, Target
from crm_desktop.store.models import (
    Attachment,
    Event,
    Handoff,
    Message,
    OutboxItem,
    QueueStat,
    Service,
)
from tests.centre import PASSWORD, Centre, build_template
from tests.servers.postgres import PostgresCluster

#: Each thing of somebody else's, by its name in the statements.
Ids = dict[str, object]


@dataclass(frozen=True)
class Attack:
    """A statement, and whether it fails (or else touches nothing)."""

    what: str
    statement: LiteralString
    fails: bool = True


def _unseen(what: str, statement: LiteralString) -> Attack:
    return Attack(what, statement, fails=False)


#: No right to it; or our own functions' "not there", "not allowed", "with somebody else", "cannot".
REFUSALS = ("42501", "CRM01", "CRM02", "CRM03", "CRM04")

ATTACKS = (
    # Reading
    _unseen("another queue's contact", "SELECT 1 FROM contact WHERE id = %(care)s"),
    _unseen("that it has a case", "SELECT 1 FROM case_contact WHERE contact_id = %(care)s"),
    _unseen("another queue's case", "SELECT 1 FROM cases WHERE id = %(care_case)s"),
    _unseen("another queue's timeline", "SELECT 1 FROM app.events(%(care)s)"),
    _unseen("its counts", "SELECT 1 FROM queue_stat WHERE queue_id = %(care_queue)s"),
    _unseen(
        "a restricted queue in a search",
        "SELECT 1 FROM app.search('hidden', '''hidden'':*', %(care_reference)s, '', 9)",
    ),
    _unseen(
        "a restricted queue's contacts in a search",
        "SELECT 1 FROM app.search_contacts('{}', 'hidden', 9, 1000) WHERE ids <> '{}'",
    ),
    _unseen(
        "a restricted queue in a history",
        "SELECT 1 FROM app.history(%(customer)s, 9) WHERE kind = 'case'",
    ),
    _unseen("others' outgoing work", "SELECT 1 FROM outbox WHERE created_by_id <> app.me()"),
    _unseen("a colleague's draft", "SELECT 1 FROM draft WHERE author_id <> app.me()"),
    _unseen("others' events", "SELECT id FROM event WHERE id = %(ben_event)s"),
    _unseen(
        "files by their messages",
        "SELECT 1 FROM app.attachments(ARRAY[%(care_message)s]::bigint[])",
    ),
    Attack("content without a trace", "SELECT body_text FROM message WHERE id = %(message)s"),
    Attack("any message whole", "SELECT * FROM message"),
    Attack("another queue's messages", "SELECT 1 FROM app.open_contact(%(care)s)"),
    Attack("another queue's file", "SELECT 1 FROM app.open_attachment(%(attachment)s)"),
    Attack("a file's bytes", "SELECT data FROM blob_chunk"),
    Attack("a file's name", "SELECT name FROM attachment"),
    Attack("an identifier's value", "SELECT value FROM identifier"),
    Attack("an identifier's normal form", "SELECT 1 FROM identifier WHERE norm LIKE 'a%%'"),
    Attack("the words of all contacts", "SELECT 1 FROM contact_words"),
    Attack("every word that was written", "SELECT 1 FROM contact_vocabulary"),
    Attack("an event's data", "SELECT data FROM event"),
    Attack("who read what", "SELECT 1 FROM read_audit"),
    Attack("a channel's settings", "SELECT settings FROM channel_account"),
    Attack("password verifiers", "SELECT rolpassword FROM pg_authid"),
    # Contacts
    Attack("moving a contact", "UPDATE contact SET owner_id = app.me() WHERE id = %(ben)s"),
    Attack("making a contact", "INSERT INTO contact (channel) VALUES ('email')"),
    Attack("removing a contact", "DELETE FROM contact WHERE id = %(ben)s"),
    Attack("taking what a colleague has", "SELECT app.claim(%(ben)s)"),
    Attack("taking from another queue", "SELECT app.claim(%(care)s)"),
    Attack("ending a colleague's contact", "SELECT app.complete(%(ben)s, NULL, 'resolved', false)"),
    Attack("giving a contact away", "SELECT app.give(%(ben)s, 1)"),
    Attack("skipping the checks", "SELECT app.in_hand(%(ben)s, ARRAY['active'])"),
    Attack("ending an assignment", "SELECT app.end_assignment(%(ben)s, 'completed', '')"),
    # What happened
    Attack("logging at will", "SELECT app.log('contact.completed', %(ben)s, '{}')"),
    Attack("a false trace", "SELECT app.trace('contact', %(ben)s)"),
    Attack(
        "an event as somebody else",
        "INSERT INTO event (kind, actor_id, data) VALUES ('note.added', %(ben_id)s, '{}')",
    ),
    Attack(
        "an event as nobody",
        "INSERT INTO event (kind, data) VALUES ('note.added', '{}')",
    ),
    Attack(
        "a move that never was",
        "INSERT INTO event (kind, actor_id, contact_id, data)"
        " VALUES ('contact.completed', app.me(), %(ben)s, '{}')",
    ),
    Attack(
        "an event of another queue's contact",
        "INSERT INTO event (kind, actor_id, contact_id, data)"
        " VALUES ('note.added', app.me(), %(care)s, '{}')",
    ),
    Attack("changing what happened", "UPDATE event SET kind = 'x'"),
    Attack("removing what happened", "DELETE FROM event"),
    Attack("removing every trace", "TRUNCATE read_audit"),
    # Messages and outgoing work
    Attack(
        "a reply under another name",
        "INSERT INTO message (contact_id, direction, visibility, state, author_id, sender_name,"
        " sender_address, recipients, subject, body_text, reply_text, body_html, in_reply_to,"
        " reference_ids, problems, findings, auto_generated, failure) VALUES (%(ben)s, 'outbound',"
        " 'public', 'pending', %(ben_id)s, '', '', '{}', '', 'x', 'x', '', '', '[]', '[]', '[]',"
        " false, '')",
    ),
    Attack(
        "a reply to a contact in another's hands",
        "INSERT INTO message (contact_id, direction, visibility, state, author_id, sender_name,"
        " sender_address, recipients, subject, body_text, reply_text, body_html, in_reply_to,"
        " reference_ids, problems, findings, auto_generated, failure) VALUES (%(ben)s, 'outbound',"
        " 'public', 'pending', app.me(), '', '', '{}', '', 'x', 'x', '', '', '[]', '[]', '[]',"
        " false, '')",
    ),
    Attack("changing words already written", "UPDATE message SET body_text = 'x'"),
    _unseen("another's Message-ID", "UPDATE message SET rfc_id = '<x>' WHERE id = %(ben_message)s"),
    Attack("taking back a colleague's reply", "SELECT app.withdraw(%(ben_message)s)"),
    Attack("sending a colleague's stopped reply", "SELECT app.release_stopped(%(ben_message)s)"),
    Attack("trying a colleague's work again", "SELECT app.retry_dead(%(ben_outbox)s)"),
    Attack(
        "work that is done already",
        "INSERT INTO outbox (lane, state, attempts, unknown_fate, last_error, created_by_id)"
        " VALUES ('mail', 'done', 0, false, '', app.me())",
    ),
    Attack(
        "work for a colleague's reply",
        "INSERT INTO outbox (lane, state, attempts, unknown_fate, last_error, created_by_id,"
        " message_id) VALUES ('mail', 'pending', 0, false, '', app.me(), %(ben_message)s)",
    ),
    Attack(
        "work for a colleague's hand-off",
        "INSERT INTO outbox (lane, state, attempts, unknown_fate, last_error, created_by_id,"
        " handoff_id) VALUES ('open311', 'pending', 0, false, '', app.me(), %(ben_handoff)s)",
    ),
    Attack("changing outgoing work", "UPDATE outbox SET state = 'done'"),
    # Cases and hand-offs
    _unseen("another queue's answers", "UPDATE cases SET answers = '{}' WHERE id = %(care_case)s"),
    Attack("who opened a case", "UPDATE cases SET opened_by_id = app.me()"),
    Attack("a case's queue", "UPDATE cases SET queue_id = 1"),
    Attack("moving another queue's case", "SELECT app.refile(%(care_case)s, 1)"),
    Attack("removing a case", "DELETE FROM cases"),
    Attack("a hand-off's end", "UPDATE handoff SET state = 'done'"),
    Attack(
        "linking what one does not see",
        "INSERT INTO case_contact (case_id, contact_id) VALUES (%(care_case)s, %(own)s)",
    ),
    # Drafts, people, the database itself
    _unseen("a colleague's draft's words", "UPDATE draft SET content = '{}'"),
    _unseen("a colleague's draft's end", "DELETE FROM draft"),
    Attack(
        "a draft in a colleague's name",
        "INSERT INTO draft (contact_id, author_id, kind, content)"
        " VALUES (%(own)s, %(ben_id)s, 'reply', '{}')",
    ),
    Attack("one's own role", "UPDATE staff SET role = 'team_leader' WHERE id = app.me()"),
    Attack("one's own queues", "INSERT INTO membership VALUES (app.me(), %(care_queue)s)"),
    Attack("a colleague's queues", "DELETE FROM membership"),
    Attack("a service's back office", "UPDATE service SET handoff_account_id = NULL"),
    Attack("an article's words", "UPDATE article SET body = 'x'"),
    Attack("the index of articles", "DELETE FROM article_vocabulary"),
    Attack("the gateway's lease", "UPDATE lease SET fence = 999"),
    Attack("the revision", "UPDATE alembic_version SET version_num = '9999'"),
    Attack("becoming a team leader", "SET ROLE crm_team_leader"),
    Attack("becoming the gateway", "SET ROLE crm_gateway"),
    Attack("becoming a colleague", "SET SESSION AUTHORIZATION ben"),
    Attack("joining a group", "GRANT crm_team_leader TO anna"),
    Attack("a new role", "CREATE ROLE mallory LOGIN"),
    Attack("more rights for oneself", "ALTER ROLE anna SUPERUSER"),
    Attack(
        "a function in public", "CREATE FUNCTION public.me() RETURNS int LANGUAGE sql AS 'SELECT 1'"
    ),
    Attack("a function in app", "CREATE FUNCTION app.spy() RETURNS int LANGUAGE sql AS 'SELECT 1'"),
    Attack("a table in public", "CREATE TABLE public.staff2 (id int)"),
    Attack("a policy's end", "ALTER TABLE contact DISABLE ROW LEVEL SECURITY"),
    Attack("a policy's change", "DROP POLICY own_queues ON contact"),
    Attack("the server's files", "SELECT pg_read_file('postgresql.conf')"),
    Attack("the server's shell", "COPY staff TO PROGRAM 'cat'"),
)


@pytest.fixture(scope="module")
def attacked(postgres_cluster: PostgresCluster) -> Iterator[tuple[Centre, Ids]]:
    """A centre with work of others'; every attack is rolled back, so all may share it."""

    def build(url: str) -> None:
        db = Database(Target(url))
        build_template(db)
        db.close()

    template = postgres_cluster.template("centre", build)
    with postgres_cluster.database(template) as name:
        target = Target(postgres_cluster.superuser_url(name))
        centre = Centre(target, cluster=postgres_cluster, database=name)
        yield centre, _arranged(centre)
        centre.close()


def _arranged(centre: Centre) -> Ids:
    ben, cora = centre.as_person("ben"), centre.as_person("cora")
    with centre.as_owner().read() as tx:
        services = {row.code: row.id for row in tx.session.scalars(select(Service))}
    care = centre.add_contact(queue="care", who="Hidden Person", customer="h@example.org")
    bens = centre.add_contact(customer="sam@example.org")
    own = centre.add_contact()
    contacts.take(ben, bens)
    contacts.take(centre.as_person("anna"), own)
    care_case = cases.save(cora, CaseInput(care, services["concern"], {}))
    bens_case = cases.save(ben, CaseInput(bens, services["missed_bin"], {"bin": "general"}))
    handoffs.request(ben, bens_case.case_id, bens)
    sent = replies.send(ben, bens, Reply("We will come back.", "sam@example.org"))
    drafts.save(ben, bens, "note", {"text": "not yet"})
    customer_id = customers.search(cora, "h@example.org")[0].id
    customers.add_identifier(cora, customer_id, IdentifierKind.PHONE, "01632 960 001")
    assert ben.actor is not None
    with cora.write() as tx:
        sha256 = tx.guard.put_blob(b"x")
    with centre.as_owner().write() as tx:
        tx.session.add(QueueStat(queue_id=centre.queue_id("care"), channel="email", waiting=1))
        care_message = tx.session.scalars(
            select(Message.id).where(Message.contact_id == care)
        ).one()
        attachment = Attachment(
            message_id=care_message, sha256=sha256, name="x.txt", content_type="text/plain", size=1
        )
        tx.session.add(attachment)
        tx.session.flush()
        outbox_id = tx.session.scalars(
            select(OutboxItem.id).where(OutboxItem.message_id == sent.message_id)
        ).one()
        handoff_id = tx.session.scalars(select(Handoff.id)).one()
        own_message = tx.session.scalars(select(Message.id).where(Message.contact_id == own)).one()
        attachment_id = attachment.id
        event_id = tx.session.scalars(
            select(Event.id).where(Event.actor_id == ben.actor.id).limit(1)
        ).one()
    return {
        "care": care,
        "care_queue": centre.queue_id("care"),
        "care_case": care_case.case_id,
        "care_reference": care_case.reference,
        "care_message": care_message,
        "attachment": attachment_id,
        "customer": customer_id,
        "ben": bens,
        "ben_id": ben.actor.id,
        "ben_message": sent.message_id,
        "ben_outbox": outbox_id,
        "ben_handoff": handoff_id,
        "ben_event": event_id,
        "own": own,
        "message": own_message,
    }


@pytest.mark.parametrize("attack", ATTACKS, ids=[each.what.replace(" ", "-") for each in ATTACKS])
def test_the_database_refuses(attacked: tuple[Centre, Ids], attack: Attack) -> None:
    centre, ids = attacked
    assert centre.cluster is not None

    with (
        closing(centre.cluster.connect(centre.database, "anna", PASSWORD)) as connection,
        connection.transaction(force_rollback=True),
    ):
        if attack.fails:
            with pytest.raises(psycopg.Error) as refusal:
                connection.execute(attack.statement, ids)
            assert refusal.value.sqlstate in REFUSALS, refusal.value
        else:
            assert connection.execute(attack.statement, ids).rowcount == 0


def test_the_same_is_there_for_those_whose_it_is(attacked: tuple[Centre, Ids]) -> None:
    """The attacks fail for lack of rights, not for lack of what they are after."""
    centre, ids = attacked
    assert centre.cluster is not None
    theirs = {
        "cora": ("another queue", "that it has", "a restricted", "files by", "its counts"),
        "ben": ("others'", "a colleague's draft", "another's Message-ID"),
    }

    for login, beginnings in theirs.items():
        with closing(centre.cluster.connect(centre.database, login, PASSWORD)) as connection:
            for attack in ATTACKS:
                if attack.fails or not attack.what.startswith(beginnings):
                    continue
                statement = attack.statement.replace("<> app.me()", "= app.me()")
                with connection.transaction(force_rollback=True):
                    assert connection.execute(statement, ids).rowcount > 0, attack.what
