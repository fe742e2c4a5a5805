"""A site's figures and setting-up read their days alone, however many years there are."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import closing
from typing import Any, LiteralString

from sqlalchemy import event, text

from crm_desktop.domain.site_figures import SiteFigure
from crm_desktop.domain.states import StaffRole
from crm_desktop.services import site_figures, sites, staff
from crm_desktop.services.staff import NewStaff
from crm_desktop.store.database import Database
from tests.centre import PASSWORD, Centre
from tests.visits_centre import add_site

#: Eighty days of thirty visitors.
_DAYS, _A_DAY = 80, 30
_MANY = _DAYS * _A_DAY
_NUMBERS = {
    "sqlite": "(WITH RECURSIVE counted(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM counted"
    f" WHERE n < {_MANY}) SELECT n FROM counted) AS x",
    "postgresql": f"generate_series(1, {_MANY}) AS x(n)",
}
_WORDS = {
    "sqlite": {
        "at": "strftime('%Y-%m-%d %H:%M:%f', 'now', '-' || (n / 30) || ' days') || '000'",
        "day": "date('now', '-' || (n / 30) || ' days')",
        "key": "printf('%032x', id)",
    },
    "postgresql": {
        "at": "now() - (n / 30) * interval '1 day'",
        "day": "(now() - (n / 30) * interval '1 day')::date",
        "key": "lpad(to_hex(id), 32, '0')",
    },
}
_VISITS = (
    """INSERT INTO contact (channel, direction, state, queue_id, service_id, priority, who, subject,
           preview, folded, received_at, parked_for_reply, needs_checking, check_reason,
           auto_generated, thread_id)
       SELECT 'visit', 'inbound', CASE WHEN n < 30 THEN 'queued' ELSE 'completed' END, 1, 1, 0,
              'Somebody', 'Visit', CAST(n AS TEXT), '', {at}, false, false, '', false, 500000 + n
       FROM {numbers}""",
    """INSERT INTO visit (contact_id, site_id, day, letter, number, key, checked_in_by, seen_at)
       SELECT id, :site, {day}, 'A', n, {key}, 'desk', CASE WHEN n < 30 THEN NULL ELSE {at} END
       FROM (SELECT id, received_at, CAST(preview AS INTEGER) AS n FROM contact
             WHERE channel = 'visit') AS c""",
    """INSERT INTO appointment (site_id, service_id, place_id, reference, starts_at, ends_at, who,
           state)
       SELECT :site, 1, :place, 'A-' || n, {at}, {at}, 'Somebody', 'served' FROM {numbers}""",
)
#: On PostgreSQL so few contacts are read faster as a whole than one by one; SQLite has no
#: such choice.
_TABLES = {"sqlite": "contact|visit|appointment", "postgresql": "visit|appointment"}


def _years(centre: Centre) -> int:
    """A site to which people came for long."""
    site = add_site(centre)
    words = {**_WORDS[centre.dialect], "numbers": _NUMBERS[centre.dialect]}
    for each in _VISITS:
        given = {name: site for name in ("site",) if ":site" in each}
        given |= {"place": 1} if ":place" in each else {}
        with centre.as_owner().write() as tx:
            tx.session.execute(
                text(each.format(**words).replace("%H:%M:%f", "%H\\:%M\\:%f")), given
            )
    with centre.as_owner().write() as tx:
        tx.session.execute(text("ANALYZE"))
    return site


def _plans(db: Database, work: Callable[[], object]) -> list[str]:
    statements: list[tuple[str, Any]] = []

    def keep(_c: object, _cursor: object, statement: str, parameters: Any, *_: object) -> None:
        if re.match(r"SELECT|WITH", statement):
            statements.append((statement, parameters))

    event.listen(db.engine, "before_cursor_execute", keep)
    work()
    event.remove(db.engine, "before_cursor_execute", keep)
    with db.read() as tx:
        connection = tx.session.connection()
        return [
            "\n".join(
                " ".join(map(str, row))
                for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {said}", parameters)
            )
            for said, parameters in statements
        ]


def _scans(plan: str) -> bool:
    return bool(
        re.search(rf"Seq Scan on ({_TABLES['postgresql']})\b", plan)
        or re.search(rf"SCAN ({_TABLES['sqlite']})\b(?! USING)", plan)
    )


def test_on_sqlite(sqlite_centre: Centre) -> None:
    site = _years(sqlite_centre)
    rose = sqlite_centre.as_person("rose")

    def work() -> None:
        day = site_figures.of_day(rose, site).day
        for figure in (SiteFigure.CAME, SiteFigure.LATE):
            site_figures.behind(rose, site, day, figure)
        sites.read(sqlite_centre.as_owner())

    plans = _plans(rose, work)

    assert any("ix_visit_site_day" in each for each in plans)
    assert any("ix_appointment_starts_at" in each for each in plans)
    assert [each for each in plans if _scans(each)] == []


#: What desktops ask, and the index that it is found in.
_FUNCTIONS: tuple[tuple[str, LiteralString, str], ...] = (
    ("rose", "SELECT app.site_figures(%(site)s, ARRAY[current_date, current_date - 7], NULL)",
     "ix_visit_site_day"),
    ("rose", "SELECT app.site_figures(%(site)s, ARRAY[current_date], '12:00')",
     "ix_appointment_starts_at"),
    ("rose", "SELECT app.site_behind(%(site)s, current_date, 'came')", "ix_visit_site_day"),
    ("rose", "SELECT app.site_behind(%(site)s, current_date, 'kept')", "ix_appointment_starts_at"),
    ("ada", "SELECT app.sites_set_up()", "ix_visit_site_day"),
)  # fmt: skip


def test_the_guarded_functions(postgres_centre: Centre) -> None:
    """As auto_explain sees it from within."""
    site = _years(postgres_centre)
    owner = postgres_centre.as_owner()
    staff.add(owner, NewStaff("ada", "Ada", StaffRole.ADMIN), PASSWORD)
    assert postgres_centre.cluster is not None
    plans: list[str] = []
    with closing(postgres_centre.cluster.connect(postgres_centre.database)) as connection:
        connection.add_notice_handler(lambda told: plans.append(told.message_primary or ""))
        for setting in (
            "LOAD 'auto_explain'",
            "SET auto_explain.log_min_duration = 0",
            "SET auto_explain.log_nested_statements = on",
            "SET client_min_messages = log",
        ):
            connection.execute(setting)
        for login, asked, index in _FUNCTIONS:
            connection.execute("RESET SESSION AUTHORIZATION")
            connection.execute(
                "SET SESSION AUTHORIZATION rose"
                if login == "rose"
                else "SET SESSION AUTHORIZATION ada"
            )
            plans.clear()
            connection.execute(asked, {"site": site})
            assert any(index in each for each in plans), asked
            assert [each for each in plans if _scans(each)] == []
