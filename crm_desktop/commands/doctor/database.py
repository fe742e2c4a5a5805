"""Whether the database answers, is this program's, knows this login, and has a gateway."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

from crm_desktop.commands.doctor.finding import Finding, State, ok, trouble, warning
from crm_desktop.commands.doctor.refusal import of_refusal
from crm_desktop.commands.doctor.standbys import of_promise, of_servers
from crm_desktop.commands.words import in_words
from crm_desktop.domain.errors import (
    CrmError,
    DatabaseNewer,
    DatabaseOlder,
    DatabaseTrouble,
)
from crm_desktop.domain.telephones import Telephones
from crm_desktop.domain.views import AccountStatus
from crm_desktop.services import Target
from crm_desktop.services.diagnosis import Encryption, Holder, Look, Standing, each_server, looking
from crm_desktop.workstation.crash_log import mask

_NOTED, _TOO_FAR = timedelta(seconds=2), timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class Examined:
    """What was found, whether a gateway is at work, and the telephones, where one may see them."""

    findings: tuple[Finding, ...]
    gateway_runs: bool = False
    telephones: Telephones | None = None
    has_sites: bool = False


def examine(target: Target, where: str, migrations: Path) -> Examined:
    """Everything that this login, or nobody, may see; `where` names the database in words."""
    # Without a password each of them would only refuse it.
    servers = tuple(of_servers(each_server(target) if target.password else ()))
    try:
        with looking(target) as look:
            looked = _look_around(look, target, where, migrations)
    except CrmError as error:
        return Examined((*of_refusal(error, target, where), *servers))
    return replace(looked, findings=(*looked.findings, *servers))


def _look_around(look: Look, target: Target, where: str, migrations: Path) -> Examined:
    before = datetime.now(UTC)
    now = look.now()
    after = datetime.now(UTC)
    found = [ok("database", f"{where} answers.")]
    if target.dialect == "postgresql":
        found += [
            of_clock(now - (before + (after - before) / 2)),
            of_encryption(look.encryption()),
        ]
    found.append(of_revision(partial(look.check_revision, migrations), target))
    sees_telephones = target.dialect == "sqlite"
    if found[-1].state is State.TROUBLE:
        return Examined(tuple(found))
    if target.dialect == "postgresql":
        found += [*of_extensions(look.missing_extensions()), *of_promise(look.promise())]
        standing = look.standing()
        found.append(of_standing(standing))
        if not (standing.is_superuser or standing.groups & {"crm_staff", "crm_gateway"}):
            return Examined(tuple(found))
        sees_telephones = may_see_telephones(standing)
    holders = look.holders()
    live = [each for each in holders if each.expires_at > now]
    found.append(of_holders(holders, now, embedded=target.dialect == "sqlite"))
    found += of_accounts(look.accounts())
    telephones = look.telephones() if sees_telephones else None
    return Examined(tuple(found), bool(live), telephones, look.has_sites())


def of_clock(ahead: timedelta) -> Finding:
    """Whether this computer's clock and the database's agree; `ahead` is the database's lead."""
    if abs(ahead) <= _NOTED:
        return ok("clock", "This computer's clock and the database's agree.")
    side = "behind" if ahead > timedelta() else "ahead of"
    words = f"This computer's clock is {_length(abs(ahead))} {side} the database's."
    to_do = "Let both computers take their time from the same time server."
    return (trouble if abs(ahead) > _TOO_FAR else warning)("clock", words, to_do)


def of_encryption(way: Encryption) -> Finding:
    """How the way to the server is protected."""
    if way.version and way.verified:
        return ok("tls", f"The way to the server is {way.version}, its certificate was checked.")
    if way.loopback:
        how = way.version or "not encrypted, and need not be"
        return ok("tls", f"The server is on this computer; the way to it is {how}.")
    return trouble(
        "tls",
        "The way to the server is not protected by a checked certificate.",
        "Add sslmode=verify-full and sslrootcert=FILE to the database's address.",
    )


def of_revision(check: Callable[[], None], target: Target) -> Finding:
    """Whether the database is as this program expects it."""
    try:
        check()
    except DatabaseOlder as older:
        found, wanted = older.params["found"], older.params["wanted"]
        words = f"The database is at revision {found}; this program needs {wanted}."
        to_do = "Keep a backup, then its owner runs: crm-desktop admin db upgrade"
        if target.dialect == "sqlite":
            to_do = "Start the desktop: it offers to upgrade the database, and keeps a copy."
        return trouble("revision", words, to_do)
    except DatabaseNewer as newer:
        return trouble("revision", in_words(newer), "Install the newest CRM Desktop here.")
    except DatabaseTrouble as error:
        return trouble("revision", in_words(error), "Ask whoever owns the database.")
    return ok("revision", "The database has the revision of this program.")


