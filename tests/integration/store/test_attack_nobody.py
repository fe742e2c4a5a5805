"""What somebody disabled cannot do in a session that is open, nor a login that has no role."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import psycopg
import pytest

from crm_desktop.services import visits
from tests.centre import PASSWORD, Centre
from tests.integration.store.attacking import (
    ADMIN,
    BY_HAND,
    DISABLED,
    NOBODY,
    Attack,
    Connection,
    Ids,
    named,
    refused,
    unseen,
)
from tests.servers.postgres import exclusive
from tests.visits_centre import add_site, arriving, service_of

_CUSTOMER = "INSERT INTO customer (kind, name, folded, prefers) VALUES ('', 'x', 'x', '')"
DISABLED_ATTACKS = (
    Attack("what is expected", "SELECT 1 FROM arrival_forecast"),
    Attack("contacts by a statement prepared before", "EXECUTE prepared_before"),
    Attack("contacts", "SELECT 1 FROM contact"),
    Attack("customers", "SELECT 1 FROM customer"),
    Attack("who works here", "SELECT 1 FROM staff"),
    Attack("the services", "SELECT 1 FROM service"),
    Attack("articles", "SELECT 1 FROM article"),
    Attack("search", "SELECT 1 FROM app.search('hidden', '', '', '', 9)"),
    Attack("who they were", "SELECT 1 FROM app.whoami()"),
    Attack("the next contact", "SELECT app.claim_next(NULL, NULL, NULL, false)"),
    Attack("passing on what waits", "SELECT app.transfer(%(waiting)s, %(care_queue)s, NULL, 'x')"),
    Attack("their own drafts", "SELECT 1 FROM draft"),
    Attack("a customer", _CUSTOMER),
    Attack("a file", "SELECT app.put_blob('x', 1, '{}')"),
    Attack("a safety marker", "SELECT app.marker_propose(%(customer)s, 'x')"),
    Attack("being there", "SELECT app.presence_begin('')"),
    Attack("a heartbeat", "SELECT app.presence_here('', false, false)"),
    Attack("coming back", "SELECT app.staff_enable(%(ben_id)s)"),
    Attack("coming back by hand", 'ALTER ROLE "attack.dan" LOGIN'),
)
#: Only marked as inactive, by hand, and still in their group.
BY_HAND_ATTACKS = (
    Attack("being there", "SELECT app.presence_begin('')"),
    unseen("who is at work", "SELECT 1 FROM activity"),
    Attack("raising what nobody holds", "SELECT app.boost(%(waiting)s, 5, 'x')"),
    Attack("why something waits", "SELECT app.explain(%(waiting)s, '{}')"),
    unseen("contacts", "SELECT 1 FROM contact"),
    Attack("a contact opened", "SELECT app.opened(%(waiting)s, 20)"),
    Attack(
        "a reply to what nobody holds",
        "SELECT app.reply(%(waiting)s, false, NULL, '{}', 'x', 'x', '<x@x>', '[]', 10)",
    ),
    unseen("a contact's row", "SELECT 1 WHERE app.listed(%(waiting)s) IS NOT NULL"),
    unseen("customers", "SELECT 1 FROM customer"),
    unseen("cases", "SELECT 1 FROM cases"),
    unseen("colleagues", "SELECT 1 FROM staff"),
    unseen("safety markers", "SELECT 1 FROM safety_marker"),
    unseen("who they were", "SELECT 1 FROM app.whoami()"),
    Attack("search", "SELECT 1 FROM app.search('hidden', '', '', '', 9)"),
    Attack("the next contact", "SELECT app.claim_next(NULL, NULL, NULL, false)"),
    Attack(
        "passing on what nobody holds",
        "SELECT app.transfer(%(waiting)s, %(care_queue)s, NULL, 'x')",
    ),
    Attack("a customer's identifiers", "SELECT 1 FROM app.open_customer(%(customer)s)"),
    Attack("a customer", _CUSTOMER),
    Attack("a file", "SELECT app.put_blob('x', 1, '{}')"),
    Attack("sending a visitor away", "SELECT app.visit_moves(%(visitor)s, 'left')"),
    Attack(
        "passing a visitor on",
        "SELECT app.visit_transfer(%(visitor)s, NULL, %(visited)s, '')",
    ),
    Attack("dead work that nobody began", "SELECT app.retry_dead(%(care_outbox)s)"),
    Attack("a safety marker", "SELECT app.marker_propose(%(customer)s, 'x')"),
)
#: A login of the server that no administrator made.
NOBODY_ATTACKS = (
    Attack("contacts", "SELECT 1 FROM contact"),
    Attack("who works here", "SELECT 1 FROM public.staff"),
    Attack("the services", "SELECT 1 FROM public.service"),
    Attack("the revision", "SELECT 1 FROM public.alembic_version"),
    Attack("who one is", "SELECT app.me()"),
    Attack("search", "SELECT 1 FROM app.search('hidden', '', '', '', 9)"),
    Attack("reports", "SELECT 1 FROM report.contacts"),
    Attack("taking a contact", "SELECT app.claim(%(waiting)s)"),
    Attack("opening one", "SELECT app.opened(%(waiting)s, 20)"),
    Attack("a colleague", "SELECT app.staff_add('mallory', 'M', 'admin', '{}', %(verifier)s)"),
    Attack("a group", 'GRANT crm_advisor TO "attack.nora"'),
    Attack("becoming staff", "SET ROLE crm_staff"),
    Attack("a table", "CREATE TABLE public.mine (id int)"),
    Attack("a temporary table", "CREATE TEMPORARY TABLE mine (id int)"),
    Attack("intake's lock", "SELECT pg_advisory_lock(1)"),
    Attack("a large object", "SELECT lo_create(0)"),
)


@pytest.fixture(scope="module")
def disabled(
    attacked: tuple[Centre, Ids], connected: Callable[[str], Connection]
) -> Iterator[Connection]:
    """A session that was opened in the moment of being disabled, which ended the ones before.

    The login is the whole server's: where this file is divided among workers, one has it at a time.
    """
    centre, _ = attacked
    assert centre.cluster is not None
    with exclusive(Path(f"{centre.cluster.directory}.disabled")):
        with closing(centre.cluster.connect(centre.database)) as owner:
            owner.execute(f'ALTER ROLE "{DISABLED}" LOGIN')
            owner.execute(f'GRANT crm_advisor TO "{DISABLED}"')
        yield from _disabled(centre, connected)


def _disabled(centre: Centre, connected: Callable[[str], Connection]) -> Iterator[Connection]:
    assert centre.cluster is not None
    admin = connected(ADMIN)
    before = centre.cluster.connect(centre.database, DISABLED, PASSWORD)
    (own,) = before.execute("SELECT app.me()").fetchone() or ()
    with admin.transaction():
        admin.execute("SELECT app.staff_disable(%s)", [own])
        late = centre.cluster.connect(centre.database, DISABLED, PASSWORD)
        late.execute("PREPARE prepared_before AS SELECT 1 FROM contact")
        late.execute("EXECUTE prepared_before")
    with pytest.raises(psycopg.OperationalError):
        before.execute("SELECT 1")
    yield late
    late.close()


@pytest.mark.parametrize("attack", named(DISABLED_ATTACKS))
def test_somebody_disabled_is_refused(
    attacked: tuple[Centre, Ids], disabled: Connection, attack: Attack
) -> None:
    refused(disabled, attacked[1], attack)


@pytest.fixture(scope="module")
def by_hand(attacked: tuple[Centre, Ids], connected: Callable[[str], Connection]) -> Connection:
    """A session of somebody whose row alone says that they are disabled."""
    centre, _ = attacked
    assert centre.cluster is not None
    with closing(centre.cluster.connect(centre.database)) as owner:
        owner.execute("UPDATE staff SET active = false WHERE login = %s", [BY_HAND])
    return connected(BY_HAND)


@pytest.fixture(scope="module")
def visited(attacked: tuple[Centre, Ids]) -> Ids:
    """A visitor waits, whom nobody has called."""
    centre, ids = attacked
    site = add_site(centre)
    service = service_of(centre, site)
    visitor, _ = visits.check_in(centre.as_person("ben"), arriving(site, service))
    return ids | {"visitor": visitor.contact_id, "visited": service}


@pytest.mark.parametrize("attack", named(BY_HAND_ATTACKS))
def test_somebody_inactive_is_refused(visited: Ids, by_hand: Connection, attack: Attack) -> None:
    refused(by_hand, visited, attack)


@pytest.fixture(scope="module")
def nobody(attacked: tuple[Centre, Ids], connected: Callable[[str], Connection]) -> Connection:
    """A login without a role, which somebody let connect."""
    centre, _ = attacked
    assert centre.cluster is not None
    with closing(centre.cluster.connect(centre.database)) as owner:
        owner.execute(f'GRANT CONNECT ON DATABASE {centre.database} TO "{NOBODY}"')
    return connected(NOBODY)


@pytest.mark.parametrize("attack", named(NOBODY_ATTACKS))
def test_a_login_without_a_role_is_refused(
    attacked: tuple[Centre, Ids], nobody: Connection, attack: Attack
) -> None:
    refused(nobody, attacked[1], attack)
