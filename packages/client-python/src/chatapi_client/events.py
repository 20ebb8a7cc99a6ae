"""Events of a connection as typed dictionaries, with the keys of the wire format."""

from __future__ import annotations

from typing import Any, Dict, List, Literal, Optional, TypedDict

from .admin_models import AuditEntry, Report, Stats
from .errors import ChatApiError
from .connection_models import Resync, StateChange
from .models import Attachment, Message, RoomRole, UserCard


class Logged(TypedDict):
    """A change of a room. ``seq``: position of the event in the log of the room."""

    chat_id: str
    seq: int


class _MessageEvent(Message):
    type: Literal["message"]


class MessageEvent(_MessageEvent, total=False):
    """``parent_thread_count``: of a reply, the number of replies that its parent has after this event.

    It is missing in what came from history. ``reactions`` are empty.
    """

    parent_thread_count: int


class _MessageUpdated(Logged):
    type: Literal["message_updated"]
    message_id: str
    content: str
    attachments: List[Attachment]
    is_edited: bool
    updated_at: str


class MessageUpdated(_MessageUpdated, total=False):
    """A message was edited, lost a file, or mentions somebody who became known.

    Only an edit sets ``is_edited``.

    ``mentions`` is missing only in events that an older server wrote. ``custom`` is as after the
    change, and missing where there is none.

    ``is_deleted``: only in the replay of an edit whose text was removed.
    """

    mentions: List[str]
    custom: Dict[str, Any]
    is_deleted: Literal[True]


class _MessageDeleted(Logged):
    type: Literal["message_deleted"]
    message_id: str


class MessageDeleted(_MessageDeleted, total=False):
    """``parent_thread_count``: of a reply, the number of replies that its parent has after this event."""

    reply_to: str
    parent_thread_count: int


class _ReactionChanged(Logged):
    type: Literal["reaction"]
    message_id: str
    user_id: str
    emoji: str
    action: Literal["added", "removed"]


class ReactionChanged(_ReactionChanged, total=False):
    """``emoji`` is empty if the user was erased: all reactions to the message are removed.

    ``count``: reactions with this emoji after the event; missing in events of older servers.
    """

    count: int


class MemberJoined(Logged):
    type: Literal["member_joined"]
    user_id: str
    role: RoomRole


class MemberLeft(Logged):
    type: Literal["member_left"]
    user_id: str


class _ChangedMember(TypedDict):
    user_id: str
    role: Optional[RoomRole]


class ChangedMember(_ChangedMember, total=False):
    """``role``: None: no longer a member. ``muted_until``: None: not muted; year 9999: unlimited."""

    muted_until: Optional[str]


class _RoomUpdated(Logged):
    type: Literal["room_updated"]


class RoomUpdated(_RoomUpdated, total=False):
    """Contains only what changed. ``member``: the member whose role or mute changed.

    ``recipient_deleted``: the other user of this direct room was deleted.
    """

    name: Optional[str]
    topic: Optional[str]
    visibility: Literal["public", "private"]
    slow_mode_seconds: int
    archived: bool
    updated_at: str
    member: ChangedMember
    recipient_deleted: Literal[True]


class RoomJoined(TypedDict):
    """The user became a member of a room."""

    type: Literal["room_joined"]
    chat_id: str
    role: RoomRole
    timestamp: str


class _RoomRemoved(TypedDict):
    type: Literal["room_removed"]
    chat_id: str
    timestamp: str


class RoomRemoved(_RoomRemoved, total=False):
    """The user is no longer a member of a room. ``deleted``: the room was deleted."""

    deleted: Literal[True]


class UserStatus(TypedDict):
    type: Literal["user_status"]
    user_id: str
    status: Literal["online", "offline"]
    timestamp: str


class MessageStatus(TypedDict):
    """Status of an own message."""

    type: Literal["message_status"]
    message_id: str
    chat_id: str
    status: Literal["delivered", "read"]
    timestamp: str


class Typing(TypedDict):
    """Without another event the user has stopped after ``expires_in_ms``; 0: stopped."""

    type: Literal["typing"]
    chat_id: str
    user_id: str
    expires_in_ms: int
    timestamp: str


class ReadMoved(TypedDict):
    """The user has read further in a room, on another connection or by REST.

    ``unread_count`` is as of ``last_seq``: unread messages with a higher seq come on top.
    """

    type: Literal["read"]
    chat_id: str
    read_seq: int
    unread_count: int
    last_seq: int
    timestamp: str


class UserUpdated(UserCard):
    """The name or picture of the user, or of somebody whose presence the user sees, changed."""

    type: Literal["user_updated"]
    user_id: str
    timestamp: str


class Announced(TypedDict):
    type: Literal["announcement"]
    id: str
    text: str
    created_at: str


class StaffStats(TypedDict):
    """To staff who asked for it by `AsyncRealtime.watch_staff`, every two seconds."""

    type: Literal["staff_stats"]
    stats: Stats
    open_reports: int
    timestamp: str


class StaffReport(TypedDict):
    type: Literal["staff_report"]
    report: Report


class StaffEntry(TypedDict):
    """An entry of the audit log whose outcome is known."""

    type: Literal["staff_entry"]
    entry: AuditEntry


class StaffEnded(TypedDict):
    """The user is staff no more."""

    type: Literal["staff_ended"]
    timestamp: str


class EventData(TypedDict):
    """Data that the handler of each event receives. The last three come from the client itself."""

    message: MessageEvent
    message_updated: MessageUpdated
    message_deleted: MessageDeleted
    reaction: ReactionChanged
    member_joined: MemberJoined
    member_left: MemberLeft
    room_updated: RoomUpdated
    room_joined: RoomJoined
    room_removed: RoomRemoved
    user_status: UserStatus
    message_status: MessageStatus
    typing: Typing
    read: ReadMoved
    user_updated: UserUpdated
    announcement: Announced
    staff_stats: StaffStats
    staff_report: StaffReport
    staff_entry: StaffEntry
    staff_ended: StaffEnded
    state: StateChange
    resync: Resync
    error: ChatApiError


EventName = Literal[
    "message",
    "message_updated",
    "message_deleted",
    "reaction",
    "member_joined",
    "member_left",
    "room_updated",
    "room_joined",
    "room_removed",
    "user_status",
    "message_status",
    "typing",
    "read",
    "user_updated",
    "announcement",
    "staff_stats",
    "staff_report",
    "staff_entry",
    "staff_ended",
    "state",
    "resync",
    "error",
]
