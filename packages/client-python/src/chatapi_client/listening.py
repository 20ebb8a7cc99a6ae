"""Owns: the names of the most wanted events, for both kinds of connection."""

from __future__ import annotations

from typing import Any, Callable

from .errors import ChatApiError
from .models import Message, Resync, StateChange

Stop = Callable[[], None]


class Listening:
    """Each method takes a handler and gives back a function that stops it."""

    def on(self, event: str, handler: Callable[[Any], Any]) -> Stop:
        raise NotImplementedError

    def on_message(self, handler: Callable[[Message], Any]) -> Stop:
        """Each new message of every room of the user, one's own included: once, in the order of its room."""
        return self.on("message", handler)

    def on_user_status(self, handler: Callable[[Any], Any]) -> Stop:
        """``{user_id, status: "online" | "offline", timestamp}``"""
        return self.on("user_status", handler)

    def on_message_status(self, handler: Callable[[Any], Any]) -> Stop:
        """A message of mine: ``{message_id, chat_id, seq, status: "delivered" | "read", timestamp}``"""
        return self.on("message_status", handler)

    def on_state(self, handler: Callable[[StateChange], Any]) -> Stop:
        """The connection changed its state, and why."""
        return self.on("state", handler)

    def on_resync(self, handler: Callable[[Resync], Any]) -> Stop:
        """A room was away for longer than the log reaches back: read again what is kept of it."""
        return self.on("resync", handler)

    def on_error(self, handler: Callable[[ChatApiError], Any]) -> Stop:
        """Something was refused that no call waits for."""
        return self.on("error", handler)
