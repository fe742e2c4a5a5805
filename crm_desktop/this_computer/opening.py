"""Opens what this computer keeps of a person, with a keyring that may stay silent."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from pathlib import Path

from crm_desktop.services import Database, Target
from crm_desktop.this_computer.articles import KeptArticles
from crm_desktop.this_computer.drafts import KeptDrafts
from crm_desktop.this_computer.log import KeptLog
from crm_desktop.this_computer.people import Known, KnownPeople
from crm_desktop.this_computer.visitors import KeptVisitors
from crm_desktop.workstation.sealed import Stores, open_stores, sealed_with
from crm_desktop.workstation.secrets import Secrets

#: A keyring may ask its owner to unlock it; longer than that the desktop does not wait.
_KEYRING_SECONDS = 20.0


@dataclass(frozen=True)
class Kept:
    """What is kept on this computer for one person and database."""

    drafts: KeptDrafts
    log: KeptLog
    articles: KeptArticles
    people: KnownPeople
    visitors: KeptVisitors

    def close(self) -> None:
        """Return when everything is written."""
        self.drafts.close()


def open_kept(folder: Path, secrets: Secrets | None, db: Database) -> Kept:
    """What is kept below `folder` for whoever is signed in."""
    assert db.actor is not None
    return kept_for(_stores(folder, secrets), db.target.url, db.actor.login)


def open_without(folder: Path, secrets: Secrets | None, target: Target) -> tuple[Known, Kept]:
    """The same while the database is away; raises NoKeyring, or InvalidInput for the unknown."""
    stores = _stores(folder, secrets)
    known = KnownPeople(stores.people, target.url).check(target.login, target.password)
    return known, kept_for(stores, target.url, target.login)


def kept_in_memory(url: str, login: str) -> Kept:
    """Nothing outlives the program, and nobody is told: for whoever looks at a window only."""
    return kept_for(sealed_with(Path(), None, ""), url, login)


def kept_for(stores: Stores, url: str, login: str) -> Kept:
    """One person's part of the stores; articles and visitors are everybody's."""
    own = f"{url}/{login}/"
    return Kept(
        KeptDrafts(stores.drafts, own),
        KeptLog(stores.logged, own),
        KeptArticles(stores.articles, f"{url}/"),
        KnownPeople(stores.people, url),
        KeptVisitors(stores.visitors, f"{url}/", login),
    )


def _stores(folder: Path, secrets: Secrets | None) -> Stores:
    opened: list[Stores] = []
    # A thread of its own: it may wait for ever for somebody to unlock the keyring.
    asking = threading.Thread(
        target=lambda: opened.append(open_stores(folder, secrets)), name="keyring", daemon=True
    )
    asking.start()
    asking.join(_KEYRING_SECONDS)
    return opened[0] if opened else sealed_with(folder, None, "The keyring did not answer")
