"""The team leader's board: their queues and the people they share them with, in one reading."""

from __future__ import annotations

from crm_desktop.domain.team import TeamBoard
from crm_desktop.store.database import Database
from crm_desktop.store.queries import team as queries


def board(db: Database) -> TeamBoard:
    """The board as it is now, for whoever leads; raises NotAllowed for anybody else."""
    with db.read_at_once() as tx:
        return queries.board(tx)
