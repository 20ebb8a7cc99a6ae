"""The stores' core over a machine and a model of the server. A seed controls the network between
them: frames and pages overtake each other, get lost and come twice.
"""

from __future__ import annotations

import random
from typing import Any, Dict, List, Optional, Tuple

from chatapi_client.clock import ServerClock
from chatapi_client.history import PastEvent
from chatapi_client.machine import Machine
from chatapi_client.models import Event, Message, new_message
from chatapi_client.outgoing import Outgoing
from chatapi_client.state.local_changes import Change, LocalChange, LocalChanges, LocalSend
from chatapi_client.state.merge_patch import merge_patch
from chatapi_client.state.rows import LOGGED
from chatapi_client.state.timeline import Ask, HistoryPage, Timeline

from .state_server import ME, ROOM, Call, StateServer, patch_of

EMOJIS = ("👍", "🎉")
NETWORK = ["post"] * 4 + ["change"] * 4 + ["flush", "read"] * 2 + ["deliver"] * 6 + ["events"] * 4
NETWORK += ["serve", "arrive"] * 3 + ["fail", "double", "join", "cut"]


def _edit(content: str) -> Change:
    return Change("edit", edited=lambda text: (content, merge_patch(text[1], patch_of(content))))


class Request:
    def __init__(self, ask: Ask, timeline: Timeline) -> None:
        self.ask = ask
        self.timeline = timeline
        self.pages: List[HistoryPage] = []
        self.served: Optional[HistoryPage] = None
        self.confirmed: List[LocalChange] = []


class Pending:
    def __init__(self, call: Call, change: LocalChange) -> None:
        self.call = call
        self.change = change
        self.is_answered = False
        self.is_refused = False
        self.message: Optional[Message] = None


class Committed:
    """Waits for the ack of a send."""

    def __init__(self, world: "StateWorld", client_id: str) -> None:
        self._world = world
        self._client_id = client_id

    def resolve(self, ack: Any) -> None:
        self._world.committed(self._client_id, ack)

    def reject(self, error: Any) -> None:
        raise AssertionError(error)


