"""The user's rooms by the socket: for apps that show them, page by page after each connection.

A page shows each room as of its ``last_seq``; the server delivers what came after it, again if need
be. Without I/O, as the machine to which it belongs.
"""

from __future__ import annotations

import json
from typing import Any, Dict, List, Mapping, NamedTuple, Optional

from .models import Presence, Room, UserCard
from .room_positions import Views

ROOMS_PER_PAGE = 200


class RoomsPage(NamedTuple):
    """``presence``: of others in direct and small rooms; empty in pages read by REST."""

    rooms: List[Room]
    has_more: bool
    users: Mapping[str, UserCard]
    presence: Mapping[str, Presence]


class StatePages:
    def __init__(self) -> None:
        self.is_refused = False
        """Servers before 0.2 do not know the frame."""
        self.is_asked = False
        self.is_served = False
        """Whether the server knows the frame."""
        self._is_complete = False
        self._is_due = False
        self._cursor: Optional[str] = None
        self.read: List[RoomsPage] = []
        """What the app gets."""

    def connected(self) -> None:
        self._cursor = None
        self.is_asked = False
        self._is_due = not self.is_refused

    def unanswered(self) -> None:
        """The frame or its answer may be lost."""
        self._is_due = self._is_due or self.is_asked
        self.is_asked = False

    def refused(self) -> None:
        self.is_asked = False
        self.is_refused = True

    def frames(self) -> List[str]:
        """The frame to write now."""
        if not self._is_due:
            return []
        self._is_due = False
        self.is_asked = True
        frame: Dict[str, Any] = {"type": "state", "limit": ROOMS_PER_PAGE}
        if self._cursor is not None:
            frame["cursor"] = self._cursor
        return [json.dumps(frame)]

    def took(self, frame: Mapping[str, Any], views: Views) -> None:
        """After a reconnect, the rooms behind a page without news are known too: the order is latest
        activity first.
        """
        if not self.is_asked:
            return
        rooms, next_cursor = frame["rooms"], frame["next_cursor"]
        is_news = any([views.restart(room) for room in rooms])
        self.read.append(RoomsPage(rooms, next_cursor is not None, frame["users"], frame["presence"]))
        self.is_asked = False
        self.is_served = True
        self._is_complete = self._is_complete or next_cursor is None
        self._cursor = next_cursor
        self._is_due = next_cursor is not None and (is_news or not self._is_complete)
