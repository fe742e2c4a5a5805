"""The tables, a module an aggregate. Rows never leave the store: queries return frozen views."""

from crm_desktop.store.models.base import Base
from crm_desktop.store.models.calls import (
    Call,
    CallCommand,
    CallLeg,
    LineChoice,
    TelephoneLine,
)
from crm_desktop.store.models.cases import Case, CaseContact, Handoff
from crm_desktop.store.models.catalogue import (
    ChannelWeight,
    FormVersion,
    OpeningCalendar,
    Queue,
    QueueSkill,
    QueueStat,
    QueueTarget,
    ReplyTemplate,
    Service,
    Setting,
    Skill,
)
from crm_desktop.store.models.chats import Chat, ChatBlock, ChatLine, ChatTyping
from crm_desktop.store.models.contacts import Assignment, Contact, Looking, RoutingDecision
from crm_desktop.store.models.customers import (
    Address,
    Adjustment,
    Customer,
    Identifier,
    SafetyMarker,
)
from crm_desktop.store.models.events import AuditSeal, Event, Notice, ReadAudit, RowAudit
from crm_desktop.store.models.figures import (
    CountedContact,
    FiguresKept,
    HalfHourStaff,
    HalfHourStat,
)
from crm_desktop.store.models.forecast import ArrivalForecast
from crm_desktop.store.models.knowledge import Article, ArticleUse
from crm_desktop.store.models.messages import Attachment, Blob, BlobChunk, Draft, Message
from crm_desktop.store.models.moving import MoveBatch, MoveItem
from crm_desktop.store.models.people import (
    Activity,
    Membership,
    PresenceMark,
    SavedView,
    Staff,
    StaffSkill,
)
from crm_desktop.store.models.quality import Assessment
from crm_desktop.store.models.recordings import Playback, Recording, RecordingRequest
from crm_desktop.store.models.social import NoticePost, ServiceNotice, SocialPost
from crm_desktop.store.models.team import Huddle, HuddleReceipt, SignOut, StaffNote
from crm_desktop.store.models.visits import (
    Alarm,
    AlarmAnswer,
    Appointment,
    AtPlace,
    Incident,
    Place,
    Site,
    SiteService,
    SlotTaken,
    TicketCounter,
    TicketRange,
    Visit,
)
from crm_desktop.store.models.work import ChannelAccount, Lease, OutboxItem

__all__ = [
    "Activity",
    "Address",
    "Adjustment",
    "Alarm",
    "AlarmAnswer",
    "Appointment",
    "ArrivalForecast",
    "Article",
    "ArticleUse",
    "Assessment",
    "Assignment",
    "AtPlace",
    "Attachment",
    "AuditSeal",
    "Base",
    "Blob",
    "BlobChunk",
    "Call",
    "CallCommand",
    "CallLeg",
    "Case",
    "CaseContact",
    "ChannelAccount",
    "ChannelWeight",
    "Chat",
    "ChatBlock",
    "ChatLine",
    "ChatTyping",
    "Contact",
    "CountedContact",
    "Customer",
    "Draft",
    "Event",
    "FiguresKept",
    "FormVersion",
    "HalfHourStaff",
    "HalfHourStat",
    "Handoff",
    "Huddle",
    "HuddleReceipt",
    "Identifier",
    "Incident",
    "Lease",
    "LineChoice",
    "Looking",
    "Membership",
    "Message",
    "MoveBatch",
    "MoveItem",
    "Notice",
    "NoticePost",
    "OpeningCalendar",
    "OutboxItem",
    "Place",
    "Playback",
    "PresenceMark",
    "Queue",
    "QueueSkill",
    "QueueStat",
    "QueueTarget",
    "ReadAudit",
    "Recording",
    "RecordingRequest",
    "ReplyTemplate",
    "RoutingDecision",
    "RowAudit",
    "SafetyMarker",
    "SavedView",
    "Service",
    "ServiceNotice",
    "Setting",
    "SignOut",
    "Site",
    "SiteService",
    "Skill",
    "SlotTaken",
    "SocialPost",
    "Staff",
    "StaffNote",
    "StaffSkill",
    "TelephoneLine",
    "TicketCounter",
    "TicketRange",
    "Visit",
]
