"""What the server answers, as typed dictionaries with the wire's own keys, and the two shapes that this package adds.

Times are RFC 3339 strings in UTC with milliseconds. Ids are opaque strings that sort by creation time.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Dict, Generic, Iterator, List, Literal, NamedTuple, Optional, TypedDict, TypeVar, cast

T = TypeVar("T")

Role = Literal["user", "moderator", "admin"]
RoomRole = Literal["owner", "moderator", "member"]


class Event(NamedTuple):
    """What a connection tells: ``type`` is the wire's (``message``, ``reaction`` …), or ``state``, ``resync``, ``error``."""

    type: str
    data: Any


@dataclass(frozen=True)
class Page(Generic[T]):
    """One page of a list.

    ``last_seq`` stands on pages of one room's messages, ``total`` on the list of an admin.
    ``next_cursor`` is the ``cursor`` of the next page, None on the last one.
    ``users``: names and pictures of those whom the page shows, by id; None on older servers.
    """

    items: List[T]
    has_more: bool = False
    last_seq: Optional[int] = None
    total: Optional[int] = None
    next_cursor: Optional[str] = None
    users: Optional[Dict[str, UserCard]] = None

    def __iter__(self) -> Iterator[T]:
        return iter(self.items)

    def __len__(self) -> int:
        return len(self.items)


class Presence(TypedDict):
    status: Literal["online", "offline"]
    last_seen: Optional[str]


class _User(TypedDict):
    id: str
    username: str
    display_name: str
    bio: str
    avatar_url: Optional[str]
    custom: Dict[str, Any]
    kind: Literal["user", "bot"]
    role: Role
    status: Literal["active", "banned", "deactivated"]
    created_at: str
    updated_at: str


class User(_User, total=False):
    """``email``, ``email_verified``, ``external_id`` (the application's): only for the user and admins."""

    email: Optional[str]
    email_verified: bool
    external_id: Optional[str]


class Me(_User):
    email: Optional[str]
    email_verified: bool
    external_id: Optional[str]


class Profile(User):
    """A user as others see them."""

    presence: Presence


class Tokens(TypedDict):
    """``expires_in``: seconds that ``access_token`` is good for."""

    access_token: str
    refresh_token: str
    token_type: Literal["bearer"]
    expires_in: int


class Session(Tokens):
    user: Me


class SessionInfo(TypedDict):
    id: str
    name: Optional[str]
    created_at: str
    last_used_at: str
    ip: str
    user_agent: str
    current: bool


class File(TypedDict):
    """``size`` in bytes. ``url``: relative and signed, valid until ``url_expires_at``; None for an
    infected file.
    """

    id: str
    filename: str
    content_type: str
    size: int
    sha256: str
    description: Optional[str]
    url: Optional[str]
    url_expires_at: Optional[str]
    thumbnail_url: Optional[str]
    uploaded_by: str
    scan_status: Literal["off", "pending", "clean", "infected"]
    scan_result: Optional[str]
    created_at: str


class Attachment(TypedDict):
    """A file as a message bears it."""

    id: str
    filename: str
    content_type: str
    size: int
    sha256: str
    description: Optional[str]
    url: str
    url_expires_at: str
    thumbnail_url: Optional[str]


class Reaction(TypedDict):
    """``user_ids``: at most 20; all by ``messages.reactors``. ``me``: the caller is one of them."""

    emoji: str
    count: int
    user_ids: List[str]
    me: bool


class UserCard(TypedDict):
    """What a list tells of a user."""

    username: str
    display_name: str
    avatar_url: Optional[str]
    kind: Literal["user", "bot"]


class Reactor(TypedDict):
    """Who reacted, and when. ``user`` is None for a deleted one."""

    user_id: str
    created_at: str
    user: Optional[UserCard]


class _Message(TypedDict):
    id: str
    chat_id: str
    seq: int
    sender_id: str
    content: str
    message_type: Literal["text", "image", "file", "system"]
    attachments: List[Attachment]
    reply_to: Optional[str]
    mentions: List[str]
    thread_count: int
    reactions: List[Reaction]
    status: Literal["sent", "delivered", "read"]
    is_edited: bool
    is_deleted: bool
    created_at: str
    updated_at: str


class Message(_Message, total=False):
    """``seq``: position in the log of the room. ``recipient_id``: only in direct rooms.
    ``custom``: the application's own; missing where there is none.
    ``sent_by_key``: only for admins, not in events: the application key that sent it."""

    recipient_id: str
    client_id: str
    custom: Dict[str, Any]
    sent_by_key: str


def new_message(**known: Any) -> Message:
    """A message just sent, as the sender knows it before its event arrives."""
    made: Dict[str, Any] = {
        "message_type": "text",
        "attachments": [],
        "reply_to": None,
        "mentions": [],
        "thread_count": 0,
        "reactions": [],
        "status": "sent",
        "is_edited": False,
        "is_deleted": False,
        "updated_at": known["created_at"],
    }
    return cast(Message, {**made, **known})


class _Room(TypedDict):
    id: str
    chat_id: str
    kind: Literal["public", "private", "direct"]
    name: Optional[str]
    topic: Optional[str]
    visibility: Literal["public", "private"]
    role: Optional[RoomRole]
    archived: bool
    member_count: int
    slow_mode_seconds: int
    last_seq: int
    read_seq: int
    unread_count: int
    last_message: Optional[Message]
    created_at: str
    updated_at: str


class Room(_Room, total=False):
    """``role``: of the caller; None: not a member. ``recipient_id``: other user of a direct room.

    ``recipient_deleted``: only in direct rooms; that user was deleted, and nothing can be sent.
    ``archived``: can be read and left; only admins write.
    """

    recipient_id: str
    recipient_deleted: bool


class Member(TypedDict):
    user_id: str
    username: str
    display_name: str
    kind: Literal["user", "bot"]
    role: RoomRole
    joined_at: str
    read_seq: int
    muted_until: Optional[str]


class Announcement(TypedDict):
    id: str
    text: str
    created_by: str
    created_at: str


class Export(TypedDict):
    """``url``: relative and signed, set when ``status`` is ``ready``."""

    id: str
    status: Literal["pending", "ready"]
    size: Optional[int]
    created_at: str
    finished_at: Optional[str]
    expires_at: Optional[str]
    url: Optional[str]
    url_expires_at: Optional[str]


class RateLimit(TypedDict):
    """``reset`` in Unix seconds. None: not known."""

    name: Literal[
        "general",
        "uploads",
        "login",
        "login_address",
        "registrations",
        "websocket_messages",
        "websocket_frames",
        "upgrades",
        "docs",
        "hooks",
    ]
    limit: int
    window_s: int
    remaining: Optional[int]
    reset: Optional[int]
