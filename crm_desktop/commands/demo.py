"""`crm-desktop demo …`: the demo centre, prepared and opened."""

from __future__ import annotations

import smtplib
from collections.abc import Callable
from email.message import EmailMessage
from email.utils import make_msgid

from crm_desktop.commands.owner import opened
from crm_desktop.demo import chats, load, outside
from crm_desktop.domain.errors import ConnectorTrouble, InvalidInput
from crm_desktop.services import administration
from crm_desktop.workstation.paths import bundled
from crm_desktop.workstation.process import ChildProcess
from crm_desktop.workstation.settings import Settings

Say = Callable[[str], None]
_LEAST_PASSWORD = 8
_NO_PBX = (
    "Its telephones are set up but there is no PBX behind them: past calls are there to look at, "
    "and nobody can ring. docs/TELEPHONY.md says how to connect an Asterisk."
)
_CHAT = "While the desktop is open, chat as a visitor at http://{host}:{port}/chat/{key}"


def prepare(settings: Settings, contacts: int, staff_password: str, say: Say) -> None:
    """Migrate the database and load the demo centre into it, unless somebody works there."""
    _make_folder(settings)
    with opened(settings, whatever_revision=True) as db:
        administration.upgrade(db, bundled("migrations"))
        if load.is_loaded(db):
            say("The demo centre is there already.")
            return
        if db.dialect == "postgresql" and len(staff_password) < _LEAST_PASSWORD:
            raise InvalidInput(
                "The demo's logins need a password: set CRM_DESKTOP_DEMO_PASSWORD to one of at "
                f"least {_LEAST_PASSWORD} characters.",
            )
        say(f"Loading the demo centre with {contacts:,} contacts …")
        load.load(
            db,
            bundled("resources"),
            outside.where(),
            contacts=contacts,
            progress=lambda done, count: say(f"  {done:,} of {count:,}"),
        )
        if db.dialect == "postgresql":
            load.add_logins(db, staff_password)
    if contacts <= load.TODAY:
        say(_NO_PBX)
        say(_CHAT.format(host=settings.http_host, port=settings.http_port, key=chats.KEY))


def _make_folder(settings: Settings) -> None:
    from crm_desktop.workstation.paths import Paths

    if settings.database_url.startswith("sqlite"):
        Paths.of_user().data.mkdir(parents=True, exist_ok=True)


def run(settings: Settings, contacts: int, say: Say) -> int:
    """Prepare, start the outside world as a child, and open the desktop until it is closed."""
    from crm_desktop.desktop_root import run_desktop

    prepare(settings, contacts, "", say)
    child = ChildProcess(["demo", "outside", "--with-parent"])
    try:
        child.wait_ready()
        return run_desktop(settings)
    finally:
        child.stop()


def send_mail(settings: Settings, sender: str, subject: str, text: str) -> None:
    """Hand a mail to the centre's listener, as a customer's server would."""
    message = EmailMessage()
    message["From"], message["To"] = sender, "help@harlandvale.test"
    message["Subject"], message["Message-ID"] = subject, make_msgid(domain="example.org")
    message.set_content(text)
    try:
        with smtplib.SMTP(settings.smtp_host, settings.smtp_port, timeout=10) as server:
            server.send_message(message)
    except OSError as error:
        raise ConnectorTrouble(
            "No gateway takes mail at "
            f"{settings.smtp_host}:{settings.smtp_port}. Start the desktop or the gateway first.",
            retry=True,
        ) from error
