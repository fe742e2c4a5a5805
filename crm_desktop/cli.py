"""The command line: one program, several commands; each imports only what it needs."""

from __future__ import annotations

import sys
import threading
from pathlib import Path
from typing import Annotated

import typer

from crm_desktop.commands.options import DatabaseUrl, settings_for
from crm_desktop.commands.telephones_app import telephones
from crm_desktop.domain.errors import CrmError
from crm_desktop.domain.states import StaffRole

app = typer.Typer(
    help="The contact desktop for council customer service centres.",
    no_args_is_help=False,
    pretty_exceptions_enable=False,
)
demo = typer.Typer(help="A believable centre to try the program with.", no_args_is_help=True)
mail = typer.Typer(help="Look at mail as intake does.", no_args_is_help=True)
admin = typer.Typer(help="Set a centre up.", no_args_is_help=True)
database = typer.Typer(help="The database.", no_args_is_help=True)
staff = typer.Typer(help="Who works here.", no_args_is_help=True)
account = typer.Typer(
    help="Mailboxes, relays, social networks, back offices.", no_args_is_help=True
)
secret = typer.Typer(help="Passwords and keys, in this computer's keyring.", no_args_is_help=True)
audit = typer.Typer(help="Who changed and read what, sealed in a chain.", no_args_is_help=True)
app.add_typer(demo, name="demo")
app.add_typer(mail, name="mail")
app.add_typer(admin, name="admin")
admin.add_typer(database, name="db")
admin.add_typer(staff, name="staff")
admin.add_typer(account, name="account")
admin.add_typer(telephones, name="telephones")
admin.add_typer(secret, name="secret")
admin.add_typer(audit, name="audit")


def main() -> None:
    """Run the program; expected trouble is said in words, with exit code 1."""
    try:
        ended = _all_day(sys.argv[1:])
        if ended is None:
            app()
        else:
            sys.exit(ended)
    except CrmError as trouble:
        from crm_desktop.commands.words import in_words

        sys.stderr.write(f"{in_words(trouble)}\n")
        sys.exit(1)


def _all_day(said: list[str]) -> int | None:
    """The exit code of a desktop or gateway as they are started everywhere, None of all else.

    What reads a command line loads a library that weighs six megabytes and takes its time.
    """
    match said:
        case []:
            return _desktop("", None, None)
        case ["--login", login]:
            return _desktop("", login, None)
        case ["gateway"]:
            return _gateway("", with_parent=False)
        case ["gateway", "--with-parent"]:
            return _gateway("", with_parent=True)
        case ["gateway", "--with-parent", "--database", url]:
            return _gateway(url, with_parent=True)
    return None


def _desktop(url: str, login: str | None, accessibility_log: Path | None) -> int:
    from crm_desktop.commands.window import open_desktop

    return open_desktop(settings_for(url), login, accessibility_log)


def _gateway(url: str, *, with_parent: bool) -> int:
    # The HTTP client brings a command line of its own where it finds the libraries for one.
    sys.modules["httpx._main"] = None  # type: ignore[assignment]  # Python's way to say: not here

    from crm_desktop.gateway_root import main_gateway

    return main_gateway(settings_for(url), with_parent=with_parent)


@app.callback(invoke_without_command=True)
def desktop(
    context: typer.Context,
    url: DatabaseUrl = "",
    login: Annotated[str, typer.Option(help="Sign in as this person (embedded database).")] = "",
    accessibility_log: Annotated[Path | None, typer.Option(hidden=True)] = None,
    version: Annotated[bool, typer.Option("--version", help="Say which version this is.")] = False,
) -> None:
    """Open the desktop, or run one of the commands below."""
    if version:
        from importlib.metadata import version as installed

        typer.echo(installed("crm-desktop"))
        raise typer.Exit
    if context.invoked_subcommand is None:
        raise typer.Exit(_desktop(url, login or None, accessibility_log))


@app.command()
def gateway(
    url: DatabaseUrl = "",
    with_parent: Annotated[
        bool, typer.Option(help="End when standard input ends, as a desktop's own gateway does.")
    ] = False,
) -> None:
    """Run the headless process that speaks to the outside world."""
    raise typer.Exit(_gateway(url, with_parent=with_parent))


