"""Administration of users: write access for admins, read access for moderators."""

from __future__ import annotations

from typing import AsyncIterator, Optional

from .pages import page_of, pages
from .paths import path_of
from .rest import given
from .admission import AdmissionApi
from .models import Export, Page, User
from .admin_models import ResetLink
from .admin_people_models import AdminUser, AdminUserDetails, AdminUserRoom, ListedFile, UserSession


class AdminPeopleApi(AdmissionApi):
    """A part of `AdminApi`."""

    async def users(
        self,
        *,
        search: Optional[str] = None,
        status_filter: Optional[str] = None,
        role_filter: Optional[str] = None,
        sort: Optional[str] = None,
        limit: int = 50,
        skip: int = 0,
        cursor: Optional[str] = None,
    ) -> Page[AdminUser]:
        """List users with ``total``. ``status_filter``: ``active``, ``banned``, …

        ``sort``: ``created`` (default: newest first), ``last_seen`` or ``username``.
        """
        query = given(
            search=search,
            status_filter=status_filter,
            role_filter=role_filter,
            sort=sort,
            limit=limit,
            skip=skip,
            cursor=cursor,
        )
        return page_of("users", await self._rest.call("GET", "/admin/users", query=query))

    def iterate_users(
        self,
        *,
        search: Optional[str] = None,
        status_filter: Optional[str] = None,
        role_filter: Optional[str] = None,
        sort: Optional[str] = None,
    ) -> AsyncIterator[AdminUser]:
        return pages(
            lambda cursor, skip: self.users(
                search=search,
                status_filter=status_filter,
                role_filter=role_filter,
                sort=sort,
                limit=100,
                skip=skip,
                cursor=cursor,
            )
        )

    async def user(self, user_id: str) -> AdminUserDetails:
        """Return a user with the ban and counts."""
        user: AdminUserDetails = await self._rest.call("GET", path_of("/admin/users/{}", user_id))
        return user

    async def user_rooms(
        self, user_id: str, *, limit: int = 50, skip: int = 0, cursor: Optional[str] = None
    ) -> Page[AdminUserRoom]:
        """List the rooms of a user, latest activity first."""
        query = given(limit=limit, skip=skip, cursor=cursor)
        path = path_of("/admin/users/{}/rooms", user_id)
        return page_of("rooms", await self._rest.call("GET", path, query=query))

    async def user_sessions(
        self, user_id: str, *, limit: int = 50, skip: int = 0, cursor: Optional[str] = None
    ) -> Page[UserSession]:
        """List the live sessions of a user, newest first. For admins."""
        query = given(limit=limit, skip=skip, cursor=cursor)
        path = path_of("/admin/users/{}/sessions", user_id)
        return page_of("sessions", await self._rest.call("GET", path, query=query))

    async def user_files(
        self,
        user_id: str,
        *,
        sort: Optional[str] = None,
        limit: int = 50,
        skip: int = 0,
        cursor: Optional[str] = None,
    ) -> Page[ListedFile]:
        """List the files of a user, without links. For admins.

        ``sort``: ``created`` (default: newest first) or ``size`` (largest first).
        """
        query = given(sort=sort, limit=limit, skip=skip, cursor=cursor)
        path = path_of("/admin/users/{}/files", user_id)
        return page_of("files", await self._rest.call("GET", path, query=query))

    async def ban(self, user_id: str, *, reason: Optional[str] = None, until: Optional[str] = None) -> User:
        """Ban a user. Takes effect everywhere within 1 s.

        ``reason``: at most 500 characters. ``until``: RFC 3339, in the future; default: permanent.
        """
        body = given(reason=reason, until=until)
        user: User = await self._rest.call("POST", path_of("/admin/users/{}/ban", user_id), body=body)
        return user

    async def unban(self, user_id: str) -> User:
        """Lift a ban. Sessions that the ban ended stay ended."""
        user: User = await self._rest.call("POST", path_of("/admin/users/{}/unban", user_id))
        return user

    async def change_role(self, user_id: str, role: str) -> User:
        """Change a user's role: ``user``, ``moderator`` or ``admin``. Takes effect within 1 s."""
        user: User = await self._rest.call("PUT", path_of("/admin/users/{}/role", user_id), body={"role": role})
        return user

    async def unlock(self, user_id: str) -> None:
        """Remove the lock after failed logins."""
        await self._rest.call("POST", path_of("/admin/users/{}/unlock", user_id))

    async def make_password_reset_link(self, user_id: str) -> ResetLink:
        """Make a link with which the user sets a new password. It works once, and without mail."""
        path = path_of("/admin/users/{}/password-reset", user_id)
        link: ResetLink = await self._rest.call("POST", path, safe=False)
        return link

    async def end_sessions(self, user_id: str) -> None:
        await self._rest.call("DELETE", path_of("/admin/users/{}/sessions", user_id))

    async def delete_user(self, user_id: str) -> None:
        """Erase the user and all their content, permanently."""
        await self._rest.call("DELETE", path_of("/admin/users/{}", user_id))

    async def start_export(self, user_id: str) -> Export:
        """Request an archive of everything that the user wrote and uploaded."""
        export: Export = await self._rest.call("POST", path_of("/admin/users/{}/export", user_id))
        return export

    async def export(self, user_id: str) -> Export:
        export: Export = await self._rest.call("GET", path_of("/admin/users/{}/export", user_id))
        return export