def of_extensions(missing: frozenset[str]) -> Iterator[Finding]:
    """What PostgreSQL lacks."""
    for each in sorted(missing):
        yield trouble(
            "extensions",
            f"The database lacks the extension {each}: searching for customers by parts of their "
            "names reads all of them.",
            f"Its owner runs there: CREATE EXTENSION {each}; CREATE INDEX ix_customer_trigrams ON "
            "customer USING gin (folded gin_trgm_ops);",
        )


def of_standing(who: Standing) -> Finding:
    """Whether the roles are there and this login is somebody."""
    if who.missing:
        return trouble(
            "roles",
            f"The database lacks the roles {', '.join(sorted(who.missing))}.",
            "Its owner runs: crm-desktop admin db upgrade",
        )
    if who.is_superuser:
        return warning(
            "roles",
            f"{who.login} owns the whole server and passes every rule by.",
            "Work with a login of your own: crm-desktop admin staff add",
        )
    if "crm_gateway" in who.groups:
        return ok("roles", f"{who.login} is the gateway's login.")
    if not who.is_staff:
        return trouble(
            "roles",
            f"{who.login} may connect, but is nobody who works here, or not any more.",
            "An administrator adds them: crm-desktop admin staff add",
        )
    role = ", ".join(sorted(each.removeprefix("crm_") for each in who.groups - {"crm_staff"}))
    return ok("roles", f"{who.login} works here ({role.replace('_', ' ')}).")


def may_see_telephones(who: Standing) -> bool:
    """Whether the database tells this login how the PBX is reached."""
    is_admin = "crm_admin" in who.groups and who.is_staff
    return who.is_superuser or "crm_gateway" in who.groups or is_admin


def of_holders(holders: Sequence[Holder], now: datetime, *, embedded: bool) -> Finding:
    """Who does the gateway's work."""
    live = [each for each in holders if each.expires_at > now]
    if live:
        owners: dict[str, list[str]] = {}
        for each in live:
            owners.setdefault(_computer(each.owner), []).append(each.lease)
        words = "; ".join(f"{who} does {', '.join(what)}" for who, what in sorted(owners.items()))
        late = sorted(each.lease for each in holders if each.expires_at <= now)
        if late:
            return warning(
                "gateway",
                f"{words}. Done by nobody now: {', '.join(late)}.",
                "Nothing, if those accounts are gone. Otherwise look at the gateway's log.",
            )
        return ok("gateway", f"{words}.")
    if embedded:
        return ok("gateway", "No gateway runs now; the desktop starts its own.")
    last = max(holders, key=lambda each: each.expires_at, default=None)
    when = f"; the last was {_computer(last.owner)} until {_at(last.expires_at)}" if last else ""
    return warning(
        "gateway",
        f"No gateway runs{when}. Mail and forms neither come in nor go out.",
        "Start one: crm-desktop gateway",
    )


def of_accounts(accounts: Sequence[AccountStatus]) -> Iterator[Finding]:
    """Mailboxes, relays, forms and back offices: those in trouble, then all others."""
    if not accounts:
        yield warning(
            "accounts",
            "No mailbox, relay, form site or back office is set up.",
            "Add one: crm-desktop admin account add",
        )
        return
    bad = [each for each in accounts if each.status == "trouble"]
    for each in bad:
        yield warning(
            "accounts",
            f"{each.name} ({each.kind}) does not work since {_at(each.at)}: {mask(each.words)}",
            "Look at its settings and password; the gateway goes on trying.",
        )
    good = [each.name for each in accounts if each.status == "ok"]
    unknown = [each.name for each in accounts if each.status not in ("ok", "trouble")]
    parts = [f"{len(good)} work ({', '.join(good)})"] if good else []
    if unknown:
        parts.append(f"{len(unknown)} not tried yet ({', '.join(unknown)})")
    if parts:
        yield ok("accounts", f"Accounts: {'; '.join(parts)}.")


def _length(time: timedelta) -> str:
    seconds = time.total_seconds()
    for unit, name in ((86_400, "days"), (3_600, "hours"), (60, "minutes")):
        if seconds >= 2 * unit:
            return f"{seconds / unit:.0f} {name}"
    return f"{seconds:.0f} seconds"


def _computer(owner: str) -> str:
    """A lease's owner is computer:process:run."""
    parts = owner.split(":")
    return f"{parts[0]} (process {parts[1]})" if len(parts) > 1 else owner


def _at(moment: datetime) -> str:
    return moment.astimezone().strftime("%d %B %Y, %H:%M")