@app.command()
def doctor(
    url: DatabaseUrl = "",
    login: Annotated[
        str, typer.Option(help="PostgreSQL: look as this person, if the keyring knows them.")
    ] = "",
    as_json: Annotated[
        bool, typer.Option("--json", help="A list of check, state, words and to_do.")
    ] = False,
) -> None:
    """Look whether this computer and its database are well, and say what to do if not.

    Changes nothing. Leaves with 1 when somebody cannot work until something is mended.
    """
    from crm_desktop.commands.doctor.run import doctor as look
    from crm_desktop.workstation.paths import Paths

    found = look(lambda: settings_for(url), Paths.of_user(), login, typer.echo, as_json=as_json)
    raise typer.Exit(found)


@app.command("doctor-display", hidden=True)
def doctor_display() -> None:
    """Say what Qt finds here, in a process of its own that Qt may end."""
    from crm_desktop.desktop.core.display_check import tell
    from crm_desktop.workstation.paths import bundled

    tell(bundled("resources"))


@app.command()
def tour(
    out: Annotated[Path, typer.Option(help="The folder that gets the pictures.")],
    url: DatabaseUrl = "",
    without: Annotated[
        str, typer.Option(help="Leave one service out, to see the tour fail.", hidden=True)
    ] = "",
    calls: Annotated[
        str,
        typer.Option(
            metavar="COMMAND",
            help="What plays a PBX, telephones and callers; without it calls are left out.",
        ),
    ] = "",
    chats: Annotated[
        str,
        typer.Option(
            metavar="COMMAND",
            help="What plays visitors in a browser; without it chats are left out.",
        ),
    ] = "",
    posts: Annotated[
        str,
        typer.Option(
            metavar="COMMAND",
            help="What plays a social network; without it posts are left out.",
        ),
    ] = "",
) -> None:
    """Drive the real program through its main job; a picture a step, and exit code 1 if one fails.

    Uses a database of its own in a temporary folder, or an empty PostgreSQL database whose owner
    the URL signs in as.
    """
    from crm_desktop.tour import Players, run_tour

    raise typer.Exit(run_tour(out, url, without, Players(calls, chats, posts)))


@app.command("tour-part", hidden=True)
def tour_part(name: str, folder: Path) -> None:
    """Run one of the processes around the tour's desktop; the tour starts it."""
    from crm_desktop.tour.children import main as run_part

    raise typer.Exit(run_part(name, folder))


@demo.command("prepare")
def demo_prepare(
    contacts: Annotated[int, typer.Option(min=1, help="Beyond 300: a year's worth.")] = 300,
    url: DatabaseUrl = "",
    staff_password: Annotated[
        str,
        typer.Option(
            envvar="CRM_DESKTOP_DEMO_PASSWORD",
            help="PostgreSQL: the password of every demo login.",
            show_default=False,
        ),
    ] = "",
) -> None:
    """Create the database and load the demo centre, unless somebody works there already."""
    from crm_desktop.commands.demo import prepare

    prepare(settings_for(url), contacts, staff_password, typer.echo)


@demo.command("run")
def demo_run(
    contacts: Annotated[int, typer.Option(min=1, help="How many contacts to prepare.")] = 300,
) -> None:
    """Prepare the demo centre, start its mailbox and back office, and open the desktop."""
    from crm_desktop.commands.demo import run

    raise typer.Exit(run(settings_for(), contacts, typer.echo))


@demo.command("outside")
def demo_outside(
    with_parent: Annotated[bool, typer.Option(help="End when standard input ends.")] = False,
) -> None:
    """Run the demo's outside world: a mailbox for replies and a back office."""
    from crm_desktop.demo.outside import run
    from crm_desktop.workstation.paths import Paths
    from crm_desktop.workstation.process import announce_ready, when_parent_ends

    stop = threading.Event()
    if with_parent:
        when_parent_ends(stop.set)
        announce_ready({})
    run(Paths.of_user().data / "demo", stop)


@demo.command("mail")
def demo_mail(
    subject: str,
    text: str,
    sender: Annotated[str, typer.Option("--from", help="Whose mail.")] = "m.okafor@example.org",
) -> None:
    """Send a mail to the centre, as a customer would."""
    from crm_desktop.commands.demo import send_mail

    send_mail(settings_for(), sender, subject, text)
    typer.echo("Sent. It is in the queue.")


