"""What the sign-in screen remembers: passwords in the keyring, names and addresses beside it."""

from __future__ import annotations

from crm_desktop.desktop.screens.sign_in.presenter import Memory
from crm_desktop.domain.errors import NoKeyring
from crm_desktop.this_computer.ways import Ways
from crm_desktop.workstation.secrets import Secrets


def memory_of(secrets: Secrets | None, ways: Ways) -> Memory:
    """The sign-in screen's memory: passwords in the keyring, names and the address beside."""

    def usable() -> Secrets:
        if secrets is None:
            raise NoKeyring
        return secrets

    def recall(url: str) -> tuple[str, str] | None:
        login = ways.get(f"login/{url}")
        if not login:
            return None
        return login, (usable().get(f"database:{url}:{login}") or "") if secrets else ""

    def remember(url: str, login: str, password: str) -> None:
        before = ways.get(f"login/{url}")
        if before and before != login:
            # One account of this computer remembers one person: nobody is offered another's.
            usable().delete(f"database:{url}:{before}")
        usable().set(f"database:{url}:{login}", password)
        ways.set(f"login/{url}", login)

    def forget(url: str, login: str) -> None:
        if secrets is not None:
            secrets.delete(f"database:{url}:{login}")
        if ways.get(f"login/{url}") == login:
            ways.set(f"login/{url}", "")

    def keep_url(url: str) -> None:
        ways.set("database/url", url)

    problem = "" if secrets else "This computer has no keyring, so no password can be remembered."
    return Memory(recall, remember, forget, keep_url, problem)
