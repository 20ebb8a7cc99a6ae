"""Incoming webhooks of a room, for its owners and moderators.

Others post to their URLs, without an account.
"""

from __future__ import annotations

from typing import AsyncIterator, Optional

from .models import Page
from .pages import page_of, pages
from .paths import path_of
from .rest import Rest, given
from .webhook_models import IncomingWebhook, NewIncomingWebhook


class IncomingWebhooksApi:
    """Every method raises ``ChatApiError``; who does not moderate the room: ``AUTHORIZATION_ERROR``."""

    def __init__(self, rest: Rest) -> None:
        self._rest = rest

    async def create(self, chat_id: str, *, name: str) -> NewIncomingWebhook:
        """Create a webhook. Its ``url`` is only in this answer. ``name``: 1–64 characters."""
        path = path_of("/rooms/{}/incoming-webhooks", chat_id)
        webhook: NewIncomingWebhook = await self._rest.call("POST", path, body={"name": name}, safe=False)
        return webhook

    async def list(
        self, chat_id: str, *, limit: int = 50, skip: int = 0, cursor: Optional[str] = None
    ) -> Page[IncomingWebhook]:
        """List webhooks of a room, newest first. ``limit``: 1–100."""
        query = given(limit=limit, skip=skip, cursor=cursor)
        path = path_of("/rooms/{}/incoming-webhooks", chat_id)
        return page_of("incoming_webhooks", await self._rest.call("GET", path, query=query))

    def iterate(self, chat_id: str) -> AsyncIterator[IncomingWebhook]:
        """Iterate over all webhooks of a room, page by page."""
        return pages(lambda cursor, skip: self.list(chat_id, limit=100, skip=skip, cursor=cursor))

    async def delete(self, chat_id: str, webhook_id: str) -> None:
        """Its URL takes nothing any more; its messages stay."""
        await self._rest.call("DELETE", path_of("/rooms/{}/incoming-webhooks/{}", chat_id, webhook_id))