@mail.callback()
def mail_group() -> None:
    """Look at mail as intake does."""


@mail.command("parse")
def mail_parse(
    files: Annotated[list[Path], typer.Argument(metavar="FILE [FILE …]", help="Raw mails (.eml).")],
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a file.")] = False,
) -> None:
    """Say what intake makes of raw mails; leaves with 1 when a file could not be opened."""
    from crm_desktop.channels.email.command import parse_files

    raise typer.Exit(parse_files(files, as_json=as_json))


@database.callback()
def database_group() -> None:
    """The database."""


@database.command("upgrade")
def database_upgrade(url: DatabaseUrl = "") -> None:
    """Create the database, or bring it to this program's version (as its owner)."""
    from crm_desktop.commands.admin import upgrade

    upgrade(settings_for(url), typer.echo)


@database.command("init")
def database_init(
    check: Annotated[bool, typer.Option("--check", help="Only look; change nothing.")] = False,
    url: DatabaseUrl = "",
) -> None:
    """Prepare a PostgreSQL: schema, roles, rights and policies (as its owner); as often as wanted.

    Says what has drifted since, mends what can be mended, and leaves with 1 when something is left.
    """
    from crm_desktop.commands.database import init

    raise typer.Exit(init(settings_for(url), typer.echo, only_check=check))


@database.command("backup")
def database_backup(
    file: Annotated[Path, typer.Argument(help="The new file; never overwritten.")],
    url: DatabaseUrl = "",
) -> None:
    """Copy a SQLite database while others work in it, and look the copy through."""
    from crm_desktop.commands.backup import back_up

    back_up(settings_for(url), file, typer.echo)


