"""Passwords live in this computer's keyring; without one they live nowhere."""

import os
import platform
import stat
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

import keyring
from keyring.backend import KeyringBackend
from keyring.errors import KeyringError, PasswordDeleteError

from crm_desktop.domain.errors import NoKeyring

_SERVICE = "crm-desktop"

# What the operating systems themselves keep encrypted. Others may write plain text.
_TRUSTED_MODULES = frozenset(
    {
        "keyring.backends.SecretService",
        "keyring.backends.libsecret",
        "keyring.backends.kwallet",
        "keyring.backends.macOS",
        "keyring.backends.Windows",
    }
)


class Secrets(Protocol):
    """Where secrets come from; every method may raise NoKeyring."""

    def get(self, name: str, /) -> str | None:
        """The secret called `name`, None when there is none."""

    def set(self, name: str, value: str, /) -> None:
        """Keep a secret under `name`, replacing the one before."""

    def delete(self, name: str, /) -> None:
        """Forget the secret called `name`; one that is not there is fine."""


class KeyringSecrets:
    """Secrets in the keyring of the person who is signed in to this computer."""

    def __init__(self, backend: KeyringBackend | None = None, service: str = _SERVICE) -> None:
        """Use `backend`, or the computer's own; NoKeyring unless it keeps secrets encrypted."""
        chosen = keyring.get_keyring() if backend is None else backend
        _refuse_untrusted(chosen)
        self._backend = chosen
        self._service = service

    def get(self, name: str, /) -> str | None:
        """See Secrets."""
        try:
            return self._backend.get_password(self._service, name)
        except KeyringError as error:
            raise _locked(error) from error

    def set(self, name: str, value: str, /) -> None:
        """See Secrets."""
        try:
            self._backend.set_password(self._service, name, value)
        except KeyringError as error:
            raise _locked(error) from error

    def delete(self, name: str, /) -> None:
        """See Secrets."""
        try:
            self._backend.delete_password(self._service, name)
        except PasswordDeleteError:
            return
        except KeyringError as error:
            raise _locked(error) from error


class FileSecrets:
    """Secrets of a headless gateway, from a TOML file `name = "value"` that it never writes."""

    def __init__(self, path: Path) -> None:
        """Read the file once; NoKeyring when anybody else could read it too."""
        self._path = path
        self._values = _read_private(path)

    def get(self, name: str, /) -> str | None:
        """See Secrets."""
        return self._values.get(name)

    def set(self, name: str, _value: str, /) -> None:
        """Always refused: an administrator writes this file."""
        raise NoKeyring(f"{name} must be written into {self._path} by an administrator.")

    def delete(self, name: str, /) -> None:
        """Always refused: an administrator writes this file."""
        raise NoKeyring(f"{name} must be taken out of {self._path} by an administrator.")


def open_secrets(secrets_file: Path | None = None) -> Secrets:
    """The secrets of this process: the given file, or the keyring; NoKeyring explains itself."""
    return KeyringSecrets() if secrets_file is None else FileSecrets(secrets_file)


def _refuse_untrusted(backend: KeyringBackend) -> None:
    for each in _parts(backend):
        module = type(each).__module__
        if module not in _TRUSTED_MODULES:
            raise NoKeyring(
                "This computer has no keyring that CRM Desktop can use, so no password can be "
                f"kept. {_advice()}",
                backend=f"{module}.{type(each).__name__}",
            )


def _parts(backend: KeyringBackend) -> Iterator[KeyringBackend]:
    """A chain of backends writes to its first, and reads from all."""
    chained = getattr(backend, "backends", None)
    if chained:
        yield from chained
    else:
        yield backend


def _advice() -> str:
    if platform.system() == "Linux":
        return "Start GNOME Keyring or KWallet, or ask your administrator to."
    return "Ask your administrator why the system's password store is switched off."


def _locked(error: KeyringError) -> NoKeyring:
    return NoKeyring(
        "The keyring did not open. Unlock it and try again; nothing was kept elsewhere.",
        reason=type(error).__name__,
    )


def _read_private(path: Path) -> dict[str, str]:
    if sys.platform == "win32":
        raise NoKeyring(
            "On Windows secrets come from the Credential Manager of the gateway's account, "
            "never from a file.",
            file=str(path),
        )
    try:
        # The file that was checked must be the file that is read.
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError as error:
        raise NoKeyring(f"{path} cannot be read: {error.strerror}.", file=str(path)) from error
    facts = os.fstat(handle)
    if not stat.S_ISREG(facts.st_mode) or facts.st_uid != os.geteuid() or facts.st_mode & 0o077:
        os.close(handle)
        raise NoKeyring(
            f"{path} holds secrets, so it must be a file of the gateway's user that nobody else "
            "can read (chmod 600). It was not read.",
            file=str(path),
        )
    with os.fdopen(handle, "rb") as file:
        text = file.read()
    try:
        values = tomllib.loads(text.decode())
    except (tomllib.TOMLDecodeError, UnicodeDecodeError):
        # The decoder's own words could quote a secret.
        raise NoKeyring(
            f'{path} is not a list of lines like name = "value".', file=str(path)
        ) from None
    return {name: str(value) for name, value in values.items()}
