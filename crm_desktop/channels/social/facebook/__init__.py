"""A Facebook Page: its feed, comments, mentions and Messenger, by Meta's Graph API."""

from crm_desktop.channels.social.facebook.page import FacebookPage
from crm_desktop.channels.social.facebook.settings import FacebookSettings

__all__ = ["FacebookPage", "FacebookSettings"]
