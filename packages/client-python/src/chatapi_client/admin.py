"""Administration: admins act, moderators read."""

from __future__ import annotations

from typing import Any, AsyncIterator, Dict, Optional

from .pages import page_of, pages
from .rest import Rest, given, segment
from .models import Page, User


class AdminApi:
    """Every method raises ``ChatApiError``; without the role it is ``AUTHORIZATION_ERROR``."""

    def __init__(self, rest: Rest) -> None:
        self._rest = rest

    async def stats(self) -> Dict[str, Any]:
        """Counts of users, rooms, messages, files and connections; right within 2 s."""
        stats: Dict[str, Any] = await self._rest.call("GET", "/admin/dashboard/stats")
        return stats

    async def users(
        self,
        *,
        search: Optional[str] = None,
        status_filter: Optional[str] = None,
        role_filter: Optional[str] = None,
        limit: int = 50,
        skip: int = 0,
    ) -> Page[User]:
        """Users, newest first, with ``total``. ``status_filter``: ``active`` or ``banned``."""
        query = given(search=search, status_filter=status_filter, role_filter=role_filter, limit=limit, skip=skip)
        return page_of("users", await self._rest.call("GET", "/admin/users", query=query))

    def iterate_users(self, *, search: Optional[str] = None) -> AsyncIterator[User]:
        return pages(lambda skip: self.users(search=search, limit=100, skip=skip))

    async def ban(self, user_id: str, *, reason: Optional[str] = None, until: Optional[str] = None) -> User:
        """Everywhere within 1 s. ``reason``: at most 500 characters. ``until``: RFC 3339, in the future; unset: for good."""
        body = given(reason=reason, until=until)
        user: User = await self._rest.call("POST", f"/admin/users/{segment(user_id)}/ban", body=body)
        return user

    async def unban(self, user_id: str) -> User:
        """Sessions that the ban ended stay ended."""
        user: User = await self._rest.call("POST", f"/admin/users/{segment(user_id)}/unban")
        return user

    async def change_role(self, user_id: str, role: str) -> User:
        """``role``: ``user``, ``moderator`` or ``admin``; holds within 1 s."""
        user: User = await self._rest.call("PUT", f"/admin/users/{segment(user_id)}/role", body={"role": role})
        return user

    async def unlock(self, user_id: str) -> None:
        """Forgive failed logins."""
        await self._rest.call("POST", f"/admin/users/{segment(user_id)}/unlock")

    async def end_sessions(self, user_id: str) -> None:
        await self._rest.call("DELETE", f"/admin/users/{segment(user_id)}/sessions")

    async def delete_message(self, message_id: str) -> None:
        await self._rest.call("DELETE", f"/admin/messages/{segment(message_id)}")

    async def audit_log(
        self,
        *,
        actor_id: Optional[str] = None,
        target_id: Optional[str] = None,
        action: Optional[str] = None,
        limit: int = 50,
        skip: int = 0,
    ) -> Page[Dict[str, Any]]:
        """Who did what to whom, when, from where; newest first."""
        query = given(actor_id=actor_id, target_id=target_id, action=action, limit=limit, skip=skip)
        return page_of("entries", await self._rest.call("GET", "/admin/audit-log", query=query))

    async def health(self) -> Dict[str, Any]:
        """Every service instance, database, Redis and queues."""
        health: Dict[str, Any] = await self._rest.call("GET", "/admin/system/health")
        return health
