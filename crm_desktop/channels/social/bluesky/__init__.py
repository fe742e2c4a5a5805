"""Bluesky: public posts and private messages by the AT Protocol."""

from crm_desktop.channels.social.bluesky.network import Bluesky
from crm_desktop.channels.social.bluesky.settings import BlueskySettings

__all__ = ["Bluesky", "BlueskySettings"]
