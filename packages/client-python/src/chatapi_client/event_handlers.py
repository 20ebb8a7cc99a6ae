"""Registration methods for common events, shared by both kinds of connection."""

from __future__ import annotations

from typing import Any, Callable, Literal, overload

from .errors import ChatApiError
from .events import (
    Announced,
    EventName,
    MemberJoined,
    MemberLeft,
    MessageDeleted,
    MessageEvent,
    MessageStatus,
    MessageUpdated,
    ReactionChanged,
    ReadMoved,
    RoomJoined,
    RoomRemoved,
    RoomUpdated,
    StaffEnded,
    StaffEntry,
    StaffReport,
    StaffStats,
    Typing,
    UserStatus,
    UserUpdated,
)
from .connection_models import Resync, StateChange

Stop = Callable[[], None]


class Listening:
    """Each method registers a handler and returns a function that removes it."""

    @overload
    def on(self, event: Literal["message"], handler: Callable[[MessageEvent], Any]) -> Stop: ...
    @overload
    def on(self, event: Literal["message_updated"], handler: Callable[[MessageUpdated], Any]) -> Stop: ...
    @overload
    def on(self, event: Literal["message_deleted"], handler: Callable[[MessageDeleted], Any]) -> Stop: ...
    @overload
    def on(self, event: Literal["reaction"], handler: Callable[[ReactionChanged], Any]) -> Stop: ...
    @overload
    def on(self, event: Literal["member_joined"], handler: Callable[[MemberJoined], Any]) -> Stop: ...
    @overload
    def on(self, event: Literal["member_left"], handler: Callable[[MemberLeft], Any]) -> Stop: ...
    @overload
    def on(self, event: Literal["room_updated"], handler: Callable[[RoomUpdated], Any]) -> Stop: ...
    @overload
    def on(self, event: Literal["room_joined"], handler: Callable[[RoomJoined], Any]) -> Stop: ...
    @overload
    def on(self, event: Literal["room_removed"], handler: Callable[[RoomRemoved], Any]) -> Stop: ...
    @overload
    def on(self, event: Literal["user_status"], handler: Callable[[UserStatus], Any]) -> Stop: ...
    @overload
    def on(self, event: Literal["message_status"], handler: Callable[[MessageStatus], Any]) -> Stop: ...
    @overload
    def on(self, event: Literal["typing"], handler: Callable[[Typing], Any]) -> Stop: ...
    @overload
    def on(self, event: Literal["read"], handler: Callable[[ReadMoved], Any]) -> Stop: ...
    @overload
    def on(self, event: Literal["user_updated"], handler: Callable[[UserUpdated], Any]) -> Stop: ...
    @overload
    def on(self, event: Literal["announcement"], handler: Callable[[Announced], Any]) -> Stop: ...
    @overload
    def on(self, event: Literal["staff_stats"], handler: Callable[[StaffStats], Any]) -> Stop: ...
    @overload
    def on(self, event: Literal["staff_report"], handler: Callable[[StaffReport], Any]) -> Stop: ...
    @overload
    def on(self, event: Literal["staff_entry"], handler: Callable[[StaffEntry], Any]) -> Stop: ...
    @overload
    def on(self, event: Literal["staff_ended"], handler: Callable[[StaffEnded], Any]) -> Stop: ...
    @overload
    def on(self, event: Literal["state"], handler: Callable[[StateChange], Any]) -> Stop: ...
    @overload
    def on(self, event: Literal["resync"], handler: Callable[[Resync], Any]) -> Stop: ...
    @overload
    def on(self, event: Literal["error"], handler: Callable[[ChatApiError], Any]) -> Stop: ...
    def on(self, event: EventName, handler: Callable[[Any], Any]) -> Stop:
        """Register a handler, sync or async, called with each such event, one after the other.

        Returns a function that removes it.
        """
        return self._listen(event, handler)

    def _listen(self, event: str, handler: Callable[[Any], Any]) -> Stop:
        raise NotImplementedError

    def on_message(self, handler: Callable[[MessageEvent], Any]) -> Stop:
        """Each new message in the user's rooms, including own ones: once, in the order of its room.
        """
        return self.on("message", handler)

    def on_user_status(self, handler: Callable[[UserStatus], Any]) -> Stop:
        """Presence of another user, with whom the user shares a direct or small room."""
        return self.on("user_status", handler)

    def on_message_status(self, handler: Callable[[MessageStatus], Any]) -> Stop:
        """Status of an own message: delivered or read."""
        return self.on("message_status", handler)

    def on_state(self, handler: Callable[[StateChange], Any]) -> Stop:
        """The connection changed its state, with the reason."""
        return self.on("state", handler)

    def on_resync(self, handler: Callable[[Resync], Any]) -> Stop:
        """The log of a room no longer reached back: reload what the app stores of it."""
        return self.on("resync", handler)

    def on_error(self, handler: Callable[[ChatApiError], Any]) -> Stop:
        """An error that belongs to no call."""
        return self.on("error", handler)
