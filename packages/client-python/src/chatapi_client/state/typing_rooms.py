"""Who types in which room, until they stop."""

from __future__ import annotations

import asyncio
from typing import Callable, Dict, Tuple

from .people import People, UserView

DEFAULT = 6.0
"""Of servers that do not say how long; in seconds."""


class TypingRooms:
    """Somebody whose name is not known yet is not shown. ``changed`` gets the room."""

    def __init__(self, people: People, changed: Callable[[str], None]) -> None:
        self._people = people
        self._changed = changed
        self._rooms: Dict[str, Dict[str, asyncio.TimerHandle]] = {}

    def of(self, chat_id: str) -> Tuple[UserView, ...]:
        found = [self._people.get(user_id) for user_id in self._rooms.get(chat_id, {})]
        return tuple(user for user in found if user is not None)

    def heard(self, chat_id: str, user_id: str, seconds: float) -> None:
        """``seconds``: 0: stopped."""
        self.stopped(chat_id, user_id)
        if seconds > 0:
            loop = asyncio.get_running_loop()
            room = self._rooms.setdefault(chat_id, {})
            room[user_id] = loop.call_later(seconds, self.stopped, chat_id, user_id)
        self._changed(chat_id)

    def stopped(self, chat_id: str, user_id: str) -> None:
        timer = self._rooms.get(chat_id, {}).pop(user_id, None)
        if timer is not None:
            timer.cancel()
            self._changed(chat_id)

    def clear(self) -> None:
        for chat_id, room in self._rooms.items():
            for user_id in list(room):
                self.stopped(chat_id, user_id)
