"""A real cluster for the scenarios, told of by the environment, and both clients behind one way to call them."""

from __future__ import annotations

import asyncio
import base64
import functools
import hashlib
import hmac
import inspect
import itertools
import json
import os
import time
from pathlib import Path
from typing import Any, Awaitable, Callable, Dict, List, Tuple

from chatapi_client import AsyncChatClient, AsyncRealtime, ChatClient, Realtime

CLUSTER = Path(os.environ["CHATAPI_CLUSTER"])
PASSWORD = "copper-violet-meadow-27"
TRUE_TIME = time.time
"""Scenarios set this machine's clock wrong for the client; tokens are made by the right one."""
_numbers = itertools.count()
IN_A_LOG = ("message", "message_updated", "message_deleted", "reaction", "member_joined", "member_left", "room_updated")


def cluster() -> Dict[str, Any]:
    found: Dict[str, Any] = json.loads(CLUSTER.read_text())
    return found


def door() -> str:
    url: str = cluster()["gateway"]["url"]
    return url


def pid_of(service: str) -> int:
    return next(int(entry["pid"]) for entry in cluster()["services"] if entry["name"] == service)


def unique(stem: str) -> str:
    return f"{stem}-{os.getpid():x}-{next(_numbers)}"


class Awaited:
    """Any part of either client: every call is awaited, so that a scenario is written once."""

    def __init__(self, part: Any, is_sync: bool) -> None:
        self.part = part
        self._is_sync = is_sync

    def __getattr__(self, name: str) -> Any:
        value = getattr(self.part, name)
        return self._awaited(value) if callable(value) else self._wrapped(value)

    def _wrapped(self, value: Any) -> Any:
        simple = value is None or isinstance(value, (str, int, float))
        return value if simple else Awaited(value, self._is_sync)

    def _awaited(self, method: Callable[..., Any]) -> Callable[..., Awaitable[Any]]:
        async def run(*args: Any, **kwargs: Any) -> Any:
            in_thread = asyncio.get_running_loop().run_in_executor
            call = functools.partial(method, *args, **kwargs)
            answer = await in_thread(None, call) if self._is_sync else call()
            if inspect.isawaitable(answer):
                answer = await answer
            if inspect.isasyncgen(answer):
                return [item async for item in answer]
            if inspect.isgenerator(answer):
                return await in_thread(None, functools.partial(list, answer))
            return Awaited(answer, self._is_sync) if isinstance(answer, (Realtime, AsyncRealtime)) else answer

        return run


class Proxy:
    """Between a client and the door, so that the network can be cut."""

    def __init__(self) -> None:
        self._writers: List[asyncio.StreamWriter] = []
        self._is_open = True
        self.url = ""

    async def __aenter__(self) -> "Proxy":
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.url = "http://127.0.0.1:%d" % self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        self.cut()

    def cut(self) -> None:
        self._is_open = False
        for writer in self._writers:
            writer.transport.abort()
        self._writers.clear()

    def mend(self) -> None:
        self._is_open = True

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if not self._is_open:
            writer.transport.abort()
            return
        host, port = door().split("//")[1].split(":")
        out_reader, out_writer = await asyncio.open_connection(host, int(port))
        self._writers += [writer, out_writer]
        await asyncio.gather(self._pipe(reader, out_writer), self._pipe(out_reader, writer))

    async def _pipe(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                data = await reader.read(65536)
                if not data:
                    break
                writer.write(data)
                await writer.drain()
        except (OSError, RuntimeError):
            pass
        writer.close()


class View:
    """What one connection has told, by room."""

    def __init__(self) -> None:
        self.rooms: Dict[str, List[Tuple[int, Any]]] = {}
        self.codes: List[Any] = []
        """Close codes and statuses of the connections that were lost."""

    async def watch(self, realtime: Awaited) -> "View":
        for kind in IN_A_LOG:
            await realtime.on(kind, self._note)
        await realtime.on_state(lambda change: self.codes.append(change["code"]))
        return self

    def _note(self, event: Any) -> None:
        self.rooms.setdefault(event["chat_id"], []).append((event["seq"], event.get("content")))

    def seqs(self, room: str) -> List[int]:
        return [seq for seq, _ in self.rooms.get(room, [])]

    async def reaches(self, room: str, seq: int, within: float = 30.0) -> None:
        end = time.monotonic() + within
        while not self.seqs(room) or self.seqs(room)[-1] < seq:
            if time.monotonic() > end:
                raise AssertionError(f"{room}: at {self.seqs(room)[-3:]} of {seq}")
            await asyncio.sleep(0.02)


def short_lived(token: str, seconds: float) -> str:
    """The same session's token, ending soon."""

    def encode(data: bytes) -> str:
        return base64.urlsafe_b64encode(data).rstrip(b"=").decode()

    head, body, _ = token.split(".")
    claims = json.loads(base64.urlsafe_b64decode(body + "=="))
    claims["exp"] = int(TRUE_TIME() + seconds)
    signed = f"{head}.{encode(json.dumps(claims).encode())}"
    key = os.environ["CHATAPI_JWT_SECRET"].encode()
    return f"{signed}.{encode(hmac.new(key, signed.encode(), hashlib.sha256).digest())}"


def client_of(is_sync: bool, *args: Any, **kwargs: Any) -> Awaited:
    made: Any = ChatClient(*args, **kwargs) if is_sync else AsyncChatClient(*args, **kwargs)
    return Awaited(made, is_sync)


async def registered(is_sync: bool, url: str = "", **options: Any) -> Tuple[Awaited, Dict[str, Any]]:
    client = client_of(is_sync, url or door(), **options)
    name = unique("py")
    session = await client.users.register(username=name, email=f"{name}@example.com", password=PASSWORD)
    return client, session
