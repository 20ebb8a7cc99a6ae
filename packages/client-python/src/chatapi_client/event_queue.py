"""Events between connection and app: a bounded queue and one dispatch task.

Handlers run one event after the other, in order, and never on the task that reads the socket: a
handler may call the client, and a slow one delays only later events.
"""

from __future__ import annotations

import asyncio
import inspect
import logging
from collections import deque
from typing import Any, Callable, Deque, Dict, List

from .models import Event

log = logging.getLogger("chatapi_client")

HIGH_WATER = 4096
"""Maximum of queued events; above it, the connection takes no events until half are handled."""
STREAM_BUFFER = 64

Handler = Callable[[Any], Any]


class Stream:
    """Events for one `async for`.

    The producer waits while it is not read. A cancelled wait loses nothing.
    """

    def __init__(self) -> None:
        self._events: Deque[Event] = deque()
        self._ended = False
        self._changed = asyncio.Event()

    async def give(self, event: Event) -> None:
        self._events.append(event)
        self._changed.set()
        while len(self._events) >= STREAM_BUFFER and not self._ended:
            await self._change()

    def end(self) -> None:
        self._ended = True
        self._changed.set()

    async def take(self) -> Event:
        while not self._events:
            if self._ended:
                raise StopAsyncIteration
            await self._change()
        event = self._events.popleft()
        self._changed.set()
        return event

    async def _change(self) -> None:
        # Both sides wait for the same flag: one for an event, the other for room in the
        # queue.
        if self._changed.is_set():
            self._changed = asyncio.Event()
        await self._changed.wait()


class Events:
    """The app's reference to a stream: once it is gone, the producer does not wait for it."""

    def __init__(self, stream: Stream, release: Callable[[], None]) -> None:
        self._stream = stream
        self._release = release
        self._loop = asyncio.get_running_loop()

    def __aiter__(self) -> "Events":
        return self

    async def __anext__(self) -> Event:
        return await self._stream.take()

    async def aclose(self) -> None:
        self._release()

    def __del__(self) -> None:
        try:
            # Runs on whichever thread dropped the last reference.
            self._loop.call_soon_threadsafe(self._release)
        except RuntimeError:
            pass  # the loop has ended, with all waiters


class EventQueue:
    def __init__(self) -> None:
        self._events: Deque[Event] = deque()
        self._full = False
        self._changed = asyncio.Event()
        self._handlers: Dict[str, List[Handler]] = {}
        self._streams: List[Stream] = []
        self._closed = False

    def put(self, event: Event) -> None:
        self._events.append(event)
        self._full = self._full or len(self._events) >= HIGH_WATER
        self._changed.set()

    @property
    def has_place(self) -> bool:
        return not self._full

    def close(self) -> None:
        """Deliver what is queued, then end."""
        self._closed = True
        self._changed.set()

    def drop(self) -> None:
        """Drop queued events: the app has closed and gets only the state change."""
        self._events = deque(event for event in self._events if event.type == "state")

    def listen(self, event: str, handler: Handler) -> Callable[[], None]:
        handlers = self._handlers.setdefault(event, [])
        handlers.append(handler)
        self._changed.set()

        def stop() -> None:
            if handler in handlers:
                handlers.remove(handler)

        return stop

    def events(self) -> Events:
        """All events from now on, while the connection lives; unread events stay queued."""
        stream = Stream()
        self._streams.append(stream)
        self._changed.set()
        if self._closed and not self._events:
            stream.end()

        def release() -> None:
            stream.end()
            if stream in self._streams:
                self._streams.remove(stream)

        return Events(stream, release)

    async def dispatch(self, drained: Callable[[], None]) -> None:
        """Run until closed and empty.

        Delivers nothing before there is a listener. ``drained`` is called when there is room again.
        """
        while self._events or not self._closed:
            if not self._events or not (self._streams or any(self._handlers.values())):
                if self._closed:
                    break
                self._changed.clear()
                await self._changed.wait()
                continue
            event = self._events.popleft()
            if self._full and len(self._events) <= HIGH_WATER // 2:
                self._full = False
                drained()
            await self._give(event)
        for stream in self._streams:
            stream.end()

    async def _give(self, event: Event) -> None:
        for stream in list(self._streams):
            await stream.give(event)
        for handler in list(self._handlers.get(event.type, ())):
            try:
                result = handler(event.data)
                if inspect.isawaitable(result):
                    await result
            except Exception:
                log.exception("a handler of %r failed", event.type)
