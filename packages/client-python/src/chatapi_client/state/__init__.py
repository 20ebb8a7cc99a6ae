"""What a chat app shows, kept up to date: see `AsyncChatClient.live`."""

from .live import Live
from .members import LiveMembers
from .people import UserView
from .room import LiveRoom
from .store import Store
from .views import (
    Badges,
    ConnectionSnapshot,
    LocalView,
    MembersSnapshot,
    MessageView,
    RoomSnapshot,
    RoomsSnapshot,
    RoomView,
)

__all__ = [
    "Badges",
    "ConnectionSnapshot",
    "Live",
    "LiveMembers",
    "LiveRoom",
    "LocalView",
    "MembersSnapshot",
    "MessageView",
    "RoomSnapshot",
    "RoomView",
    "RoomsSnapshot",
    "Store",
    "UserView",
]
