"""A keyring may wait for its owner to unlock it; the doctor does not wait with it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TypeVar

from crm_desktop.domain.errors import CrmError, NoKeyring

#: A busy computer needs some of them for a keyring that is open.
_SECONDS = 10.0
_Answer = TypeVar("_Answer")


def ask_keyring(question: Callable[[], _Answer], seconds: float = _SECONDS) -> _Answer:
    """What `question` gives, asked on another thread; NoKeyring when it stays silent."""
    answers: list[_Answer] = []
    troubles: list[CrmError] = []

    def ask() -> None:
        try:
            answers.append(question())
        except CrmError as error:
            troubles.append(error)

    # Never joined for good: the end of the program ends it.
    thread = threading.Thread(target=ask, name="keyring", daemon=True)
    thread.start()
    thread.join(seconds)
    if troubles:
        raise troubles[0]
    if not answers:
        raise NoKeyring("The keyring does not answer. It may wait for somebody to unlock it.")
    return answers[0]
