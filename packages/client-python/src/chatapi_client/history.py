"""REST requests of a connection: its rooms, and messages that the log no longer holds."""

from __future__ import annotations

import asyncio
from typing import Callable, Optional

from .backoff import Backoff
from .clock import now_as_text
from .errors import ChatApiError
from .event_queue import EventQueue
from .machine import Machine
from .messages import MessagesApi
from .models import Event, Message, Page, Room
from .pages import page_of
from .rest import Rest, given
from .state_pages import RoomsPage

GONE = {"RESOURCE_NOT_FOUND", "AUTHORIZATION_ERROR"}
QUEUE_POLL = 0.05

class PastEvent(Event):
    """A message that the log no longer held; a ``resync`` follows."""


Note = Callable[[Room], bool]
"""Called with a room; returns whether it was new."""


OnRooms = Callable[[RoomsPage], None]


async def find_rooms(
    rest: Rest, note: Note, *, only_news: bool, waits: bool, on_rooms: Optional[OnRooms] = None
) -> bool:
    """Pass the caller's rooms to ``note``, latest activity first, and each page to ``on_rooms``.

    ``only_news``: stops at a page without new rooms. Returns whether they could be read; a limit
    must not keep the client from connecting.
    """
    cursor: Optional[str] = None
    seen = 0
    while True:
        query = given(limit=100, cursor=cursor, skip=None if cursor else seen)
        try:
            answer = await rest.call("GET", "/rooms", query=query, waits=waits)
        except ChatApiError as error:
            if error.code == "RATE_LIMIT_EXCEEDED":
                return False
            raise
        page: Page[Room] = page_of("rooms", answer)
        new = [room for room in page if note(room)]
        if on_rooms is not None:
            on_rooms(RoomsPage(page.items, page.has_more, page.users or {}, {}))
        if not page.has_more or (only_news and not new):
            return True
        cursor = page.next_cursor
        seen += len(page)


async def fill(rest: Rest, machine: Machine, chat_id: str, queue: EventQueue) -> None:
    """Deliver the messages of a room after its position, oldest first, then let the log continue.
    """
    views = machine.views
    start = views.positions.get(chat_id, 0)
    position, missed, backoff = start, 0, Backoff()
    while True:
        try:
            page = await MessagesApi(rest).list(chat_id=chat_id, after_seq=position, limit=100)
        except ChatApiError as error:
            if error.code in GONE:
                views.forget(chat_id)
                removed = {"type": "room_removed", "chat_id": chat_id, "timestamp": now_as_text()}
                queue.put(Event("room_removed", removed))
                return
            if not error.retryable:
                raise
            await asyncio.sleep(error.retry_after or backoff.next())
            continue
        end = page.last_seq or 0
        for message in page:
            if message["seq"] > end:
                break
            await _give(machine, queue, message)
            position, missed = message["seq"], missed + 1
            views.filled_to(chat_id, position)
        if not page.has_more or position >= end:
            break
    views.filled_to(chat_id, end)
    views.filled(chat_id)
    queue.put(Event("resync", {"chat_id": chat_id, "missed": missed, "first_seq": start + 1, "last_seq": end}))


async def _give(machine: Machine, queue: EventQueue, message: Message) -> None:
    while not queue.has_place and machine.state != "closed":
        await asyncio.sleep(QUEUE_POLL)
    queue.put(PastEvent("message", {"type": "message", **message}))
