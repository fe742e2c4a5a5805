"""Accounts of the database as the channels' own settings; secrets come from the keyring."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from crm_desktop.channels.email.settings import ImapSettings, Security, SmtpSettings
from crm_desktop.domain.errors import InvalidInput
from crm_desktop.gateway.config import SecretSource
from crm_desktop.services.accounts import Account

IMAP = "imap"
SMTP_LISTENER = "smtp_listener"
WEB_FORM = "web_form"
ASTERISK = "asterisk"


@dataclass(frozen=True, slots=True)
class PbxSettings:
    """A PBX. `advisor` and `outbound` are endpoints with {extension} and {number} in them.

    `answer_by`: the header that lets phones pick up by themselves, or phone, where people must.
    """

    url: str
    user: str
    password: str
    app: str = "crm"
    advisor: str = "PJSIP/{extension}"
    outbound: str = "PJSIP/{number}@trunk"
    answer_by: str = "phone"


def imap_settings(account: Account, secrets: SecretSource, largest_mail: int) -> ImapSettings:
    """A mailbox; raises InvalidInput or NoKeyring with words for an administrator."""
    given = account.settings
    return ImapSettings(
        host=_host(account),
        user=str(given.get("user", "")),
        password=_secret(account, secrets),
        port=int(given.get("port", 993)),
        security=_security(given, Security.TLS),
        folder=str(given.get("folder", "INBOX")),
        ca_file=str(given.get("ca_file", "")),
        largest_mail=largest_mail,
    )


def smtp_settings(account: Account, secrets: SecretSource) -> SmtpSettings:
    """A relay for outgoing mail; raises InvalidInput or NoKeyring."""
    given = account.settings
    user = str(given.get("user", ""))
    return SmtpSettings(
        host=_host(account),
        user=user,
        password=_secret(account, secrets) if user else "",
        port=int(given.get("port", 587)),
        security=_security(given, Security.STARTTLS),
        ca_file=str(given.get("ca_file", "")),
    )


def pbx_settings(account: Account, secrets: SecretSource) -> PbxSettings:
    """A PBX; raises InvalidInput or NoKeyring."""
    given = {name: str(value) for name, value in account.settings.items()}
    url = given.get("url", "")
    if not url.startswith(("http://", "https://")):
        words = f"The account “{account.name}” has no address of its PBX set up."
        raise InvalidInput(words, fields={"url": "Where is it?"})
    said = {
        name: given[name] for name in ("app", "advisor", "outbound", "answer_by") if given.get(name)
    }
    return PbxSettings(url, given.get("user", ""), _secret(account, secrets), **said)


def _host(account: Account) -> str:
    host = str(account.settings.get("host", ""))
    if not host:
        words = f"The account “{account.name}” has no server set up."
        raise InvalidInput(words, fields={"host": "Which server?"})
    return host


def _security(given: dict[str, Any], otherwise: Security) -> Security:
    try:
        return Security(given.get("security", otherwise))
    except ValueError:
        words = "The security of a mail account must be tls, starttls or plain."
        raise InvalidInput(words, fields={"security": words}) from None


def _secret(account: Account, secrets: SecretSource) -> str:
    secret = secrets.get(account.secret_name) if account.secret_name else None
    if secret is None:
        words = f"The gateway's keyring has no password for the account “{account.name}”."
        raise InvalidInput(words, fields={"password": "Missing"})
    return secret
