"""The commands for backends with an application key; see PROTOCOL.md, "Commands"."""

from __future__ import annotations

import asyncio
from typing import Any, Dict, List

from awaited import Awaited
from chatapi_client import AsyncChatServer, ChatServer, verify_webhook


class ServerCommands:
    def __init__(self, is_sync: bool) -> None:
        self._is_sync = is_sync
        self._servers: Dict[str, Awaited] = {}

    def _acting(self, server: str, who: Dict[str, str]) -> Awaited:
        return Awaited(self._servers[server].part.acting_as(**who), self._is_sync)

    async def serve(self, server: str, base_url: str, key: str) -> None:
        make: Any = ChatServer if self._is_sync else AsyncChatServer
        self._servers[server] = Awaited(make(base_url, key), self._is_sync)

    async def put_user(self, server: str, external_id: str, **fields: Any) -> Any:
        return await self._servers[server].users.put(external_id, **fields)

    async def put_users(self, server: str, users: List[Any]) -> Any:
        return await self._servers[server].users.batch(users)

    async def own_user(self, server: str, external_id: str) -> Any:
        return await self._servers[server].users.get(external_id)

    async def activate(self, server: str, external_id: str) -> Any:
        return await self._servers[server].users.activate(external_id)

    async def deactivate(self, server: str, external_id: str) -> Any:
        return await self._servers[server].users.deactivate(external_id)

    async def delete_user(self, server: str, external_id: str) -> Any:
        return await self._servers[server].users.delete(external_id)

    async def mint(self, server: str, external_id: str, **fields: Any) -> Any:
        return await self._servers[server].users.create_token(external_id, **fields)

    async def find_user(self, server: str, user_id: str) -> Any:
        return await self._servers[server].users.by_id(user_id)

    async def stats(self, server: str) -> Any:
        return await self._servers[server].stats()

    async def follow(self, server: str, chat_id: str, after: int, to: int) -> List[List[Any]]:
        events: Any = self._servers[server].part.events.iterate(chat_id, after=after, poll=0.2)
        seen: List[List[Any]] = []

        def note(event: Any) -> bool:
            seen.append([event["seq"], event["type"], event.get("id")])
            return bool(event["seq"] >= to)

        def in_thread() -> None:
            for event in events:
                if note(event):
                    break
            events.close()

        if self._is_sync:
            await asyncio.get_running_loop().run_in_executor(None, in_thread)
            return seen
        async for event in events:
            if note(event):
                break
        await events.aclose()
        return seen

    async def act_send(self, server: str, chat_id: str, content: str, **who: str) -> Any:
        return await self._acting(server, who).messages.send(chat_id=chat_id, content=content)

    async def act_rename(self, server: str, chat_id: str, name: str, **who: str) -> Any:
        return await self._acting(server, who).chats.update(chat_id, name=name)

    async def act_upload(self, server: str, name: str, content: str, **who: str) -> Any:
        return await self._acting(server, who).files.upload(content.encode(), name=name)

    async def act_me(self, server: str, **who: str) -> Any:
        return await self._acting(server, who).users.me()

    async def create_bot(self, server: str, **bot: str) -> Any:
        return await self._servers[server].bots.create(**bot)

    async def bot_token(self, server: str, bot_id: str, **fields: Any) -> Any:
        return await self._servers[server].bots.create_token(bot_id, **fields)

    async def bot_tokens(self, server: str, bot_id: str) -> List[str]:
        return [token["id"] for token in await self._servers[server].bots.tokens(bot_id)]

    async def end_bot_token(self, server: str, bot_id: str, token_id: str) -> None:
        await self._servers[server].bots.end_token(bot_id, token_id)

    async def delete_bot(self, server: str, bot_id: str) -> None:
        await self._servers[server].bots.delete(bot_id)

    async def server_ban(self, server: str, user_id: str, **fields: str) -> Any:
        return await self._servers[server].moderation.ban(user_id, **fields)

    async def create_webhook(self, server: str, **fields: Any) -> Any:
        return await self._servers[server].webhooks.create(**fields)

    async def delete_webhook(self, server: str, webhook_id: str) -> None:
        await self._servers[server].webhooks.delete(webhook_id)

    async def verify_webhook(self, server: str, headers: Dict[str, str], body: str, secret: str) -> Any:
        return verify_webhook(headers, body, secret)

    async def create_incoming(self, server: str, chat_id: str, name: str, **who: str) -> Any:
        return await self._acting(server, who).incoming_webhooks.create(chat_id, name=name)

    async def incoming(self, server: str, chat_id: str, **who: str) -> List[str]:
        return [hook["id"] for hook in await self._acting(server, who).incoming_webhooks.list(chat_id)]

    async def delete_incoming(self, server: str, chat_id: str, webhook_id: str, **who: str) -> None:
        await self._acting(server, who).incoming_webhooks.delete(chat_id, webhook_id)

    async def put_hook(self, server: str, **fields: Any) -> Any:
        return await self._servers[server].hooks.put_before_message(**fields)

    async def hook(self, server: str) -> Any:
        return await self._servers[server].hooks.before_message()

    async def delete_hook(self, server: str) -> None:
        await self._servers[server].hooks.delete_before_message()
