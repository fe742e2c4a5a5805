"""OAuth 1.0a as X documents it: a signature over method, address and query, with two secrets.

Bodies that are JSON or multipart are not part of it. No library for so little: it is one function,
and the published example is in its test.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Self
from urllib.parse import quote

from crm_desktop.domain.errors import InvalidInput


@dataclass(frozen=True, slots=True)
class OAuthKeys:
    """The app's key and secret, and the account's token and secret."""

    consumer_key: str
    consumer_secret: str = field(repr=False)
    token: str
    token_secret: str = field(repr=False)

    @classmethod
    def read(cls, secret: str) -> Self:
        """Keys from their JSON, as the keyring has them; raises InvalidInput."""
        try:
            stored = json.loads(secret)
        except ValueError:
            stored = None
        names = [each.name for each in fields(cls)]
        given = stored if isinstance(stored, dict) else {}
        keys = [key for name in names if isinstance(key := given.get(name), str) and key]
        if len(keys) != len(names):
            words = {"secret": f"JSON with {', '.join(names)}"}
            raise InvalidInput("X needs four keys", fields=words)
        return cls(*keys)


def authorization(
    keys: OAuthKeys,
    method: str,
    address: str,
    query: Mapping[str, str],
    *,
    at: int,
    nonce: str = "",
) -> str:
    """The Authorization header; `address` is without a query, `at` seconds since 1970."""
    signed = {
        "oauth_consumer_key": keys.consumer_key,
        "oauth_nonce": nonce or secrets.token_hex(16),
        "oauth_signature_method": "HMAC-SHA1",
        "oauth_timestamp": str(at),
        "oauth_token": keys.token,
        "oauth_version": "1.0",
    }
    signed["oauth_signature"] = signature(keys, method, address, {**query, **signed})
    named = ", ".join(f'{encoded(k)}="{encoded(v)}"' for k, v in sorted(signed.items()))
    return f"OAuth {named}"


def signature(keys: OAuthKeys, method: str, address: str, parameters: Mapping[str, str]) -> str:
    """HMAC-SHA1 over the request, in base64."""
    pairs = sorted((encoded(name), encoded(value)) for name, value in parameters.items())
    joined = "&".join(f"{name}={value}" for name, value in pairs)
    base = "&".join((method.upper(), encoded(address), encoded(joined)))
    key = f"{encoded(keys.consumer_secret)}&{encoded(keys.token_secret)}"
    return base64.b64encode(hmac.new(key.encode(), base.encode(), hashlib.sha1).digest()).decode()


def encoded(text: str) -> str:
    """Percent-encoded as RFC 3986 wants it: only letters, digits and `-._~` stay."""
    return quote(text, safe="-._~")
