"""Expected trouble in words: what happened, what was kept, what to do. One table for all codes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from crm_desktop.desktop.core import words
from crm_desktop.domain.errors import CrmError


@dataclass(frozen=True, slots=True)
class Words:
    """What a person is told; `{name}` stands for a parameter of the error."""

    happened: str
    kept: str
    to_do: str

    def sentence(self) -> str:
        """All three as one text."""
        return " ".join(part for part in (self.happened, self.rest()) if part)

    def rest(self) -> str:
        """What was kept and what to do, below what happened."""
        return " ".join(part for part in (self.kept, self.to_do) if part)


#: Words for a missing parameter.
_DEFAULTS: Mapping[str, str] = {
    "by": "Somebody else",
    "what": "This",
    "limit": "the limit",
    "kept": "",
}

#: What is said of work that was under way; before anybody signed in there is none.
KEPT_TEXT = "What you typed is kept on this computer."
#: And of what was typed when a session ends that nobody expected to end.
KEPT_UNSENT = "Your unsent text is kept, encrypted, on this computer."
KEPT_SHARED = "Your unsent text is kept in the database, but for the last seconds' typing."

WORDS: Mapping[str, Words] = {
    "error": Words("That did not work.", KEPT_TEXT, "Try again."),
    "not_found": Words(
        "{what} is no longer there, or is not yours to see.", "Nothing was changed.", ""
    ),
    "not_allowed": Words(
        "Your role does not allow this.", "Nothing was changed.", "Ask a team leader."
    ),
    "taken": Words("{by} was faster and has it now.", "Nothing was changed.", "Take the next one."),
    "conflict": Words(
        "{by} changed this while you were working on it.",
        "Nothing was overwritten and your entries are still here.",
        "Look at what changed, then save again.",
    ),
    "invalid_input": Words(
        "Something in the form cannot be accepted.",
        "Your entries are still here.",
        "Put right what is marked.",
    ),
    "printer_out": Words(
        "The printer “{printer}” did not take the ticket.",
        "The visitor is in the line all the same.",
        "Tell them the number, then look at the printer.",
    ),
    "card_number": Words(
        "This looks like the number of a payment card.",
        "It was neither sent nor kept.",
        "Take it out: payment is taken on the provider's own page.",
    ),
    "too_large": Words(
        "{what} is too large: {size}, and {limit} is the most.",
        "Nothing was sent.",
        "Choose a smaller file.",
    ),
    "blocked": Words("This visitor is kept out of the chat for now.", "Nothing was sent.", ""),
    "closed": Words("The chat is closed at this time.", "Nothing was sent.", ""),
    "chat_over": Words("This chat has ended.", KEPT_TEXT, "Answer by email instead."),
    "cannot_be_heard": Words(
        "{why}", "", "Try again in a minute; if it stays so, tell your administrator."
    ),
    "database_trouble": Words("The database could not do that.", KEPT_TEXT, "Try again shortly."),
    "database_away": Words(
        "The database cannot be reached.",
        KEPT_TEXT,
        "We keep trying and will say when it is back.",
    ),
    "database_busy": Words(
        "Another program holds the database.", KEPT_TEXT, "Try again in a few seconds."
    ),
    "database_read_only": Words(
        "The database can be read but not written at present.",
        KEPT_TEXT,
        "Tell your administrator.",
    ),
    "database_full": Words(
        "The disk of the database is full.", KEPT_TEXT, "Tell your administrator now."
    ),
    "sign_in_refused": Words(
        "That name and password were not accepted.", "", "Check both, then try again."
    ),
    "switched_off": Words(
        "Your sign-in has been switched off.",
        "{kept}",
        "Ask your team leader or administrator. It can be switched on again.",
    ),
    "signed_out": Words(
        "The database no longer accepts this sign-in.",
        "{kept}",
        "Your password may have been changed: sign in with the new one, or ask your administrator.",
    ),
    "signed_out_by": Words(
        "{by} signed you out.",
        "{kept}",
        "What you had in hand waits in its queues. Sign in again when you are back.",
    ),
    "account_refused": Words(
        "This computer’s account did not sign you in.",
        "",
        "Lock this computer and unlock it with your password, then try again; or sign in with "
        "your password for the database.",
    ),
    "insecure_connection": Words(
        "The connection to the database server is not secure.",
        "Nothing was sent to it.",
        "Tell your administrator: the server needs a certificate that can be verified.",
    ),
    "server_unverified": Words(
        "The database server did not prove who it is.",
        "Nothing was sent to it.",
        "Tell your administrator: its certificate could not be checked. `crm-desktop doctor` "
        "says why.",
    ),
    "server_succeeded": Words(
        "An old database server answers that another has replaced.",
        KEPT_TEXT,
        "Tell your administrator: it must be switched off. We keep trying to reach the right one.",
    ),
    "unsafe_sign_in": Words(
        "The database server asked for your password in an unsafe way.",
        "It was not sent.",
        "Tell your administrator: the server must ask by scram-sha-256.",
    ),
    "database_older": Words(
        "The database is older than this program.",
        "Nothing was changed.",
        "An administrator must upgrade it first.",
    ),
    "given_up": Words("It was stopped.", "Nothing was changed.", "Begin again when you like."),
    "database_newer": Words(
        "The database was upgraded by a newer program.",
        "Nothing was changed.",
        "Update CRM Desktop on this computer.",
    ),
    "no_keyring": Words(
        "This computer has no usable keyring.",
        "No password was stored.",
        "Passwords are never kept anywhere else: ask your administrator to set one up.",
    ),
    "audit_trouble": Words(
        "The audit chain stands still.", "Nothing was changed.", "Tell an administrator."
    ),
    "lease_lost": Words(
        "Another gateway has taken this work over.", "Nothing was written twice.", ""
    ),
    "connector_trouble": Words(
        "The other system did not accept this.",
        "It is kept and shown until it is settled.",
        "Try again, or tell a team leader.",
    ),
}


#: Where a rule says more than its code, by its words in the database.
_RULES: Mapping[str, Words] = {
    "a folder is no file": Words(
        "{what} is a folder, not a file.", "It was not added.", "Choose the files in it."
    ),
    "a desk calls visitors": Words(
        "Visitors are called to a desk, not taken.",
        "They wait in their place.",
        "Call them at the desk’s page (Ctrl+0), from a desk where nobody else is.",
    ),
    "they are at no desk of that site": Words(
        "{by} is at no desk of the site where this visitor is.",
        "The visitor stays where they are.",
        "Send them to a desk, a room or another service at the desk’s page (Ctrl+0, then F8).",
    ),
    "no desk of that site serves that queue": Words(
        "The site where this visitor is has no service of that queue.",
        "The visitor stays where they are.",
        "Send them to a service of the site at the desk’s page (Ctrl+0, then F8).",
    ),
}


def words_for(trouble: CrmError) -> Words:
    """What to tell the person whom this happened to."""
    given = {name: _shown(name, value) for name, value in trouble.params.items() if value}
    params = _Params({**_DEFAULTS, **given})
    told = _RULES.get(str(trouble)) or WORDS.get(trouble.code, WORDS["error"])
    return Words(
        *(part.format_map(params) for part in (told.happened, told.kept, told.to_do)),
    )


class _Params(dict[str, str]):
    """A parameter that nobody gave reads as "it" rather than breaking the sentence."""

    def __missing__(self, key: str) -> str:
        return "it"


def _shown(name: str, value: object) -> str:
    if name in {"size", "limit"} and isinstance(value, int):
        return words.size(value)
    return str(value)
