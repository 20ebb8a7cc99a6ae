"""What an application key may do as a moderator. Scope ``moderation:write``."""

from __future__ import annotations

from typing import Optional

from .admin import AdminApi
from .admin_models import ListedReport, Report
from .chats import ChatsApi
from .models import Member, Page, User
from .rest import Rest


class ModerationApi:
    """Every method raises ``ChatApiError``; without the scope it is ``AUTHORIZATION_ERROR``."""

    def __init__(self, rest: Rest) -> None:
        self._admin = AdminApi(rest)
        self._chats = ChatsApi(rest)

    async def reports(
        self,
        *,
        status: Optional[str] = None,
        target_type: Optional[str] = None,
        target_id: Optional[str] = None,
        about_user_id: Optional[str] = None,
        reporter_id: Optional[str] = None,
        limit: int = 50,
        skip: int = 0,
        cursor: Optional[str] = None,
    ) -> Page[ListedReport]:
        """List reports, newest first. ``status``: ``open``, ``resolved`` or ``dismissed``.
        ``target_type``: ``message``, ``file`` or ``user``.
        """
        return await self._admin.reports(
            status=status,
            target_type=target_type,
            target_id=target_id,
            about_user_id=about_user_id,
            reporter_id=reporter_id,
            limit=limit,
            skip=skip,
            cursor=cursor,
        )

    async def resolve_report(self, report_id: str, *, note: Optional[str] = None) -> Report:
        """Mark a report as resolved."""
        return await self._admin.resolve_report(report_id, note=note)

    async def dismiss_report(self, report_id: str, *, note: Optional[str] = None) -> Report:
        """Dismiss a report."""
        return await self._admin.dismiss_report(report_id, note=note)

    async def ban(self, user_id: str, *, until: str, reason: Optional[str] = None) -> User:
        """Ban a user for a while, everywhere within 1 s.

        ``until``: RFC 3339, at most 24 hours from now; else ``AUTHORIZATION_ERROR`` with the reason
        ``ban_limit``. ``reason``: at most 500 characters.
        """
        return await self._admin.ban(user_id, reason=reason, until=until)

    async def mute(self, chat_id: str, user_id: str, *, until: Optional[str] = None) -> Member:
        """Mute a member, who can still read. ``until``: RFC 3339; default: until `unmute`."""
        return await self._chats.mute(chat_id, user_id, until=until)

    async def unmute(self, chat_id: str, user_id: str) -> None:
        await self._chats.unmute(chat_id, user_id)

    async def delete_message(self, message_id: str) -> None:
        await self._admin.delete_message(message_id)
