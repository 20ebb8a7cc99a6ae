"""What an installation holds: messages, files and exports, as admins see them."""

from __future__ import annotations

from typing import Optional

from .pages import page_of
from .paths import path_of
from .rest import given
from .admin_delivery_models import MessageDelivery
from .admin_models import ContextMessage
from .admin_people import AdminPeopleApi
from .admin_people_models import ListedExport, ListedFile
from .models import Page


class AdminRecordsApi(AdminPeopleApi):
    """A part of `AdminApi`."""

    async def delivery(self, message_id: str, *, user_id: str) -> MessageDelivery:
        """Explain whether a message reached a user. Each question is in the audit log. For admins."""
        path = path_of("/admin/messages/{}/delivery", message_id)
        delivery: MessageDelivery = await self._rest.call("GET", path, query={"user_id": user_id})
        return delivery

    async def search_messages(
        self,
        *,
        q: str,
        reason: str,
        chat_id: Optional[str] = None,
        sender_id: Optional[str] = None,
        from_: Optional[str] = None,
        to: Optional[str] = None,
        limit: int = 50,
        skip: int = 0,
        cursor: Optional[str] = None,
    ) -> Page[ContextMessage]:
        """Search the messages of all rooms. Each use is in the audit log, with ``reason``.

        ``AUTHORIZATION_ERROR`` with the reason ``search_off`` unless the installation allows it.
        """
        query = given(
            q=q,
            reason=reason,
            chat_id=chat_id,
            sender_id=sender_id,
            to=to,
            limit=limit,
            skip=skip,
            cursor=cursor,
            **{"from": from_},
        )
        return page_of("messages", await self._rest.call("GET", "/admin/messages/search", query=query))

    async def files(
        self, *, sort: Optional[str] = None, limit: int = 50, skip: int = 0, cursor: Optional[str] = None
    ) -> Page[ListedFile]:
        """List all files, without links. ``sort``: ``created`` (default) or ``size``."""
        query = given(sort=sort, limit=limit, skip=skip, cursor=cursor)
        return page_of("files", await self._rest.call("GET", "/admin/files", query=query))

    async def exports(
        self, *, limit: int = 50, skip: int = 0, cursor: Optional[str] = None
    ) -> Page[ListedExport]:
        """List exports of accounts, newest first, without links."""
        query = given(limit=limit, skip=skip, cursor=cursor)
        return page_of("exports", await self._rest.call("GET", "/admin/exports", query=query))
