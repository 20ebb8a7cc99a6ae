"""A socket over server-sent events and REST, for networks that block WebSocket.

What the server says comes by ``GET /events``, what the client says goes by REST. It speaks the
frames of the WebSocket, with the same promises, so that the driver and the machine do not know the
difference.
"""

from __future__ import annotations

import asyncio
import json
from collections import deque
from contextlib import asynccontextmanager
from typing import Any, AsyncGenerator, AsyncIterator, Coroutine, Deque, Dict, Mapping, Optional, Set

from .rest import Rest
from .socket import ABNORMAL, CLOSE_TIMEOUT, OPEN_TIMEOUT, LostError
from .sse_reader import ServerEvent
from .sse_replays import Replays
from .sse_sends import Posts, Reads, Typing
from .sse_stream import read_events

HIGH_WATER = 256
"""Frames that wait for the driver; above it, nothing more is read."""


class SseSocket:
    def __init__(self, rest: Rest, token: Optional[str]) -> None:
        self.ended = False
        self._rest = rest
        self._frames: Deque[Dict[str, Any]] = deque()
        self._changed = asyncio.Event()
        self._drained = asyncio.Event()
        self._drained.set()
        self._lost: Optional[LostError] = None
        self._tasks: "Set[asyncio.Task[None]]" = set()
        self._stream: "Optional[asyncio.Task[None]]" = None
        """The one that delivers."""
        self._next: "Optional[asyncio.Task[None]]" = None
        """One that is being opened, with a new token; it delivers once it is live."""
        self._cursor: Optional[str] = None
        self._posts = Posts(rest, self._say, self._drop)
        self._reads = Reads(rest)
        self._typing = Typing(rest)
        self._replays = Replays(rest, self._say, self._drained.wait)
        for work in (self._posts.run(), self._reads.run(), self._typing.run()):
            self._start(work)
        self._listen(token)
        self._late = asyncio.get_running_loop().call_later(OPEN_TIMEOUT, self._check_opened)

    async def frames(self) -> AsyncIterator[Dict[str, Any]]:
        """Read until the connection ends, which raises `LostError`."""
        while True:
            while self._frames:
                frame = self._frames.popleft()
                if len(self._frames) < HIGH_WATER:
                    self._drained.set()
                yield frame
                self._posts.handled(frame)
            if self._lost is not None:
                raise self._lost
            self._changed.clear()
            await self._changed.wait()

    async def send(self, text: str) -> None:
        if self._lost is not None:
            return  # the reader reports it
        frame: Dict[str, Any] = json.loads(text)
        kind = frame.get("type")
        if kind is None:
            self._posts.add(frame)
        elif kind == "read":
            self._reads.add(frame["chat_id"], frame["seq"])
        elif kind == "typing":
            self._typing.add(frame["chat_id"], frame.get("stop", False))
        elif kind == "resume":
            self._start(self._replays.resume(frame["rooms"]))
        elif kind == "state":
            self._start(self._replays.state(frame["limit"], frame.get("cursor")))
        elif kind == "auth":
            self._listen(frame["token"])
        # REST has no way to subscribe to what staff sees.

    async def close(self) -> None:
        self._late.cancel()
        tasks = set(self._tasks)
        for task in tasks:
            task.cancel()
        if tasks:
            # A dead peer does not answer the close.
            await asyncio.wait(tasks, timeout=CLOSE_TIMEOUT)

    def _say(self, frame: Dict[str, Any]) -> None:
        if self._lost is not None:
            return
        self._frames.append(frame)
        if len(self._frames) >= HIGH_WATER:
            self._drained.clear()
        self._changed.set()

    def _drop(self, reason: str) -> None:
        self._end(LostError(ABNORMAL, reason))

    def _end(self, lost: LostError) -> None:
        if self._lost is None:
            self._lost = lost
            self._posts.stop()
            self._changed.set()

    def _start(self, work: Coroutine[Any, Any, None]) -> "asyncio.Task[None]":
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)
        return task

    def _done(self, task: "asyncio.Task[None]") -> None:
        self._tasks.discard(task)
        error = None if task.cancelled() else task.exception()
        if error is not None:
            self._drop(str(error) or repr(error))

    # What the server says.

    def _listen(self, token: Optional[str]) -> None:
        """A second stream, with a new token, replaces the first one once it is live.

        It begins after what that one brought: what comes in between would be on neither.
        """
        if self._next is not None:
            self._next.cancel()
        self._next = self._start(self._read(token))

    async def _read(self, token: Optional[str]) -> None:
        me: Any = asyncio.current_task()

        def take(event: ServerEvent) -> None:
            if me not in (self._stream, self._next):
                return
            if event.name == "hello":
                self._hello(me, json.loads(event.data))
            elif me is self._stream:
                self._take(event)

        try:
            await read_events(self._rest, token, self._cursor, take, self._drained.wait)
        except LostError as lost:
            # The end of a stream that was replaced, or that never began, is none of the socket.
            if me is self._stream or self._stream is None:
                self._end(lost)
        finally:
            if me is self._next:
                self._next = None

    def _check_opened(self) -> None:
        if self._stream is None:
            self._drop("no events")

    def _hello(self, stream: Any, hello: Dict[str, Any]) -> None:
        before, self._stream, self._next = self._stream, stream, None
        if before is None:
            self._say(hello)
        else:
            before.cancel()
            self._say({"type": "authenticated", "token_expires_at": hello.get("token_expires_at")})

    def _take(self, event: ServerEvent) -> None:
        frame: Dict[str, Any] = json.loads(event.data)
        self._cursor = event.id or self._cursor
        if event.name == "close":
            self._end(LostError(frame["code"], frame["message"]))
        elif event.name == "resync":
            # The next connection asks for each room.
            self._drop("the log does not reach back to the last event")
        elif event.name != "live":
            self._live(frame)

    def _live(self, frame: Mapping[str, Any]) -> None:
        # The answer to a message comes before its frame, as on a WebSocket.
        if frame.get("type") == "message":
            self._posts.answer(frame)
        self._replays.take(frame)


@asynccontextmanager
async def open_sse_socket(rest: Rest, token: Optional[str]) -> AsyncGenerator[SseSocket, None]:
    socket = SseSocket(rest, token)
    try:
        yield socket
    finally:
        await socket.close()
