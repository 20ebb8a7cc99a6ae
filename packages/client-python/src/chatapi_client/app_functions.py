"""Functions of the app, called for the client's loop on other threads."""

from __future__ import annotations

import inspect
from typing import Any, Callable

from .portal import Portal


async def soon(function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """A plain function on the loop's thread."""
    return function(*args, **kwargs)


async def _finished(answer: Any) -> Any:
    """The result of the app's function, plain or async. Its errors do not end the loop."""
    if not inspect.isawaitable(answer):
        return answer
    try:
        return await answer
    except (SystemExit, KeyboardInterrupt) as error:
        raise RuntimeError(f"raised on the client's thread: {error!r}") from error


def in_worker(portal: Portal, handler: Callable[[Any], Any]) -> Callable[[Any], Any]:
    async def give(data: Any) -> None:
        # An async function does not block the loop.
        is_async = inspect.iscoroutinefunction(handler)
        await _finished(handler(data) if is_async else await portal.in_worker(handler, data))

    return give


def away(portal: Portal, function: Callable[..., Any]) -> Callable[..., Any]:
    """The app's function outside the loop's thread: it may block and use the client."""

    async def run(*args: Any) -> Any:
        return await _finished(await portal.in_thread(function, *args))

    return run
