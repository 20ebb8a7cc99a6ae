"""Sync wrappers of async classes.

Each method runs on the portal's loop, with the same name, types and documentation.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any, AsyncIterator, Callable, Coroutine, Iterator, TypeVar

from .portal import Portal

if TYPE_CHECKING:
    from typing_extensions import Concatenate, ParamSpec

    P = ParamSpec("P")
T = TypeVar("T")


class SyncWrapper:
    def __init__(self, portal: Portal, inner: Any) -> None:
        self._portal = portal
        self._inner = inner


def blocking(
    method: "Callable[Concatenate[Any, P], Coroutine[Any, Any, T]]",
) -> "Callable[Concatenate[Any, P], T]":
    @functools.wraps(method)
    def run(self: Any, /, *args: "P.args", **kwargs: "P.kwargs") -> T:
        answer: T = self._portal.call(method(self._inner, *args, **kwargs))
        return answer

    return run


def iterating(
    method: "Callable[Concatenate[Any, P], AsyncIterator[T]]",
) -> "Callable[Concatenate[Any, P], Iterator[T]]":
    @functools.wraps(method)
    def run(self: Any, /, *args: "P.args", **kwargs: "P.kwargs") -> Iterator[T]:
        return iterate_sync(self._portal, method(self._inner, *args, **kwargs))

    return run


def iterate_sync(portal: Portal, items: AsyncIterator[T]) -> Iterator[T]:
    """Iterate; closes the async iterator when the loop over this one is left."""
    try:
        while True:
            try:
                item = portal.call(_next(items))
            except StopAsyncIteration:
                return
            yield item
    finally:
        close = getattr(items, "aclose", None)
        if close is not None and portal.is_open:
            portal.call(close())


async def _next(items: AsyncIterator[T]) -> T:
    return await items.__anext__()
