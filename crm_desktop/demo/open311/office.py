"""The sandbox office's books: what it holds, what it received, and how it is told to misbehave.

Everything is under one lock, because tests look in from other threads while the server answers.
"""

from __future__ import annotations

import json
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal

from crm_desktop.demo.open311.catalogue import CATALOGUE, SandboxService

KeyGiven = Literal["none", "right", "wrong"]


@dataclass(frozen=True, slots=True)
class Access:
    """One exchange as the office saw it; the key itself is never kept.

    `photo` is name, content type and bytes of an uploaded picture. `status` is what the caller
    was told, 0 for no answer. Of an exchange spoilt before it was processed only the first lines
    are known.
    """

    at: str
    method: str
    path: str
    query: dict[str, str]
    fields: dict[str, list[str]]
    key: KeyGiven
    idempotency_key: str
    photo: tuple[str, str, int] | None
    status: int


@dataclass(frozen=True, slots=True)
class Fault:
    """How to spoil one exchange.

    `kind`: "status" answers with `status`, "drop" breaks off in the middle of the answer, "hang"
    says nothing until the caller gives up. `processed`: the work is done first. `method` and
    `path` (a part of the path) choose which exchange.
    """

    kind: Literal["status", "drop", "hang"] = "status"
    status: int = 500
    processed: bool = False
    retry_after: str = ""
    method: str = "POST"
    path: str = "/requests"


@dataclass(slots=True)
class Held:
    """One request in the books. `said` is what a person set, which time no longer changes."""

    id: str
    token: str
    service: SandboxService
    fields: dict[str, list[str]]
    requested: datetime
    received: float
    said: tuple[str, str] | None = None
    agency: str = ""
    expected: datetime | None = None
    updated: datetime | None = None

    def first(self, name: str) -> str:
        """The value of a form field, or empty."""
        return next(iter(self.fields.get(name, ())), "")


@dataclass(frozen=True, slots=True)
class Pace:
    """How the office moves by itself, in seconds; None leaves it to the controls.

    `token` after which a token gets its id, `progress` and `close` after which a request is in
    progress and closed.
    """

    token: float | None = None
    progress: float | None = None
    close: float | None = None


@dataclass(slots=True)
class Office:
    """One office; give it to `app.build` to serve it."""

    api_key: str = "sandbox-key"
    jurisdiction_id: str = "northmere.example"
    formats: tuple[str, ...] = ("json", "xml")
    services: tuple[SandboxService, ...] = CATALOGUE
    pace: Pace = field(default_factory=Pace)
    #: The standard has no such header, so an ordinary office ignores it.
    honours_keys: bool = False
    #: Some offices keep what people wrote to themselves.
    shows_descriptions: bool = True
    log_file: Path | None = None
    clock: Callable[[], float] = time.monotonic
    log: list[Access] = field(default_factory=list)
    held: dict[str, Held] = field(default_factory=dict)
    _by_key: dict[str, Held] = field(default_factory=dict)
    _faults: deque[Fault] = field(default_factory=deque)
    _changed: threading.Condition = field(default_factory=threading.Condition)
    _count: int = 0

    def fail_next(self, fault: Fault, times: int = 1) -> None:
        """Spoil the next matching exchanges."""
        with self._changed:
            self._faults.extend([fault] * times)

    def take_fault(self, method: str, path: str) -> Fault | None:
        """The fault for this exchange, used up by asking."""
        with self._changed:
            for fault in self._faults:
                if fault.method == method and fault.path in path:
                    self._faults.remove(fault)
                    return fault
        return None

    def write_down(self, access: Access) -> None:
        """Append to the log, in memory and in the file."""
        with self._changed:
            self.log.append(access)
            if self.log_file:
                with self.log_file.open("a", encoding="utf-8") as out:
                    out.write(json.dumps(asdict(access), ensure_ascii=False) + "\n")
            self._changed.notify_all()

    def wait_for(self, seen: Callable[[Access], bool], timeout: float = 10.0) -> Access:
        """The first exchange for which `seen` is true; TimeoutError when none comes."""
        found: list[Access] = []

        def there() -> bool:
            found[:] = [access for access in self.log if seen(access)]
            return bool(found)

        with self._changed:
            if not self._changed.wait_for(there, timeout):
                raise TimeoutError("the sandbox office saw no such request")
        return found[0]

    def posts(self) -> list[Access]:
        """Every POST that came, answered or not."""
        with self._changed:
            return [access for access in self.log if access.method == "POST"]

    def service(self, code: str) -> SandboxService | None:
        """A service by its code."""
        return next((each for each in self.services if each.code == code), None)

    def accept(
        self, service: SandboxService, fields: dict[str, list[str]], idempotency_key: str
    ) -> Held:
        """Put a checked request into the books."""
        with self._changed:
            if self.honours_keys and idempotency_key in self._by_key:
                return self._by_key[idempotency_key]
            self._count += 1
            number = str(638_000 + self._count)
            batch = service.kind == "batch"
            held = Held(
                id="" if batch else number,
                token=f"tok-{number}" if batch else "",
                service=service,
                fields={name: each for name, each in fields.items() if name != "api_key"},
                requested=datetime.now(UTC),
                received=self.clock(),
                agency=service.agency,
            )
            self.held[number] = held
            self._by_key[idempotency_key] = held
            self._changed.notify_all()
            return held

    def resolve(self, token: str) -> str:
        """Give a token its id, as the office's people do once a day; KeyError for an unknown."""
        with self._changed:
            for number, held in self.held.items():
                if held.token == token:
                    held.id = number
                    return number
        raise KeyError(token)

    def set_status(
        self,
        request_id: str,
        status: str,
        notes: str = "",
        *,
        agency: str = "",
        expected: datetime | None = None,
    ) -> None:
        """Say where a request stands from now on; KeyError for an unknown."""
        with self._changed:
            held = self.held[request_id]
            held.said = (status, notes)
            held.agency = agency or held.agency
            held.expected = expected
            held.updated = datetime.now(UTC)

    def find(self, request_id: str) -> Held | None:
        """A request that has its id; a copy, as it stands now."""
        return next((held for held in self.all() if held.id == request_id), None)

    def by_token(self, token: str) -> Held | None:
        """The request that a token was given for; a copy."""
        with self._changed:
            return next(
                (self._now(held) for held in self.held.values() if held.token == token), None
            )

    def all(self) -> list[Held]:
        """Every request that has its id, newest first; copies, as they stand now."""
        with self._changed:
            now = [self._now(held) for held in self.held.values()]
        return [held for held in reversed(now) if held.id]

    def _now(self, held: Held) -> Held:
        """A copy with what time has done to it."""
        age = self.clock() - held.received
        due = self.pace.token
        if held.token and not held.id and due is not None and age >= due:
            held.id = held.token.removeprefix("tok-")
        said, moved = self._by_age(held, age)
        return replace(held, said=said, updated=moved or held.requested)

    def _by_age(self, held: Held, age: float) -> tuple[tuple[str, str], datetime | None]:
        if held.said is not None:
            return held.said, held.updated
        if self.pace.close is not None and age >= self.pace.close:
            return ("closed", "Completed: the crew has been"), _after(held, self.pace.close)
        if self.pace.progress is not None and age >= self.pace.progress:
            return ("open", "In progress: a crew is assigned"), _after(held, self.pace.progress)
        return ("open", ""), None


def _after(held: Held, seconds: float) -> datetime:
    return held.requested + timedelta(seconds=seconds)
