"""The user's rooms as the log says, from pages of rooms and events."""

from __future__ import annotations

from typing import Any, Dict, List, Mapping, Optional, Set, cast

from ..models import Message, Room
from .rows import LoggedEvent, Row, applied, row_of


class RoomList:
    def __init__(self) -> None:
        self.rooms: Dict[str, Room] = {}
        self.me: Optional[str] = None
        self._stale: Set[str] = set()
        """Rooms that must be read again: their counts cannot be told from the events."""
        self._recent: Dict[str, List[LoggedEvent]] = {}
        """The events of rooms that are being read."""

    def sorted(self) -> List[Room]:
        """Latest activity first."""
        by_id = sorted(self.rooms.values(), key=lambda room: room["chat_id"])
        return sorted(by_id, key=_activity_of, reverse=True)

    def learn(self, room: Room) -> None:
        """A room as it is after the event ``last_seq``."""
        chat_id = room["chat_id"]
        known = self.rooms.get(chat_id)
        recent = self._recent.pop(chat_id, None)
        if known is not None and known["last_seq"] > room["last_seq"] and recent is None:
            return
        if known is not None and known["read_seq"] > room["read_seq"]:
            room = _read_up_to(room, known["read_seq"], known["unread_count"])
        for event in recent or []:
            room = self._next(room, event)
        self.rooms[chat_id] = room

    def only(self, ids: Set[str]) -> None:
        """The list was read to its end: ``ids`` are all rooms that there are."""
        self.rooms = {chat_id: room for chat_id, room in self.rooms.items() if chat_id in ids}

    def event(self, event: LoggedEvent) -> None:
        chat_id, kind = event["chat_id"], event["type"]
        if chat_id in self._recent:
            self._recent[chat_id].append(event)
        room = self.rooms.get(chat_id)
        is_mine = event.get("user_id") == self.me
        if kind == "member_joined" and is_mine and room is None:
            self.outdated(chat_id)
        if room is None or event["seq"] <= room["last_seq"]:
            return
        if kind == "member_left" and is_mine:
            self.remove(chat_id)
        else:
            self.rooms[chat_id] = self._next(room, event)

    def read(self, chat_id: str, read_seq: int, unread_count: Optional[int], last_seq: Optional[int] = None) -> None:
        """A position of the user moved, here or on another device.

        ``unread_count`` is as of ``last_seq``, which is missing for a position that was set here.
        """
        room = self.rooms.get(chat_id)
        if room is None or read_seq < room["read_seq"]:
            return
        changed = _read_up_to(room, read_seq, room["unread_count"] if unread_count is None else unread_count)
        self.rooms[chat_id] = changed
        # Events between the two would be counted twice, or not at all.
        if changed["unread_count"] > 0 and last_seq not in (None, room["last_seq"]):
            self.outdated(chat_id)

    def remove(self, chat_id: str) -> None:
        self.rooms.pop(chat_id, None)
        self._stale.discard(chat_id)

    def outdated(self, chat_id: str) -> None:
        self._stale.add(chat_id)

    @property
    def has_stale(self) -> bool:
        return bool(self._stale)

    def take_stale(self) -> List[str]:
        """Rooms to read, each followed by `learn` or `unread`."""
        ids = sorted(self._stale)
        self._stale.clear()
        self._recent.update({chat_id: [] for chat_id in ids})
        return ids

    def unread(self, chat_id: str) -> None:
        """It could not be read."""
        self._recent.pop(chat_id, None)

    def _next(self, room: Room, event: LoggedEvent) -> Room:
        if event["seq"] <= room["last_seq"]:
            return room
        kind = event["type"]
        more: Dict[str, Any] = {"last_seq": event["seq"], "last_message": self._last_of(room["last_message"], event)}
        if kind == "message" and event["sender_id"] != self.me and not event["is_deleted"]:
            more["unread_count"] = room["unread_count"] + 1
        elif kind == "message_deleted" and room["unread_count"] > 0:
            # Whose it was, and whether it was read, the event does not say.
            self.outdated(room["chat_id"])
        elif kind == "member_joined":
            more["member_count"] = room["member_count"] + 1
        elif kind == "member_left":
            more["member_count"] = max(0, room["member_count"] - 1)
        elif kind == "room_updated":
            more.update({name: value for name, value in event.items() if name not in ("type", "seq", "member")})
            member: Mapping[str, Any] = event.get("member") or {}
            if member.get("user_id") == self.me:
                more["role"] = member["role"]
        return cast(Room, {**room, **more})

    def _last_of(self, last: Optional[Message], event: LoggedEvent) -> Optional[Message]:
        if event["type"] == "message":
            return row_of(event).message
        return None if last is None else applied(Row(last, last["seq"]), event, self.me).message


def _activity_of(room: Room) -> str:
    last = room["last_message"]
    return room["created_at"] if last is None else last["created_at"]


def _read_up_to(room: Room, read_seq: int, unread: int) -> Room:
    """``unread``: what is left."""
    last = room["last_message"]
    is_all = read_seq >= (0 if last is None else last["seq"])
    return cast(Room, {**room, "read_seq": read_seq, "unread_count": 0 if is_all else unread})
