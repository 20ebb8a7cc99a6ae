"""Messages that are being sent, in order, until each is acknowledged.

They survive lost connections.
"""

from __future__ import annotations

from typing import Any, Dict, List, Optional

from .errors import ChatApiError
from .outgoing import Outgoing

IN_FLIGHT = 32
"""Maximum of sends in flight; one while the server refuses some, to keep their order."""
REFUSED_WAIT = 1.0
"""Delay in seconds when the server refused a send without a retry delay."""


class Outbox:
    def __init__(self) -> None:
        self._messages: Dict[str, Outgoing] = {}
        self._in_flight = 0
        self._one_by_one = False
        self.held_until: Optional[float] = None

    def __len__(self) -> int:
        return len(self._messages)

    def add(self, message: Outgoing) -> None:
        """All sends with one ``client_id`` share its result."""
        known = self._messages.setdefault(message.client_id, message)
        if known is message:
            return
        if known.text == message.text:
            known.answers.extend(message.answers)
        else:
            message.reject(ChatApiError("CONFLICT", "Another message with this client_id is being sent", status=409))

    def leave(self, client_id: str, answer: Any) -> None:
        """Its sender stops waiting; when the last one does, it is no longer sent."""
        message = self._messages.get(client_id)
        if message is None or answer not in message.answers:
            return
        message.answers.remove(answer)
        if not message.answers:
            self.take_back(client_id)

    def take_back(self, client_id: str) -> Optional[Outgoing]:
        """Stop sending it. One in flight may still arrive."""
        message = self._messages.pop(client_id, None)
        if message is not None and message.sent:
            self._in_flight -= 1
        if not self._messages:
            self._one_by_one = False
        return message

    answered = take_back

    def refused(self, client_id: str, error: ChatApiError, now: float) -> Optional[Outgoing]:
        """Return the message if it is refused permanently; otherwise it is sent again."""
        if not error.retryable:
            return self.take_back(client_id)
        message = self._messages.get(client_id)
        if message is not None and message.sent:
            message.sent = False
            self._in_flight -= 1
            self._one_by_one = True
            wait = REFUSED_WAIT if error.retry_after is None else error.retry_after
            self.held_until = max(self.held_until or now, now + wait)
        return None

    def disconnected(self) -> None:
        for message in self._messages.values():
            message.sent = False
        self._in_flight = 0

    def due(self, now: float) -> List[str]:
        """Frames to send now."""
        if self.held_until is not None and now < self.held_until:
            return []
        self.held_until = None
        free = (1 if self._one_by_one else IN_FLIGHT) - self._in_flight
        texts: List[str] = []
        for message in self._messages.values():
            if len(texts) >= free:
                break
            if not message.sent:
                message.sent = True
                texts.append(message.text)
        self._in_flight += len(texts)
        return texts

    def clear(self) -> List[Outgoing]:
        left = list(self._messages.values())
        self._messages.clear()
        self._in_flight = 0
        return left
