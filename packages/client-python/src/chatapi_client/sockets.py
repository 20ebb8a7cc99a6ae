"""Which socket comes next: a WebSocket, or one over events and REST where WebSocket is blocked."""

from __future__ import annotations

from time import monotonic
from typing import AsyncContextManager, Optional, Union

from .rest import Rest
from .socket import Socket, open_socket
from .sse_socket import SseSocket, open_sse_socket

ATTEMPTS = 2
"""Attempts without a socket, while the server answers, after which it counts as blocked."""
BLOCKED = 600.0
"""Seconds. Then WebSocket is tried again, once."""
AnySocket = Union[Socket, SseSocket]


class Sockets:
    def __init__(self, rest: Rest, url: str) -> None:
        self._rest = rest
        self._url = url
        self._failures = 0
        self._is_blocked = False
        self._is_stream = False
        self._retry_at = 0.0

    def open(self, token: Optional[str]) -> "AsyncContextManager[AnySocket]":
        self._is_stream = self._must_stream(monotonic())
        if self._is_stream:
            return open_sse_socket(self._rest, token)
        return open_socket(self._url, token)

    def failed(self) -> None:
        """The server answers, but the socket did not open."""
        self._failures += 1

    def opened(self) -> None:
        self._failures = 0
        self._is_blocked = self._is_stream

    def _must_stream(self, now: float) -> bool:
        """At first as a try, by rule once that worked."""
        if self._is_blocked:
            if now < self._retry_at:
                return True
            self._retry_at = now + BLOCKED
            return False
        if self._failures < ATTEMPTS:
            return False
        self._failures = 0
        self._retry_at = now + BLOCKED
        return True
