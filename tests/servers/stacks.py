"""A program of the tests says where its threads are when `processes.fate` asks it."""

import faulthandler
import signal


def tell_when_asked() -> None:
    """From now on SIGUSR1 writes every thread's stack on standard error."""
    faulthandler.register(signal.SIGUSR1, all_threads=True)
