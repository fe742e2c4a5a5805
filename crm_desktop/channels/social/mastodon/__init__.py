"""Mastodon, and other servers with its API: public posts and direct messages."""

from crm_desktop.channels.social.mastodon.network import Mastodon
from crm_desktop.channels.social.mastodon.settings import MastodonSettings

__all__ = ["Mastodon", "MastodonSettings"]
