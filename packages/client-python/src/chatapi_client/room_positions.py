"""Per room, decides which event comes next, so that the app gets each once and in order.

Stores no frames: events that come too early, or while the app is slow, are dropped and requested
again, so memory use does not grow with what was missed.
"""

from __future__ import annotations

import json
from typing import Any, Dict, List, Mapping, Optional, Set

from .clock import now_as_text

ROOMS_PER_RESUME = 400
"""Keeps resume frames below the server's limits of 64 KiB and 2,000 rooms."""
NEWCOMER_EVENTS = 1000
"""Maximum of replayed events of a room that the user joined while offline."""


class Views:
    def __init__(self) -> None:
        self.positions: Dict[str, int] = {}
        """The last seq per room that the app got."""
        self._asked: Dict[str, int] = {}
        self._behind: Set[str] = set()
        self._filling: Set[str] = set()
        self._early: Optional[Dict[str, int]] = None
        self._looks = 0
        self._read: Dict[str, int] = {}

    def take(self, chat_id: str, seq: int, has_place: bool) -> bool:
        """Whether this event is the next of its room.

        If there is no room in the queue, the chat room is marked as behind.
        """
        if self._early is not None and chat_id not in self.positions:
            self._early.setdefault(chat_id, seq)
            return False
        position = self.positions.setdefault(chat_id, seq - 1)
        if seq <= position or chat_id in self._filling:
            return False
        if seq == position + 1 and has_place:
            self.positions[chat_id] = seq
            return True
        # A running replay will bring it again, unless the queue is full.
        if chat_id not in self._asked or not has_place:
            self._behind.add(chat_id)
        return False

    def start_at_end(self, room: Mapping[str, Any]) -> bool:
        """Register a room from REST before the first connection. Returns whether it was new, as
        does the next method.
        """
        self.read_to(str(room["chat_id"]), int(room["read_seq"]))
        return self.start_at(str(room["chat_id"]), int(room["last_seq"]))

    def came_into(self, room: Mapping[str, Any]) -> bool:
        """Register a room from REST after a reconnect. If the user joined it meanwhile, its unread
        part was missed.
        """
        is_new = self.start_at(
            str(room["chat_id"]), max(int(room["read_seq"]), int(room["last_seq"]) - NEWCOMER_EVENTS)
        )
        if is_new:
            self._behind.add(str(room["chat_id"]))
        return is_new

    def restart(self, room: Mapping[str, Any]) -> bool:
        """The app takes the room as of ``last_seq``, and gets what comes after it, which the
        server delivers again where it was delivered before. Returns whether it was new.
        """
        chat_id, is_new = str(room["chat_id"]), self.start_at_end(room)
        if chat_id not in self._filling:
            self.positions[chat_id] = min(self.positions[chat_id], int(room["last_seq"]))
        return is_new

    def follow(self, chat_id: str, seq: int) -> None:
        """The app has read the room up to ``seq`` elsewhere and needs every event after it: what
        was before its position is requested again.
        """
        position = self.positions.get(chat_id)
        if chat_id in self._filling or (position is not None and position <= seq):
            return
        self.positions[chat_id] = seq
        self._asked.pop(chat_id, None)
        self._behind.add(chat_id)

    def reads_in(self, rooms: Mapping[str, Mapping[str, Any]]) -> List[Dict[str, Any]]:
        """Frames of what other devices of the user have read while this one was away."""
        at = now_as_text()
        reads: List[Dict[str, Any]] = []
        for chat_id, answer in rooms.items():
            read_seq = answer.get("read_seq")
            if read_seq is not None and self.read_to(chat_id, read_seq):
                counts = {"unread_count": answer.get("unread_count", 0), "last_seq": answer.get("last_seq", 0)}
                reads.append({"type": "read", "chat_id": chat_id, "read_seq": read_seq, **counts, "timestamp": at})
        return reads

    def read_to(self, chat_id: str, seq: int) -> bool:
        """Returns whether the user had not read so far, as far as is known."""
        is_news = seq > self._read.get(chat_id, -1)
        if is_news:
            self._read[chat_id] = seq
        return is_news

    def start_at(self, chat_id: str, seq: int) -> bool:
        """Start a room after this seq; known rooms are unchanged."""
        if chat_id in self.positions:
            return False
        self.positions[chat_id] = seq
        return True

    def unsure(self) -> int:
        """Until the last lookup is `sure`, the first event of an unknown room may not be its
        beginning.
        """
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
        self._read.pop(chat_id, None)

    def connected(self) -> None:
        """Requests of the last connection are void."""
        self._asked.clear()
        self._behind = set(self.positions) - self._filling

    def unanswered(self) -> None:
        """The last requests may not have been received."""
        self._behind.update(self._asked)
        self._asked.clear()

    def resumes(self) -> List[str]:
        """The resume frames; each room is requested once at a time."""
        due = sorted(room for room in self._behind if room not in self._asked and room not in self._filling)
        frames: List[str] = []
        for first in range(0, len(due), ROOMS_PER_RESUME):
            rooms = {room: self.positions[room] for room in due[first : first + ROOMS_PER_RESUME]}
            self._asked.update(rooms)
            self._behind.difference_update(rooms)
            frames.append(json.dumps({"type": "resume", "rooms": rooms}))
        return frames

    def resumed(self, rooms: Mapping[str, Any]) -> List[str]:
        """Handle the server's response. Returns the rooms that must be filled from history."""
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
