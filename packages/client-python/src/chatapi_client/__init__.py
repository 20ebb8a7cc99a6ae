"""Client for chatapi: REST and a realtime connection that takes care of itself, sync and asyncio."""

from .client import AsyncChatClient
from .errors import ChatApiError
from .models import Event, File, Member, Message, Page, Resync, Room, Session, StateChange, Tokens, User
from .realtime import AsyncRealtime
from .sync import ChatClient, Realtime

__all__ = [
    "AsyncChatClient",
    "AsyncRealtime",
    "ChatApiError",
    "ChatClient",
    "Event",
    "File",
    "Member",
    "Message",
    "Page",
    "Realtime",
    "Resync",
    "Room",
    "Session",
    "StateChange",
    "Tokens",
    "User",
]
