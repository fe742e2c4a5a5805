"""What it means that the database did not let us in, and what to do."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from crm_desktop.commands.doctor.finding import Finding, ok, trouble, warning
from crm_desktop.domain.errors import (
    AccountRefused,
    CrmError,
    DatabaseBusy,
    InsecureConnection,
    ServerUnverified,
    SignInRefused,
    SwitchedOff,
    UnsafeSignIn,
)
from crm_desktop.services import Target
from crm_desktop.workstation.crash_log import mask

#: libpq says which address it tried before it says what went wrong.
_PREAMBLE = re.compile(r"^.* failed: (FATAL: +)?")


def of_refusal(error: CrmError, target: Target, where: str) -> Iterator[Finding]:
    """The findings; `where` names the database in words."""
    if isinstance(error, DatabaseBusy):
        yield warning("database", f"{where} is held by another program.", "Look again shortly.")
    elif target.dialect == "sqlite":
        yield _of_file(where)
    elif isinstance(error, SignInRefused):
        yield from _of_sign_in(error, target, where)
    else:
        yield _of_server(error, where)


def of_first_start(where: str) -> Finding:
    """Nobody has worked on this computer yet."""
    return warning(
        "database",
        f"There is no database yet at {where}.",
        "Nothing: the desktop makes one at its first start, `crm-desktop demo prepare` makes one "
        "to try things in, and its sign-in screen leads to a shared one.",
    )


def _of_file(where: str) -> Finding:
    if Path(where).exists():
        return trouble(
            "database",
            f"The database {where} is there, but cannot be opened.",
            "Look whether this person may read and write it and its folder, and whether its disk "
            "may be written.",
        )
    return trouble(
        "database",
        f"There is no database at {where}.",
        "Start the desktop once, or `crm-desktop demo prepare`, and it makes one; "
        "if there was one, find out who moved it.",
    )


def _of_sign_in(error: SignInRefused, target: Target, where: str) -> Iterator[Finding]:
    if isinstance(error, SwitchedOff):
        yield trouble(
            "sign-in",
            f"The sign-in of {target.login} has been switched off.",
            "An administrator switches it on again: crm-desktop admin staff list",
        )
        return
    if isinstance(error, AccountRefused):
        yield trouble(
            "sign-in",
            f"This computer's account did not sign {target.login} in: {_reason(error)}.",
            "Look with `klist` whether there is a ticket, and at the server's pg_hba.conf and "
            "pg_ident.conf.",
        )
        return
    if target.password:
        yield trouble(
            "sign-in",
            f"The database refused {target.login} or the password that is remembered.",
            "Sign in once in the desktop with the right password.",
        )
        return
    yield ok("database", f"A server answers for {where} and asks for a password.")
    yield warning(
        "sign-in",
        "Not looked at without signing in: revision, roles, clock, gateways and accounts.",
        "Name a login whose password this keyring remembers: crm-desktop doctor --login NAME",
    )


def _of_server(error: CrmError, where: str) -> Finding:
    reason = _reason(error)
    if isinstance(error, InsecureConnection):
        return trouble(
            "tls",
            f"The address of {where} allows an unprotected way to another computer. "
            "Nothing was sent.",
            "Write sslmode=verify-full and sslrootcert=FILE into it.",
        )
    if isinstance(error, UnsafeSignIn):
        return trouble(
            "sign-in",
            f"{where} asks for the password in an unsafe way: {reason}. It was not sent.",
            "Write scram-sha-256 (or gss) into the server's pg_hba.conf.",
        )
    if isinstance(error, ServerUnverified):
        return trouble(
            "tls",
            f"{where} did not prove who it is: {reason}. Nothing was sent.",
            "The server needs a certificate for the name in its address; sslrootcert=FILE in the "
            "address names the authority that signed it.",
        )
    if re.search(r'database ".*" does not exist', reason):
        return trouble(
            "database",
            f"The server answers, but has no such database: {where}.",
            "Look at its name in the address; whoever looks after the server makes it.",
        )
    return trouble(
        "database",
        f"{where} does not answer: {reason}.",
        "Look at the address in the settings, the network, and whether the server runs.",
    )


def _reason(error: CrmError) -> str:
    return mask(_PREAMBLE.sub("", str(error)))
