"""One colleague at work, in a process of their own: `python -m … ORDERS` takes, looks at and
returns the contacts in `among` at `pace` changes a second until standard input ends.

The first line says that it begins, the last how many changes there were a second.
"""

from __future__ import annotations

import json
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from itertools import cycle

from crm_desktop.domain.errors import CrmError
from crm_desktop.services import Database, Target, contacts
from crm_desktop.services.session import sign_in
from tests.benchmarks.centre import MIGRATIONS

Move = Callable[[Database, int], object]


def work(db: Database, among: Sequence[int], pace: float, stop: threading.Event) -> float:
    """Change something so often a second until told to stop; how often it really was."""
    begun = due = time.monotonic()
    done = 0
    for move, contact_id in _moves(among):
        # What is taken is returned before leaving.
        if stop.is_set() and move is contacts.take:
            break
        try:
            move(db, contact_id)
        except CrmError:
            continue  # somebody else has it
        done += 1
        due += 1 / pace
        time.sleep(max(0.0, due - time.monotonic()))
    return done / (time.monotonic() - begun)


def _moves(among: Sequence[int]) -> Iterator[tuple[Move, int]]:
    """For ever: one is taken and returned while the next is looked at."""
    pairs = zip(among[::2], among[1::2], strict=False)
    for taken, looked_at in cycle(list(pairs)):
        yield contacts.take, taken
        yield contacts.look, looked_at
        yield contacts.release, taken
        yield contacts.look_away, looked_at


def main() -> int:
    """Sign in, work, say how much it was."""
    orders = json.loads(sys.argv[1])
    target = Target(orders["url"], orders["login"], orders["password"])
    stop = threading.Event()

    def await_the_end() -> None:
        sys.stdin.read()
        stop.set()

    threading.Thread(target=await_the_end, daemon=True).start()
    db = sign_in(target, orders["login"], MIGRATIONS)
    _say(True)
    try:
        answer = work(db, orders["among"], orders["pace"], stop)
    finally:
        db.close()
    _say(answer)
    return 0


def _say(what: float) -> None:
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
