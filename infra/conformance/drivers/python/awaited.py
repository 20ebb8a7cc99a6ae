"""Wraps either client so that every call can be awaited and the driver exists once."""

from __future__ import annotations

import asyncio
import functools
import inspect
from typing import Any, Awaitable, Callable

from chatapi_client import AsyncRealtime, Realtime


class Awaited:
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
