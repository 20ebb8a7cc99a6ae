"""The sync client for the backend of an application: wrappers of the asyncio one."""

from __future__ import annotations

from typing import Optional

from .app_users import AppUsersApi as AsyncAppUsersApi
from .moderation import ModerationApi as AsyncModerationApi
from .people import PeopleApi as AsyncPeopleApi
from .portal import Portal
from .rest import RETRIES
from .server import AsyncActingApi, AsyncChatServer
from .sync import ChatsApi, EventsApi, FilesApi, MessagesApi
from .sync_tools import BotsApi, HooksApi, IncomingWebhooksApi, WebhooksApi
from .sync_wrapper import SyncWrapper, blocking, iterating


class AppUsersApi(SyncWrapper):
    put = blocking(AsyncAppUsersApi.put)
    batch = blocking(AsyncAppUsersApi.batch)
    get = blocking(AsyncAppUsersApi.get)
    deactivate = blocking(AsyncAppUsersApi.deactivate)
    activate = blocking(AsyncAppUsersApi.activate)
    delete = blocking(AsyncAppUsersApi.delete)
    create_token = blocking(AsyncAppUsersApi.create_token)
    by_id = blocking(AsyncAppUsersApi.by_id)
    search = blocking(AsyncAppUsersApi.search)
    iterate = iterating(AsyncAppUsersApi.iterate)


class ModerationApi(SyncWrapper):
    reports = blocking(AsyncModerationApi.reports)
    resolve_report = blocking(AsyncModerationApi.resolve_report)
    dismiss_report = blocking(AsyncModerationApi.dismiss_report)
    ban = blocking(AsyncModerationApi.ban)
    mute = blocking(AsyncModerationApi.mute)
    unmute = blocking(AsyncModerationApi.unmute)
    delete_message = blocking(AsyncModerationApi.delete_message)


class PeopleApi(SyncWrapper):
    me = blocking(AsyncPeopleApi.me)
    get = blocking(AsyncPeopleApi.get)
    search = blocking(AsyncPeopleApi.search)
    iterate = iterating(AsyncPeopleApi.iterate)


class ActingApi:
    """The API as a person that the key acts as: ``chats``, ``messages``, ``files``, ``users``,
    ``events``, ``incoming_webhooks``.

    Other changes than messages, reactions and reads stand in the audit log with the key.
    """

    def __init__(self, portal: Portal, inner: AsyncActingApi) -> None:
        self.chats = ChatsApi(portal, inner.chats)
        self.messages = MessagesApi(portal, inner.messages)
        self.files = FilesApi(portal, inner.files)
        self.users = PeopleApi(portal, inner.users)
        self.events = EventsApi(portal, inner.events)
        self.incoming_webhooks = IncomingWebhooksApi(portal, inner.incoming_webhooks)


class ChatServer(SyncWrapper):
    """What an application key may do: ``users``, ``bots``, ``moderation``, ``events``, ``webhooks``,
    ``hooks``, `stats`, `acting_as`.

    ``key``: the secret of the key, ``cak_…``. ``timeout``: time limit of a request in seconds.
    ``retries``: retries of a repeatable call while the server or network is unavailable; the key's
    rate limit, which all its calls share, is waited for, up to 120 s. Safe to use from many threads,
    not over a fork. Also a context manager. Errors are ``ChatApiError``: an ended key is
    ``AUTHENTICATION_ERROR``, a missing scope ``AUTHORIZATION_ERROR`` with ``details``:
    ``{"reason": "scope", "scope": …}``.
    """

    _inner: AsyncChatServer

    def __init__(self, base_url: str, key: str, *, timeout: float = 10.0, retries: int = RETRIES) -> None:
        inner = AsyncChatServer(base_url, key, timeout=timeout, retries=retries)
        super().__init__(Portal(), inner)
        self.users = AppUsersApi(self._portal, inner.users)
        self.bots = BotsApi(self._portal, inner.bots)
        self.moderation = ModerationApi(self._portal, inner.moderation)
        self.events = EventsApi(self._portal, inner.events)
        self.webhooks = WebhooksApi(self._portal, inner.webhooks)
        self.hooks = HooksApi(self._portal, inner.hooks)

    @property
    def base_url(self) -> str:
        """The URL of the server, without a slash at its end."""
        return self._inner.base_url

    def acting_as(self, user_id: Optional[str] = None, *, external_id: Optional[str] = None) -> ActingApi:
        return ActingApi(self._portal, self._inner.acting_as(user_id, external_id=external_id))

    acting_as.__doc__ = AsyncChatServer.acting_as.__doc__
    stats = blocking(AsyncChatServer.stats)

    def close(self) -> None:
        """Close the client with its threads; idempotent."""
        if self._portal.is_open:
            self._portal.call(self._inner.close())
            self._portal.stop()

    def __enter__(self) -> "ChatServer":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
