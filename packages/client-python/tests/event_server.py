"""A server of streams and REST in memory: the test writes the streams and answers the requests."""

from __future__ import annotations

import asyncio
import json
from typing import Any, AsyncIterator, Awaitable, Callable, Dict, List, NamedTuple, Optional, Tuple, Union

import httpx

from chatapi_client.rest import Rest

from .test_rest import rest_of

AT = "2026-01-01T00:00:00.000Z"
SSE = {"Content-Type": "text/event-stream; charset=utf-8"}


class Asked(NamedTuple):
    method: str
    path: str
    query: Dict[str, str]
    body: Any
    headers: httpx.Headers


Answer = Tuple[int, Any]
Say = Callable[[Asked], Union[Answer, Awaitable[Answer]]]


def message(seq: int, client_id: Optional[str] = None, room: str = "room") -> Dict[str, Any]:
    facts = {"id": f"msg_{seq}", "chat_id": room, "seq": seq, "sender_id": "usr_me", "content": "c", "created_at": AT}
    return {"type": "message", **facts, **({} if client_id is None else {"client_id": client_id})}


def refusal(status: int, code: str) -> Answer:
    return status, {"error": True, "message": "no", "code": code, "details": {}, "timestamp": AT, "request_id": "r"}


class EventServer:
    """``status``: of what is answered to the next stream."""

    def __init__(self) -> None:
        self.asked: List[Asked] = []
        self.openings: List[Asked] = []
        self.streams: List["asyncio.Queue[Optional[bytes]]"] = []
        self.closed: List[int] = []
        self.status = 200
        self.say: Say = lambda _: (200, {})

    def rest(self, **options: Any) -> Rest:
        async def answer(request: httpx.Request) -> httpx.Response:
            body = json.loads(request.content) if request.content else None
            asked = Asked(request.method, request.url.path, dict(request.url.params), body, request.headers)
            if asked.path == "/events":
                return self._open(asked)
            self.asked.append(asked)
            said = self.say(asked)
            status, told = said if isinstance(said, tuple) else await said
            return httpx.Response(status, json=told, headers={"X-Request-Id": "r"})

        return rest_of(answer, retries=0, **options)

    def _open(self, asked: Asked) -> httpx.Response:
        self.openings.append(asked)
        if self.status != 200:
            return httpx.Response(self.status, json=refusal(self.status, "NO")[1], headers={"X-Request-Id": "r"})
        number, queue = len(self.streams), asyncio.Queue[Optional[bytes]]()
        self.streams.append(queue)

        async def body() -> AsyncIterator[bytes]:
            try:
                while True:
                    part = await queue.get()
                    if part is None:
                        return
                    yield part
            finally:
                self.closed.append(number)

        return httpx.Response(200, content=body(), headers=SSE)

    def write(self, data: bytes, nth: int = -1) -> None:
        self.streams[nth].put_nowait(data)

    def event(self, name: str, data: Any, nth: int = -1, id: Optional[str] = None) -> None:
        head = "" if id is None else f"id: {id}\n"
        self.write(f"{head}event: {name}\ndata: {json.dumps(data)}\n\n".encode(), nth)

    def hello(self, nth: int = -1, ends: str = "2030-01-01T00:00:00.000Z") -> None:
        self.event("hello", {"type": "hello", "user_id": "usr_me", "server_time": AT, "token_expires_at": ends}, nth)

    def end(self, nth: int = -1) -> None:
        self.streams[nth].put_nowait(None)
