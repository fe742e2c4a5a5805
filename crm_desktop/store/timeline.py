"""Events put into the words of a timeline."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from crm_desktop.domain.states import DeclineReason
from crm_desktop.domain.views import TimelineEntry
from crm_desktop.store.guard import EventRow

_LONDON = ZoneInfo("Europe/London")
_WORDS: Mapping[str, str] = {
    "contact.received": "Received",
    "contact.logged": "Logged by hand",
    "contact.reopened": "Came back",
    "contact.taken": "Taken",
    "contact.returned": "Returned to the queue",
    "contact.parked": "Parked",
    "contact.resumed": "Taken up again",
    "contact.woken": "Back from parking",
    "contact.transferred": "Transferred",
    "contact.wrap_up": "Wrap-up began",
    "contact.extended": "More time for the wrap-up",
    "contact.completed": "Completed",
    "contact.spam": "Set aside as spam",
    "contact.service": "Service changed",
    "contact.priority": "Priority changed",
    "contact.due": "Due time changed",
    "contact.undone": "Taken back by the team leader",
    "contact.customer": "Customer changed",
    "contact.checked": "Checked by a person",
    "contact.offered": "Offered",
    "contact.no_show": "Did not come when called",
    "contact.left": "Left without being seen",
    "visit.called": "Called",
    "visit.back": "Back to the line",
    "visit.room": "Went to a room",
    "visit.without_room": "Seen without the room that was proposed",
    "place.held": "Room kept free, or let go",
    "telephones.pbx": "Set up how the gateway reaches the PBX",
    "telephones.line": "Changed a telephone line",
    "telephones.extension": "Gave a colleague a telephone, or took it away",
    "site.put": "Changed how a site is set up",
    "site.key": "Renewed the key of a site's kiosks and screens",
    "contact.declined": "Offer declined",
    "contact.offer_timed_out": "Offer not answered",
    "contact.overflowed": "Moved on: it had waited too long",
    "contact.let_go": "Parked, and nobody's now",
    "contact.boosted": "Priority raised",
    "contact.abandoned": "Caller gave up",
    "contact.callback": "Callback",
    "contact.voicemail": "Left a voicemail",
    "contact.turned_away": "Sent away",
    "contact.answered_away": "Answered at the telephone while the CRM was away",
    "call.ringing": "Telephone rings",
    "call.answered": "Answered",
    "call.held": "On hold",
    "call.resumed": "Off hold",
    "call.muted": "Muted",
    "call.unmuted": "Heard again",
    "call.consulting": "Asked somebody while the caller waited",
    "call.conference": "All talked together",
    "call.transferred": "Call passed on",
    "call.recording": "Recording",
    "call.greeted": "Heard the greeting",
    "call.ended": "Call ended",
    "call.listened": "A team leader was in the call",
    "call.failed": "Call did not come about",
    "contact.dialled": "Called by us",
    "call.warned": "Caller was warned, and the call ended",
    "chat.ended": "Chat ended",
    "chat.resumed": "Chat goes on",
    "chat.returned": "Came back to the chat",
    "chat.confirmed": "Said after a look, though the leak check had found something",
    "chat.email": "Chat goes on by email",
    "chat.transcript": "Transcript sent to the visitor",
    "chat.rated": "Visitor rated the chat",
    "chat.blocked": "Visitor kept out of the chat",
    "chat.unblocked": "Visitor may chat again",
    "message.received": "Message received",
    "message.queued": "Reply written",
    "message.written": "Reply written",
    "message.delivery_reported": "Mail server reported on the delivery",
    "message.stopped": "Reply stopped by the leak check",
    "message.released": "Stopped reply sent after a look",
    "message.withdrawn": "Reply taken back",
    "message.sent": "Reply sent",
    "message.failed": "Reply could not be sent",
    "message.acknowledged": "Receipt acknowledged automatically",
    "message.bounced": "Mail came back undelivered",
    "note.added": "Internal note",
    "document.added": "Document added",
    "document.removed": "Document taken back",
    "text.sent": "Text sent",
    "text.delivered": "Text arrived",
    "text.failed": "Text could not be sent",
    "text.dropped": "Text not sent",
    "post.edited": "Author changed the post",
    "post.deleted": "Post was deleted on the network",
    "post.elsewhere": "Answered by us elsewhere",
    "notice.published": "Notice published",
    "notice.ended": "Notice taken down",
    "notice.posted": "Notice sent to a network",
    "notice.failed": "Notice could not be sent to a network",
    "notice.deleting": "Notice to be deleted on networks",
    "notice.post_deleted": "Notice deleted on a network",
    "notice.not_deleted": "Notice could not be deleted on a network",
    "case.opened": "Case opened",
    "case.saved": "Case saved",
    "case.linked": "Case linked",
    "case.unlinked": "Case taken off",
    "case.resolved": "Case resolved",
    "case.reopened": "Case reopened",
    "handoff.requested": "Hand-off requested",
    "handoff.sent": "Hand-off sent",
    "handoff.numbered": "Back office gave its number",
    "handoff.status": "Back office",
    "handoff.overdue": "Hand-off is overdue",
    "handoff.told": "Customer told of the hand-off's progress",
    "handoff.failed": "Hand-off failed",
    "article.used": "Article used",
    "outbox.retried": "Tried again",
    "outbox.repeated": "Sent once more: nobody could tell whether it had arrived",
    "outbox.dead": "Gave up sending",
    "outbox.let_be": "Given up by a team leader",
    "staff.queue": "Queues of a colleague changed",
    "staff.skill": "Skills of a colleague changed",
    "staff.while_ended": "What was for a while is over",
    "skill.put": "Skill added or renamed",
    "alarm.raised": "Alarm raised",
    "alarm.acknowledged": "Alarm acknowledged",
    "alarm.ended": "Alarm ended",
    "incident.written": "Incident written down",
    "incident.changed": "Incident record changed",
    "incident.closed": "Incident closed with what was learnt",
    "huddle.sent": "Huddle sent",
    "huddle.read": "Huddle read",
    "huddle.ended": "Huddle taken back",
    "private.sent": "Private note written",
    "private.read": "Private note read",
    "recording.kept": "Recording kept",
    "recording.lost": "Recording lost",
    "recording.held": "Recording held past its time",
    "recording.let_go": "Recording held no more",
    "recording.requested": "Customer asked for the recording",
    "recording.transcribed": "Transcript of the recording written",
    "recording.released": "Transcript released to the customer",
    "recording.refused": "Request for the recording ended",
    "recording.searched": "Looked for recordings by number and time",
    "recording.destroyed": "Recording destroyed",
    "database.restored": "The database was put back to an earlier point",
}
_WITH_REASON = frozenset(
    {
        *("contact.returned", "contact.let_go", "contact.boosted", "call.warned"),
        *("recording.held", "recording.let_go", "recording.refused"),
    }
)
_RESOLUTIONS: Mapping[str, str] = {
    "resolved": "resolved",
    "handed_off": "handed off",
    "transferred_out": "transferred out",
    "signposted_council": "signposted elsewhere in the council",
    "signposted_outside": "signposted outside the council",
    "callback": "callback promised",
    "warned_ended": "warned and ended",
    "no_action": "no action needed",
    "answered_by_resident": "answered by another resident",
    "moved_to_private": "moved to a private conversation",
}
_DECLINES: Mapping[str, str] = {
    DeclineReason.CONFLICT: "knows the customer",
    DeclineReason.NOT_MY_SKILL: "not their skill",
    DeclineReason.BREAK: "needs a break",
    DeclineReason.TECHNICAL: "technical trouble",
    DeclineReason.OTHER: "another reason",
}


def _logged(data: Mapping[str, Any]) -> str:
    """Both times in words: the person's, and the database's when it was entered."""
    try:
        happened, entered = (
            datetime.fromisoformat(str(data[name])).astimezone(_LONDON)
            for name in ("happened", "entered")
        )
    except (KeyError, ValueError):
        return ""
    day = "" if happened.date() == entered.date() else f"{happened.day} {happened:%b} "
    said = f"happened {day}{happened:%H:%M}, entered {entered:%H:%M}"
    return f"{said}, logged while the database was away" if data.get("while_away") else said


def _abandoned(data: Mapping[str, Any]) -> str:
    where = " at the voicemail greeting" if data.get("after") == "greeting" else ""
    where = where or (" while the telephone rang" if data.get("ringing") else "")
    away = ", while the CRM was away" if data.get("while_away") else ""
    waited = data.get("waited")
    return f"after {_long(waited)}{where}{away}" if waited is not None else f"{where}{away}"[1:]


def _callback(data: Mapping[str, Any]) -> str:
    if data.get("why") == "cut_off":
        return "the call was cut off"
    waited = data.get("waited")
    return f"asked for after {_long(waited)}" if waited is not None else ""


def _voicemail(data: Mapping[str, Any]) -> str:
    return f"{_long(data['seconds'])} long" if data.get("seconds") else ""


def _ended(data: Mapping[str, Any]) -> str:
    if data.get("cut_off"):
        words = "cut off"
    else:
        words = {"caller": "by the caller", "advisor": "by us"}.get(str(data.get("by")), "")
    parts = [words]
    for name, said in (("talk", "talked for"), ("hold", "on hold for")):
        if data.get(name):
            parts.append(f"{said} {_long(data[name])}")
    return ", ".join(part for part in parts if part)


def _long(seconds: object) -> str:
    """45 s, 3 min 5 s."""
    whole = round(float(seconds)) if isinstance(seconds, int | float) else 0
    minutes, rest = divmod(max(whole, 0), 60)
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


#: Who gives up in a chat, and how.
_VISITORS = ("visitor", "gone")
_CHAT_ENDED = {
    "visitor": "by the visitor",
    "advisor": "by us",
    "gone": "the visitor had left",
    "email": "it goes on by email",
    "blocked": "the visitor is kept out",
    "warned": "after a warning",
}
_TURNED_AWAY = {"closed": "the queue was closed", "busy": "the line was busy"}
_PASSED_ON = {"warm": "with an introduction", "blind": "at once"}
_MODES = {"listen": "heard it", "whisper": "spoke to the advisor", "barge": "joined in"}
_GREETED = {
    "closed": "the queue was closed",
    "busy": "the line was busy",
    "choice": "the caller chose to leave a message",
    "away": "the CRM was away",
}
_SAID: Mapping[str, Callable[[Mapping[str, Any]], str]] = {
    "contact.logged": _logged,
    "contact.parked": lambda data: "with a partner" if data.get("place") else "",
    "visit.called": lambda data: "again" if (data.get("calls") or 1) > 1 else "",
    "visit.without_room": lambda data: str(data.get("why") or ""),
    "contact.abandoned": _abandoned,
    "contact.callback": _callback,
    "contact.voicemail": _voicemail,
    "contact.turned_away": lambda data: _TURNED_AWAY.get(str(data.get("why")), ""),
    "call.greeted": lambda data: _GREETED.get(str(data.get("why")), ""),
    "call.answered": lambda data: (
        f"after {_long(data['waited'])}" if data.get("waited") is not None else ""
    ),
    "call.ended": _ended,
    "chat.ended": lambda data: _CHAT_ENDED.get(str(data.get("by")), ""),
    "chat.rated": lambda data: f"{data.get('stars')} of 5",
    "chat.blocked": lambda data: f"for {data.get('hours')} hours",
    "call.recording": lambda data: " ".join(
        str(data[name]) for name in ("state", "why") if data.get(name)
    ),
    "call.transferred": lambda data: _PASSED_ON.get(str(data.get("how")), ""),
    "call.listened": lambda data: _MODES.get(str(data.get("mode")), ""),
}


def entry(row: EventRow) -> TimelineEntry:
    """An event of a contact as a person reads it."""
    return TimelineEntry(row.at, row.kind, _words(row), row.actor)


def _words(row: EventRow) -> str:
    visitor = row.kind == "contact.abandoned" and row.data.get("by") in _VISITORS
    words = (
        "Visitor gave up"
        if visitor
        else _WORDS.get(row.kind, row.kind.replace(".", " ").replace("_", " ").capitalize())
    )
    extra = _extra(row.kind, row.data)
    return f"{words}: {extra}" if extra else words


def _extra(kind: str, data: Mapping[str, Any]) -> str:
    if kind == "contact.completed":
        return _RESOLUTIONS.get(str(data.get("resolution")), "")
    if kind == "contact.declined":
        return _DECLINES.get(str(data.get("reason")), "")
    if kind in _WITH_REASON:
        return str(data.get("reason") or "")
    if kind in _SAID:
        return _SAID[kind](data)
    for name in ("words", "reference", "title", "article"):
        if data.get(name):
            return str(data[name])
    return ""
