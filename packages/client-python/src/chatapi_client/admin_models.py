"""Responses of the admin API."""

from __future__ import annotations

from typing import Any, Dict, List, Literal, Optional, TypedDict

from .models import UserCard


class AdminRoom(TypedDict):
    """A room as admins see it: without messages. ``owner_ids``: at most 20."""

    id: str
    chat_id: str
    kind: Literal["public", "private", "direct"]
    name: Optional[str]
    topic: Optional[str]
    visibility: Literal["public", "private"]
    archived: bool
    slow_mode_seconds: int
    member_count: int
    last_seq: int
    owner_ids: List[str]
    created_at: str
    updated_at: str
    last_active_at: str


class UserCounts(TypedDict):
    total: int
    active_24h: int
    new_24h: int
    online: Optional[int]
    banned: int


class RoomCounts(TypedDict):
    total: int
    public: int
    private: int
    direct: int


class MessageCounts(TypedDict):
    total: int
    last_24h: int
    last_hour: int


class FileCounts(TypedDict):
    total: int
    bytes: int


class ConnectionCounts(TypedDict):
    total: Optional[int]
    by_node: Dict[str, int]


class Stats(TypedDict):
    users: UserCounts
    rooms: RoomCounts
    messages: MessageCounts
    files: FileCounts
    connections: ConnectionCounts
    generated_at: str


SeriesMetric = Literal["messages", "users_online", "connections", "requests", "errors", "rate_limited"]


class SeriesPoint(TypedDict):
    """``value``: None if it is not known."""

    at: str
    value: Optional[int]


Series = TypedDict(
    "Series",
    {"metric": SeriesMetric, "from": str, "to": str, "step": int, "points": List[SeriesPoint]},
)
"""``step`` in seconds. ``points``: oldest first; the last one may go on."""


class AuditEntry(TypedDict):
    id: str
    action: str
    actor_id: str
    target_id: str
    details: Dict[str, Any]
    ip: str
    request_id: str
    outcome: Literal["pending", "done", "refused", "unknown"]
    error: Optional[str]
    created_at: str


Scope = Literal[
    "users:read",
    "users:write",
    "tokens:write",
    "rooms:read",
    "rooms:write",
    "messages:read",
    "messages:write",
    "files:read",
    "files:write",
    "events:read",
    "webhooks:write",
    "moderation:write",
    "stats:read",
    "act_as",
]
"""What an application key or a bot token may do."""


class ApplicationKey(TypedDict):
    """An application key, without its secret. ``last_used_at`` is right within a minute."""

    id: str
    name: str
    scopes: List[Scope]
    created_at: str
    expires_at: Optional[str]
    last_used_at: Optional[str]


class NewApplicationKey(ApplicationKey):
    """``key`` is the secret, which is shown only once."""

    key: str


class Report(TypedDict):
    """``about_user_id``: the sender, uploader or user that was reported; None in old reports.

    ``reason`` is empty once the reporter or the reported user is erased.
    """

    id: str
    reporter_id: str
    target_type: Literal["message", "file", "user"]
    target_id: str
    about_user_id: Optional[str]
    reason: str
    status: Literal["open", "resolved", "dismissed"]
    handled_by: Optional[str]
    handled_at: Optional[str]
    note: Optional[str]
    created_at: str


class ReportedMessage(TypedDict):
    id: str
    chat_id: str
    sender_id: str
    content: str
    is_deleted: bool
    created_at: str


class ListedReport(Report):
    """``message``: the reported one as it is now; None for other targets or when unavailable."""

    message: Optional[ReportedMessage]


class MuteInput(TypedDict, total=False):
    """``until``: RFC 3339, in the future; default: until it is lifted."""

    until: Optional[str]


class BanInput(TypedDict, total=False):
    """``until``: RFC 3339, in the future; default: permanent."""

    reason: Optional[str]
    until: Optional[str]


class _ContextMessage(TypedDict):
    id: str
    chat_id: str
    seq: int
    sender_id: str
    content: str
    message_type: str
    files: List[str]
    is_edited: bool
    is_deleted: bool
    created_at: str


class ContextMessage(_ContextMessage, total=False):
    """A message as staff see one. ``files``: names of the attached ones.

    ``custom``: the application's own; missing where there is none.
    """

    custom: Dict[str, Any]


class ReportContext(TypedDict):
    """``messages``: the reported one and up to 10 on each side, oldest first."""

    message_id: str
    messages: List[ContextMessage]
    users: Dict[str, UserCard]


class FilteredWord(TypedDict):
    word: str
    action: Literal["block", "mask"]


class WordFilter(TypedDict):
    words: List[FilteredWord]
    revision: int
    updated_at: str


class WordJudgement(TypedDict):
    """How the word filter judges a text. ``text``: as it would be stored, masked words are
    asterisks. ``blocked``: a message with it would be refused.
    """

    text: str
    blocked: bool


class Health(TypedDict):
    status: Literal["ok", "unavailable"]
    latency_ms: float


class ServiceHealth(Health):
    version: Optional[str]
    uptime_s: Optional[float]


class InstanceHealth(ServiceHealth):
    name: str
    service: str


class QueuesHealth(Health):
    counts: Dict[str, Dict[str, int]]


class DiskHealth(Health):
    free_bytes: Optional[int]
    total_bytes: Optional[int]


class SystemHealth(TypedDict):
    status: Literal["ok", "degraded"]
    services: List[InstanceHealth]
    database: ServiceHealth
    redis: ServiceHealth
    queues: QueuesHealth
    disk: DiskHealth
    timestamp: str


class ResetLink(TypedDict):
    url: str
    expires_at: str
