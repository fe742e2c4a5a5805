"""The centre's figures for team leaders: today, by half hour, and the contacts behind each."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from crm_desktop.domain.errors import NotAllowed
from crm_desktop.domain.figure_views import BehindPage, CentreFigures, HalfHour
from crm_desktop.domain.figures import REPEAT_DAYS, Figure
from crm_desktop.domain.states import Channel
from crm_desktop.store.database import Database, Tx
from crm_desktop.store.queries import figures as queries

_LONDON = ZoneInfo("Europe/London")
_PAGE = 100


def today(db: Database, day: date | None = None) -> CentreFigures:
    """Today so far, or another day, of the queues that this team leader may know of, with what is
    now. Raises NotAllowed for others.
    """
    with db.read() as tx:
        _check(tx)
        begin, end = _bounds(tx, day)
        ended = begin - timedelta(days=REPEAT_DAYS)
        week = (ended - timedelta(days=7), ended)
        return queries.today(tx, begin, end, week)


def by_half_hour(
    db: Database, day: date | None = None, queue_id: int | None = None
) -> tuple[HalfHour, ...]:
    """The half hours of a day in which anything happened, of all queues or of one."""
    with db.read() as tx:
        _check(tx)
        return queries.half_hours(tx, *_bounds(tx, day), queue_id)


def behind(
    db: Database,
    figure: Figure,
    queue_id: int | None = None,
    channel: Channel | None = None,
    day: date | None = None,
    *,
    after: tuple[datetime, int] | None = None,
    limit: int = _PAGE,
) -> BehindPage:
    """The contacts of this team leader's own queues behind a figure: its denominator, each saying
    whether it is in the numerator. `after` is the page's before. Empty for figures of no contacts
    (`has_contacts`).
    """
    with db.read() as tx:
        _check(tx)
        if not has_contacts(figure):
            return BehindPage(())
        if figure in (Figure.WAITING, Figure.LONGEST_WAIT):
            rows = queries.waiting(
                tx, queue_id=queue_id, channel=channel, after=after, limit=limit + 1
            )
        else:
            begin, end = _bounds(tx, day)
            rows = queries.behind(
                tx, figure, begin, end, queue_id=queue_id, channel=channel, before=after,
                limit=limit + 1,
            )  # fmt: skip
    shown = rows[:limit]
    more = (shown[-1].at, shown[-1].contact_id) if len(rows) > limit else None
    return BehindPage(shown, more)


def has_contacts(figure: Figure) -> bool:
    """Whether contacts stand behind a figure."""
    return figure in queries.HAVE_CONTACTS


def _check(tx: Tx) -> None:
    if tx.actor is None or not tx.actor.leads:
        raise NotAllowed("figures are for team leaders")


def _bounds(tx: Tx, day: date | None) -> tuple[datetime, datetime]:
    """From midnight to midnight on a London clock."""
    on = day or tx.now.astimezone(_LONDON).date()
    begin = datetime(on.year, on.month, on.day, tzinfo=_LONDON)
    following = on + timedelta(days=1)
    end = datetime(following.year, following.month, following.day, tzinfo=_LONDON)
    utc = ZoneInfo("UTC")
    return begin.astimezone(utc), end.astimezone(utc)
