"""Stores: what an app shows, and hears of when it changes."""

from __future__ import annotations

import asyncio
import logging
from typing import Callable, Generic, List, Optional, Set, TypeVar

T = TypeVar("T")
log = logging.getLogger("chatapi_client")


class Batch:
    """Collects the changes of a turn of the loop, so that each listener hears of them once."""

    def __init__(self) -> None:
        self._changed: List[Callable[[], None]] = []
        self._known: Set[Callable[[], None]] = set()

    def add(self, tell: Callable[[], None]) -> None:
        if tell in self._known:
            return
        if not self._changed:
            asyncio.get_running_loop().call_soon(self._tell)
        self._changed.append(tell)
        self._known.add(tell)

    def _tell(self) -> None:
        changed, self._changed = self._changed, []
        self._known.clear()
        for tell in changed:
            tell()


class Store(Generic[T]):
    """``snapshot`` is never changed in place. Belongs to the event loop of its client."""

    def __init__(self, batch: Batch, make: Callable[[], T], watched: Callable[[], None]) -> None:
        self._batch = batch
        self._make = make
        self._watched = watched
        self._listeners: List[Callable[[T], object]] = []
        self._made: Optional[List[T]] = None

    @property
    def snapshot(self) -> T:
        if self._made is None:
            self._made = [self._make()]
        return self._made[0]

    def subscribe(self, listener: Callable[[T], object]) -> Callable[[], None]:
        """Call ``listener`` now and after each change, with the new snapshot.

        The first subscription opens the connection. Returns a function that stops it.
        """
        self._listeners.append(listener)
        if len(self._listeners) == 1:
            self._watched()
        self._call(listener)

        def stop() -> None:
            if listener in self._listeners:
                self._listeners.remove(listener)

        return stop

    async def wait_for(self, condition: Callable[[T], object], timeout: Optional[float] = None) -> T:
        """Subscribe until the snapshot fits, and return it.

        Raises ``asyncio.TimeoutError`` after ``timeout`` seconds.
        """
        found: "asyncio.Future[T]" = asyncio.get_running_loop().create_future()

        def look(snapshot: T) -> None:
            if not found.done() and condition(snapshot):
                found.set_result(snapshot)

        stop = self.subscribe(look)
        try:
            return await asyncio.wait_for(found, timeout)
        finally:
            stop()

    @property
    def is_watched(self) -> bool:
        return bool(self._listeners)

    def changed(self) -> None:
        self._made = None
        if self._listeners:
            self._batch.add(self._tell)

    def _tell(self) -> None:
        for listener in list(self._listeners):
            if listener in self._listeners:
                self._call(listener)

    def _call(self, listener: Callable[[T], object]) -> None:
        try:
            listener(self.snapshot)
        except Exception:
            # The others must hear of it too.
            log.exception("a listener of a store failed")
