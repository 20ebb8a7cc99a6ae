"""Users, files and exports as staff see them."""

from __future__ import annotations

from typing import Literal, Optional, TypedDict

from .admin_models import AdminRoom
from .models import User


class AdminUserRoom(AdminRoom):
    role: Literal["owner", "moderator", "member"]
    joined_at: str


class Ban(TypedDict):
    """``until``: None until it is lifted. ``by``, ``at``: None if it is not on record."""

    reason: Optional[str]
    until: Optional[str]
    by: Optional[str]
    at: Optional[str]


class AdminUser(User):
    """A user as staff see one. ``last_seen_at`` is right within 10 minutes; None: never."""

    last_seen_at: Optional[str]
    ban: Optional[Ban]
    open_reports: int


class CountsOfUser(TypedDict):
    """None: the service that knows did not answer. ``messages``: ever sent."""

    rooms: Optional[int]
    messages: Optional[int]
    files: Optional[int]
    file_bytes: Optional[int]
    sessions: Optional[int]
    reports_about: int
    reports_by: int


class AdminUserDetails(AdminUser):
    counts: CountsOfUser


class UserSession(TypedDict):
    """``name``: of a session that an application made."""

    id: str
    name: Optional[str]
    created_at: str
    last_used_at: str
    ip: str
    user_agent: str


class ListedFile(TypedDict):
    """A file without links. ``size`` in bytes."""

    id: str
    filename: str
    content_type: str
    size: int
    sha256: str
    description: Optional[str]
    uploaded_by: str
    scan_status: Literal["off", "pending", "clean", "infected"]
    scan_result: Optional[str]
    created_at: str


class ListedExport(TypedDict):
    """An export of an account, without a link."""

    id: str
    user_id: str
    status: Literal["pending", "ready"]
    size: Optional[int]
    created_at: str
    finished_at: Optional[str]
    expires_at: Optional[str]
