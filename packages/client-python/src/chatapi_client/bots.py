"""Bots and their tokens.

Scope ``users:write``, for reads ``users:read``, for tokens ``tokens:write``.
"""

from __future__ import annotations

from typing import AsyncIterator, Optional, Sequence

from .pages import page_of, pages
from .paths import path_of
from .rest import KEEP, Rest, changed, given
from .admin_models import Scope
from .models import Page
from .server_models import Bot, BotToken, NewBotToken


class BotsApi:
    """Every method raises ``ChatApiError``, for an unknown bot with ``RESOURCE_NOT_FOUND``."""

    def __init__(self, rest: Rest) -> None:
        self._rest = rest

    async def create(
        self,
        *,
        username: str,
        display_name: Optional[str] = None,
        avatar_url: Optional[str] = None,
        description: Optional[str] = None,
    ) -> Bot:
        """Create a bot, which then joins rooms as people do.

        ``username``: 3–32 of ``A–Z a–z 0–9 _ . -``; ``CONFLICT`` if it is taken. ``display_name``:
        1–64 characters, ``avatar_url``: http or https, ``description``: 500, the bot's ``bio``.
        """
        body = given(username=username, display_name=display_name, avatar_url=avatar_url, description=description)
        bot: Bot = await self._rest.call("POST", "/bots", body=body, safe=False)
        return bot

    async def list(self, *, limit: int = 50, skip: int = 0, cursor: Optional[str] = None) -> Page[Bot]:
        """List bots, newest first. ``limit``: 1–100."""
        query = given(limit=limit, skip=skip, cursor=cursor)
        return page_of("bots", await self._rest.call("GET", "/bots", query=query))

    def iterate(self) -> AsyncIterator[Bot]:
        """Iterate over all bots, page by page."""
        return pages(lambda cursor, skip: self.list(limit=100, skip=skip, cursor=cursor))

    async def update(
        self,
        bot_id: str,
        *,
        username: str = KEEP,
        display_name: str = KEEP,
        avatar_url: Optional[str] = KEEP,
        description: str = KEEP,
    ) -> Bot:
        """Change the given fields; see `create`."""
        body = changed(username=username, display_name=display_name, avatar_url=avatar_url, description=description)
        bot: Bot = await self._rest.call("PUT", path_of("/bots/{}", bot_id), body=body)
        return bot

    async def delete(self, bot_id: str) -> None:
        """End the bot's tokens and erase it and all its content, permanently."""
        await self._rest.call("DELETE", path_of("/bots/{}", bot_id))

    async def create_token(
        self,
        bot_id: str,
        *,
        name: str,
        scopes: Sequence[Scope],
        rooms: Optional[Sequence[str]] = None,
        expires_at: Optional[str] = None,
    ) -> NewBotToken:
        """Create a token, which a ``ChatClient`` takes as ``token``; its secret is only in this answer.

        ``name``: 1–64 characters. ``rooms``: limits it to 1–100 rooms; default: all rooms of the bot.
        ``expires_at``: RFC 3339, in the future; default: it does not expire. ``CONFLICT`` with the
        reason ``limit``: the bot has 10 already.
        """
        allowed = None if rooms is None else list(rooms)
        body = given(name=name, scopes=list(scopes), rooms=allowed, expires_at=expires_at)
        token: NewBotToken = await self._rest.call("POST", path_of("/bots/{}/tokens", bot_id), body=body, safe=False)
        return token

    async def tokens(
        self, bot_id: str, *, limit: int = 50, skip: int = 0, cursor: Optional[str] = None
    ) -> Page[BotToken]:
        """List tokens of a bot, newest first."""
        query = given(limit=limit, skip=skip, cursor=cursor)
        return page_of("tokens", await self._rest.call("GET", path_of("/bots/{}/tokens", bot_id), query=query))

    async def end_token(self, bot_id: str, token_id: str) -> None:
        """End a token: everywhere within a second, its connections too."""
        await self._rest.call("DELETE", path_of("/bots/{}/tokens/{}", bot_id, token_id))
