"""People as lists show them."""

from __future__ import annotations

from typing import Literal, Optional, TypedDict


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
