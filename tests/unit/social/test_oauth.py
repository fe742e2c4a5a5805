"""X's signatures, by the example of its document "Creating a signature"."""

from __future__ import annotations

import re
from urllib.parse import unquote

import pytest

from crm_desktop.channels.social.x import oauth
from crm_desktop.channels.social.x.oauth import OAuthKeys

KEYS = OAuthKeys(
    "xvz1evFS4wEEPTGEFPHBog",
    "kAcSOqF21Fu85e7zjz7ZN2U4ZRhfV3WpwPAoE3Z7kBw",
    "370773112-GmHxMAgYyLbNEtIKZeRNFsMKPR9EyMZeS9weJAEb",
    "LswwdoUaIvS8ltyTt5jkRh4J50vUPVVHtR2YPi5kE",
)
NONCE = "kYjzVBB8Y0ZFabxSWbWovY3uYSQ2pTgmZeNu2VS4cg"
AT = 1_318_622_958
SIGNED = {
    "status": "Hello Ladies + Gentlemen, a signed OAuth request!",
    "include_entities": "true",
}


@pytest.mark.parametrize(
    ("address", "published"),
    [
        ("https://api.twitter.com/1/statuses/update.json", "tnnArxj06cWHq44gCs1OSKk/jLY="),
        ("https://api.x.com/1.1/statuses/update.json", "Ls93hJiZbQ3akF3HF3x1Bz8/zU4="),
    ],
)
def test_published_signatures(address: str, published: str) -> None:
    header = oauth.authorization(KEYS, "post", address, SIGNED, at=AT, nonce=NONCE)

    assert header.startswith("OAuth ")
    said = dict(re.findall(r'(\w+)="([^"]*)"', header))
    assert unquote(said.pop("oauth_signature")) == published
    assert said == {
        "oauth_consumer_key": KEYS.consumer_key,
        "oauth_nonce": NONCE,
        "oauth_signature_method": "HMAC-SHA1",
        "oauth_timestamp": str(AT),
        "oauth_token": KEYS.token,
        "oauth_version": "1.0",
    }


@pytest.mark.parametrize(
    ("plain", "published"),
    [
        ("Ladies + Gentlemen", "Ladies%20%2B%20Gentlemen"),
        ("An encoded string!", "An%20encoded%20string%21"),
        ("Dogs, Cats & Mice", "Dogs%2C%20Cats%20%26%20Mice"),
        ("☃", "%E2%98%83"),
        ("-._~", "-._~"),
    ],
)
def test_published_percent_encoding(plain: str, published: str) -> None:
    """The examples of "Percent encoding parameters"."""
    assert oauth.encoded(plain) == published


def test_no_two_requests_have_the_same_nonce() -> None:
    headers = {oauth.authorization(KEYS, "GET", "https://x.invalid/", {}, at=AT) for _ in range(50)}

    assert len(headers) == 50


def test_secrets_are_in_no_header_and_in_no_words() -> None:
    header = oauth.authorization(KEYS, "GET", "https://x.invalid/", {}, at=AT)

    for secret in (KEYS.consumer_secret, KEYS.token_secret):
        assert secret not in header
        assert secret not in repr(KEYS)
