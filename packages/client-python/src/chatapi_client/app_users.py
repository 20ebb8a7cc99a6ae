"""Users that an application brings. Scope ``users:write``, for reads ``users:read``."""

from __future__ import annotations

from typing import Any, AsyncIterator, Dict, List, Optional, Sequence

from .paths import path_of
from .people import PeopleApi
from .rest import KEEP, Rest, changed, given
from .models import Page, Profile
from .server_models import AppUser, AppUserInput, AppUserResult, ErasedUser, MintedToken


class AppUsersApi:
    """``external_id``: the application's own id of a user, any string of 1–128 characters without
    control characters; not ``.`` or ``..``.

    Every method raises ``ChatApiError``, for an unknown user with ``RESOURCE_NOT_FOUND``.
    """

    def __init__(self, rest: Rest) -> None:
        self._rest = rest
        self._people = PeopleApi(rest)

    async def put(
        self,
        external_id: str,
        *,
        username: str = KEEP,
        display_name: str = KEEP,
        bio: str = KEEP,
        avatar_url: Optional[str] = KEEP,
        email: Optional[str] = KEEP,
        custom: Dict[str, Any] = KEEP,
    ) -> AppUser:
        """Create a user, or change the given fields of one. Idempotent.

        ``username``: 3–32 of ``A–Z a–z 0–9 _ . -``; default: derived, and free. ``display_name``:
        1–64 characters, ``bio``: 500, ``avatar_url``: http or https. ``custom``: a merge patch
        (RFC 7396), where None removes a key; at most 4 KiB as JSON and 5 levels. ``CONFLICT``: the
        username or email is taken.
        """
        body = changed(
            username=username, display_name=display_name, bio=bio, avatar_url=avatar_url, email=email, custom=custom
        )
        user: AppUser = await self._rest.call("PUT", path_of("/app/users/{}", external_id), body=body)
        return user

    async def batch(self, users: Sequence[AppUserInput]) -> List[AppUserResult]:
        """Create or change 1–1,000 users, at most 4 MiB as JSON. Idempotent.

        The results come in the order of ``users``; a bad one fails alone, with its ``error``.
        """
        answer = await self._rest.call("POST", "/app/users/batch", body={"users": list(users)})
        results: List[AppUserResult] = answer["results"]
        return results

    async def get(self, external_id: str) -> AppUser:
        user: AppUser = await self._rest.call("GET", path_of("/app/users/{}", external_id))
        return user

    async def deactivate(self, external_id: str) -> AppUser:
        """End the user's sessions, close their connections with 4403 and let none begin.

        Name and messages stay.
        """
        user: AppUser = await self._rest.call("POST", path_of("/app/users/{}/deactivate", external_id))
        return user

    async def activate(self, external_id: str) -> AppUser:
        """Let a deactivated user in again. Ended sessions stay ended."""
        user: AppUser = await self._rest.call("POST", path_of("/app/users/{}/activate", external_id))
        return user

    async def delete(self, external_id: str) -> ErasedUser:
        """Erase the user and all their content, permanently. The external id becomes free."""
        erased: ErasedUser = await self._rest.call("DELETE", path_of("/app/users/{}", external_id))
        return erased

    async def create_token(
        self, external_id: str, *, expires_in: Optional[int] = None, session_name: Optional[str] = None
    ) -> MintedToken:
        """Make a session of a user, whose ``access_token`` their ``ChatClient`` takes.

        Scope ``tokens:write``. ``expires_in``: seconds, 60–86,400, default 3,600. ``session_name``:
        1–64 characters, shown to the user among the sessions. ``AUTHORIZATION_ERROR`` with a reason:
        the user is deactivated, banned or an admin.
        """
        body = given(expires_in=expires_in, session_name=session_name)
        token: MintedToken = await self._rest.call("POST", path_of("/app/users/{}/tokens", external_id), body=body)
        return token

    async def by_id(self, user_id: str) -> Profile:
        """Return the public profile of any user by the server's own id."""
        return await self._people.get(user_id)

    async def search(
        self, search: str = "", *, limit: int = 50, skip: int = 0, cursor: Optional[str] = None
    ) -> Page[Profile]:
        """Search all users by username and display name. ``limit``: 1–100."""
        return await self._people.search(search, limit=limit, skip=skip, cursor=cursor)

    def iterate(self, search: str = "") -> AsyncIterator[Profile]:
        """Iterate over all results of `search`, page by page."""
        return self._people.iterate(search)
