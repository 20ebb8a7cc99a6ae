"""The client for plain Python: the asyncio client behind faces whose methods block."""

from __future__ import annotations

import inspect
from typing import Any, Callable, Iterator, Mapping, Optional

from .admin import AdminApi as AsyncAdminApi
from .chats import ChatsApi as AsyncChatsApi
from .client import AsyncChatClient
from .face import Face, blocking, iterating, walk
from .files import FilesApi as AsyncFilesApi
from .listening import Listening, Stop
from .messages import MessagesApi as AsyncMessagesApi
from .models import Event, File
from .multipart import OnProgress, Source
from .portal import Portal
from .realtime import AsyncRealtime
from .rest import RETRIES
from .tokens import OnTokens, TokenSource
from .users import UsersApi as AsyncUsersApi


class UsersApi(Face):
    register = blocking(AsyncUsersApi.register)
    login = blocking(AsyncUsersApi.login)
    logout = blocking(AsyncUsersApi.logout)
    me = blocking(AsyncUsersApi.me)
    update = blocking(AsyncUsersApi.update)
    change_password = blocking(AsyncUsersApi.change_password)
    delete_me = blocking(AsyncUsersApi.delete_me)
    sessions = blocking(AsyncUsersApi.sessions)
    end_session = blocking(AsyncUsersApi.end_session)
    end_other_sessions = blocking(AsyncUsersApi.end_other_sessions)
    get = blocking(AsyncUsersApi.get)
    search = blocking(AsyncUsersApi.search)
    iterate = iterating(AsyncUsersApi.iterate)
    start_export = blocking(AsyncUsersApi.start_export)
    export = blocking(AsyncUsersApi.export)


class MessagesApi(Face):
    send = blocking(AsyncMessagesApi.send)
    list = blocking(AsyncMessagesApi.list)
    iterate = iterating(AsyncMessagesApi.iterate)
    get = blocking(AsyncMessagesApi.get)
    update = blocking(AsyncMessagesApi.update)
    delete = blocking(AsyncMessagesApi.delete)
    mark_read = blocking(AsyncMessagesApi.mark_read)
    react = blocking(AsyncMessagesApi.react)
    unreact = blocking(AsyncMessagesApi.unreact)
    search = blocking(AsyncMessagesApi.search)


class ChatsApi(Face):
    create = blocking(AsyncChatsApi.create)
    list = blocking(AsyncChatsApi.list)
    iterate = iterating(AsyncChatsApi.iterate)
    list_public = blocking(AsyncChatsApi.list_public)
    get = blocking(AsyncChatsApi.get)
    update = blocking(AsyncChatsApi.update)
    delete = blocking(AsyncChatsApi.delete)
    join = blocking(AsyncChatsApi.join)
    leave = blocking(AsyncChatsApi.leave)
    members = blocking(AsyncChatsApi.members)
    add_member = blocking(AsyncChatsApi.add_member)
    change_role = blocking(AsyncChatsApi.change_role)
    remove_member = blocking(AsyncChatsApi.remove_member)
    mute = blocking(AsyncChatsApi.mute)
    unmute = blocking(AsyncChatsApi.unmute)


class FilesApi(Face):
    def upload(
        self,
        file: Source,
        *,
        name: Optional[str] = None,
        description: Optional[str] = None,
        on_progress: Optional[OnProgress] = None,
        cancel: Optional[Any] = None,
    ) -> File:
        told = None if on_progress is None else _away(self._portal, on_progress)
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


class AdminApi(Face):
    stats = blocking(AsyncAdminApi.stats)
    rebuild_stats = blocking(AsyncAdminApi.rebuild_stats)
    users = blocking(AsyncAdminApi.users)
    iterate_users = iterating(AsyncAdminApi.iterate_users)
    ban = blocking(AsyncAdminApi.ban)
    unban = blocking(AsyncAdminApi.unban)
    change_role = blocking(AsyncAdminApi.change_role)
    unlock = blocking(AsyncAdminApi.unlock)
    end_sessions = blocking(AsyncAdminApi.end_sessions)
    delete_user = blocking(AsyncAdminApi.delete_user)
    start_export = blocking(AsyncAdminApi.start_export)
    export = blocking(AsyncAdminApi.export)
    delete_message = blocking(AsyncAdminApi.delete_message)
    audit_log = blocking(AsyncAdminApi.audit_log)
    reports = blocking(AsyncAdminApi.reports)
    resolve_report = blocking(AsyncAdminApi.resolve_report)
    dismiss_report = blocking(AsyncAdminApi.dismiss_report)
    announce = blocking(AsyncAdminApi.announce)
    announcements = blocking(AsyncAdminApi.announcements)
    word_filter = blocking(AsyncAdminApi.word_filter)
    set_word_filter = blocking(AsyncAdminApi.set_word_filter)
    health = blocking(AsyncAdminApi.health)


