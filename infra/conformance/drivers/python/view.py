"""The events of one connection; see PROTOCOL.md, "The view"."""

from __future__ import annotations

import hashlib
from typing import Any, Callable, Dict, List, Optional

DURABLE = ("message", "message_updated", "message_deleted", "reaction", "member_joined", "member_left", "room_updated")
MAX_BREAKS = 5


class RoomView:
    def __init__(self, first: int, keep: bool) -> None:
        self.first = first
        self.last = first - 1
        self.breaks: List[List[int]] = []
        self.entries: Optional[List[List[Any]]] = [] if keep else None
        self._digest = hashlib.sha256()

    def note(self, event: Any) -> None:
        seq, message_id = event["seq"], event.get("id")
        if seq != self.last + 1 and len(self.breaks) < MAX_BREAKS:
            self.breaks.append([self.last, seq])
        self.last = seq
        if event["type"] == "message":
            self._digest.update(f"{seq} {message_id}\n".encode())
        if self.entries is not None:
            self.entries.append([seq, event["type"], message_id, event.get("content"), event.get("mentions"), event.get("custom")])

    def report(self, entries: bool) -> Dict[str, Any]:
        told: Dict[str, Any] = {"first": self.first, "last": self.last, "breaks": self.breaks}
        told["digest"] = self._digest.hexdigest()
        if entries:
            told["entries"] = self.entries
        return told


class View:
    def __init__(self, keep: bool) -> None:
        self._keep = keep
        self._rooms: Dict[str, RoomView] = {}
        self._states: List[Dict[str, Any]] = []
        self._resyncs: List[str] = []
        self._errors: List[str] = []
        self._told: List[List[Any]] = []

    def handlers(self) -> Dict[str, Callable[[Any], None]]:
        return {
            **dict.fromkeys(DURABLE, self._note),
            "state": self._note_state,
            "resync": lambda told: self._resyncs.append(told["chat_id"]),
            "error": lambda error: self._errors.append(error.code),
            "typing": lambda event: self._told.append(["typing", event["chat_id"], event["expires_in_ms"]]),
            "read": lambda event: self._told.append(["read", event["chat_id"], event["read_seq"]]),
            "user_updated": lambda event: self._told.append(["user_updated", event["user_id"], event["display_name"]]),
        }

    def _note(self, event: Any) -> None:
        room = self._rooms.get(event["chat_id"])
        if room is None:
            room = self._rooms[event["chat_id"]] = RoomView(event["seq"], self._keep)
        room.note(event)

    def _note_state(self, change: Any) -> None:
        self._states.append({"state": change["state"], "code": change["code"]})

    def report(self, state: str, entries: bool) -> Dict[str, Any]:
        rooms = {chat_id: room.report(entries) for chat_id, room in list(self._rooms.items())}
        told = {"states": self._states, "resyncs": self._resyncs, "errors": self._errors, "told": self._told}
        return {"state": state, **told, "rooms": rooms}
