"""The commands of the suite; see PROTOCOL.md, "Commands". Each method is a command."""

from __future__ import annotations

import asyncio
import gc
import inspect
import resource
import threading
import time
from typing import Any, Awaitable, Callable, Coroutine, Dict, List, Optional

from awaited import Awaited
from chatapi_client import AsyncChatClient, ChatClient
from server_commands import ServerCommands
from view import View

AskToken = Callable[[str], Coroutine[Any, Any, str]]
LINE = b"a line of text\n"
TRUE_TIME = time.time


class Commands(ServerCommands):
    def __init__(self, is_sync: bool, ask_token: AskToken) -> None:
        super().__init__(is_sync)
        self._ask_token = ask_token
        self._loop = asyncio.get_running_loop()
        self._clients: Dict[str, Awaited] = {}
        self._sockets: Dict[str, Awaited] = {}
        self._views: Dict[str, View] = {}
        self._held: Dict[str, Any] = {}

    async def open(
        self,
        client: str,
        base_url: str,
        token: Optional[str] = None,
        refresh_token: Optional[str] = None,
        asks_token: bool = False,
    ) -> None:
        source = self._token_function(client) if asks_token else token
        make: Any = ChatClient if self._is_sync else AsyncChatClient
        self._clients[client] = Awaited(make(base_url, source, refresh_token=refresh_token), self._is_sync)

    def _token_function(self, client: str) -> Callable[[], Any]:
        def wait_for_it() -> str:
            return asyncio.run_coroutine_threadsafe(self._ask_token(client), self._loop).result()

        def ask() -> Awaitable[str]:
            return self._ask_token(client)

        return wait_for_it if self._is_sync else ask

    async def register(self, client: str, **account: str) -> Any:
        return await self._clients[client].users.register(**account)

    async def login(self, client: str, **account: str) -> Any:
        return await self._clients[client].users.login(**account)

    async def create_key(self, client: str, name: str, scopes: List[Any]) -> Any:
        return await self._clients[client].admin.create_key(name=name, scopes=scopes)

    async def me(self, client: str) -> Any:
        return await self._clients[client].users.me()

    async def ban(self, client: str, user_id: str) -> Any:
        return await self._clients[client].admin.ban(user_id)

    async def end_sessions(self, client: str, user_id: str) -> None:
        await self._clients[client].admin.end_sessions(user_id)

    async def change_password(self, client: str, **passwords: str) -> Any:
        return await self._clients[client].users.change_password(**passwords)

    async def end_others(self, client: str) -> Any:
        return await self._clients[client].users.end_other_sessions()

    async def end_session(self, client: str, session_id: str) -> None:
        await self._clients[client].users.end_session(session_id)

    async def remove_member(self, client: str, chat_id: str, user_id: str) -> None:
        await self._clients[client].chats.remove_member(chat_id, user_id)

    async def create_room(self, client: str, chat_id: str, member_ids: List[str]) -> None:
        await self._clients[client].chats.create(chat_id=chat_id, visibility="private", member_ids=member_ids)

    async def add_member(self, client: str, chat_id: str, user_id: str) -> None:
        await self._clients[client].chats.add_member(chat_id, user_id)

    async def send(self, client: str, **message: Any) -> Any:
        return await self._clients[client].messages.send(**message)

    async def edit(self, client: str, message_id: str, **edit: Any) -> Any:
        return await self._clients[client].messages.update(message_id, **edit)

    async def search(self, client: str, **query: Any) -> List[str]:
        found = await self._clients[client].messages.search(**query)
        return [message["content"] for message in found.items]

    async def rooms(self, client: str, **query: Any) -> Dict[str, Any]:
        page = await self._clients[client].chats.list(**query)
        return {"ids": [room["id"] for room in page.items], "next_cursor": page.next_cursor}

    async def all_rooms(self, client: str) -> List[str]:
        return [room["id"] for room in await self._clients[client].chats.iterate()]

    async def react(self, client: str, message_id: str, emoji: str) -> None:
        await self._clients[client].messages.react(message_id, emoji)

    async def iterate(self, client: str, **query: Any) -> List[List[Any]]:
        found = await self._clients[client].messages.iterate(**query)
        return [[message["seq"], message["id"], message["content"]] for message in found]

    async def upload(self, client: str, name: str, size: int, abort_at: Optional[int] = None) -> Dict[str, Any]:
        text = (LINE * (size // len(LINE) + 1))[:size]
        progress: List[List[Optional[int]]] = []
        stop = threading.Event()

        def told(sent: int, total: Optional[int]) -> None:
            progress.append([sent, total])
            if abort_at is not None and sent >= abort_at:
                stop.set()

        file = await self._clients[client].files.upload(text, name=name, on_progress=told, cancel=stop)
        return {"file": file, "progress": progress}

    async def files(self, client: str) -> List[str]:
        return [file["id"] for file in await self._clients[client].files.iterate()]

    async def connect(
        self,
        client: str,
        socket: str,
        keep: bool = False,
        slow: Optional[Dict[str, int]] = None,
        echo: Optional[str] = None,
        fails: bool = False,
        holds: bool = False,
    ) -> None:
        view = self._views[socket] = View(keep)
        ws = self._sockets[socket] = await self._clients[client].websocket.connect(on=view.handlers())
        if slow is not None:
            await ws.on_message(self._slow(slow["every"], slow["ms"] / 1000))
        if holds:
            await ws.on_message(self._hold(socket))
        if echo is not None:
            await ws.on_message(self._echo(self._clients[client].part, ws.part, echo))
        if fails:
            await ws.on_message(lambda message: 1 / 0)

    def _slow(self, every: int, seconds: float) -> Callable[[Any], Any]:
        pause: Any = time.sleep if self._is_sync else asyncio.sleep
        return lambda message: pause(seconds) if message["seq"] % every == 0 else None

    def _hold(self, socket: str) -> Callable[[Any], Any]:
        released: Any = threading.Event() if self._is_sync else asyncio.Event()
        self._held[socket] = released
        return lambda message: released.wait()

    def _echo(self, client: Any, ws: Any, chat_id: str) -> Callable[[Any], Any]:
        """A handler of the app, in the style of either client."""

        async def answer(message: Any) -> None:
            for send in (client.messages.send, ws.send):
                await send(chat_id=chat_id, content="echo")

        def answer_sync(message: Any) -> None:
            for send in (client.messages.send, ws.send):
                send(chat_id=chat_id, content="echo")

        echo: Callable[[Any], Any] = answer_sync if self._is_sync else answer
        return lambda message: echo(message) if message["content"] == "hello" else None

    async def ready(self, socket: str, seconds: float) -> None:
        await self._sockets[socket].wait_ready(seconds)

    async def say(self, socket: str, **message: Any) -> Any:
        return await self._sockets[socket].send(**message)

    async def typing(self, socket: str, chat_id: str, stop: bool) -> None:
        await self._sockets[socket].typing(chat_id, stop=stop)

    async def rename(self, client: str, display_name: str) -> Any:
        return await self._clients[client].users.update(display_name=display_name)

    async def mark_read(self, socket: str, chat_id: str, seq: int) -> None:
        await self._sockets[socket].mark_read(chat_id, seq)

    async def release(self, socket: str) -> None:
        self._held[socket].set()

    async def report(self, socket: str, entries: bool = False) -> Dict[str, Any]:
        return self._views[socket].report(self._sockets[socket].state, entries)

    async def ended(self, socket: str) -> None:
        await self._sockets[socket].run_forever()

    async def disconnect(self, socket: str) -> None:
        await self._sockets[socket].close()

    async def close(self, client: str) -> None:
        await self._clients[client].close()

    async def clock(self, seconds: float) -> None:
        setattr(time, "time", lambda: TRUE_TIME() + seconds)

    async def held(self) -> float:
        gc.collect()
        with open("/proc/self/statm") as statm:
            pages = int(statm.read().split()[1])
        return pages * resource.getpagesize() / 2**20


def command(commands: Commands, name: str) -> Callable[..., Awaitable[Any]]:
    found: Any = None if name.startswith("_") else getattr(commands, name, None)
    if not inspect.iscoroutinefunction(found):
        raise LookupError(f"no command {name}")
    named: Callable[..., Awaitable[Any]] = found
    return named
