"""A site's figures for desk staff and team leaders: a day, the same weekday of the weeks before,
and who is behind each number.
"""

from __future__ import annotations

from datetime import date, timedelta
from zoneinfo import ZoneInfo

from crm_desktop.domain.site_figures import (
    WEEKS,
    Appointed,
    EarlierDay,
    SiteBehind,
    SiteFigure,
    SiteFigures,
    added,
    usual,
)
from crm_desktop.store.database import Database
from crm_desktop.store.queries import site_figures as queries

_LONDON = ZoneInfo("Europe/London")


def of_day(db: Database, site_id: int, day: date | None = None) -> SiteFigures:
    """Today so far, or another day of a site. Raises NotAllowed for advisors, NotFound."""
    with db.read() as tx:
        here = tx.now.astimezone(_LONDON)
        wanted = day or here.date()
        is_today = wanted == here.date()
        before = [wanted - timedelta(weeks=n) for n in range(1, WEEKS + 1)]
        found, booked = queries.figures(tx, site_id, [wanted, *before], None)
        parts = tuple(each for each in found if each.day == wanted)
        whole = earlier = tuple(each for each in found if each.day != wanted)
        if is_today and whole:
            until = here.time().replace(tzinfo=None)
            earlier, _ = queries.figures(tx, site_id, before, until)
        about = {each.service_id for each in parts if each.service_id}
        services, restricted = queries.services(tx, site_id, about)
        return SiteFigures(
            site_id=site_id,
            site=queries.name(tx, site_id),
            at=tx.now,
            day=wanted,
            is_today=is_today,
            parts=parts,
            appointed=booked.get(wanted, Appointed()),
            services=services,
            places=queries.places(tx, site_id),
            earlier=tuple(
                EarlierDay(
                    each,
                    added(part.sums for part in earlier if part.day == each),
                    booked.get(each, Appointed()),
                )
                for each in before
                if any(part.day == each for part in whole)
            ),
            usual=usual(whole),
            restricted=restricted,
        )


def behind(db: Database, site_id: int, day: date, figure: SiteFigure) -> tuple[SiteBehind, ...]:
    """Who is behind a number of a day, the newest first, 500 at most. Raises as `of_day`."""
    with db.read() as tx:
        return queries.behind(tx, site_id, day, figure.value)
