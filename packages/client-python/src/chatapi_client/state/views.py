"""What the stores show."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Optional, Tuple

from ..errors import ChatApiError
from ..models import Member, Message, Room
from .people import UserView


@dataclass(frozen=True)
class LocalView:
    """A message of the app's own that is not in the log yet. ``state``: ``sending``, ``sent``
    (committed, its event has not arrived), or ``failed`` for the reason in ``error``.
    """

    state: str
    error: Optional[ChatApiError] = None


@dataclass(frozen=True)
class MessageView:
    """``key``: the same before and after it was sent. ``sender``: None until it is known.

    ``local``: only while it is not in the log of the room.
    """

    message: Message
    key: str
    sender: Optional[UserView]
    local: Optional[LocalView] = None


@dataclass(frozen=True)
class RoomView:
    """``recipient``: the other user of a direct room, once known."""

    room: Room
    recipient: Optional[UserView] = None


@dataclass(frozen=True)
class ConnectionSnapshot:
    """``error``: why it was lost last, or closed."""

    state: str
    error: Optional[ChatApiError] = None


@dataclass(frozen=True)
class RoomsSnapshot:
    """``status``: ``loading`` or ``ready``. ``rooms``: latest activity first."""

    status: str
    rooms: Tuple[RoomView, ...]


@dataclass(frozen=True)
class Badges:
    """Messages that the user has not read, in all rooms, and the number of rooms with such."""

    unread: int
    rooms: int


@dataclass(frozen=True)
class RoomSnapshot:
    """``status``: ``loading``: nothing is known yet; ``ready``; ``failed``: for the reason in
    ``error``. ``messages``: in the order of the log, then the user's own that are on their way.
    ``has_newer``: the window does not reach the end of the room.
    """

    status: str
    messages: Tuple[MessageView, ...]
    has_older: bool
    has_newer: bool
    is_loading_older: bool
    is_loading_newer: bool
    error: Optional[ChatApiError] = None


@dataclass(frozen=True)
class MembersSnapshot:
    """``members``: in the order of the pages; who joins later comes last."""

    status: str
    members: Tuple[Member, ...]
    has_more: bool
    error: Optional[ChatApiError] = None
