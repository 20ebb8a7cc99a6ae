"""The log of a room by REST: for who follows a room without a socket."""

from __future__ import annotations

import asyncio
from typing import AsyncIterator, List, TypedDict, Union

from .errors import ChatApiError
from .events import (
    MemberJoined,
    MemberLeft,
    MessageDeleted,
    MessageEvent,
    MessageUpdated,
    ReactionChanged,
    RoomUpdated,
)
from .paths import path_of
from .rest import Rest

PAGE = 200

RoomEvent = Union[
    MessageEvent, MessageUpdated, MessageDeleted, ReactionChanged, MemberJoined, MemberLeft, RoomUpdated
]
"""A change of a room as its log holds it. ``seq`` is its position: 1, 2, 3, …"""


class EventPage(TypedDict):
    """``events``: oldest first; the next page is after the ``seq`` of the last one.

    ``complete`` is False if the log no longer reaches back to ``after_seq``, or if ``after_seq`` is
    above ``last_seq``.
    """

    events: List[RoomEvent]
    last_seq: int
    has_more: bool
    complete: bool


def _incomplete(after: int, page: EventPage) -> ChatApiError:
    first = page["events"][0]["seq"] if page["events"] else page["last_seq"] + 1
    return ChatApiError(
        "RESOURCE_NOT_FOUND",
        f"The log has no complete account of what follows seq {after}",
        details={"reason": "log_incomplete", "after": after, "continue_after": first - 1},
    )


class EventsApi:
    """Events of rooms. An application key needs ``events:read`` and reads every room."""

    def __init__(self, rest: Rest) -> None:
        self._rest = rest

    async def list(self, chat_id: str, *, after_seq: int = 0, limit: int = 100) -> EventPage:
        """List events of a room after a seq. ``limit``: 1–500."""
        query = {"after_seq": after_seq, "limit": limit}
        page: EventPage = await self._rest.call("GET", path_of("/rooms/{}/events", chat_id), query=query)
        return page

    async def iterate(self, chat_id: str, *, after: int = 0, poll: float = 2.0) -> AsyncIterator[RoomEvent]:
        """Iterate over the events of a room, each once and in order.

        At the end of the log it waits for new ones, and asks every ``poll`` seconds. It survives
        outages of the server. To go on after a restart, store the ``seq`` of the last event that was
        handled. Raises ``RESOURCE_NOT_FOUND`` without the right to read the room; with ``details``:
        ``{"reason": "log_incomplete", …}`` when events are missing after ``after``: those are only in
        the history of messages. ``details["continue_after"]`` is where the log goes on.
        """
        position = after
        while True:
            try:
                page = await self.list(chat_id, after_seq=position, limit=PAGE)
            except ChatApiError as error:
                if not error.retryable:
                    raise
                await asyncio.sleep(poll if error.retry_after is None else error.retry_after)
                continue
            if not page["complete"]:
                raise _incomplete(position, page)
            for event in page["events"]:
                position = event["seq"]
                yield event
            if not page["has_more"]:
                await asyncio.sleep(poll)
