"""A model of the server in memory: room logs, one connection, replays that race with live frames.
"""

from __future__ import annotations

import json
import random
from typing import Any, Dict, List, Optional

from chatapi_client.clock import ServerClock
from chatapi_client.machine import Machine
from chatapi_client.outgoing import Outgoing

EPOCH = "2026-01-01T12:00:00.000Z"
HOUR_LATER = "2026-01-01T13:00:00.000Z"


class Done:
    """An `Answer` without an event loop."""

    def __init__(self) -> None:
        self.ack: Any = None
        self.error: Any = None

    def resolve(self, ack: Any) -> None:
        self.ack = ack

    def reject(self, error: Any) -> None:
        self.error = error


def outgoing(client_id: str, **frame: Any) -> Outgoing:
    return Outgoing(client_id, json.dumps({"client_id": client_id, **frame}), [Done()])


def hello() -> Dict[str, Any]:
    return {"type": "hello", "user_id": "usr_me", "server_time": EPOCH, "token_expires_at": HOUR_LATER}


class Server:
    """``first``: the oldest event in a room's log; history has all."""

    def __init__(self, rng: random.Random, rooms: List[str]) -> None:
        self.rng = rng
        self.logs: Dict[str, List[Dict[str, Any]]] = {room: [] for room in rooms}
        self.first = {room: 1 for room in rooms}
        self._by_client: Dict[str, Dict[str, Any]] = {}
        self._wire: List[Dict[str, Any]] = []
        self._unread: List[Dict[str, Any]] = []
        self.connected = False

    def append(self, room: str, client_id: Optional[str] = None) -> Dict[str, Any]:
        log = self.logs[room]
        frame: Dict[str, Any] = {"type": "message", "id": f"{room}-{len(log) + 1}", "content": "c"}
        frame.update(chat_id=room, seq=len(log) + 1)
        if client_id is not None:
            frame["client_id"] = client_id
        log.append(frame)
        if self.connected:
            self._wire.append(frame)
        return frame

    def connect(self) -> None:
        self.connected = True
        self._wire = [hello()]
        self._unread = []

    def cut(self) -> None:
        """Cut the connection: frames in flight are lost in both directions, except those already
        read.
        """
        for _ in range(self.rng.randint(0, len(self._unread))):
            self.read_one()
        self.connected = False

    def take(self, text: str) -> None:
        self._unread.append(json.loads(text))

    def read_one(self) -> None:
        if not self._unread:
            return
        frame = self._unread.pop(0)
        if frame.get("type") == "resume":
            self._replay(frame["rooms"])
        elif "message" in frame:
            self._send(frame)

    def _replay(self, rooms: Dict[str, int]) -> None:
        answer: Dict[str, Any] = {}
        for room, position in rooms.items():
            log = self.logs[room]
            complete = self.first[room] - 1 <= position <= len(log)
            # Live frames of the room wait for its replay, except those already sent.
            if complete:
                self._wire.extend(log[position:])
            answer[room] = {"from": position, "to": len(log) if complete else position, "complete": complete}
        self._wire.append({"type": "resumed", "rooms": answer})

    def _send(self, frame: Dict[str, Any]) -> None:
        client_id = frame["client_id"]
        done = self._by_client.get(client_id)
        at = len(self._wire)
        if done is None:
            done = self._by_client[client_id] = self.append(frame["chat_id"], client_id)
        ack = {"type": "ack", "client_id": client_id, "chat_id": done["chat_id"], "seq": done["seq"]}
        self._wire.insert(at, ack)

    def deliver(self) -> Optional[Dict[str, Any]]:
        return self._wire.pop(0) if self.connected and self._wire else None


class World:
    """A machine and a server; a seed controls the network between them."""

    def __init__(self, seed: int, rooms: int = 3) -> None:
        self.rng = random.Random(seed)
        self.rooms = [f"room{i}" for i in range(rooms)]
        self.server = Server(self.rng, self.rooms)
        self.machine = Machine(ServerClock(), self.rng)
        for room in self.rooms:
            self.machine.views.start_at(room, 0)
        self.now = 0.0
        self.seen: Dict[str, List[int]] = {room: [] for room in self.rooms}

    def step(self) -> None:
        act = self.rng.choice(
            [self.append, self.append, self.flush, self.read, self.deliver, self.deliver, self.deliver, self.cut]
        )
        act()
        self.now += self.rng.random()
        self.take_events()

    def append(self) -> None:
        self.server.append(self.rng.choice(self.rooms))

    def flush(self) -> None:
        if self.machine.state == "connected":
            for text in self.machine.frames(self.now):
                self.server.take(text)

    def read(self) -> None:
        self.server.read_one()

    def deliver(self) -> None:
        if not self.server.connected:
            self.machine.connecting()
            self.server.connect()
        frame = self.server.deliver()
        if frame is not None:
            self.machine.received(frame, self.now)

    def cut(self) -> None:
        if self.server.connected and self.rng.random() < 0.3:
            self.server.cut()
            self.machine.lost(self.now, 1006, "cut")

    def take_events(self) -> None:
        for event in self.machine.take_events():
            if event.type == "message":
                self.seen[event.data["chat_id"]].append(event.data["seq"])
        for room in self.machine.take_to_fill():
            self.fill(room)

    def fill(self, room: str) -> None:
        """Like `history.fill`, in one step."""
        views, end = self.machine.views, len(self.server.logs[room])
        self.seen[room].extend(range(views.positions[room] + 1, end + 1))
        views.filled_to(room, end)
        views.filled(room)

    def settle(self) -> None:
        """Run until nothing changes any more."""
        self.machine.has_place = True
        for _ in range(20 + 4 * sum(len(log) for log in self.server.logs.values())):
            self.deliver()
            self.flush()
            self.read()
            self.now += 5.0
            self.take_events()
