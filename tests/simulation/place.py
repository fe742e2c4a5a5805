"""The centre of the simulated day: its queues, and everybody signed in and available."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import insert, select, update

from crm_desktop.domain.states import Channel, Presence, StaffRole
from crm_desktop.services import Database, Target
from crm_desktop.store import migrate, people, signed_in
from crm_desktop.store.models import Activity, OpeningCalendar, Queue, QueueTarget, Staff
from crm_desktop.store.models.base import utcnow
from tests.centre import GATEWAY_LOGIN, MIGRATIONS, PASSWORD
from tests.servers.postgres import PostgresCluster
from tests.simulation.day import Plan
from tests.simulation.people import Desk
from tests.simulation.shop import Shop

CALLS_POINTS = 5
#: queue, its priority, the channels that wait in it
QUEUES = (
    ("calls", CALLS_POINTS, (Channel.CALL,)),
    ("written", 0, (Channel.EMAIL, Channel.WEB_FORM, Channel.SOCIAL)),
    ("visits", 5, (Channel.VISIT,)),
    ("chats", 5, (Channel.CHAT,)),
)
#: Who is in which queues: those who answer calls write in between.
_TEAMS = {"callers": ("calls", "written"), "visitors": ("visits",), "chatters": ("chats",)}
WITHIN = 20
OFFER_SECONDS = 20


class Place:
    """The database of the day and everybody's ways into it.

    `late`: by how many seconds people did late what they did, on a computer that was too slow.
    """

    late = 0.0

    def __init__(self, cluster: PostgresCluster, plan: Plan) -> None:
        self._cluster = cluster
        self._database = "day"
        self.owner = Database(Target(cluster.create_database(self._database)))
        migrate.upgrade(self.owner, MIGRATIONS)
        self.queues = self._furnish(plan)
        logins = self._hire(plan)
        self.gateways = (self._signed_in(GATEWAY_LOGIN), self._signed_in(GATEWAY_LOGIN))
        self.desks = {desk.staff_id: desk for desk in map(self._desk, logins)}
        self.shop.open(each for each in self.desks.values() if each.team == "visitors")
        self.see_everybody()

    def see_everybody(self) -> None:
        """Every desktop says that it is there."""
        with self.owner.write() as tx:
            tx.core.execute(update(Activity).values(seen_at=utcnow()))

    def close(self) -> None:
        """Everybody goes home."""
        for db in (self.owner, *self.gateways, *(desk.db for desk in self.desks.values())):
            db.close()

    def _furnish(self, plan: Plan) -> dict[Channel, tuple[int, int]]:
        """(queue, its priority) by channel."""
        found = {}
        with self.owner.write() as tx:
            week = {day: ["06:00-23:30"] for day in ("mon", "tue", "wed", "thu", "fri")}
            calendar = OpeningCalendar(name="The day", hours={"week": week})
            tx.session.add(calendar)
            tx.session.flush()
            for code, priority, channels in QUEUES:
                queue = Queue(
                    code=code, name=code.title(), calendar_id=calendar.id, priority=priority,
                    push=True, offer_seconds=OFFER_SECONDS,
                )  # fmt: skip
                tx.session.add(queue)
                tx.session.flush()
                for channel in channels:
                    found[channel] = queue.id, priority
                    tx.session.add(QueueTarget(queue_id=queue.id, channel=channel, seconds=WITHIN))
            visits_queue, _ = found[Channel.VISIT]
            self.shop = Shop(tx.session, calendar.id, visits_queue, plan.visitors)
        return found

    def _hire(self, plan: Plan) -> list[str]:
        logins = []
        with self.owner.write() as tx:
            ids = {code: id_ for id_, code in tx.session.execute(select(Queue.id, Queue.code))}
            for team, queues in _TEAMS.items():
                for number in range(getattr(plan, team)):
                    login = f"{team}{number:03}"
                    people.add(tx, login, f"{team.title()} {number}", StaffRole.ADVISOR,
                               [ids[code] for code in queues])  # fmt: skip
                    people.create_login(tx, login, "crm_advisor", PASSWORD)
                    logins.append(login)
            people.create_login(tx, GATEWAY_LOGIN, "crm_gateway", PASSWORD)
        with self.owner.write() as tx:
            tx.core.execute(update(Staff).values(presence=Presence.AVAILABLE.value))
            everybody = [{"staff_id": id_} for id_ in tx.core.scalars(select(Staff.id))]
            tx.core.execute(insert(Activity).values(signed_in_at=utcnow()), everybody)
        return logins

    def _signed_in(self, login: str) -> Database:
        target = Target(self._cluster.url(self._database, login, PASSWORD), login, PASSWORD)
        return Database(target, connections=1, create=False)

    def _desk(self, login: str) -> Desk:
        db = self._signed_in(login)
        with db.read() as tx:
            db.actor = signed_in.whoami(tx, login)
        return Desk(db.actor.id, db, login.rstrip("0123456789"))


@contextmanager
def place(cluster: PostgresCluster, plan: Plan) -> Iterator[Place]:
    """A centre that is left when the day is over."""
    found = Place(cluster, plan)
    try:
        yield found
    finally:
        found.close()
