"""The state machine of a realtime connection over all its sockets, without I/O or a clock.

Its driver reports what happened with the monotonic time, and performs what ``frames`` and the
``take_*`` methods return. Both clients of the package and the tests drive this machine.
"""

from __future__ import annotations

import json
import random
from typing import Any, Dict, List, Mapping, Optional

from .backoff import Backoff
from .clock import ServerClock, epoch_of, margin
from .errors import CLIENT_CLOSED, ChatApiError, error_of_frame, error_of_loss
from .models import Event
from .outbox import Outbox
from .outgoing import Outgoing
from .room_positions import Views
from .state_pages import StatePages
from .too_many_connections import TooManyConnections

TOKEN_ENDED = 4401
BANNED = 4403
REFUSED_WAIT = 1.0
"""Delay in seconds when the server refused a frame without a retry delay."""
LEAST_TOKEN_WAIT = 1.0

NOT_IN_A_LOG = frozenset(
    {"message_status", "typing", "user_status", "user_updated", "read", "room_joined", "room_removed"}
)
_STAFF = json.dumps({"type": "staff_subscribe"})


class Machine:
    def __init__(self, clock: ServerClock, rng: Optional[random.Random] = None, shows_rooms: bool = False) -> None:
        self.state = "idle"
        self.views = Views()
        self.outbox = Outbox()
        self.user_id: Optional[str] = None
        self.retry_at = 0.0
        self.last_loss: Optional[ChatApiError] = None
        """Why the last connection or attempt ended."""
        self.error: Optional[ChatApiError] = None
        """Why it is closed permanently; None if the app closed it."""
        self.has_place = True
        """Set by the driver: whether the app can take more events."""
        self.pages = StatePages() if shows_rooms else None
        """None: the app does not show rooms."""
        self._clock = clock
        self._backoff = Backoff(rng=rng)
        self._too_many = TooManyConnections()
        self._opened_at = 0.0
        self._renew_at: Optional[float] = None
        self._token_due = False
        self._held_until: Optional[float] = None
        self._told_reads: Dict[str, int] = {}
        self._is_renewing = False
        self._watches_staff = False
        self._frames: List[str] = []
        self._reads: Dict[str, int] = {}
        self._events: List[Event] = []
        self._to_fill: List[str] = []

    # Input: what happened.

    def connecting(self) -> None:
        self._move("connecting")

    def received(self, frame: Mapping[str, Any], now: float) -> None:
        kind = frame.get("type", "message" if "id" in frame and "content" in frame else None)
        handler = getattr(self, f"_on_{kind}", None) if kind in _OWN else None
        if handler is not None:
            handler(frame, now)
        elif kind is not None:
            self._tell(str(kind), frame)

    def lost(self, now: float, code: Optional[int], reason: str, retry_after: Optional[float] = None) -> None:
        """The socket or the connection attempt ended.

        ``code``: close code, or HTTP status of a refusal.
        """
        if self.state == "closed":
            return
        held = now - self._opened_at if self.state == "connected" else 0.0
        self.outbox.disconnected()
        self._frames.clear()
        self._renew_at = None
        self._token_due = False
        self._held_until = None
        if code == BANNED:
            self.close(ChatApiError("AUTHORIZATION_ERROR", reason or "banned", status=403), code)
            return
        self.last_loss = error_of_loss(code, reason)
        pause = self._too_many.ended(now, code, held)
        wait = max(pause + self._backoff.next(held), retry_after or 0.0)
        self.retry_at = now + wait
        self._move("waiting", code, reason, wait)

    def close(self, error: Optional[ChatApiError] = None, code: Optional[int] = None) -> None:
        """Close permanently and reject pending sends."""
        if self.state == "closed":
            return
        self.error = error
        self._move("closed", code, error.message if error else "closed by the app")
        for message in self.outbox.clear():
            message.reject(error or ChatApiError(CLIENT_CLOSED, "The connection was closed before the response"))

    @property
    def is_crowded(self) -> bool:
        """Whether it waits because there were too many connections or frames."""
        return self.state == "waiting" and self._too_many.is_here

    def nudge(self, now: float) -> None:
        """The app is used: reconnect at once, if that is allowed."""
        self.retry_at = min(self.retry_at, self._too_many.usable_from(now))

    def tick(self, now: float) -> None:
        if self.state == "connected" and self._renew_at is not None and now >= self._renew_at:
            self._renew_at = None
            self._token_due = True

    # Input: requests of the app.

    def send(self, message: Outgoing) -> None:
        if self.state == "closed":
            message.reject(self.error or ChatApiError(CLIENT_CLOSED, "The connection is closed"))
        else:
            self.outbox.add(message)

    def typing(self, chat_id: str, stop: bool = False) -> None:
        """``stop``: no more. Servers before 0.2 do not know it."""
        is_known = not stop or self.pages is None or self.pages.is_served
        if self.state == "connected" and self._held_until is None and is_known:
            more = {"stop": True} if stop else {}
            self._frames.append(json.dumps({"type": "typing", "chat_id": chat_id, **more}))

    def read(self, chat_id: str, seq: int) -> None:
        self.views.read_to(chat_id, seq)
        self._reads[chat_id] = max(seq, self._reads.get(chat_id, 0))

    def watch_staff(self) -> None:
        """On each connection, until the role ends."""
        self._watches_staff = True
        if self.state == "connected":
            self._frames.append(_STAFF)

    def renewed(self, token: Optional[str]) -> None:
        """The result of `take_token_due`; without a token the socket lives until the server ends
        it.
        """
        if token is not None and self.state == "connected":
            self._frames.append(json.dumps({"type": "auth", "token": token}))
            self._is_renewing = True

    # Output: what is to be done.

    def frames(self, now: float) -> List[str]:
        """Frames to write now, in order."""
        if self.state != "connected":
            return []
        if self._held_until is not None and now < self._held_until:
            return []
        self._held_until = None
        frames = self._frames
        self._frames = []
        if self.has_place:
            frames.extend([] if self.pages is None else self.pages.frames())
            frames.extend(self.views.resumes())
        frames.extend(json.dumps({"type": "read", "chat_id": room, "seq": seq}) for room, seq in self._reads.items())
        self._told_reads.update(self._reads)
        self._reads.clear()
        frames.extend(self.outbox.due(now))
        return frames

    def next_tick(self) -> Optional[float]:
        times = [at for at in (self._renew_at, self._held_until, self.outbox.held_until) if at is not None]
        return min(times) if times else None

    def take_events(self) -> List[Event]:
        events, self._events = self._events, []
        return events

    def take_to_fill(self) -> List[str]:
        """Rooms to read from history after their position, followed by `views.filled`."""
        rooms, self._to_fill = self._to_fill, []
        return rooms

    def take_token_due(self) -> bool:
        """Whether a new token is needed for the live socket, followed by `renewed`."""
        due, self._token_due = self._token_due, False
        return due

    # Control frames of the server.

    def _on_hello(self, frame: Mapping[str, Any], now: float) -> None:
        user_id = str(frame.get("user_id"))
        if self.user_id not in (None, user_id):
            # Pending sends belong to another user.
            self.close(ChatApiError("AUTHORIZATION_ERROR", "The token is another user's now", status=403), 403)
            return
        self.user_id = user_id
        self._clock.exact(frame.get("server_time"), now)
        self._opened_at = now
        self._plan_renewal(frame, now)
        self.views.connected()
        if self.pages is not None:
            self.pages.connected()
        if self._watches_staff:
            self._frames.append(_STAFF)
        self._move("connected")

    def _on_ack(self, frame: Mapping[str, Any], now: float) -> None:
        message = self.outbox.answered(str(frame.get("client_id")))
        if message is not None:
            message.resolve(frame)

    def _on_error(self, frame: Mapping[str, Any], now: float) -> None:
        error = error_of_frame(frame)
        client_id = frame.get("client_id")
        if client_id is None:
            pages = self.pages if self.pages is not None and self.pages.is_asked else None
            if error.code == "RATE_LIMIT_EXCEEDED" or (pages is not None and error.retryable):
                self._hold(now, error.retry_after or REFUSED_WAIT)
            elif pages is not None:
                pages.refused()
            self._events.append(Event("error", error))
            return
        message = self.outbox.refused(str(client_id), error, now)
        if message is not None:
            message.reject(error)

    def _hold(self, now: float, seconds: float) -> None:
        """A frame was refused, it is unknown which.

        Reads are repeated after the pause; typing is obsolete by then.
        """
        self._held_until = max(self._held_until or 0.0, now + seconds)
        self.views.unanswered()
        if self.pages is not None:
            self.pages.unanswered()
        for chat_id, seq in self._told_reads.items():
            self.read(chat_id, seq)
        self._told_reads.clear()
        if self._is_renewing:
            self._renew_at = self._held_until

    def _on_authenticated(self, frame: Mapping[str, Any], now: float) -> None:
        self._plan_renewal(frame, now)

    def _on_resumed(self, frame: Mapping[str, Any], now: float) -> None:
        rooms: Mapping[str, Mapping[str, Any]] = frame.get("rooms") or {}
        self._to_fill.extend(self.views.resumed(rooms))
        for read in self.views.reads_in(rooms) if self.has_place else []:
            self._tell("read", read)

    def _on_state(self, frame: Mapping[str, Any], now: float) -> None:
        if self.pages is not None:
            self.pages.took(frame, self.views)

    def _on_room_removed(self, frame: Mapping[str, Any], now: float) -> None:
        self._tell("room_removed", frame)
        self.views.forget(str(frame.get("chat_id")))

    def _on_pong(self, frame: Mapping[str, Any], now: float) -> None:
        pass

    def _plan_renewal(self, frame: Mapping[str, Any], now: float) -> None:
        self._is_renewing = False
        ends, server_now = epoch_of(frame.get("token_expires_at")), self._clock.at(now)
        if ends is not None and server_now is not None:
            left = ends - server_now
            self._renew_at = now + max(LEAST_TOKEN_WAIT, left - margin(left))

    def _tell(self, kind: str, frame: Mapping[str, Any]) -> None:
        chat_id, seq = frame.get("chat_id"), frame.get("seq")
        self._watches_staff = self._watches_staff and kind != "staff_ended"
        if isinstance(seq, int) and isinstance(chat_id, str) and kind not in NOT_IN_A_LOG:
            mine = frame.get("user_id") == self.user_id
            if kind == "member_joined" and mine:
                self.views.start_at(chat_id, seq - 1)
            if not self.views.take(chat_id, seq, self.has_place):
                return
            if kind == "member_left" and mine:
                self.views.forget(chat_id)
        elif not self.has_place:
            return
        if kind == "read":
            self.views.read_to(str(chat_id), int(frame["read_seq"]))
        self._events.append(Event(kind, dict(frame)))

    def _move(self, state: str, code: Optional[int] = None, reason: str = "", retry_in: Optional[float] = None) -> None:
        if state == self.state:
            return
        change = {"previous": self.state, "state": state, "code": code, "reason": reason, "retry_in": retry_in}
        self.state = state
        self._events.append(Event("state", change))


_OWN = frozenset({"hello", "ack", "error", "authenticated", "resumed", "state", "room_removed", "pong"})
