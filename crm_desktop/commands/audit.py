"""`crm-desktop admin audit …`: the key of the audit chain, its head, and whether it is whole."""

from __future__ import annotations

from pathlib import Path

from crm_desktop.commands.admin import Say
from crm_desktop.commands.owner import opened
from crm_desktop.domain.audit_chain import new_key, read_key
from crm_desktop.domain.errors import InvalidInput, NoKeyring
from crm_desktop.services import audit, sealing, verifying
from crm_desktop.services.sealing import KEY_NAME
from crm_desktop.workstation.paths import Paths
from crm_desktop.workstation.secrets import open_secrets
from crm_desktop.workstation.settings import Settings


def make_key(settings: Settings, say: Say) -> None:
    """A key, unless there is one; for a file of secrets the line to write into it is said."""
    secrets = open_secrets(settings.secrets_file)
    if secrets.get(KEY_NAME):
        say("There is a key already. It was left as it is: the chain so far needs it.")
        return
    if settings.secrets_file is None:
        secrets.set(KEY_NAME, new_key())
        say("A key was made and is kept in this computer's keyring. Every gateway needs it.")
        return
    say(f"Write this line into {settings.secrets_file}, at every gateway:")
    say(f'"{KEY_NAME}" = "{new_key()}"')


def key_of(settings: Settings) -> bytes:
    """The key on this computer; raises NoKeyring or InvalidInput."""
    text = open_secrets(settings.secrets_file).get(KEY_NAME)
    if not text:
        raise NoKeyring(
            "This computer has no key of the audit chain. Run this where the gateway runs, or "
            "make a key there with `crm-desktop admin audit key`."
        )
    try:
        return read_key(text)
    except ValueError:
        words = f"The secret {KEY_NAME} is no key: 64 hexadecimal digits are."
        raise InvalidInput(words, fields={KEY_NAME: words}) from None


def anchor_folder(settings: Settings) -> Path:
    """Where the gateway of these settings writes the chain's head down."""
    return settings.audit_anchor_folder or Paths.of_user().data / "audit"


def export(settings: Settings, to: Path | None, say: Say) -> None:
    """Write the head of the chain down, now."""
    file = to or anchor_folder(settings) / sealing.ANCHOR_FILE
    with opened(settings) as db:
        head = sealing.head(db)
    try:
        sealing.write_anchor(file, head)
    except OSError as error:
        words = f"{file} cannot be written: {error.strerror}."
        raise InvalidInput(words, fields={"to": words}) from error
    say(f"Seal {head.seal} was written down in {file}.")


def verify(settings: Settings, anchor: Path | None, say: Say, *, rows: bool = False) -> int:
    """Reckon the chain anew; the exit code: 0 when all is as it was, 1 when not."""
    key = key_of(settings)
    anchors = sealing.read_anchors(anchor) if anchor else ()

    def progress(done: int, total: int) -> None:
        if done % 1_000 < verifying.SEALS_AT_ONCE and total > 1_000:
            say(f"{done:,} of {total:,} seals")

    with opened(settings) as db:
        verdict = verifying.verify(db, key, anchors, progress)
        if rows and db.dialect == "postgresql":
            for words in audit.strays(db):
                verdict.found(words)
    for words in verdict.findings:
        say(words)
    if verdict.more:
        say(f"… and {verdict.more:,} more")
    say(f"{verdict.seals:,} seals over {verdict.rows:,} rows; {verdict.waiting:,} wait for one.")
    if verdict.findings:
        say("The chain is broken: somebody changed what happened.")
        return 1
    told = f" It holds the {len(anchors):,} heads that were written down." if anchors else ""
    say(f"The chain is whole.{told}")
    return 0


def redact(settings: Settings, customer_id: int, reason: str, say: Say) -> None:
    """Remove a customer's values from the entries; the chain stays whole."""
    with opened(settings) as db:
        removed = audit.redact_customer(db, customer_id, reason)
    say(f"Removed the values of {removed:,} entries. That it was done is entered.")


def resume(settings: Settings, say: Say) -> None:
    """After a dump was restored: let transactions be numbered after those that are sealed."""
    with opened(settings) as db:
        sealing.resume(db)
    say("The chain goes on where it ended.")