class StateWorld:
    def __init__(self, seed: int, more: List[str]) -> None:
        self.rng = random.Random(seed)
        self.server = StateServer(self.rng.random() < 0.5)
        self.machine = Machine(ServerClock(), self.rng)
        self.main, self.thread, self.local = Timeline(), Timeline("m1"), LocalChanges()
        self.timelines: List[Tuple[Timeline, Optional[str]]] = [(self.main, None), (self.thread, "m1")]
        self.sends = 0
        self._acts = NETWORK + more
        self._requests: List[Request] = []
        self._calls: List[Pending] = []
        self._queue: List[Event] = []
        self._now = 0.0
        for at in range(60):
            self.server.post(ME if at % 3 == 0 else "usr_1", "m1" if at % 4 == 1 else None)
        self.main.me = self.thread.me = self.local.me = ME
        self._want()

    def step(self) -> None:
        self.do(self.rng.choice(self._acts))

    def do(self, act: str) -> None:
        self._now += 0.5
        getattr(self, f"_{act}")()
        self._take_outputs()
        shown = {row.message["id"]: row.message for row in self.main.rows}
        self.local.settle(shown.get, lambda seq: self.main.shows(seq) and self.thread.shows(seq))
        self._want()

    def settle(self) -> None:
        """Run until nothing changes any more."""
        for _ in range(40 + 6 * (len(self.server.log) + self.sends)):
            for act in ("deliver", "flush", "read", "events", "serve", "arrive"):
                self.do(act)
            if not (self._requests or self._calls or self._queue or self.local.sends or self.local.changes):
                if self._is_quiet():
                    return

    def view(self, timeline: Timeline) -> List[Message]:
        """Messages as the app sees them."""
        return [self.local.over(row.message) for row in timeline.rows]

    def committed(self, client_id: str, ack: Dict[str, Any]) -> None:
        known = self.local.find(client_id)
        if known is not None:
            message: Any = {**known.message, "id": ack["message_id"], "seq": ack["seq"]}
            self.local.patch(client_id, state="sent", message=message)
        for timeline, _ in self.timelines:
            timeline.committed(ack["seq"])

    def _is_quiet(self) -> bool:
        position = self.machine.views.positions.get(ROOM)
        return position == len(self.server.log) and all(timeline.wants is None for timeline, _ in self.timelines)

    def _some(self) -> str:
        ids = list(self.server.messages)
        back = self.rng.randint(0, 5) if self.rng.random() < 0.5 else self.rng.randint(0, len(ids) - 1)
        return ids[-1 - back]

    def _some_call(self) -> Call:
        kind = self.rng.choice(("edit", "delete", "added", "removed"))
        return kind, self._some(), f"edit {self._now}" if kind == "edit" else self.rng.choice(EMOJIS)

    def _post(self) -> None:
        reply = self._some() if self.rng.random() < 0.4 else None
        self.server.post(f"usr_{self.rng.randint(0, 2)}", self.rng.choice((reply, reply and "m1")))

    def _change(self) -> None:
        self.server.call(f"usr_{self.rng.randint(0, 2)}", self._some_call())

    def _mine(self) -> None:
        kind, message_id, what = call = self._some_call()
        change = _edit(what) if kind == "edit" else Change(kind, emoji=what)
        self._calls.append(Pending(call, self.local.change(message_id, change)))

    def _send(self) -> None:
        client_id = f"c{self.sends}"
        self.sends += 1
        place = {"id": client_id, "chat_id": ROOM, "seq": 2**62, "sender_id": ME, "created_at": ""}
        self.local.add(LocalSend(new_message(**place, content="", client_id=client_id), client_id))
        text = f'{{"message": "m", "chat_id": "{ROOM}", "client_id": "{client_id}"}}'
        self.machine.send(Outgoing(client_id, text, [Committed(self, client_id)]))

    def _ask(self) -> None:
        kind = self.rng.choice(("older", "older", "newer", "around", "latest"))
        self._request(self.main, kind, self.rng.randint(0, 70))

    def _request(self, timeline: Timeline, kind: str, seq: int = 0) -> None:
        ask = timeline.ask(kind, seq)
        if ask is not None:
            self._requests.append(Request(ask, timeline))

    def _want(self) -> None:
        for timeline, _ in self.timelines:
            if timeline.wants is not None:
                self._request(timeline, timeline.wants)

    def _join(self) -> None:
        self.server.join()

    def _forget(self) -> None:
        self.server.first = len(self.server.log) + 1

    def _double(self) -> None:
        self.server.double()

    def _read(self) -> None:
        self.server.read_one()

    def _flush(self) -> None:
        for text in self.machine.frames(self._now):
            self.server.take(text)

    def _serve(self, fails: bool = False) -> None:
        request = next((one for one in self._requests if one.served is None), None)
        if request is not None:
            query = request.timeline.next(request.ask, request.pages)
            request.confirmed = self.local.confirmed()
            if fails:
                self._requests.remove(request)
                request.timeline.failed(request.ask)
            elif query is not None:
                request.served = self.server.page(query, "m1" if request.timeline is self.thread else None)
        pending = next((one for one in self._calls if not one.is_answered), None)
        if pending is not None:
            pending.is_answered, pending.is_refused = True, fails
            pending.message = None if fails else self.server.call(ME, pending.call)

    def _fail(self) -> None:
        self._serve(True)

    def _arrive(self) -> None:
        pending = next((one for one in self._calls if one.is_answered), None)
        if pending is not None:
            self._calls.remove(pending)
            if pending.is_refused:
                self.local.undo(pending.change)
            else:
                self.local.confirm(pending.change, pending.message)
        request = next((one for one in self._requests if one.served is not None), None)
        if request is None or request.served is None:
            return
        request.pages.append(request.served)
        request.served = None
        self.local.shown_by(request.pages[-1].items, request.confirmed)
        if request.timeline.next(request.ask, request.pages) is None:
            self._requests.remove(request)
            outcome = request.timeline.answer(request.ask, request.pages)
            assert outcome != "late", "the model's pages are never late"

    def _deliver(self) -> None:
        if not self.server.connected:
            self.machine.connecting()
            self.server.connect()
        frame = self.server.deliver()
        if frame is not None:
            self.machine.received(frame, self._now)

    def _cut(self) -> None:
        if self.server.connected:
            self.server.cut(self.rng.randint(0, 4))
            self.machine.lost(self._now, 1006, "cut")

    def _take_outputs(self) -> None:
        self._queue.extend(self.machine.take_events())
        for room in self.machine.take_to_fill():
            self._fill(room)
        for timeline, _ in self.timelines:
            follow = timeline.take_follow()
            if follow is not None:
                self.machine.views.follow(ROOM, follow)

    def _fill(self, room: str) -> None:
        """Like `history.fill`, in one step."""
        views = self.machine.views
        start = views.positions.get(room, 0)
        page = self.server.page({"after_seq": start, "limit": 2**62})
        self._queue.extend(PastEvent("message", {"type": "message", **message}) for message in page.items)
        views.filled_to(room, page.last_seq)
        views.filled(room)
        facts = {"missed": len(page.items), "first_seq": start + 1, "last_seq": page.last_seq}
        self._queue.append(Event("resync", {"chat_id": room, **facts}))

    def _events(self) -> None:
        events, self._queue = self._queue, []
        for event in events:
            if event.type == "state" and event.data["state"] == "connected":
                for timeline, _ in self.timelines:
                    timeline.reconnected()
            elif event.type == "resync":
                for timeline, _ in self.timelines:
                    timeline.resync(event.data["last_seq"])
                self.local.resync(all(timeline.wants is None for timeline, _ in self.timelines))
            elif event.type in LOGGED:
                self.local.event(event.data)
                for timeline, _ in self.timelines if not isinstance(event, PastEvent) else []:
                    timeline.event(event.data)
