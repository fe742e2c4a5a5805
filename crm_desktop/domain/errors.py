"""Expected trouble: one family, each with a code and parameters for the words on the screen."""

from typing import ClassVar


class CrmError(Exception):
    """Something that can go wrong in ordinary life; everything else is a bug.

    `params` fill the words shown to a person; they hold no personal data beyond what that
    person already sees.
    """

    code: ClassVar[str] = "error"

    def __init__(self, message: str = "", **params: object) -> None:
        super().__init__(message or self.code)
        self.params = params


class NotFound(CrmError):
    """The thing asked for does not exist, or this person may not know that it does."""

    code = "not_found"


class NotAllowed(CrmError):
    """This person may not do that."""

    code = "not_allowed"


class Taken(CrmError):
    """Somebody else was faster; `by` names them where this person may know."""

    code = "taken"


class Conflict(CrmError):
    """The record changed since it was read; nothing was overwritten."""

    code = "conflict"


class InvalidInput(CrmError):
    """What was entered cannot be accepted; `fields` maps field names to what is wrong."""

    code = "invalid_input"


class CardNumber(InvalidInput):
    """What was entered has the number of a payment card in it, which is never taken."""

    code = "card_number"


class TooLarge(CrmError):
    """More than the limit; `limit` and `size` in bytes."""

    code = "too_large"


class Blocked(CrmError):
    """This visitor may not chat for now."""

    code = "blocked"


class Closed(CrmError):
    """Nobody is there at this time: to chat, or to give tickets. `opens_at` where it is known."""

    code = "closed"


class ChatOver(CrmError):
    """The chat ended too long ago to go on with; a new one can begin."""

    code = "chat_over"


class GivenUp(CrmError):
    """Whoever asked for it stopped it; nothing of it was kept."""

    code = "given_up"


class DatabaseTrouble(CrmError):
    """The database cannot be used now; what was not committed was kept by the caller."""

    code = "database_trouble"


class DatabaseAway(DatabaseTrouble):
    """No connection, or it was lost; trying again later is right."""

    code = "database_away"


class ServerUnverified(DatabaseAway):
    """The server did not prove who it is by a certificate, so nothing was sent to it."""

    code = "server_unverified"


class ServerSucceeded(DatabaseAway):
    """A primary answered that another server has succeeded; nothing was read or written there."""

    code = "server_succeeded"


class DatabaseBusy(DatabaseTrouble):
    """Another program holds the database locked."""

    code = "database_busy"


class DatabaseReadOnly(DatabaseTrouble):
    """The database may be read, not written."""

    code = "database_read_only"


class DatabaseFull(DatabaseTrouble):
    """The disk under the database is full."""

    code = "database_full"


class SignInRefused(DatabaseTrouble):
    """Wrong name or password, or no such account."""

    code = "sign_in_refused"


class SwitchedOff(SignInRefused):
    """This person's sign-in was switched off; trying again is useless until it is on again."""

    code = "switched_off"


class SignedOut(SignInRefused):
    """A session that had begun is not let in again: mostly because the password was changed."""

    code = "signed_out"


class SignedOutBy(SignedOut):
    """A team leader closed this person's desktops; `by` names them. They may sign in again."""

    code = "signed_out_by"


class AccountRefused(SignInRefused):
    """The computer's own account (Kerberos, Windows) did not sign this person in."""

    code = "account_refused"


class InsecureConnection(DatabaseTrouble):
    """A server beyond this machine without verified TLS."""

    code = "insecure_connection"


class UnsafeSignIn(DatabaseTrouble):
    """The server wanted the password itself, or a weak proof of it; it was not given."""

    code = "unsafe_sign_in"


class DatabaseOlder(DatabaseTrouble):
    """The database's revision is older than this program's; an upgrade is needed first."""

    code = "database_older"


class DatabaseNewer(DatabaseTrouble):
    """The database was upgraded by a newer program; this one writes nothing."""

    code = "database_newer"


class NoKeyring(CrmError):
    """No usable keyring: secrets are never kept anywhere else."""

    code = "no_keyring"


class PrinterOut(CrmError):
    """A ticket could not be printed; `printer` is the printer's name."""

    code = "printer_out"

    def __init__(self, *, printer: str) -> None:
        super().__init__("the printer did not take it", printer=printer)


class LeaseLost(CrmError):
    """Another gateway owns this work now; nothing was written."""

    code = "lease_lost"


class AuditTrouble(CrmError):
    """The audit chain cannot go on as it is; the message says why, for an administrator."""

    code = "audit_trouble"


class CannotBeHeard(CrmError):
    """The sound of a recording cannot be had; `why` says it in words for people."""

    code = "cannot_be_heard"


class ConnectorTrouble(CrmError):
    """An outside system failed; `retry` says whether trying again can help."""

    code = "connector_trouble"

    def __init__(self, message: str, *, retry: bool, **params: object) -> None:
        super().__init__(message, **params)
        self.retry = retry
