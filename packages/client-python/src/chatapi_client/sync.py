"""The sync client: wrappers of the asyncio client whose methods block."""

from __future__ import annotations

from typing import Any, Callable, Iterator, Mapping, Optional

from .app_functions import away, in_worker, soon
from .chats import ChatsApi as AsyncChatsApi
from .client import AsyncChatClient
from .errors import ChatApiError
from .events import EventName
from .sync_admin import AdminApi
from .sync_tools import BotsApi, HooksApi, IncomingWebhooksApi, WebhooksApi
from .sync_wrapper import SyncWrapper, blocking, iterating, iterate_sync
from .files import FilesApi as AsyncFilesApi
from .event_handlers import Listening, Stop
from .messages import MessagesApi as AsyncMessagesApi
from .models import Event, File
from .multipart import OnProgress, Source
from .portal import Portal
from .realtime import AsyncRealtime
from .rest import RETRIES
from .room_events import EventsApi as AsyncEventsApi
from .tokens import OnTokens, TokenSource
from .users import UsersApi as AsyncUsersApi


class UsersApi(SyncWrapper):
    register = blocking(AsyncUsersApi.register)
    login = blocking(AsyncUsersApi.login)
    exchange_token = blocking(AsyncUsersApi.exchange_token)
    logout = blocking(AsyncUsersApi.logout)
    me = blocking(AsyncUsersApi.me)
    update = blocking(AsyncUsersApi.update)
    change_password = blocking(AsyncUsersApi.change_password)
    request_password_reset = blocking(AsyncUsersApi.request_password_reset)
    confirm_password_reset = blocking(AsyncUsersApi.confirm_password_reset)
    change_email = blocking(AsyncUsersApi.change_email)
    confirm_email = blocking(AsyncUsersApi.confirm_email)
    resend_email_confirmation = blocking(AsyncUsersApi.resend_email_confirmation)
    delete_me = blocking(AsyncUsersApi.delete_me)
    sessions = blocking(AsyncUsersApi.sessions)
    end_session = blocking(AsyncUsersApi.end_session)
    end_other_sessions = blocking(AsyncUsersApi.end_other_sessions)
    get = blocking(AsyncUsersApi.get)
    many = blocking(AsyncUsersApi.many)
    search = blocking(AsyncUsersApi.search)
    iterate = iterating(AsyncUsersApi.iterate)
    set_avatar = blocking(AsyncUsersApi.set_avatar)
    remove_avatar = blocking(AsyncUsersApi.remove_avatar)
    start_export = blocking(AsyncUsersApi.start_export)
    export = blocking(AsyncUsersApi.export)


class MessagesApi(SyncWrapper):
    send = blocking(AsyncMessagesApi.send)
    list = blocking(AsyncMessagesApi.list)
    iterate = iterating(AsyncMessagesApi.iterate)
    get = blocking(AsyncMessagesApi.get)
    update = blocking(AsyncMessagesApi.update)
    delete = blocking(AsyncMessagesApi.delete)
    mark_read = blocking(AsyncMessagesApi.mark_read)
    react = blocking(AsyncMessagesApi.react)
    unreact = blocking(AsyncMessagesApi.unreact)
    reactors = blocking(AsyncMessagesApi.reactors)
    search = blocking(AsyncMessagesApi.search)


class ChatsApi(SyncWrapper):
    create = blocking(AsyncChatsApi.create)
    list = blocking(AsyncChatsApi.list)
    iterate = iterating(AsyncChatsApi.iterate)
    list_public = blocking(AsyncChatsApi.list_public)
    get = blocking(AsyncChatsApi.get)
    update = blocking(AsyncChatsApi.update)
    delete = blocking(AsyncChatsApi.delete)
    join = blocking(AsyncChatsApi.join)
    leave = blocking(AsyncChatsApi.leave)
    typing = blocking(AsyncChatsApi.typing)
    members = blocking(AsyncChatsApi.members)
    add_member = blocking(AsyncChatsApi.add_member)
    change_role = blocking(AsyncChatsApi.change_role)
    remove_member = blocking(AsyncChatsApi.remove_member)
    mute = blocking(AsyncChatsApi.mute)
    unmute = blocking(AsyncChatsApi.unmute)


class FilesApi(SyncWrapper):
    def upload(
        self,
        file: Source,
        *,
        name: Optional[str] = None,
        description: Optional[str] = None,
        on_progress: Optional[OnProgress] = None,
        cancel: Optional[Any] = None,
    ) -> File:
        told = None if on_progress is None else away(self._portal, on_progress)
        inner: AsyncFilesApi = self._inner
        return self._portal.call(
            inner.upload(file, name=name, description=description, on_progress=told, cancel=cancel)
        )

    upload.__doc__ = AsyncFilesApi.upload.__doc__
    get = blocking(AsyncFilesApi.get)
    url = blocking(AsyncFilesApi.url)
    content = blocking(AsyncFilesApi.content)
    thumbnail = blocking(AsyncFilesApi.thumbnail)
    list = blocking(AsyncFilesApi.list)
    iterate = iterating(AsyncFilesApi.iterate)
    delete = blocking(AsyncFilesApi.delete)


