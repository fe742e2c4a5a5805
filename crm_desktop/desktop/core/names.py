"""What the kinds of the domain are called on screen."""

from __future__ import annotations

from crm_desktop.desktop.core import words
from crm_desktop.domain.social import Network
from crm_desktop.domain.states import Channel, ContactState, Resolution
from crm_desktop.domain.views import QueueRow

CHANNEL_NAMES = {
    Channel.CALL: "Call",
    Channel.VOICEMAIL: "Voicemail",
    Channel.EMAIL: "Email",
    Channel.WEB_FORM: "Web form",
    Channel.CHAT: "Chat",
    Channel.SOCIAL: "Social media",
    Channel.VISIT: "Visit",
    Channel.LETTER: "Letter",
    Channel.SMS: "Text message",
}
#: One and several of a channel, as they are counted.
CHANNEL_COUNTS = {
    Channel.CALL: ("call", "calls"),
    Channel.VOICEMAIL: ("voicemail", "voicemails"),
    Channel.EMAIL: ("email", "emails"),
    Channel.WEB_FORM: ("form", "forms"),
    Channel.CHAT: ("chat", "chats"),
    Channel.SOCIAL: ("post", "posts"),
    Channel.VISIT: ("visitor", "visitors"),
    Channel.LETTER: ("letter", "letters"),
    Channel.SMS: ("text", "texts"),
}
NETWORK_NAMES = {
    Network.BLUESKY: "Bluesky",
    Network.MASTODON: "Mastodon",
    Network.FACEBOOK: "Facebook",
    Network.X: "X",
}
RESOLUTIONS: dict[Resolution, str] = {
    Resolution.RESOLVED: "Resolved",
    Resolution.HANDED_OFF: "Handed off",
    Resolution.TRANSFERRED_OUT: "Transferred out",
    Resolution.SIGNPOSTED_COUNCIL: "Signposted in the council",
    Resolution.SIGNPOSTED_OUTSIDE: "Signposted outside",
    Resolution.CALLBACK: "Callback",
    Resolution.WARNED_ENDED: "Warned and ended",
    Resolution.NO_ACTION: "No action",
}
RESOLUTIONS_OF_POSTS: dict[Resolution, str] = {
    Resolution.ANSWERED_BY_RESIDENT: "Answered by a resident",
    Resolution.MOVED_TO_PRIVATE: "Moved to private",
}


def logged_words(row: QueueRow) -> str:
    """How a contact that was logged by hand came here, with both times; empty for any other."""
    if row.entered_at is None:
        return ""
    same_day = words.date(row.entered_at) == words.date(row.received_at)
    happened = (words.clock_time if same_day else words.full)(row.received_at)
    how = "logged while the database was away" if row.while_away else "logged by hand"
    return f"entered {words.clock_time(row.entered_at)}, happened {happened}, {how}"


def raised_words(row: QueueRow) -> str:
    """Why a contact is more urgent than it came; empty for any other."""
    return f"Raised: {row.raised}" if row.raised else ""


def offered_words(row: QueueRow) -> str:
    """To whom a contact is offered, or whose phone rings for it; empty for any other."""
    if row.state is not ContactState.OFFERED or not row.owner_name:
        return ""
    how = "Rings at" if row.channel is Channel.CALL else "Offered to"
    return f"{how} {row.owner_name}"
