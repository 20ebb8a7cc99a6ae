"""Owns: what a connection asks of REST: which rooms there are, and the messages that the log no longer holds."""

from __future__ import annotations

import asyncio
from typing import Callable

from .backoff import Backoff
from .errors import ChatApiError
from .inbox import Inbox
from .machine import Machine
from .messages import MessagesApi
from .models import Event, Message, Page, Room
from .pages import page_of
from .rest import Rest

GONE = {"RESOURCE_NOT_FOUND", "AUTHORIZATION_ERROR"}
LOOK_FOR_PLACE = 0.05

Note = Callable[[Room], bool]
"""Takes a room; @returns whether it was new."""


async def find_rooms(rest: Rest, note: Note, *, only_news: bool, waits: bool) -> bool:
    """Tells of my rooms, latest activity first. ``only_news``: until a page holds nothing new.

    @returns whether they could be read; a limit is no reason not to connect.
    """
    skip = 0
    while True:
        try:
            answer = await rest.call("GET", "/rooms", query={"limit": 100, "skip": skip}, waits=waits)
        except ChatApiError as error:
            if error.code == "RATE_LIMIT_EXCEEDED":
                return False
            raise
        page: Page[Room] = page_of("rooms", answer)
        new = [room for room in page if note(room)]
        if not page.has_more or (only_news and not new):
            return True
        skip += len(page)


async def fill(rest: Rest, machine: Machine, chat_id: str, inbox: Inbox) -> None:
    """Gives out the messages of a room after its position, oldest first, then lets the log go on from there."""
    views = machine.views
    start = views.positions.get(chat_id, 0)
    position, missed, backoff = start, 0, Backoff()
    while True:
        try:
            page = await MessagesApi(rest).list(chat_id=chat_id, after_seq=position, limit=100)
        except ChatApiError as error:
            if error.code in GONE:
                views.forget(chat_id)
                return
            if not error.retryable:
                raise
            await asyncio.sleep(error.retry_after or backoff.next())
            continue
        end = page.last_seq or 0
        for message in page:
            if message["seq"] > end:
                break
            await _give(machine, inbox, message)
            position, missed = message["seq"], missed + 1
            views.filled_to(chat_id, position)
        if not page.has_more or position >= end:
            break
    views.filled_to(chat_id, end)
    views.filled(chat_id)
    inbox.put(Event("resync", {"chat_id": chat_id, "missed": missed, "first_seq": start + 1, "last_seq": end}))


async def _give(machine: Machine, inbox: Inbox, message: Message) -> None:
    while not inbox.has_place and machine.state != "closed":
        await asyncio.sleep(LOOK_FOR_PLACE)
    inbox.put(Event("message", {"type": "message", **message}))
