"""Owns: per room, which event comes next. Each is given to the app once and in order, whatever the network delivers.

Does not own: sockets, time, REST; it says which rooms to resume and which to fill from history. It keeps no frame: what
comes too early, or while the app lags, is dropped and asked for again, so memory does not grow with what was missed.
"""

from __future__ import annotations

import json
from typing import Any, Dict, List, Mapping, Optional, Set

ROOMS_PER_RESUME = 400
"""Keeps the frame below the server's 64 KiB and 2,000 rooms."""
NEWCOMER_EVENTS = 1000
"""Of a room that the user came into while away, at most this much is replayed."""


class Views:
    def __init__(self) -> None:
        self.positions: Dict[str, int] = {}
        """The last seq of each room that the app was given."""
        self._asked: Dict[str, int] = {}
        self._behind: Set[str] = set()
        self._filling: Set[str] = set()
        self._early: Optional[Dict[str, int]] = None
        self._looks = 0

    def take(self, chat_id: str, seq: int, has_place: bool) -> bool:
        """Whether this event is the next of its room. Without place for it, the room is remembered as behind."""
        if self._early is not None and chat_id not in self.positions:
            self._early.setdefault(chat_id, seq)
            return False
        position = self.positions.setdefault(chat_id, seq - 1)
        if seq <= position or chat_id in self._filling:
            return False
        if seq == position + 1 and has_place:
            self.positions[chat_id] = seq
            return True
        # A replay under way brings it again, unless it is the app that has no place.
        if chat_id not in self._asked or not has_place:
            self._behind.add(chat_id)
        return False

    def start_at_end(self, room: Mapping[str, Any]) -> bool:
        """A room as REST tells of it before the first connection. @returns whether it was new, as the next one does."""
        return self.start_at(str(room["chat_id"]), int(room["last_seq"]))

    def came_into(self, room: Mapping[str, Any]) -> bool:
        """A room as REST tells of it after a reconnect: into a new one the user came meanwhile; what is unread was missed."""
        is_new = self.start_at(
            str(room["chat_id"]), max(int(room["read_seq"]), int(room["last_seq"]) - NEWCOMER_EVENTS)
        )
        if is_new:
            self._behind.add(str(room["chat_id"]))
        return is_new

    def start_at(self, chat_id: str, seq: int) -> bool:
        """What comes after this is new; a room that is known stays where it is."""
        if chat_id in self.positions:
            return False
        self.positions[chat_id] = seq
        return True

    def unsure(self) -> int:
        """Until the last look is `sure`, the first event of an unknown room is not taken for its beginning: earlier ones may be missing."""
        self._looks += 1
        if self._early is None:
            self._early = {}
        return self._looks

    def sure(self, look: int) -> None:
        if look != self._looks:
            return
        for chat_id, seq in (self._early or {}).items():
            if self.start_at(chat_id, seq - 1):
                self._behind.add(chat_id)
        self._early = None

    def forget(self, chat_id: str) -> None:
        self.positions.pop(chat_id, None)
        self._asked.pop(chat_id, None)
        self._behind.discard(chat_id)
        self._filling.discard(chat_id)

    def connected(self) -> None:
        """A new connection knows nothing of what was asked on the last one."""
        self._asked.clear()
        self._behind = set(self.positions) - self._filling

    def resumes(self) -> List[str]:
        """The frames that ask for what is missing; each room is asked for once at a time."""
        due = sorted(room for room in self._behind if room not in self._asked and room not in self._filling)
        frames: List[str] = []
        for first in range(0, len(due), ROOMS_PER_RESUME):
            rooms = {room: self.positions[room] for room in due[first : first + ROOMS_PER_RESUME]}
            self._asked.update(rooms)
            self._behind.difference_update(rooms)
            frames.append(json.dumps({"type": "resume", "rooms": rooms}))
        return frames

    def resumed(self, rooms: Mapping[str, Any]) -> List[str]:
        """Takes the server's answer. @returns the rooms that only history can fill."""
        to_fill: List[str] = []
        for room, answer in rooms.items():
            if self._asked.get(room) != answer.get("from"):
                continue
            asked = self._asked.pop(room)
            position = self.positions.get(room, asked)
            served = answer.get("complete") is True and (position > asked or position >= answer.get("to", 0))
            if served and position < answer.get("to", 0):
                self._behind.add(room)
            if served or room in self._behind:
                continue
            self._filling.add(room)
            to_fill.append(room)
        return to_fill

    def filled_to(self, chat_id: str, seq: int) -> None:
        if chat_id in self._filling:
            self.positions[chat_id] = seq

    def filled(self, chat_id: str) -> None:
        """History has been read; what came meanwhile is in the log."""
        if chat_id in self._filling:
            self._filling.discard(chat_id)
            self._behind.add(chat_id)
