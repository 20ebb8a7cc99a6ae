"""Owns: lists of the API as pages, and pages as one iterator."""

from __future__ import annotations

from typing import Any, AsyncIterator, Awaitable, Callable, Mapping, TypeVar

from .models import Page

T = TypeVar("T")


def page_of(name: str, answer: Mapping[str, Any]) -> "Page[Any]":
    return Page(answer[name], answer.get("has_more", False), answer.get("last_seq"), answer.get("total"))


async def pages(read: "Callable[[int], Awaitable[Page[T]]]") -> AsyncIterator[T]:
    """Everything that ``read(skip)`` has; one page is held at a time."""
    skip = 0
    while True:
        page = await read(skip)
        for item in page:
            yield item
        if not page.has_more:
            return
        skip += len(page)
