"""Expected trouble, as a terminal says it."""

from __future__ import annotations

from crm_desktop.domain.errors import CrmError

_WORDS = {
    "database_away": "The database cannot be reached. Nothing was changed.",
    "database_busy": "Another program holds the database. Try again in a few seconds.",
    "database_read_only": "The database can be read but not written. Nothing was changed.",
    "database_full": "The disk under the database is full. Nothing was changed.",
    "database_older": (
        "The database is older than this program. Its owner upgrades it with "
        "`crm-desktop admin db upgrade`. Nothing was changed."
    ),
    "database_newer": (
        "The database was upgraded by a newer program. Update this program. Nothing was changed."
    ),
    "sign_in_refused": "The database refused that name or password.",
    "switched_off": "That sign-in has been switched off. Nothing was changed.",
    "account_refused": (
        "The database did not take this computer's account: the ticket may be missing, or for "
        "another login."
    ),
    "unsafe_sign_in": (
        "The database asked for the password in an unsafe way, so it was not sent: write "
        "scram-sha-256 into the server's pg_hba.conf."
    ),
    "insecure_connection": (
        "A database on another machine must be reached by TLS with a verified certificate: "
        "add sslmode=verify-full and sslrootcert=FILE to its address."
    ),
    "server_unverified": (
        "The database server did not prove who it is by a certificate. Nothing was sent to it."
    ),
    "server_succeeded": (
        "An old database server answers that another has replaced. Nothing was changed. "
        "Switch it off, or make it a standby of the new one."
    ),
    "not_allowed": "This login may not do that. Nothing was changed.",
    "taken": "It is open already.",
}


def in_words(trouble: CrmError) -> str:
    """What happened and what to do, on one line a fact."""
    said = str(trouble)
    words = _WORDS.get(trouble.code, said)
    fields = trouble.params.get("fields")
    lines = [words]
    if said not in (words, trouble.code):
        lines.append(said)
    if isinstance(fields, dict):
        lines += [f"  {name}: {problem}" for name, problem in fields.items()]
    return "\n".join(dict.fromkeys(lines))
