"""What administration answers."""

from __future__ import annotations

from typing import Any, Dict, List, Optional, TypedDict


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


class AuditEntry(TypedDict):
    """``outcome``: ``pending``, ``done``, ``refused`` or ``unknown``."""

    id: str
    action: str
    actor_id: str
    target_id: str
    details: Dict[str, Any]
    ip: str
    request_id: str
    outcome: str
    error: Optional[str]
    created_at: str


class Report(TypedDict):
    """``about_user_id``: who sent, uploaded or is what was reported; None in old reports. ``reason`` is empty once its writer
    was erased. ``status``: ``open``, ``resolved`` or ``dismissed``."""

    id: str
    reporter_id: str
    target_type: str
    target_id: str
    about_user_id: Optional[str]
    reason: str
    status: str
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


class ListedReport(Report, total=False):
    message: Optional[ReportedMessage]


class FilteredWord(TypedDict):
    """``action``: ``block`` or ``mask``."""

    word: str
    action: str


class WordFilter(TypedDict):
    words: List[FilteredWord]
    revision: int
    updated_at: str


class Health(TypedDict):
    status: str
    latency_ms: float


class ServiceHealth(Health):
    version: Optional[str]
    uptime_s: Optional[float]


class InstanceHealth(ServiceHealth):
    name: str
    service: str


class QueuesHealth(Health):
    counts: Dict[str, Any]


class DiskHealth(Health):
    free_bytes: Optional[int]
    total_bytes: Optional[int]


class SystemHealth(TypedDict):
    """``status``: ``ok`` or ``degraded``; of each part ``ok`` or ``unavailable``."""

    status: str
    services: List[InstanceHealth]
    database: ServiceHealth
    redis: ServiceHealth
    queues: QueuesHealth
    disk: DiskHealth
    timestamp: str
