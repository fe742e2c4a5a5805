"""The Message-ID of an outgoing mail: decided when it is written, the same at every try."""

from __future__ import annotations

import re
import uuid

from crm_desktop.store.database import Tx
from crm_desktop.store.queries import accounts

_DOMAIN = re.compile(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?", re.IGNORECASE | re.ASCII)
_KEY = re.compile(r"[0-9a-f]{32}")
_NO_DOMAIN = "crm.invalid"


def new_message_id(tx: Tx) -> str:
    """A new Message-ID in the centre's mail domain, which nobody outside can guess.

    An answer that names it is thereby known to come from somebody who got the mail.
    """
    return message_id_in(str(accounts.setting(tx, "centre").get("mail_domain", "")))


def message_id_in(domain: str, key: str = "") -> str:
    """The same in a domain that is known already; `key` when whoever writes made one."""
    if not _DOMAIN.fullmatch(domain):
        domain = _NO_DOMAIN
    if key and not _KEY.fullmatch(key):
        raise ValueError("a key is 32 hexadecimal digits")
    return f"<{key or uuid.uuid4().hex}.crm@{domain.lower()}>"
