"""Texts by GOV.UK Notify."""

from crm_desktop.channels.texts.notify import Delivery, Notify, Sent
from crm_desktop.channels.texts.settings import NotifySettings

__all__ = ["Delivery", "Notify", "NotifySettings", "Sent"]
