"""Owns: events between the connection and the app: a bounded queue, and the one task that gives each to who listens.

Handlers run one event after the other, in order, and never on the task that reads the socket: a handler may call the
client, and a slow one holds up nobody but the events behind it.
"""

from __future__ import annotations

import asyncio
import inspect
import logging
from collections import deque
from typing import Any, AsyncIterator, Callable, Deque, Dict, List

from .models import Event

log = logging.getLogger("chatapi_client")

HIGH_WATER = 4096
"""Events that wait for the app; beyond, the connection takes no more from the server until half are done."""
STREAM_BUFFER = 64

Handler = Callable[[Any], Any]


class Stream:
    """Events for one `async for`. Whoever gives waits while it is not read."""

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

    async def read(self) -> AsyncIterator[Event]:
        while True:
            while self._events:
                event = self._events.popleft()
                self._changed.set()
                yield event
            if self._ended:
                return
            await self._change()

    async def _change(self) -> None:
        # Both sides wait for the same thing, in turn: one for an event, the other for place.
        changed = self._changed = asyncio.Event()
        await changed.wait()


class Inbox:
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
        """What is in it is still given out; then listening ends."""
        self._closed = True
        self._changed.set()

    def drop(self) -> None:
        """The app has closed: it is told of that alone."""
        self._events = deque(event for event in self._events if event.type == "state")

    def listen(self, event: str, handler: Handler) -> Callable[[], None]:
        handlers = self._handlers.setdefault(event, [])
        handlers.append(handler)
        self._changed.set()

        def stop() -> None:
            if handler in handlers:
                handlers.remove(handler)

        return stop

    async def events(self) -> AsyncIterator[Event]:
        """Every event from now on, for as long as the connection lives; while it is not read, the others wait."""
        stream = Stream()
        self._streams.append(stream)
        self._changed.set()
        if self._closed and not self._events:
            stream.end()
        try:
            async for event in stream.read():
                yield event
        finally:
            stream.end()
            self._streams.remove(stream)

    async def dispatch(self, drained: Callable[[], None]) -> None:
        """Until it is closed and empty. Nothing is given out before somebody listens. ``drained``: there is place again."""
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
                told = handler(event.data)
                if inspect.isawaitable(told):
                    await told
            except Exception:
                log.exception("a handler of %r failed", event.type)
