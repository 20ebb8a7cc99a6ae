"""What the server takes and answers from applications."""

from __future__ import annotations

from typing import Any, Dict, List, Literal, Optional, TypedDict

from .admin_models import Scope
from .models import Me, Role


class AppUserFields(TypedDict, total=False):
    """What an application says of a user; see ``users.put``."""

    username: str
    display_name: str
    bio: str
    avatar_url: Optional[str]
    email: Optional[str]
    custom: Dict[str, Any]


class AppUserInput(AppUserFields):
    """A user of a batch."""

    external_id: str


class AppUser(TypedDict):
    """A user that an application brought, by the id that it gave."""

    id: str
    external_id: str
    username: str
    email: Optional[str]
    email_verified: bool
    display_name: str
    bio: str
    avatar_url: Optional[str]
    custom: Dict[str, Any]
    kind: Literal["user", "bot"]
    role: Role
    status: Literal["active", "banned", "deactivated"]
    created_at: str
    updated_at: str


class ErasedUser(TypedDict):
    """``id``: the server's own id of who is erased."""

    id: str


class ItemError(TypedDict):
    code: str
    message: str
    details: Dict[str, Any]


class _Outcome(TypedDict, total=False):
    user: AppUser
    error: ItemError


class AppUserResult(_Outcome):
    """``external_id``: as it was sent; None when it was no text. ``error``: of one that failed."""

    external_id: Optional[str]
    status: Literal["created", "updated", "failed"]


class MintedToken(TypedDict):
    """A session of a user, without a refresh token: ask for another one before it ends.

    ``expires_in``: seconds until then.
    """

    access_token: str
    token_type: Literal["bearer"]
    expires_in: int
    user: AppUser
    session_id: str


class Bot(Me):
    """``owner_id`` None: made by an application, or the owner was erased."""

    owner_id: Optional[str]


class BotToken(TypedDict):
    """A token of a bot, without its secret.

    ``rooms`` None: all rooms of the bot. ``last_used_at`` is right within a minute.
    """

    id: str
    name: str
    scopes: List[Scope]
    rooms: Optional[List[str]]
    created_at: str
    expires_at: Optional[str]
    last_used_at: Optional[str]


class NewBotToken(BotToken):
    """``token`` is the secret, which is shown only once."""

    token: str
