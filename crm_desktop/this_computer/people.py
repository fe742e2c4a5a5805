"""Who signed in on this computer before, so that they may work while the database is away."""

from __future__ import annotations

import hashlib
import hmac
import json
import os
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta

from crm_desktop.domain.errors import InvalidInput, NoKeyring
from crm_desktop.domain.people import Person
from crm_desktop.domain.states import StaffRole
from crm_desktop.domain.views import ServiceInfo
from crm_desktop.services import Database, queue
from crm_desktop.workstation.sealed import SealedStore

#: Whoever has not signed in for so long may have left: only the database knows.
_LONGEST = timedelta(days=14)
_COST = {"n": 2**14, "r": 8, "p": 1}
_NOT_KNOWN = (
    f"Only somebody who signed in on this computer in the last {_LONGEST.days} days can work "
    "without the database, with the same password."
)


@dataclass(frozen=True)
class Known:
    """Somebody who is known here, and the services that they may log a contact for."""

    person: Person
    services: tuple[ServiceInfo, ...]


class KnownPeople:
    """Of one database, on worker threads. Passwords are kept as scrypt verifiers, in sealed files:
    they open only where the keyring of this computer's account does.
    """

    def __init__(self, store: SealedStore, url: str) -> None:
        self._store, self._url = store, url

    def remember(self, db: Database) -> None:
        """Whoever signed in to this database just now; nothing where files are not sealed."""
        person = db.actor
        if person is None or not self._store.durable or not db.target.password:
            return
        salt = os.urandom(16)
        data = {
            "id": person.id,
            "name": person.name,
            "role": person.role.value,
            "services": [asdict(each) for each in queue.services(db)],
            "salt": salt.hex(),
            "verifier": _verifier(db.target.password, salt),
            "at": datetime.now(UTC).isoformat(),
        }
        self._store.save(self._key(person.login), json.dumps(data).encode())

    def check(self, login: str, password: str) -> Known:
        """Who it is; raises NoKeyring, and InvalidInput with words when nobody is known so."""
        if not self._store.durable:
            raise NoKeyring
        sealed = self._store.load_all().entries.get(self._key(login))
        try:
            found = json.loads(sealed or b"{}")
            right = hmac.compare_digest(
                _verifier(password, bytes.fromhex(found["salt"])), str(found["verifier"])
            )
            fresh = datetime.now(UTC) - datetime.fromisoformat(found["at"]) < _LONGEST
            known = Known(
                Person(found["id"], login, found["name"], StaffRole(found["role"])),
                tuple(ServiceInfo(**each) for each in found["services"]),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise InvalidInput(_NOT_KNOWN) from error
        if not (right and fresh):
            raise InvalidInput(_NOT_KNOWN)
        return known

    def _key(self, login: str) -> str:
        return f"{self._url}/{login}"


def _verifier(password: str, salt: bytes) -> str:
    return hashlib.scrypt(password.encode(), salt=salt, **_COST).hex()
