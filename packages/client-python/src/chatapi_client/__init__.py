"""Client for chatapi: REST and a realtime connection that takes care of itself, sync and asyncio."""

from .admin_models import AuditEntry, FilteredWord, ListedReport, Report, Stats, SystemHealth, WordFilter
from .client import AsyncChatClient
from .errors import ChatApiError
from .models import (
    Announcement,
    Attachment,
    Event,
    Export,
    File,
    Member,
    Message,
    Page,
    Profile,
    RateLimit,
    Resync,
    Room,
    Session,
    SessionInfo,
    StateChange,
    Tokens,
    User,
)
from .realtime import AsyncRealtime
from .sync import ChatClient, Realtime

__all__ = [
    "Announcement",
    "AsyncChatClient",
    "AsyncRealtime",
    "Attachment",
    "AuditEntry",
    "ChatApiError",
    "ChatClient",
    "Event",
    "Export",
    "File",
    "FilteredWord",
    "ListedReport",
    "Member",
    "Message",
    "Page",
    "Profile",
    "RateLimit",
    "Realtime",
    "Report",
    "Resync",
    "Room",
    "Session",
    "SessionInfo",
    "StateChange",
    "Stats",
    "SystemHealth",
    "Tokens",
    "User",
    "WordFilter",
]
