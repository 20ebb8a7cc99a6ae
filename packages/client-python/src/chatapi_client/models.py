"""What the server answers, as typed dictionaries with the wire's own keys, and the two shapes that this package adds.

Times are RFC 3339 strings in UTC with milliseconds. Ids are opaque strings that sort by creation time.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Generic, Iterator, List, NamedTuple, Optional, TypedDict, TypeVar

T = TypeVar("T")


class Event(NamedTuple):
    """What a connection tells: ``type`` is the wire's (``message``, ``reaction`` …), or ``state``, ``resync``, ``error``."""

    type: str
    data: Any


@dataclass(frozen=True)
class Page(Generic[T]):
    """One page of a list. ``last_seq`` stands on pages of one room's messages, ``total`` on the list of an admin."""

    items: List[T]
    has_more: bool = False
    last_seq: Optional[int] = None
    total: Optional[int] = None

    def __iter__(self) -> Iterator[T]:
        return iter(self.items)

    def __len__(self) -> int:
        return len(self.items)


class Presence(TypedDict):
    status: str
    last_seen: Optional[str]


class User(TypedDict, total=False):
    """``email`` is there for oneself and for admins only. ``status``: ``active`` or ``banned``."""

    id: str
    username: str
    email: str
    display_name: str
    bio: str
    avatar_url: Optional[str]
    role: str
    status: str
    created_at: str
    updated_at: str


class Profile(User, total=False):
    """A user as others see them."""

    presence: Presence


class Tokens(TypedDict):
    """``expires_in``: seconds that ``access_token`` is good for."""

    access_token: str
    refresh_token: str
    token_type: str
    expires_in: int


class Session(Tokens):
    user: User


class SessionInfo(TypedDict):
    id: str
    created_at: str
    last_used_at: str
    ip: str
    user_agent: str
    current: bool


class File(TypedDict, total=False):
    """``size`` in bytes; ``url`` is relative, signed and good until ``url_expires_at``, None while it may not be fetched:
    ``scan_status`` is ``off``, ``pending``, ``clean`` or ``infected``."""

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
    scan_status: str
    scan_result: Optional[str]
    created_at: str


class Attachment(TypedDict, total=False):
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
    emoji: str
    count: int
    user_ids: List[str]


class Message(TypedDict, total=False):
    """``seq`` is the message's place in its room's log; ``status`` as its sender sees it."""

    id: str
    chat_id: str
    seq: int
    sender_id: str
    recipient_id: str
    content: str
    message_type: str
    attachments: List[Attachment]
    reply_to: Optional[str]
    mentions: List[str]
    thread_count: int
    reactions: List[Reaction]
    status: str
    is_edited: bool
    is_deleted: bool
    created_at: str
    updated_at: str
    client_id: str


class Room(TypedDict, total=False):
    """``role`` is the caller's, None for who is not in it."""

    id: str
    chat_id: str
    kind: str
    name: Optional[str]
    topic: Optional[str]
    visibility: str
    role: Optional[str]
    recipient_id: str
    member_count: int
    slow_mode_seconds: int
    last_seq: int
    read_seq: int
    unread_count: int
    last_message: Optional[Message]
    created_at: str
    updated_at: str


class Member(TypedDict):
    user_id: str
    username: str
    display_name: str
    role: str
    joined_at: str
    read_seq: int
    muted_until: Optional[str]


class Announcement(TypedDict):
    id: str
    text: str
    created_by: str
    created_at: str


class Export(TypedDict):
    """``status``: ``pending`` or ``ready``; then ``url`` is there, relative and signed."""

    id: str
    status: str
    size: Optional[int]
    created_at: str
    finished_at: Optional[str]
    expires_at: Optional[str]
    url: Optional[str]
    url_expires_at: Optional[str]


class RateLimit(TypedDict):
    """``name``: ``general``, ``uploads``, ``login`` or ``websocket_messages``. ``reset`` in Unix seconds. None: not known."""

    name: str
    limit: int
    window_s: int
    remaining: Optional[int]
    reset: Optional[int]


class StateChange(TypedDict):
    """Why a connection changed its state: ``code`` is the close code or HTTP status, ``retry_in`` seconds to the next try."""

    previous: str
    state: str
    code: Optional[int]
    reason: str
    retry_in: Optional[float]


class Resync(TypedDict):
    """The log no longer reached back: ``missed`` messages came from history, edits and reactions did not."""

    chat_id: str
    missed: int
    first_seq: int
    last_seq: int


@dataclass
class Outgoing:
    """A message on its way: kept, and sent again under the same ``client_id``, until the server has answered it.

    ``answers``: who waits for that, each with ``resolve(ack)`` and ``reject(error)``.
    """

    client_id: str
    text: str
    answers: List[Any] = field(repr=False)
    sent: bool = False

    def resolve(self, ack: Any) -> None:
        for answer in self.answers:
            answer.resolve(ack)

    def reject(self, error: Any) -> None:
        for answer in self.answers:
            answer.reject(error)
