"""What each channel looks like in a list."""

from __future__ import annotations

from crm_desktop.desktop.core.theme import Tone
from crm_desktop.domain.states import Channel

CHANNEL_ICONS = {
    Channel.CALL: "phone",
    Channel.VOICEMAIL: "voicemail",
    Channel.EMAIL: "mail",
    Channel.WEB_FORM: "file-text",
    Channel.CHAT: "message-square",
    Channel.SOCIAL: "share-2",
    Channel.VISIT: "map-pin",
    Channel.LETTER: "mail-open",
    Channel.SMS: "smartphone",
}
_TONES = {
    Channel.CALL: Tone.DANGER,
    Channel.CHAT: Tone.INFO,
    Channel.VISIT: Tone.OK,
    Channel.EMAIL: Tone.ACCENT,
    Channel.SOCIAL: Tone.ACCENT,
}


def channel_tone(channel: Channel) -> Tone:
    """The tone of a channel's icon."""
    return _TONES.get(channel, Tone.NEUTRAL)
