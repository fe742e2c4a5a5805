"""The tables, a module an aggregate. Rows never leave the store: queries return frozen views."""

from crm_desktop.store.models.base import Base
from crm_desktop.store.models.cases import Case, CaseContact, Handoff
from crm_desktop.store.models.catalogue import (
    FormVersion,
    OpeningCalendar,
    Queue,
    QueueStat,
    QueueTarget,
    ReplyTemplate,
    Service,
    Setting,
)
from crm_desktop.store.models.contacts import Assignment, Contact, Looking
from crm_desktop.store.models.customers import (
    Address,
    Adjustment,
    Customer,
    Identifier,
    SafetyMarker,
)
from crm_desktop.store.models.events import Event, Notice, ReadAudit
from crm_desktop.store.models.knowledge import Article, ArticleUse
from crm_desktop.store.models.messages import Attachment, Blob, BlobChunk, Draft, Message
from crm_desktop.store.models.people import Membership, SavedView, Staff
from crm_desktop.store.models.quality import Assessment, Recording
from crm_desktop.store.models.work import ChannelAccount, Lease, OutboxItem

__all__ = [
    "Address",
    "Adjustment",
    "Article",
    "ArticleUse",
    "Assessment",
    "Assignment",
    "Attachment",
    "Base",
    "Blob",
    "BlobChunk",
    "Case",
    "CaseContact",
    "ChannelAccount",
    "Contact",
    "Customer",
    "Draft",
    "Event",
    "FormVersion",
    "Handoff",
    "Identifier",
    "Lease",
    "Looking",
    "Membership",
    "Message",
    "Notice",
    "OpeningCalendar",
    "OutboxItem",
    "Queue",
    "QueueStat",
    "QueueTarget",
    "ReadAudit",
    "Recording",
    "ReplyTemplate",
    "SafetyMarker",
    "SavedView",
    "Service",
    "Setting",
    "Staff",
]
