"""What nobody can do with psql to alarms, to the keys that sign them, and to incidents."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from uuid import uuid4

import pytest

from crm_desktop.domain.alarms import IncidentInput, IncidentKind, Raised
from crm_desktop.domain.changes import Topic
from crm_desktop.services import alarms
from crm_desktop.store.models import Site
from tests.centre import Centre
from tests.integration.store.attacking import (
    REPORT,
    Attack,
    Connection,
    Ids,
    named,
    refused,
)
from tests.visits_centre import add_site

#: Anna is an advisor; the alarm and the incident are Ben's, and the other alarm hers.
ADVISOR_ATTACKS = (
    Attack("alarms by hand", "SELECT * FROM alarm"),
    Attack("answers by hand", "SELECT * FROM alarm_answer"),
    Attack("the end of an alarm by hand", "UPDATE alarm SET ended_at = now()"),
    Attack("all alarms gone", "DELETE FROM alarm"),
    Attack(
        "an alarm of another's by hand",
        "INSERT INTO alarm (key, raised_by_id) VALUES ('x', %(ben_id)s)",
    ),
    Attack(
        "another's answer",
        "INSERT INTO alarm_answer (alarm_id, staff_id) VALUES (%(alarm)s, %(ben_id)s)",
    ),
    Attack("an alarm that is not acknowledged", "SELECT app.alarm_end(%(alarm)s)"),
    Attack("one's own alarm", "SELECT app.alarm_end(%(own_alarm)s)"),
    Attack("an answer to oneself", "SELECT app.alarm_answer(%(own_alarm)s, '')"),
    Attack("a key again", "SELECT app.alarm_raise(jsonb_build_object('key', %(alarm_key)s::text))"),
    Attack("a key that is none", 'SELECT app.alarm_raise(\'{"key": "a"}\')'),
    Attack("keys by hand", "SELECT * FROM alarm_secret"),
    Attack("another key", "UPDATE alarm_secret SET secret = 'x'"),
    Attack(
        "a signing key of one's own",
        "INSERT INTO alarm_secret (site_id, secret) VALUES (%(site)s, 'x')",
    ),
    Attack("an alarm from within", "SELECT app.alarm_going(%(alarm)s)"),
    Attack("who hears from within", "SELECT app.alarm_heard(%(site)s, %(ben_id)s)"),
    Attack("incidents by hand", "SELECT * FROM incident"),
    Attack("an incident from within", "SELECT app.incident_mine(%(incident)s)"),
    Attack(
        "a colleague's incident changed",
        "SELECT app.incident_save(jsonb_build_object('id', %(incident)s::bigint, 'version', 1,"
        " 'kind', 'threat', 'what', 'x', 'happened', now()))",
    ),
    Attack("a colleague's incident closed", "SELECT app.incident_close(%(incident)s, 1)"),
    Attack("a marker of it", "SELECT app.incident_propose(%(incident)s, 'x')"),
    Attack(
        "a hidden contact in an incident",
        "SELECT app.incident_save(jsonb_build_object('contact', %(care)s::bigint, 'kind', 'threat',"
        " 'what', 'x', 'happened', now()))",
    ),
    Attack(
        "an incident of an alarm one was not told of",
        "SELECT app.incident_save(jsonb_build_object('alarm', %(unheard)s::bigint,"
        " 'kind', 'threat', 'what', 'x', 'happened', now()))",
    ),
    Attack(
        "an alarm that never was",
        "INSERT INTO event (kind, actor_id, data) VALUES ('alarm.raised', app.me(), '{}')",
    ),
)
NOBODY_ATTACKS = (
    Attack("an alarm", "SELECT app.alarm_raise(jsonb_build_object('key', repeat('a', 32)))"),
    Attack("open alarms", "SELECT app.alarms_open()"),
    Attack("keys", "SELECT app.alarm_secrets()"),
    Attack("an answer", "SELECT app.alarm_answer(%(alarm)s, '')"),
    Attack("an end", "SELECT app.alarm_end(%(alarm)s)"),
    Attack("incidents", "SELECT app.incidents(NULL, 10)"),
    Attack("alarms by hand", "SELECT * FROM alarm"),
    Attack("keys by hand", "SELECT * FROM alarm_secret"),
)


@pytest.fixture(scope="module")
def there(attacked: tuple[Centre, Ids]) -> Ids:
    """What is attacked: alarms of Ben's and Anna's, and an incident of Ben's."""
    centre, ids = attacked
    site = add_site(centre)
    anna, ben = centre.as_person("anna"), centre.as_person("ben")
    alarms.means(ben)
    key = uuid4().hex
    (alarm,) = alarms.raise_alarm(ben, Raised(key, site_id=site)).ids(Topic.ALARM)
    (own,) = alarms.raise_alarm(anna, Raised(uuid4().hex)).ids(Topic.ALARM)
    said = IncidentInput(datetime.now(UTC), IncidentKind.THREAT, "Shouted", alarm_id=alarm)
    incident, _ = alarms.save_incident(ben, said)
    quiet = add_site(centre, "quiet")
    with centre.as_owner().write() as tx:
        tx.session.get_one(Site, quiet).settings = {"alarm_hearers": []}
    (unheard,) = alarms.raise_alarm(ben, Raised(uuid4().hex, site_id=quiet)).ids(Topic.ALARM)
    return ids | {
        "unheard": unheard, "site": site, "alarm": alarm,
        "own_alarm": own, "alarm_key": key, "incident": incident,
    }  # fmt: skip


@pytest.mark.parametrize("attack", named(ADVISOR_ATTACKS))
def test_an_advisor_cannot_reach(
    there: Ids, connected: Callable[[str], Connection], attack: Attack
) -> None:
    refused(connected("anna"), there, attack)


@pytest.mark.parametrize("attack", named(NOBODY_ATTACKS))
def test_who_is_no_staff_cannot_reach(
    there: Ids, connected: Callable[[str], Connection], attack: Attack
) -> None:
    refused(connected(REPORT), there, attack)


def test_a_colleagues_incident_is_not_in_the_list(
    there: Ids, connected: Callable[[str], Connection]
) -> None:
    found = connected("anna").execute("SELECT app.incidents(NULL, 500)").fetchone()
    assert found == ([],)
