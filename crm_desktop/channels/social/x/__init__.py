"""An account on X: its mentions, replies and direct messages, by X API v2."""

from crm_desktop.channels.social.x.account import XAccount
from crm_desktop.channels.social.x.oauth import OAuthKeys
from crm_desktop.channels.social.x.settings import XSettings

__all__ = ["OAuthKeys", "XAccount", "XSettings"]
