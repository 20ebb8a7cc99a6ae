"""Pages of API lists, and iteration over them."""

from __future__ import annotations

from typing import Any, AsyncIterator, Awaitable, Callable, Mapping, Optional, TypeVar

from .models import Page

T = TypeVar("T")


def page_of(name: str, answer: Mapping[str, Any]) -> "Page[Any]":
    return Page(
        answer[name],
        answer.get("has_more", False),
        answer.get("last_seq"),
        answer.get("total"),
        answer.get("next_cursor"),
        # The items of some lists are called so.
        None if isinstance(answer.get("users"), list) else answer.get("users"),
    )


async def pages(read: "Callable[[Optional[str], int], Awaitable[Page[T]]]") -> AsyncIterator[T]:
    """Iterate over all items of ``read(cursor, skip)``, one page in memory at a time."""
    cursor: Optional[str] = None
    seen = 0
    while True:
        # A server of an older version has no cursors.
        page = await read(cursor, 0 if cursor else seen)
        for item in page:
            yield item
        if not page.has_more or not page.items:
            return
        cursor = page.next_cursor
        seen += len(page)
