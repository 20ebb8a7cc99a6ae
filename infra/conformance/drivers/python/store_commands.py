"""The same commands for an app that shows the stores of ``client.live()``: the view has what is
shown, not the events.
"""

from __future__ import annotations

import hashlib
from typing import Any, Callable, Dict, List, Optional, Tuple

from chatapi_client.state import ConnectionSnapshot, Live, MessageView, RoomSnapshot, RoomsSnapshot
from commands import AskToken, Commands

MAX_BREAKS = 5


class Shown:
    """What is shown of a room, checked at each change."""

    def __init__(self) -> None:
        self._rows: List[MessageView] = []
        self._breaks: List[Tuple[int, int]] = []

    def take(self, snapshot: RoomSnapshot) -> None:
        self._rows = [view for view in snapshot.messages if view.local is None]
        before = 0
        for view in self._rows:
            seq = view.message["seq"]
            if seq <= before and len(self._breaks) < MAX_BREAKS:
                self._breaks.append((before, seq))
            before = seq

    def report(self, entries: bool) -> Dict[str, Any]:
        messages = [view.message for view in self._rows]
        digest = hashlib.sha256()
        for one in messages:
            digest.update(f"{one['seq']} {one['id']}\n".encode())
        first, last = (messages[0]["seq"], messages[-1]["seq"]) if messages else (1, 0)
        told: Dict[str, Any] = {"first": first, "last": last, "breaks": self._breaks, "digest": digest.hexdigest()}
        if entries:
            told["entries"] = [
                [one["seq"], "message", one["id"], one["content"], one["mentions"], one.get("custom")] for one in messages
            ]
        return told


class Stores:
    def __init__(self, live: Live) -> None:
        self.live = live
        self._shown: Dict[str, Shown] = {}
        self._states: List[Dict[str, Any]] = []
        live.connection().subscribe(self._note_state)
        live.rooms().subscribe(self._show_rooms)

    def report(self, entries: bool) -> Dict[str, Any]:
        rooms = {chat_id: room.report(entries) for chat_id, room in self._shown.items()}
        state = self._states[-1]["state"]
        return {"state": state, "states": self._states, "resyncs": [], "errors": [], "told": [], "rooms": rooms}

    def _note_state(self, snapshot: ConnectionSnapshot) -> None:
        self._states.append({"state": snapshot.state, "code": None})

    def _show_rooms(self, snapshot: RoomsSnapshot) -> None:
        for view in snapshot.rooms:
            chat_id = view.room["chat_id"]
            if chat_id not in self._shown:
                room = self._shown[chat_id] = Shown()
                self.live.room(chat_id).subscribe(room.take)


def _with_client_id(client_id: str) -> Callable[[RoomSnapshot], Optional[MessageView]]:
    """Finds a message that failed, or is in the log."""

    def find(snapshot: RoomSnapshot) -> Optional[MessageView]:
        for view in snapshot.messages:
            is_settled = view.local is None or view.local.state == "failed"
            if view.message.get("client_id") == client_id and is_settled:
                return view
        return None

    return find


class StoreCommands(Commands):
    def __init__(self, ask_token: AskToken) -> None:
        super().__init__(False, ask_token)
        self._stores: Dict[str, Stores] = {}

    async def connect(
        self,
        client: str,
        socket: str,
        keep: bool = False,
        slow: Optional[Dict[str, int]] = None,
        echo: Optional[str] = None,
        fails: bool = False,
        holds: bool = False,
    ) -> None:
        self._stores[socket] = Stores(self._clients[client].part.live())

    async def ready(self, socket: str, seconds: float) -> None:
        connection = self._stores[socket].live.connection()
        await connection.wait_for(lambda snapshot: snapshot.state == "connected", seconds)

    async def say(self, socket: str, **message: Any) -> Any:
        room = self._stores[socket].live.room(message.pop("chat_id"))
        find = _with_client_id(room.send(**message))
        view = find(await room.wait_for(find))
        if view is None or view.local is not None:
            raise (view and view.local and view.local.error) or LookupError("it is not shown")
        return view.message

    async def report(self, socket: str, entries: bool = False) -> Dict[str, Any]:
        return self._stores[socket].report(entries)

    async def disconnect(self, socket: str) -> None:
        await self._stores[socket].live.close()
