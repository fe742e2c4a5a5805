"""A sound on its way through the database is sealed to the one desktop that asked for it.

The desktop makes a key pair for each listening and keeps the private half in its memory. So neither
the database nor its backups and logs ever hold what can be heard, and destroying a recording's own
key covers them too.
"""

from __future__ import annotations

import os

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

KEY_BYTES = 32
_NONCE_BYTES = 12
_PURPOSE = b"crm-desktop playback"


class Listener:
    """One listening: its public half goes into the database, its private half nowhere."""

    def __init__(self) -> None:
        self._private = X25519PrivateKey.generate()
        self.public = _raw(self._private.public_key())

    def open(self, sealed: bytes) -> bytes:
        """What was sealed to this listener; InvalidTag for anything else."""
        theirs, nonce = sealed[:KEY_BYTES], sealed[KEY_BYTES : KEY_BYTES + _NONCE_BYTES]
        shared = self._private.exchange(X25519PublicKey.from_public_bytes(theirs))
        key = _derived(shared, theirs + self.public)
        return AESGCM(key).decrypt(nonce, sealed[KEY_BYTES + _NONCE_BYTES :], None)


def seal(public: bytes, sound: bytes) -> bytes:
    """The sound for the listener with this public key (32 bytes) alone."""
    own = X25519PrivateKey.generate()
    ours = _raw(own.public_key())
    shared = own.exchange(X25519PublicKey.from_public_bytes(public))
    nonce = os.urandom(_NONCE_BYTES)
    return ours + nonce + AESGCM(_derived(shared, ours + public)).encrypt(nonce, sound, None)


def _derived(shared: bytes, parties: bytes) -> bytes:
    return HKDF(SHA256(), KEY_BYTES, salt=None, info=_PURPOSE + parties).derive(shared)


def _raw(key: X25519PublicKey) -> bytes:
    return key.public_bytes(Encoding.Raw, PublicFormat.Raw)
