"""Reads the pages that a timeline asks for."""

from __future__ import annotations

import asyncio
from typing import Awaitable, Callable, List, Optional

from ..backoff import Backoff
from ..errors import ChatApiError
from .timeline import Ask, HistoryPage, Query, Timeline

LATE = 0.25
"""A server that lags behind is asked again after this; in seconds."""


class WindowReader:
    """``changed`` is called after each change of the timeline, ``follow`` with the seq after which
    events must be delivered.
    """

    def __init__(
        self,
        timeline: Timeline,
        page: Callable[[Query], Awaitable[HistoryPage]],
        changed: Callable[[], None],
        follow: Callable[[int], None],
        is_watched: Callable[[], bool],
    ) -> None:
        self.error: Optional[ChatApiError] = None
        self._timeline = timeline
        self._page = page
        self._changed = changed
        self._follow = follow
        self._is_watched = is_watched
        self._backoff = Backoff()
        self._is_running = False
        self._is_refused = False
        """Nothing more is tried until the app asks."""

    async def run(self) -> None:
        """Read what is missing, while somebody looks. Try again what may work later."""
        if self._is_running or self._is_refused:
            return
        self._is_running = True
        try:
            wants = self._timeline.wants
            while wants is not None and self._is_watched():
                await self.read(wants)
                if self.error is not None and self.error.retryable:
                    await asyncio.sleep(self.error.retry_after or self._backoff.next())
                elif self.error is not None:
                    self._is_refused = True
                    break
                wants = self._timeline.wants
        finally:
            self._is_running = False

    async def retry(self) -> None:
        self._is_refused = False
        await self.run()

    async def read(self, kind: str, seq: int = 0) -> None:
        """``seq``: of ``around``. Errors are in ``error``."""
        while True:
            ask = self._timeline.ask(kind, seq)
            self._changed()
            if ask is None:
                return
            outcome = await self._answer(ask)
            self.follow()
            if outcome != "late":
                return
            await asyncio.sleep(LATE)

    def follow(self) -> None:
        seq = self._timeline.take_follow()
        if seq is not None:
            self._follow(seq)

    async def _answer(self, ask: Ask) -> str:
        pages: List[HistoryPage] = []
        try:
            query = self._timeline.next(ask, pages)
            while query is not None:
                pages.append(await self._page(query))
                query = self._timeline.next(ask, pages)
            outcome = self._timeline.answer(ask, pages)
            self.error = None
        except ChatApiError as error:
            outcome = "failed"
            self.error = error
        finally:
            # Also of a read that was cancelled.
            self._timeline.failed(ask)
        self._changed()
        return outcome
