"""Stores of the user's rooms: the list, one of them, the badges."""

from __future__ import annotations

import asyncio
from typing import Callable, Dict, List, Optional, Set

from ..chats import ChatsApi
from ..errors import ChatApiError
from ..models import Room
from .people import People
from .room_list import RoomList
from .store import Batch, Store
from .views import Badges, RoomsSnapshot, RoomView

READ = 0.3
"""Several deletions in a row are one look at a room; in seconds."""


class RoomStores:
    def __init__(
        self,
        chats: ChatsApi,
        people: People,
        batch: Batch,
        watched: Callable[[], None],
        errand: Callable[[Callable[[], object]], None],
    ) -> None:
        self.list = RoomList()
        self.rooms: Store[RoomsSnapshot] = Store(batch, self._make_rooms, watched)
        self.badges: Store[Badges] = Store(batch, self._make_badges, watched)
        self._chats = chats
        self._people = people
        self._batch = batch
        self._watched = watched
        self._errand = errand
        self._one: Dict[str, Store[Optional[RoomView]]] = {}
        self._listed: Optional[Set[str]] = None
        """The rooms of the pages so far; None once all have been read."""
        self._is_listed = False
        self._is_reading = False

    def room(self, chat_id: str) -> "Store[Optional[RoomView]]":
        def make() -> Optional[RoomView]:
            room = self.list.rooms.get(chat_id)
            return None if room is None else self._view(room)

        if chat_id not in self._one:
            self._one[chat_id] = Store(self._batch, make, self._watched)
        return self._one[chat_id]

    def changed(self) -> None:
        self.rooms.changed()
        self.badges.changed()
        for store in self._one.values():
            store.changed()
        if self.list.has_stale and not self._is_reading:
            self._is_reading = True
            self._errand(self._read_stale)

    def begin(self) -> None:
        """A new connection reads the rooms."""
        self._listed = set()

    def page(self, rooms: List[Room], has_more: bool) -> None:
        """Pages come before the events after them."""
        for room in rooms:
            if self._listed is not None:
                self._listed.add(room["chat_id"])
            self.list.learn(room)
        if not has_more:
            if self._listed is not None:
                self.list.only(self._listed)
            self._listed = None
            self._is_listed = True
        self.changed()

    async def _read_stale(self) -> None:
        """Read rooms again whose counts cannot be told from the events."""
        try:
            while self.list.has_stale:
                await asyncio.sleep(READ)
                for chat_id in self.list.take_stale():
                    try:
                        self.list.learn(await self._chats.get(chat_id))
                    except ChatApiError:
                        self.list.unread(chat_id)
                    self.changed()
        finally:
            self._is_reading = False

    def _view(self, room: Room) -> RoomView:
        recipient = room.get("recipient_id")
        return RoomView(room, None if recipient is None else self._people.get(recipient))

    def _make_rooms(self) -> RoomsSnapshot:
        rooms = tuple(self._view(room) for room in self.list.sorted())
        return RoomsSnapshot("ready" if self._is_listed else "loading", rooms)

    def _make_badges(self) -> Badges:
        counts = [room["unread_count"] for room in self.list.rooms.values() if room["unread_count"] > 0]
        return Badges(sum(counts), len(counts))
