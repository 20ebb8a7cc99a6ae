"""Owns: messages on their way, in the order of their sending, until each is answered. A cut connection loses none."""

from __future__ import annotations

from typing import Any, Dict, List, Optional

from .errors import ChatApiError
from .models import Outgoing

IN_FLIGHT = 32
"""Sends that may wait for their answer at once; one alone while the server refuses some, so that none overtakes another."""
REFUSED_WAIT = 1.0
"""Seconds to wait where the server refused for now and did not say for how long."""


class Outbox:
    def __init__(self) -> None:
        self._messages: Dict[str, Outgoing] = {}
        self._in_flight = 0
        self._one_by_one = False
        self.held_until: Optional[float] = None

    def __len__(self) -> int:
        return len(self._messages)

    def add(self, message: Outgoing) -> None:
        """Under a ``client_id`` that is on its way already, all wait for the one answer."""
        known = self._messages.setdefault(message.client_id, message)
        if known is message:
            return
        if known.text == message.text:
            known.answers.extend(message.answers)
        else:
            message.reject(ChatApiError("CONFLICT", "Another message is on its way under this client_id", status=409))

    def leave(self, client_id: str, answer: Any) -> None:
        """Who sent it waits no longer; with the last of them it is no longer sent."""
        message = self._messages.get(client_id)
        if message is None or answer not in message.answers:
            return
        message.answers.remove(answer)
        if not message.answers:
            self.take_back(client_id)

    def take_back(self, client_id: str) -> Optional[Outgoing]:
        """No longer to be sent. One that is in flight may still arrive."""
        message = self._messages.pop(client_id, None)
        if message is not None and message.sent:
            self._in_flight -= 1
        if not self._messages:
            self._one_by_one = False
        return message

    answered = take_back

    def refused(self, client_id: str, error: ChatApiError, now: float) -> Optional[Outgoing]:
        """@returns the message when it is refused for good; else it stays and is sent again."""
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