@database.command("restore")
def database_restore(
    file: Annotated[Path, typer.Argument(help="A backup that `backup` made.")],
    url: DatabaseUrl = "",
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Put a backup in the place of a SQLite database that nobody uses; the old one is kept."""
    from crm_desktop.commands.backup import confirmed, restore

    if not yes:
        confirmed(file)
    restore(settings_for(url), file, typer.echo)


@database.command("verify")
def database_verify(
    file: Annotated[Path | None, typer.Argument(help="A backup; without, the database.")] = None,
    url: DatabaseUrl = "",
) -> None:
    """Say whether a backup, or the database itself, is whole; leaves with 1 when it is not."""
    from crm_desktop.commands.backup import verify

    raise typer.Exit(0 if verify(settings_for(url), file, typer.echo) else 1)


@database.command("after-restore")
def database_after_restore(url: DatabaseUrl = "") -> None:
    """After PostgreSQL was put back to an earlier point: send nothing a second time by itself."""
    from crm_desktop.commands.backup import settle

    settle(settings_for(url), typer.echo)


@staff.callback()
def staff_group() -> None:
    """Who works here."""


@staff.command("add")
def staff_add(
    login: str,
    name: str,
    role: Annotated[StaffRole, typer.Option(help="What they do.")] = StaffRole.ADVISOR,
    queue: Annotated[list[str] | None, typer.Option(help="A queue's code; repeat.")] = None,
    url: DatabaseUrl = "",
) -> None:
    """Add a member of staff; on PostgreSQL with a login and the password asked for."""
    from crm_desktop.commands.staff import add
    from crm_desktop.services.staff import NewStaff

    add(settings_for(url), NewStaff(login, name, role, tuple(queue or ())), typer.echo)


@staff.command("disable")
def staff_disable(login: str, url: DatabaseUrl = "") -> None:
    """Let somebody sign in no more: their sessions end, what they held waits again."""
    from crm_desktop.commands.staff import disable

    disable(settings_for(url), login, typer.echo)


@staff.command("enable")
def staff_enable(login: str, url: DatabaseUrl = "") -> None:
    """Let somebody disabled sign in again, with their password, role and queues."""
    from crm_desktop.commands.staff import enable

    enable(settings_for(url), login, typer.echo)


@staff.command("reset")
def staff_reset(login: str, url: DatabaseUrl = "") -> None:
    """Give somebody another password, which is asked for."""
    from crm_desktop.commands.staff import reset

    reset(settings_for(url), login, typer.echo)


@staff.command("list")
def staff_list(url: DatabaseUrl = "") -> None:
    """Everybody who works or worked here, with their role and queues."""
    from crm_desktop.commands.staff import list_everybody

    list_everybody(settings_for(url), typer.echo)


@staff.command("gateway")
def staff_gateway(
    url: DatabaseUrl = "",
    keep: Annotated[bool, typer.Option(help="Keep the password in this keyring.")] = True,
) -> None:
    """Give the gateway its PostgreSQL login and keep its password where the gateway will run."""
    from crm_desktop.commands.admin import add_gateway

    add_gateway(settings_for(url), keep=keep)


@account.command("add")
def account_add(
    kind: Annotated[
        str,
        typer.Argument(
            help="imap, smtp, smtp_listener, web_form, chat, open311, texting, bluesky, mastodon, "
            "facebook or x"
        ),
    ],
    name: str,
    setting: Annotated[list[str] | None, typer.Option("--set", metavar="KEY=VALUE")] = None,
    queue: Annotated[str, typer.Option(help="Where its contacts go by default.")] = "",
    secret_name: Annotated[str, typer.Option("--secret", help="Its name in the keyring.")] = "",
    url: DatabaseUrl = "",
) -> None:
    """Set up a mailbox, relay, network or back office, or change the one of that name."""
    from crm_desktop.commands.admin import add_account, pairs
    from crm_desktop.services.administration import NewAccount

    add_account(settings_for(url), NewAccount(kind, name, pairs(setting or []), queue, secret_name))


@account.command("list")
def account_list(url: DatabaseUrl = "") -> None:
    """Every account with how it is doing."""
    from crm_desktop.commands.admin import list_accounts

    list_accounts(settings_for(url), typer.echo)


@account.command("remove")
def account_remove(name: str, url: DatabaseUrl = "") -> None:
    """Use an account no more; what came through it stays."""
    from crm_desktop.commands.admin import remove_account

    remove_account(settings_for(url), name)


@secret.callback()
def secret_group() -> None:
    """Passwords and keys, in this computer's keyring."""


@secret.command("set")
def secret_set(name: str) -> None:
    """Put a secret into the keyring; it is asked for, never given on the command line."""
    from crm_desktop.workstation.secrets import open_secrets

    secrets = open_secrets()
    secrets.set(name, typer.prompt(f"The secret for {name}", hide_input=True))
    typer.echo("Kept in the keyring.")


@audit.callback()
def audit_group() -> None:
    """Who changed and read what, sealed in a chain."""


@audit.command("key")
def audit_key() -> None:
    """Make the key that the gateway seals with, where there is none yet."""
    from crm_desktop.commands.audit import make_key

    make_key(settings_for(), typer.echo)


@audit.command("export")
def audit_export(
    to: Annotated[Path | None, typer.Option(metavar="FILE", help="Append to this file.")] = None,
    url: DatabaseUrl = "",
) -> None:
    """Write the head of the chain down off the database, as the gateway does each day."""
    from crm_desktop.commands.audit import export

    export(settings_for(url), to, typer.echo)


@audit.command("verify")
def audit_verify(
    anchor: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Heads that were written down before.")
    ] = None,
    rows: Annotated[
        bool, typer.Option(help="PostgreSQL: compare every watched row with its entries too.")
    ] = False,
    url: DatabaseUrl = "",
) -> None:
    """Reckon the chain anew; leaves with 1 when anything was altered, added or removed."""
    from crm_desktop.commands.audit import verify

    raise typer.Exit(verify(settings_for(url), anchor, typer.echo, rows=rows))


@audit.command("redact")
def audit_redact(
    customer: Annotated[int, typer.Argument(help="The customer's number.")],
    reason: Annotated[str, typer.Option(help="Why; it is entered.")],
    url: DatabaseUrl = "",
) -> None:
    """Remove a customer's values from the entries (erasure); the chain stays whole."""
    from crm_desktop.commands.audit import redact

    redact(settings_for(url), customer, reason, typer.echo)


@audit.command("resume")
def audit_resume(url: DatabaseUrl = "") -> None:
    """After a dump was restored, before anybody works: let the chain go on (as the owner)."""
    from crm_desktop.commands.audit import resume

    resume(settings_for(url), typer.echo)
