"""The asyncio client for the backend of an application, which has an application key."""

from __future__ import annotations

from typing import Optional

from .admin import AdminApi
from .admin_models import Stats
from .app_users import AppUsersApi
from .bots import BotsApi
from .chats import ChatsApi
from .errors import ChatApiError
from .files import FilesApi
from .hooks import HooksApi
from .incoming_webhooks import IncomingWebhooksApi
from .messages import MessagesApi
from .moderation import ModerationApi
from .paths import segment
from .people import PeopleApi
from .rest import RETRIES, Rest
from .room_events import EventsApi
from .webhooks import WebhooksApi


class AsyncActingApi:
    """The API as a person that the key acts as: ``chats``, ``messages``, ``files``, ``users``,
    ``events``, ``incoming_webhooks``.

    Other changes than messages, reactions and reads stand in the audit log with the key.
    """

    def __init__(self, rest: Rest) -> None:
        self.chats = ChatsApi(rest)
        self.messages = MessagesApi(rest)
        self.files = FilesApi(rest)
        self.users = PeopleApi(rest)
        self.events = EventsApi(rest)
        self.incoming_webhooks = IncomingWebhooksApi(rest)


class AsyncChatServer:
    """What an application key may do: ``users``, ``bots``, ``moderation``, ``events``, ``webhooks``,
    ``hooks``, `stats`, `acting_as`.

    ``key``: the secret of the key, ``cak_…``. ``timeout``: time limit of a request in seconds.
    ``retries``: retries of a repeatable call while the server or network is unavailable; the key's
    rate limit, which all its calls share, is waited for, up to 120 s. Also an async context manager.
    Errors are ``ChatApiError``: an ended key is ``AUTHENTICATION_ERROR``, a missing scope
    ``AUTHORIZATION_ERROR`` with ``details``: ``{"reason": "scope", "scope": …}``.
    """

    def __init__(self, base_url: str, key: str, *, timeout: float = 10.0, retries: int = RETRIES) -> None:
        self._rest = Rest(base_url, key, None, None, timeout, retries)
        self.users = AppUsersApi(self._rest)
        self.bots = BotsApi(self._rest)
        self.moderation = ModerationApi(self._rest)
        self.events = EventsApi(self._rest)
        self.webhooks = WebhooksApi(self._rest)
        self.hooks = HooksApi(self._rest)
        self._admin = AdminApi(self._rest)

    @property
    def base_url(self) -> str:
        """The URL of the server, without a slash at its end."""
        return self._rest.base_url

    def acting_as(self, user_id: Optional[str] = None, *, external_id: Optional[str] = None) -> AsyncActingApi:
        """Do as this person what follows; needs the scope ``act_as``. Costs no request.

        ``user_id``: the server's id; ``external_id``: the application's own. An id that can't be one
        raises ``VALIDATION_ERROR`` here. The calls then raise ``RESOURCE_NOT_FOUND`` for an unknown
        person, and ``AUTHORIZATION_ERROR`` for an admin and for who is banned or deactivated.
        """
        if (user_id is None) == (external_id is None):
            raise ChatApiError("VALIDATION_ERROR", "Give a user_id or an external_id", status=400)
        person = segment(user_id) if external_id is None else f"ext:{segment(external_id)}"
        return AsyncActingApi(self._rest.with_headers({"X-Act-As": person}))

    async def stats(self) -> Stats:
        """Return counts of users, rooms, messages, files and connections, at most 2 s old.

        Scope ``stats:read``.
        """
        return await self._admin.stats()

    async def close(self) -> None:
        await self._rest.close()

    async def __aenter__(self) -> "AsyncChatServer":
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()
