"""What nobody can do with psql to sites and their figures, and what an administrator cannot say."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, LiteralString

import pytest

from crm_desktop.services import visits
from crm_desktop.store.models import SiteService
from tests.centre import GATEWAY_LOGIN, Centre
from tests.integration.store.attacking import (
    ADMIN,
    DESK,
    LEADER,
    REPORT,
    Attack,
    Connection,
    Ids,
    named_by_login,
    refused,
)
from tests.visits_centre import add_site, arriving, places, service_of

_PUT: LiteralString = "SELECT app.site_put(%(site)s, %(site_seen)s::jsonb, %(site_seen)s::jsonb || "
_CLOSED: LiteralString = _PUT + "'{\"active\": false}')"
_RENEWED: LiteralString = "SELECT app.site_key_renew(%(site)s)"
_FIGURES: LiteralString = "SELECT app.site_figures(%(site)s, ARRAY[current_date], NULL)"
_BEHIND: LiteralString = "SELECT app.site_behind(%(site)s, current_date, 'came')"

ADVISOR_ATTACKS = (
    Attack("all sites and their keys", "SELECT app.sites_set_up()"),
    Attack("another name for a site", _PUT + '\'{"name": "Mine"}\')'),
    Attack("another key for a kiosk", _RENEWED),
    Attack("a site's inside", "SELECT app.site_data(%(site)s)"),
    Attack("who is busy at a site", "SELECT app.site_busy(%(site)s)"),
    Attack("a site by hand", "UPDATE site SET active = false"),
    Attack("a site's settings by hand", "UPDATE site SET settings = '{\"alarm_hearers\": []}'"),
    Attack("a service of a site by hand", "UPDATE site_service SET letter = 'Z'"),
    Attack("a desk moved by hand", "UPDATE place SET active = false"),
    Attack("opening hours by hand", "UPDATE opening_calendar SET hours = '{}'"),
    Attack("a site's figures", _FIGURES),
    Attack("who came to a site", _BEHIND),
    Attack("who came, past the rules", "SELECT * FROM app.site_came(%(site)s, '{}', NULL)"),
    Attack(
        "a change of a site that never was",
        "INSERT INTO event (kind, actor_id, data) VALUES ('site.put', app.me(), '{}')",
    ),
)
DESK_ATTACKS = (
    Attack("all sites and their keys", "SELECT app.sites_set_up()"),
    Attack("a site's end", _CLOSED),
    Attack("another key for a kiosk", _RENEWED),
    Attack("hours past the rules", "SELECT app.site_hours(NULL, NULL, 'x', '{}')"),
    Attack("places past the rules", "SELECT app.site_places(%(site)s, '[]')"),
    Attack(
        "figures of a year at once",
        "SELECT app.site_figures(%(site)s, ARRAY(SELECT current_date - n"
        " FROM generate_series(1, 366) n), NULL)",
    ),
    Attack("figures of no site", "SELECT app.site_figures(9999, ARRAY[current_date], NULL)"),
)
LEADER_ATTACKS = (
    Attack("all sites and their keys", "SELECT app.sites_set_up()"),
    Attack("a site's end", _CLOSED),
    Attack("another key for a kiosk", _RENEWED),
    Attack("who hears alarms by hand", "UPDATE site SET settings = '{}'"),
)
ADMIN_ATTACKS = (
    Attack("a site's end with people in it", _CLOSED),
    Attack(
        "a desk's end under whoever works there",
        _PUT + "jsonb_build_object('places', (SELECT jsonb_agg(p || '{\"active\": false}')"
        " FROM jsonb_array_elements(%(site_seen)s::jsonb -> 'places') p)))",
    ),
    Attack("a service's end with a visitor about it", _PUT + "'{\"services\": []}')"),
    Attack("a place that is gone", _PUT + "'{\"places\": []}')"),
    Attack(
        "a desk of another site",
        _PUT + "jsonb_build_object('places', (SELECT jsonb_agg(CASE WHEN n = 1 THEN p ELSE"
        " p || jsonb_build_object('id', %(elsewhere)s::bigint) END)"
        " FROM jsonb_array_elements(%(site_seen)s::jsonb -> 'places')"
        " WITH ORDINALITY AS x (p, n))))",
    ),
    Attack(
        "one letter for two services",
        _PUT + "jsonb_build_object('services', (SELECT jsonb_agg(s || '{\"letter\": \"A\"}')"
        " FROM jsonb_array_elements(%(site_seen)s::jsonb -> 'services') s)))",
    ),
    Attack(
        "hours that close before they open",
        _PUT + ('\'{"hours": {"week": {"mon": ["17:00-09:00"]}}}\')'),
    ),
    Attack(
        "hours that overlap",
        _PUT + ('\'{"hours": {"week": {"mon": ["09:00-13:00", "12:00-17:00"]}}}\')'),
    ),
    Attack(
        "hours in no time zone of ours",
        _PUT + ('\'{"hours": {"week": {}, "zone": "Asia/Tokyo"}}\')'),
    ),
    Attack("alarms that nobody hears", _PUT + "'{\"alarm_hearers\": []}')"),
    Attack("alarms that nobody there hears", _PUT + "'{\"alarm_hearers\": [999999]}')"),
    Attack("no calls before a no-show", _PUT + "'{\"calls\": 0}')"),
    Attack("a code that is a path", _PUT + '\'{"code": "../etc"}\')'),
    Attack("a wall of two lines", _PUT + '\'{"wall": "a\\nb"}\')'),
    Attack(
        "a change of a site that was not seen",
        "SELECT app.site_put(%(site)s, '{}', %(site_seen)s::jsonb)",
    ),
    Attack("a kiosk's key of one's own", "UPDATE site SET kiosk_key = 'x'"),
    Attack("the end of a site by hand", "DELETE FROM site"),
    Attack(
        "a change of a site that never was",
        "INSERT INTO event (kind, actor_id, data) VALUES ('site.key', app.me(), '{}')",
    ),
)
GATEWAY_ATTACKS = (
    Attack("a site's end", _CLOSED),
    Attack("another key for a kiosk", _RENEWED),
    Attack("a site's key by hand", "UPDATE site SET kiosk_key = 'x'"),
    Attack("a site's figures", _FIGURES),
)  # fmt: skip


@pytest.fixture(scope="module")
def looked_after(attacked: tuple[Centre, Ids]) -> Ids:
    """A site with somebody at its desk and somebody who waits, another one, and what was seen."""
    centre, ids = attacked
    services = ("missed_bin", "council_tax")
    site, other = add_site(centre, "sited", services=services), add_site(centre, "other")
    with centre.as_owner().write() as tx:
        concern = int(str(ids["concern"]))
        tx.session.add(SiteService(site_id=site, service_id=concern, letter="S", key=9))
    ben = centre.as_person("ben")
    visits.at(ben, places(centre, site)[0])
    visits.check_in(ben, arriving(site, service_of(centre, site), "Waiting Person"))
    cora = centre.as_person("cora")
    visits.check_in(cora, arriving(site, concern, "Hidden Person"))
    with centre.as_owner().read() as tx:
        seen = tx.core.exec_driver_sql(f"SELECT app.site_data({site})::text").scalar()
    return ids | {"site": site, "site_seen": seen, "elsewhere": places(centre, other)[0]}


@pytest.mark.parametrize(
    ("login", "attack"),
    named_by_login(
        {
            "anna": ADVISOR_ATTACKS,
            DESK: DESK_ATTACKS,
            LEADER: LEADER_ATTACKS,
            ADMIN: ADMIN_ATTACKS,
            GATEWAY_LOGIN: GATEWAY_ATTACKS,
        }
    ),
)
def test_they_are_refused(
    looked_after: Ids, connected: Callable[[str], Connection], login: str, attack: Attack
) -> None:
    refused(connected(login), looked_after, attack)


def test_an_administrator_may_what_is_theirs(
    looked_after: Ids, connected: Callable[[str], Connection]
) -> None:
    """The attacks fail for lack of rights, not for lack of what they are after."""
    ada = connected(ADMIN)
    for statement in ("SELECT app.sites_set_up()", _PUT + "'{\"calls\": 5}')", _RENEWED, _FIGURES):
        with ada.transaction(force_rollback=True):
            ada.execute(statement, looked_after)


def test_a_restricted_visitor_is_a_number_to_others(
    looked_after: Ids, connected: Callable[[str], Connection]
) -> None:
    for login in (DESK, LEADER):
        connection = connected(login)
        with connection.transaction(force_rollback=True):
            rows: Any = connection.execute(_BEHIND, looked_after).fetchone()
            figures: Any = connection.execute(_FIGURES, looked_after).fetchone()
        assert rows is not None
        assert figures is not None
        assert "Hidden Person" not in str(rows[0])
        assert len(rows[0]) == 1
        by_service = {each[2]: each[4] for each in figures[0][0]}
        assert by_service[None] == 1
        assert looked_after["concern"] not in by_service
    refused(connected(REPORT), looked_after, Attack("not staff", _FIGURES))
