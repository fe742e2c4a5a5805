"""Accounts of the database as the channels' own settings; secrets come from the keyring."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from crm_desktop.channels.email.settings import ImapSettings, Security, SmtpSettings
from crm_desktop.domain.errors import InvalidInput
from crm_desktop.gateway.config import SecretSource
from crm_desktop.services.accounts import Account

if TYPE_CHECKING:
    from crm_desktop.channels.social.bluesky import BlueskySettings
    from crm_desktop.channels.social.facebook import FacebookSettings
    from crm_desktop.channels.social.mastodon import MastodonSettings
    from crm_desktop.channels.social.x import XSettings

IMAP = "imap"
SMTP_LISTENER = "smtp_listener"
WEB_FORM = "web_form"
ASTERISK = "asterisk"
#: What the names of a Facebook Page's further secrets end with.
APP, VERIFY = ":app", ":verify"


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


# Each network is loaded by whoever has an account there, and by nobody else.


def bluesky_settings(account: Account, secrets: SecretSource) -> BlueskySettings:
    """An account on Bluesky; raises InvalidInput or NoKeyring."""
    from crm_desktop.channels.social.bluesky import BlueskySettings

    given = _words(account)
    return BlueskySettings(
        service=given.get("service", "https://bsky.social"),
        handle=given.get("handle", ""),
        app_password=_secret(account, secrets),
    )


def mastodon_settings(account: Account, secrets: SecretSource) -> MastodonSettings:
    """An account on a server of Mastodon; raises InvalidInput or NoKeyring."""
    from crm_desktop.channels.social.mastodon import MastodonSettings

    given = _words(account)
    return MastodonSettings(
        server=given.get("server", ""),
        handle=given.get("handle", ""),
        token=_secret(account, secrets),
    )


def facebook_settings(account: Account, secrets: SecretSource) -> FacebookSettings:
    """A Facebook Page; raises InvalidInput or NoKeyring."""
    from crm_desktop.channels.social.facebook import FacebookSettings

    given = _words(account)
    settings = FacebookSettings(
        page_id=given.get("page_id", ""),
        token=_secret(account, secrets),
        app_secret=_secret(account, secrets, APP),
    )
    return replace(settings, graph=given["graph"]) if given.get("graph") else settings


def x_settings(account: Account, secrets: SecretSource) -> XSettings:
    """An account on X; raises InvalidInput or NoKeyring."""
    from crm_desktop.channels.social.x import OAuthKeys, XSettings

    given = _words(account)
    settings = XSettings(
        user_id=given.get("user_id", ""),
        handle=given.get("handle", "").removeprefix("@"),
        keys=OAuthKeys.read(_secret(account, secrets)),
    )
    return replace(settings, api=given["api"]) if given.get("api") else settings


def verify_token(account: Account, secrets: SecretSource) -> str:
    """What Facebook must say when it first asks whether the hook is ours; raises as others."""
    return _secret(account, secrets, VERIFY)


def _words(account: Account) -> dict[str, str]:
    return {name: str(value) for name, value in account.settings.items()}


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


def _secret(account: Account, secrets: SecretSource, part: str = "") -> str:
    name = account.secret_name + part
    secret = secrets.get(name) if account.secret_name else None
    if secret is None:
        words = f"The gateway's keyring has no password for the account “{account.name}”."
        if part:
            words = f"The gateway's keyring has no secret “{name}” for “{account.name}”."
        raise InvalidInput(words, fields={"password": "Missing"})
    return secret
