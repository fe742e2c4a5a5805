"""Reckoning the audit chain anew: what was altered, removed, added or cut off, and where."""

from __future__ import annotations

import hmac
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace

from crm_desktop.domain import audit_chain as chain
from crm_desktop.domain.audit_chain import Mark, Seal
from crm_desktop.services.sealing import Anchor
from crm_desktop.store.database import Database, Tx
from crm_desktop.store.queries import audit_chain as queries

#: So many seals are held in memory at once.
SEALS_AT_ONCE = 20
#: Beyond so many findings the rest is counted.
_SAID = 200


@dataclass(slots=True)
class Verdict:
    """What was found; all is well when `findings` is empty."""

    seals: int = 0
    rows: int = 0
    waiting: int = 0
    findings: list[str] = field(default_factory=list)
    more: int = 0

    def found(self, words: str) -> None:
        """Add a finding."""
        if len(self.findings) < _SAID:
            self.findings.append(words)
        else:
            self.more += 1


#: Hears how many seals of how many are done.
Progress = Callable[[int, int], None]


def verify(
    db: Database,
    key: bytes,
    anchors: Iterable[Anchor] = (),
    progress: Progress = lambda _done, _all: None,
) -> Verdict:
    """Look through the whole chain, in portions; nothing is changed."""
    return _Verifying(key, tuple(anchors)).run(db, progress)


class _Verifying:
    def __init__(self, key: bytes, anchors: tuple[Anchor, ...]) -> None:
        self._key = key
        self._mark = chain.key_mark(key)
        self._anchors = {each.seal: each for each in anchors if each.seal}
        self._verdict = Verdict()
        self._before = chain.NOTHING
        self._number = 0
        self._ends: dict[str, Mark] = {}
        # Entries without values, until the entry that says who removed them is met.
        self._emptied: set[int] = set()

    def run(self, db: Database, progress: Progress) -> Verdict:
        with db.read() as tx:
            total = queries.count(tx)
            while some := queries.seals(tx, self._number, SEALS_AT_ONCE):
                for seal in some:
                    self._seal(tx, seal)
                progress(self._verdict.seals, total)
            self._tail(tx)
        self._cut_off()
        for id_ in sorted(self._emptied):
            self._verdict.found(f"row_audit {id_}: its values were removed, and nobody entered it")
        return self._verdict

    def _seal(self, tx: Tx, seal: Seal) -> None:
        verdict = self._verdict
        verdict.seals += 1
        if seal.number != self._number + 1:
            missing = f"{self._number + 1} to {seal.number - 1}"
            verdict.found(f"seal {seal.number}: the seals {missing} before it are missing")
        self._number = seal.number
        if seal.key_mark != self._mark:
            verdict.found(f"seal {seal.number}: made with another key, or altered")
        draft = replace(seal, mac=chain.NOTHING)
        if not hmac.compare_digest(chain.sealed(self._key, draft, self._before), seal.mac):
            verdict.found(f"seal {seal.number}: altered, or not the one that followed")
        self._before = seal.mac
        anchor = self._anchors.pop(seal.number, None)
        if anchor is not None and anchor.mac != seal.mac.hex():
            verdict.found(f"seal {seal.number}: not the one that was written down {anchor.at:%c}")
        if seal.begins != self._ends.get(seal.source, Mark()):
            verdict.found(f"seal {seal.number}: leaves rows of {seal.source} out")
        self._ends[seal.source] = seal.ends
        self._rows(tx, seal)
        if seal.source == "row_audit":
            self._values(tx, seal.begins, seal.ends, f"seal {seal.number}, ")

    def _rows(self, tx: Tx, seal: Seal) -> None:
        expected = chain.split(seal.leaves)
        where = f"seal {seal.number} ({seal.at:%d %b %Y %H:%M}), {seal.source}"
        for row in queries.within(tx, seal.source, seal.begins, seal.ends):
            self._verdict.rows += 1
            sealed = expected.pop(row.mark.id, None)
            if sealed is None:
                self._verdict.found(f"{where} {row.mark.id}: was added afterwards")
            elif not hmac.compare_digest(chain.leaf(self._key, seal.source, row), sealed):
                self._verdict.found(f"{where} {row.mark.id}: was altered")
        for id_ in expected:
            self._verdict.found(f"{where} {id_}: is missing")

    def _values(self, tx: Tx, begins: Mark, ends: Mark | None, where: str) -> None:
        for id_, op, salt, changes, digest in queries.values(tx, begins, ends):
            if salt is None:
                self._emptied.add(id_)
            elif op != "I" and (changes is None or chain.digest_of(salt, changes) != digest):
                self._verdict.found(f"{where}row_audit {id_}: its values were altered")
            elif op == "R" and changes is not None:
                self._emptied.difference_update(json.loads(changes)["entries"])

    def _tail(self, tx: Tx) -> None:
        """What no seal covers yet, and what tries to stand outside the chain."""
        for source in chain.SOURCES:
            end = self._ends.get(source, Mark())
            self._verdict.waiting += queries.waiting(tx, source, end)
            if tx.dialect == "postgresql":
                for id_ in queries.unnumbered(tx, source):
                    self._verdict.found(f"{source} {id_}: was added outside the chain")
        self._values(tx, self._ends.get("row_audit", Mark()), None, "")

    def _cut_off(self) -> None:
        for anchor in self._anchors.values():
            self._verdict.found(
                f"seal {anchor.seal}: is missing. It was the head of the chain on {anchor.at:%c};"
                f" the chain now ends with seal {self._number}"
            )
