"""Administration: admins act, moderators read."""

from __future__ import annotations

from typing import AsyncIterator, Optional, Sequence

from .pages import page_of, pages
from .rest import Rest, given, segment
from .models import Announcement, Export, Page, User
from .admin_models import AuditEntry, FilteredWord, ListedReport, Report, Stats, SystemHealth, WordFilter


class AdminApi:
    """Every method raises ``ChatApiError``; without the role it is ``AUTHORIZATION_ERROR``."""

    def __init__(self, rest: Rest) -> None:
        self._rest = rest

    async def stats(self) -> Stats:
        """Counts of users, rooms, messages, files and connections; right within 2 s."""
        stats: Stats = await self._rest.call("GET", "/admin/dashboard/stats")
        return stats

    async def rebuild_stats(self) -> Stats:
        """Count everything anew."""
        stats: Stats = await self._rest.call("POST", "/admin/dashboard/stats/rebuild")
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

    def iterate_users(
        self,
        *,
        search: Optional[str] = None,
        status_filter: Optional[str] = None,
        role_filter: Optional[str] = None,
    ) -> AsyncIterator[User]:
        return pages(
            lambda skip: self.users(
                search=search, status_filter=status_filter, role_filter=role_filter, limit=100, skip=skip
            )
        )

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

    async def delete_user(self, user_id: str) -> None:
        """Erase the user and all that they wrote, for ever."""
        await self._rest.call("DELETE", f"/admin/users/{segment(user_id)}")

    async def start_export(self, user_id: str) -> Export:
        """Have an archive made of all that the user wrote and uploaded."""
        export: Export = await self._rest.call("POST", f"/admin/users/{segment(user_id)}/export")
        return export

    async def export(self, user_id: str) -> Export:
        export: Export = await self._rest.call("GET", f"/admin/users/{segment(user_id)}/export")
        return export

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
    ) -> Page[AuditEntry]:
        """Who did what to whom, when, from where; newest first."""
        query = given(actor_id=actor_id, target_id=target_id, action=action, limit=limit, skip=skip)
        return page_of("entries", await self._rest.call("GET", "/admin/audit-log", query=query))

    async def reports(
        self,
        *,
        status: Optional[str] = None,
        target_type: Optional[str] = None,
        target_id: Optional[str] = None,
        limit: int = 50,
        skip: int = 0,
    ) -> Page[ListedReport]:
        """``status``: ``open``, ``resolved`` or ``dismissed``. ``target_type``: ``message``, ``file`` or ``user``."""
        query = given(status=status, target_type=target_type, target_id=target_id, limit=limit, skip=skip)
        return page_of("reports", await self._rest.call("GET", "/admin/reports", query=query))

    async def resolve_report(self, report_id: str, *, note: Optional[str] = None) -> Report:
        """The report was right and has been acted on."""
        return await self._handle_report(report_id, "resolve", note)

    async def dismiss_report(self, report_id: str, *, note: Optional[str] = None) -> Report:
        """Nothing is to be done about it."""
        return await self._handle_report(report_id, "dismiss", note)

    async def _handle_report(self, report_id: str, how: str, note: Optional[str]) -> Report:
        path = f"/admin/reports/{segment(report_id)}/{how}"
        report: Report = await self._rest.call("POST", path, body=given(note=note))
        return report

    async def announce(self, *, text: str) -> Announcement:
        """Tell everybody who is connected; the others find it in `announcements`."""
        body = {"text": text}
        announcement: Announcement = await self._rest.call("POST", "/admin/announcements", body=body, safe=False)
        return announcement

    async def announcements(self, *, limit: int = 50, skip: int = 0) -> Page[Announcement]:
        query = {"limit": limit, "skip": skip}
        return page_of("announcements", await self._rest.call("GET", "/admin/announcements", query=query))

    async def word_filter(self) -> WordFilter:
        """Words that are blocked or masked in messages."""
        words: WordFilter = await self._rest.call("GET", "/admin/word-filter")
        return words

    async def set_word_filter(self, *, words: Sequence[FilteredWord]) -> WordFilter:
        """Replace them, everywhere within 2 s."""
        body = {"words": list(words)}
        filter: WordFilter = await self._rest.call("PUT", "/admin/word-filter", body=body)
        return filter

    async def health(self) -> SystemHealth:
        """Every service instance, database, Redis, queues and disk."""
        health: SystemHealth = await self._rest.call("GET", "/admin/system/health")
        return health
