"""The asyncio client."""

from __future__ import annotations

from typing import Any, Callable, List, Mapping, Optional, cast

from .admin import AdminApi
from .admin_models import Report
from .bots import BotsApi
from .chats import ChatsApi
from .event_queue import Handler
from .events import EventName
from .files import FilesApi
from .hooks import HooksApi
from .incoming_webhooks import IncomingWebhooksApi
from .messages import MessagesApi
from .models import Announcement, Page, RateLimit
from .pages import page_of
from .realtime import AsyncRealtime
from .rest import RETRIES, Rest, given
from .room_events import EventsApi
from .state import Live
from .state_pages import RoomsPage
from .tokens import OnTokens, TokenSource
from .users import UsersApi
from .webhooks import WebhooksApi


class AsyncWebSocketApi:
    def __init__(self, rest: Rest) -> None:
        self._rest = rest
        self.open: List[AsyncRealtime] = []

    def connect(
        self,
        user_id: Optional[str] = None,
        *,
        on: Optional[Mapping[EventName, Handler]] = None,
        auto_reconnect: bool = True,
        resume: bool = True,
    ) -> AsyncRealtime:
        """Open a connection in the background; see `AsyncRealtime.wait_ready`. Needs a running
        event loop.

        ``user_id``: the token's user; default: whoever it is. ``on``: handlers by event, registered
        before the first event. ``auto_reconnect=False``: a lost connection closes it.
        ``resume=False``: delivers only what arrives while connected, and sends no REST requests as
        long as the socket opens.
        """
        realtime = AsyncRealtime(self._rest, user_id, auto_reconnect=auto_reconnect, resume=resume)
        return self._opened(realtime, on)

    def connect_stores(self, on_rooms: Callable[[RoomsPage], None]) -> AsyncRealtime:
        """For the stores: ``on_rooms`` gets the user's rooms in pages, as of each connection."""
        return self._opened(AsyncRealtime(self._rest, on_rooms=on_rooms))

    def _opened(self, realtime: AsyncRealtime, on: Optional[Mapping[EventName, Handler]] = None) -> AsyncRealtime:
        for event, handler in (on or {}).items():
            realtime.on(cast(Any, event), handler)
        self.open = [other for other in self.open if other.state != "closed"] + [realtime]
        return realtime


class AsyncChatClient:
    """Client for asyncio: ``users``, ``messages``, ``chats``, ``files``, ``events``, ``admin``,
    ``bots``, ``webhooks``, ``incoming_webhooks``, ``hooks``, ``websocket``.

    ``token``: an access token, or a function (plain or async) that returns a new one; not needed
    for ``users.login``. ``refresh_token`` renews it, as it is done after a login; ``on_tokens`` is
    called with each new pair. ``timeout``: time limit of a request in seconds. ``retries``: retries
    of a repeatable call while the server or network is unavailable; rate limits are waited for, up
    to 120 s. Also an async context manager. Errors are ``ChatApiError``.
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
        self.events = EventsApi(self._rest)
        self.incoming_webhooks = IncomingWebhooksApi(self._rest)
        self.admin = AdminApi(self._rest)
        self.bots = BotsApi(self._rest)
        self.webhooks = WebhooksApi(self._rest)
        self.hooks = HooksApi(self._rest)
        self.websocket = AsyncWebSocketApi(self._rest)
        self._live: Optional[Live] = None

    def live(self) -> Live:
        """What an app shows: rooms, messages, members, typing, presence and badges, kept up to date.

        The same object at each call, so all parts of an app share a connection. Needs a running
        event loop.
        """
        if self._live is None:
            self._live = Live(self._rest, self.websocket.connect_stores)
        return self._live

    @property
    def base_url(self) -> str:
        """The URL of the server, without a slash at its end."""
        return self._rest.base_url

    async def token(self) -> Optional[str]:
        """The current access token, renewed first if it is about to expire; None without one.

        For requests that the app makes by itself.
        """
        return await self._rest.tokens.current()

    async def rate_limits(self) -> List[RateLimit]:
        """Return all rate limits with what is left of them."""
        limits: List[RateLimit] = (await self._rest.call("GET", "/rate-limits"))["limits"]
        return limits

    async def report(self, *, target_type: str, target_id: str, reason: str) -> Report:
        """Report to the moderators. ``target_type``: ``message``, ``file`` or ``user``."""
        body = {"target_type": target_type, "target_id": target_id, "reason": reason}
        report: Report = await self._rest.call("POST", "/reports", body=body, safe=False)
        return report

    async def announcements(
        self, *, limit: int = 50, skip: int = 0, cursor: Optional[str] = None
    ) -> Page[Announcement]:
        """List announcements of the admins, newest first."""
        query = given(limit=limit, skip=skip, cursor=cursor)
        return page_of("announcements", await self._rest.call("GET", "/announcements", query=query))

    async def close(self) -> None:
        """Close the client and its connections."""
        if self._live is not None:
            await self._live.close()
        for realtime in self.websocket.open:
            await realtime.close()
        await self._rest.close()

    async def __aenter__(self) -> "AsyncChatClient":
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()
