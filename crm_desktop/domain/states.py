"""The states and kinds of DOMAIN, one enumeration each; the values are the database's."""

from enum import StrEnum


class Channel(StrEnum):
    """How a contact reached the centre."""

    CALL = "call"
    VOICEMAIL = "voicemail"
    EMAIL = "email"
    WEB_FORM = "web_form"
    CHAT = "chat"
    SOCIAL = "social"
    VISIT = "visit"
    LETTER = "letter"
    SMS = "sms"


class Direction(StrEnum):
    """Who began a contact, or who uttered a message."""

    INBOUND = "inbound"
    OUTBOUND = "outbound"


class ContactState(StrEnum):
    """Where one contact stands; a state change always has its event.

    The last three are of visits: called to a desk, called in vain, and gone before they were seen.
    """

    QUEUED = "queued"
    OFFERED = "offered"
    ACTIVE = "active"
    HELD = "held"
    WRAP_UP = "wrap_up"
    COMPLETED = "completed"
    PARKED = "parked"
    CALLBACK_DUE = "callback_due"
    ABANDONED = "abandoned"
    SPAM = "spam"
    DIALLING = "dialling"
    FAILED = "failed"
    CALLED = "called"
    NO_SHOW = "no_show"
    LEFT = "left"


#: A contact in one of these states is somebody's work at this moment.
IN_HAND = (ContactState.ACTIVE, ContactState.HELD, ContactState.WRAP_UP)


class Visibility(StrEnum):
    """Whether the customer sees a message."""

    PUBLIC = "public"
    INTERNAL = "internal"


class MessageState(StrEnum):
    """The life of a message; inbound ones are `received`, `stopped` waits for a person's look."""

    RECEIVED = "received"
    DRAFT = "draft"
    PENDING = "pending"
    STOPPED = "stopped"
    SENT = "sent"
    FAILED = "failed"
    WITHDRAWN = "withdrawn"


class AssignmentState(StrEnum):
    """The offer of one contact to one member of staff."""

    OFFERED = "offered"
    ACCEPTED = "accepted"
    WRAPPING = "wrapping"
    COMPLETED = "completed"
    DECLINED = "declined"
    TIMED_OUT = "timed_out"
    RESCINDED = "rescinded"
    TRANSFERRED = "transferred"
    RETURNED = "returned"


class DeclineReason(StrEnum):
    """Why somebody does not take what they are offered; `conflict`: they know the customer."""

    CONFLICT = "conflict"
    NOT_MY_SKILL = "not_my_skill"
    BREAK = "break"
    TECHNICAL = "technical"
    OTHER = "other"


class CaseState(StrEnum):
    """Where the customer's matter stands."""

    NEW = "new"
    OPEN = "open"
    WAITING_CUSTOMER = "waiting_customer"
    WAITING_BACK_OFFICE = "waiting_back_office"
    RESOLVED = "resolved"
    CLOSED = "closed"


class HandoffState(StrEnum):
    """Where a hand-off to a back-office service stands."""

    PENDING = "pending"
    SENT = "sent"
    ACKNOWLEDGED = "acknowledged"
    IN_PROGRESS = "in_progress"
    DONE = "done"
    BOUNCED = "bounced"
    FAILED = "failed"
    OVERDUE = "overdue"


class Presence(StrEnum):
    """What a person chose; never what the system sees them doing."""

    AVAILABLE = "available"
    LUNCH = "lunch"
    BREAK = "break"
    TRAINING = "training"
    MEETING = "meeting"
    OTHER_WORK = "other_work"
    OFFLINE = "offline"


class Doing(StrEnum):
    """What the system sees of a person who is signed in; never what they chose."""

    THERE = "there"
    ON_CONTACT = "on_contact"
    IDLE = "idle"
    LOCKED = "locked"
    NOT_RESPONDING = "not_responding"


class StaffRole(StrEnum):
    """The hats of DOMAIN; on PostgreSQL each is also a group role `crm_<value>`."""

    ADVISOR = "advisor"
    DESK = "desk"
    TEAM_LEADER = "team_leader"
    ADMIN = "admin"


class Resolution(StrEnum):
    """How a contact ended for the customer: the second answer of the disposition.

    The last two are of contacts on social networks alone: somebody else has answered in public, or
    the conversation goes on in private, where it is a contact of its own.
    """

    RESOLVED = "resolved"
    HANDED_OFF = "handed_off"
    TRANSFERRED_OUT = "transferred_out"
    SIGNPOSTED_COUNCIL = "signposted_council"
    SIGNPOSTED_OUTSIDE = "signposted_outside"
    CALLBACK = "callback"
    WARNED_ENDED = "warned_ended"
    NO_ACTION = "no_action"
    ANSWERED_BY_RESIDENT = "answered_by_resident"
    MOVED_TO_PRIVATE = "moved_to_private"


#: What only a contact on a social network can end as.
OF_POSTS = frozenset({Resolution.ANSWERED_BY_RESIDENT, Resolution.MOVED_TO_PRIVATE})


class IdentifierKind(StrEnum):
    """What a customer can be found by."""

    EMAIL = "email"
    PHONE = "phone"
    HANDLE = "handle"
    ACCOUNT = "account"


class MarkerState(StrEnum):
    """The life of a safety marker; a team leader activates it."""

    PROPOSED = "proposed"
    ACTIVE = "active"
    REVIEW_DUE = "review_due"
    EXPIRED = "expired"
    REMOVED = "removed"


class OutboxState(StrEnum):
    """The life of one piece of outgoing work; `held` waits for a person, `dead` gave up visibly."""

    PENDING = "pending"
    CLAIMED = "claimed"
    DONE = "done"
    HELD = "held"
    DEAD = "dead"
    WITHDRAWN = "withdrawn"
