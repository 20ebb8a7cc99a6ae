"""Who there is."""

from __future__ import annotations

from typing import AsyncIterator, List, Optional, Sequence

from .pages import page_of, pages
from .paths import path_of
from .rest import Rest, given
from .models import Me, Page, Profile


class PeopleApi:
    """Every method raises ``ChatApiError``."""

    def __init__(self, rest: Rest) -> None:
        self._rest = rest

    async def me(self) -> Me:
        user: Me = await self._rest.call("GET", "/users/me")
        return user

    async def get(self, user_id: str) -> Profile:
        """Return a user's public profile."""
        user: Profile = await self._rest.call("GET", path_of("/users/{}", user_id))
        return user

    async def many(self, user_ids: Sequence[str]) -> List[Profile]:
        """Return the profiles of up to 100 users, without those that do not exist."""
        answer = await self._rest.call("GET", "/users", query={"ids": ",".join(user_ids)})
        users: List[Profile] = answer["users"]
        return users

    async def search(
        self, search: str = "", *, limit: int = 50, skip: int = 0, cursor: Optional[str] = None
    ) -> Page[Profile]:
        """Search users by username and display name. ``limit``: 1–100."""
        query = given(search=search, limit=limit, skip=skip, cursor=cursor)
        return page_of("users", await self._rest.call("GET", "/users", query=query))

    def iterate(self, search: str = "") -> AsyncIterator[Profile]:
        """Iterate over all results of `search`, page by page."""
        return pages(lambda cursor, skip: self.search(search, limit=100, skip=skip, cursor=cursor))
