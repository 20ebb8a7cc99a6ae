"""Waiting for rate limits of the server: once one is reached, calls go one by one, in order."""

from __future__ import annotations

import asyncio
import time
from typing import Awaitable, Callable, Optional, TypeVar

from .errors import ChatApiError

T = TypeVar("T")

MAX_LIMIT_WAIT = 120.0
"""Longest wait for a rate limit in seconds; a longer one raises at once."""


class RateLimitWait:
    def __init__(self) -> None:
        self._turns: Optional[asyncio.Lock] = None
        self._limited_until = 0.0

    async def run(self, attempt: Callable[[], Awaitable[T]]) -> T:
        """Make the attempt, and again while a limit refuses it."""
        if time.monotonic() >= self._limited_until:
            try:
                return await attempt()
            except ChatApiError as error:
                self._note_limit(error)
        if self._turns is None:
            self._turns = asyncio.Lock()
        async with self._turns:
            while True:
                await asyncio.sleep(max(0.0, self._limited_until - time.monotonic()))
                try:
                    return await attempt()
                except ChatApiError as error:
                    self._note_limit(error)

    def _note_limit(self, error: ChatApiError) -> None:
        """A proxy's limit is no limit of the server: it may last for ever."""
        wait = error.retry_after or 1.0
        if error.code != "RATE_LIMIT_EXCEEDED" or error.foreign or wait > MAX_LIMIT_WAIT:
            raise error
        self._limited_until = max(self._limited_until, time.monotonic() + wait)