class Realtime(Face, Listening):
    """A connection that takes care of itself; the sync face of `AsyncRealtime`, with the same events and guarantees.

    The socket runs on a daemon thread, handlers on another: a handler may call the client, and may be slow.
    """

    _inner: AsyncRealtime

    @property
    def state(self) -> str:
        return self._inner.state

    @property
    def user_id(self) -> Optional[str]:
        return self._inner.user_id

    def on(self, event: str, handler: Callable[[Any], Any]) -> Stop:
        """Call ``handler(data)`` for each such event, one after the other. @returns a function that stops it."""
        stop = self._portal.call(_soon(self._inner.on, event, _in_worker(self._portal, handler)))

        def end() -> None:
            if self._portal.is_open:
                self._portal.call(_soon(stop))

        return end

    def events(self) -> Iterator[Event]:
        """Every event from now on, until the connection is closed."""
        return walk(self._portal, self._portal.call(_soon(self._inner.events)))

    __iter__ = events
    send = blocking(AsyncRealtime.send)
    typing = blocking(AsyncRealtime.typing)
    mark_read = blocking(AsyncRealtime.mark_read)
    wait_ready = blocking(AsyncRealtime.wait_ready)
    close = blocking(AsyncRealtime.close)

    def run_forever(self) -> None:
        """Until it is closed and handlers have had what came before, or Ctrl-C; raises why, when it was not the app that
        closed it (banned, no fresh token)."""
        try:
            self._portal.call(self._inner.run_forever())
        except KeyboardInterrupt:
            self.close()

    def __enter__(self) -> "Realtime":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class WebSocketApi(Face):
    def connect(
        self,
        user_id: Optional[str] = None,
        *,
        on: Optional[Mapping[str, Callable[[Any], Any]]] = None,
        auto_reconnect: bool = True,
        resume: bool = True,
    ) -> Realtime:
        """Begin a connection and go on at once; see `Realtime.wait_ready`.

        ``user_id``: the token's own user, or None for whoever it is. ``on``: handlers by event, there before the first one
        comes, where several registered one after the other may miss some. ``auto_reconnect=False``: a cut closes it. ``resume=False``: only what arrives while it is connected;
        nothing is asked of REST.
        """
        given = {event: _in_worker(self._portal, handler) for event, handler in (on or {}).items()}
        begin = _soon(self._inner.connect, user_id, on=given, auto_reconnect=auto_reconnect, resume=resume)
        return Realtime(self._portal, self._portal.call(begin))


class ChatClient(Face):
    """Client for plain Python: ``users``, ``messages``, ``chats``, ``files``, ``admin`` and ``websocket``.

    ``token``: an access token, or a function that gives a fresh one; not needed before ``users.login``.
    ``refresh_token`` renews it, as after a login; ``on_tokens`` hears each new pair, to keep it. ``timeout``: seconds
    for one request. ``retries``: how often a call that may be repeated is tried again where the server or the network
    is away; a reached limit is waited for, up to 120 s. Safe to use from many threads, not over a fork. Also a context
    manager. Errors are ``ChatApiError``.
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
            _away(portal, token) if callable(token) else token,
            refresh_token=refresh_token,
            on_tokens=None if on_tokens is None else _away(portal, on_tokens),
            timeout=timeout,
            retries=retries,
        )
        super().__init__(portal, inner)
        self.users = UsersApi(self._portal, inner.users)
        self.messages = MessagesApi(self._portal, inner.messages)
        self.chats = ChatsApi(self._portal, inner.chats)
        self.files = FilesApi(self._portal, inner.files)
        self.admin = AdminApi(self._portal, inner.admin)
        self.websocket = WebSocketApi(self._portal, inner.websocket)

    rate_limits = blocking(AsyncChatClient.rate_limits)
    report = blocking(AsyncChatClient.report)
    announcements = blocking(AsyncChatClient.announcements)

    def close(self) -> None:
        """Ends its connections and its threads. A second time does nothing."""
        if self._portal.is_open:
            self._portal.call(self._inner.close())
            self._portal.stop()

    def __enter__(self) -> "ChatClient":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


async def _soon(function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """A plain function, on the loop's thread."""
    return function(*args, **kwargs)


async def _finished(answer: Any) -> Any:
    """What the app's function gave, be it async. Nothing that it raises ends the loop."""
    if not inspect.isawaitable(answer):
        return answer
    try:
        return await answer
    except (SystemExit, KeyboardInterrupt) as error:
        raise RuntimeError(f"raised on the client's thread: {error!r}") from error


def _in_worker(portal: Portal, handler: Callable[[Any], Any]) -> Callable[[Any], Any]:
    async def give(data: Any) -> None:
        # An async one does not block the loop.
        is_async = inspect.iscoroutinefunction(handler)
        await _finished(handler(data) if is_async else await portal.in_worker(handler, data))

    return give


def _away(portal: Portal, function: Callable[..., Any]) -> Callable[..., Any]:
    """The app's function, off the loop's thread: it may block, and may use the client."""

    async def run(*args: Any) -> Any:
        return await _finished(await portal.in_thread(function, *args))

    return run
