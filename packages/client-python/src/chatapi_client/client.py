"""The asyncio client."""

from __future__ import annotations

from typing import List, Mapping, Optional

from .admin import AdminApi
from .chats import ChatsApi
from .admin_models import Report
from .files import FilesApi
from .inbox import Handler
from .messages import MessagesApi
from .models import Announcement, Page, RateLimit
from .pages import page_of
from .realtime import AsyncRealtime
from .rest import RETRIES, Rest
from .tokens import OnTokens, TokenSource
from .users import UsersApi


class AsyncWebSocketApi:
    def __init__(self, rest: Rest) -> None:
        self._rest = rest
        self.open: List[AsyncRealtime] = []

    def connect(
        self,
        user_id: Optional[str] = None,
        *,
        on: Optional[Mapping[str, Handler]] = None,
        auto_reconnect: bool = True,
        resume: bool = True,
    ) -> AsyncRealtime:
        """Begin a connection and go on at once; see `AsyncRealtime.wait_ready`. Needs a running event loop.

        ``user_id``: the token's own user, or None for whoever it is. ``on``: handlers by event, there before the first one
        comes. ``auto_reconnect=False``: a cut closes it. ``resume=False``: only what arrives while it is connected;
        nothing is asked of REST.
        """
        realtime = AsyncRealtime(self._rest, user_id, auto_reconnect=auto_reconnect, resume=resume)
        for event, handler in (on or {}).items():
            realtime.on(event, handler)
        self.open = [other for other in self.open if other.state != "closed"] + [realtime]
        return realtime


class AsyncChatClient:
    """Client for asyncio: ``users``, ``messages``, ``chats``, ``files``, ``admin`` and ``websocket``.

    ``token``: an access token, or a function (plain or async) that gives a fresh one; not needed before ``users.login``.
    ``refresh_token`` renews it, as after a login; ``on_tokens`` hears each new pair, to keep it. ``timeout``: seconds
    for one request. ``retries``: how often a call that may be repeated is tried again where the server or the network
    is away; a reached limit is waited for, up to 120 s. Also an async context manager. Errors are ``ChatApiError``.
    """

    def __init__(
        self,
        base_url: str,
        token: Optional[TokenSource] = None,
        *,
        refresh_token: Optional[str] = None,
        on_tokens: Optional[OnTokens] = None,
        timeout: float = 10.0,
        retries: int = RETRIES,
    ) -> None:
        self._rest = Rest(base_url, token, refresh_token, on_tokens, timeout, retries)
        self.users = UsersApi(self._rest)
        self.messages = MessagesApi(self._rest)
        self.chats = ChatsApi(self._rest)
        self.files = FilesApi(self._rest)
        self.admin = AdminApi(self._rest)
        self.websocket = AsyncWebSocketApi(self._rest)

    async def rate_limits(self) -> List[RateLimit]:
        """Every limit, and what is left of it."""
        limits: List[RateLimit] = (await self._rest.call("GET", "/rate-limits"))["limits"]
        return limits

    async def report(self, *, target_type: str, target_id: str, reason: str) -> Report:
        """To those who moderate. ``target_type``: ``message``, ``file`` or ``user``."""
        body = {"target_type": target_type, "target_id": target_id, "reason": reason}
        report: Report = await self._rest.call("POST", "/reports", body=body, safe=False)
        return report

    async def announcements(self, *, limit: int = 50, skip: int = 0) -> Page[Announcement]:
        """Of the installation's admins, newest first."""
        query = {"limit": limit, "skip": skip}
        return page_of("announcements", await self._rest.call("GET", "/announcements", query=query))

    async def close(self) -> None:
        """Ends its connections too."""
        for realtime in self.websocket.open:
            await realtime.close()
        await self._rest.close()

    async def __aenter__(self) -> "AsyncChatClient":
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()