class EventsApi(SyncWrapper):
    list = blocking(AsyncEventsApi.list)
    iterate = iterating(AsyncEventsApi.iterate)


class Realtime(SyncWrapper, Listening):
    """A connection that reconnects by itself; the sync wrapper of `AsyncRealtime`, with the same
    events and guarantees.

    The socket runs on a daemon thread, handlers on another: a handler may call the client, and may
    be slow.
    """

    _inner: AsyncRealtime

    @property
    def state(self) -> str:
        return self._inner.state

    @property
    def user_id(self) -> Optional[str]:
        return self._inner.user_id

    @property
    def last_error(self) -> Optional[ChatApiError]:
        """Why the last connection or attempt ended; see `AsyncRealtime.last_error`."""
        return self._inner.last_error

    def _listen(self, event: str, handler: Callable[[Any], Any]) -> Stop:
        stop = self._portal.call(soon(self._inner.on, event, in_worker(self._portal, handler)))

        def end() -> None:
            if self._portal.is_open:
                self._portal.call(soon(stop))

        return end

    def events(self) -> Iterator[Event]:
        """All events from now on, until the connection is closed."""
        return iterate_sync(self._portal, self._portal.call(soon(self._inner.events)))

    __iter__ = events
    send = blocking(AsyncRealtime.send)
    typing = blocking(AsyncRealtime.typing)
    mark_read = blocking(AsyncRealtime.mark_read)
    watch_staff = blocking(AsyncRealtime.watch_staff)
    wait_ready = blocking(AsyncRealtime.wait_ready)
    close = blocking(AsyncRealtime.close)

    def run_forever(self) -> None:
        """Run until it is closed and handlers have had all events, or Ctrl-C.

        Raises the reason if it was not closed by the app (banned, token expired).
        """
        try:
            self._portal.call(self._inner.run_forever())
        except KeyboardInterrupt:
            self.close()

    def __enter__(self) -> "Realtime":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class WebSocketApi(SyncWrapper):
    def connect(
        self,
        user_id: Optional[str] = None,
        *,
        on: Optional[Mapping[EventName, Callable[[Any], Any]]] = None,
        auto_reconnect: bool = True,
        resume: bool = True,
    ) -> Realtime:
        """Open a connection in the background; see `Realtime.wait_ready`.

        ``user_id``: the token's user; default: whoever it is. ``on``: handlers by event, registered
        before the first event; handlers registered later may miss some. ``auto_reconnect=False``: a
        lost connection closes it. ``resume=False``: delivers only what arrives while connected, and
        sends no REST requests as long as the socket opens.
        """
        given = {event: in_worker(self._portal, handler) for event, handler in (on or {}).items()}
        begin = soon(self._inner.connect, user_id, on=given, auto_reconnect=auto_reconnect, resume=resume)
        return Realtime(self._portal, self._portal.call(begin))


class ChatClient(SyncWrapper):
    """Sync client: ``users``, ``messages``, ``chats``, ``files``, ``events``, ``admin``, ``bots``,
    ``webhooks``, ``incoming_webhooks``, ``hooks`` and ``websocket``.

    ``token``: an access token, or a function that returns a new one; not needed for
    ``users.login``. ``refresh_token`` renews it, as it is done after a login; ``on_tokens`` is
    called with each new pair. ``timeout``: time limit of a request in seconds. ``retries``: retries
    of a repeatable call while the server or network is unavailable; rate limits are waited for, up
    to 120 s. Safe to use from many threads, not over a fork. Also a context manager. Errors are
    ``ChatApiError``.
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
        portal = Portal()
        inner = AsyncChatClient(
            base_url,
            away(portal, token) if callable(token) else token,
            refresh_token=refresh_token,
            on_tokens=None if on_tokens is None else away(portal, on_tokens),
            timeout=timeout,
            retries=retries,
        )
        super().__init__(portal, inner)
        self.users = UsersApi(self._portal, inner.users)
        self.messages = MessagesApi(self._portal, inner.messages)
        self.chats = ChatsApi(self._portal, inner.chats)
        self.files = FilesApi(self._portal, inner.files)
        self.events = EventsApi(self._portal, inner.events)
        self.incoming_webhooks = IncomingWebhooksApi(self._portal, inner.incoming_webhooks)
        self.admin = AdminApi(self._portal, inner.admin)
        self.bots = BotsApi(self._portal, inner.bots)
        self.webhooks = WebhooksApi(self._portal, inner.webhooks)
        self.hooks = HooksApi(self._portal, inner.hooks)
        self.websocket = WebSocketApi(self._portal, inner.websocket)

    @property
    def base_url(self) -> str:
        """The URL of the server, without a slash at its end."""
        inner: AsyncChatClient = self._inner
        return inner.base_url

    token = blocking(AsyncChatClient.token)
    rate_limits = blocking(AsyncChatClient.rate_limits)
    report = blocking(AsyncChatClient.report)
    announcements = blocking(AsyncChatClient.announcements)

    def close(self) -> None:
        """Close the client with its connections and threads; idempotent."""
        if self._portal.is_open:
            self._portal.call(self._inner.close())
            self._portal.stop()

    def __enter__(self) -> "ChatClient":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
