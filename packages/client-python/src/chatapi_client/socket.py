"""Owns: one WebSocket, by the `websockets` package of Debian 12 (10.4) as well as by today's."""

from __future__ import annotations

import asyncio
import json
from contextlib import asynccontextmanager
from typing import Any, AsyncIterator, Dict, List, Optional

import websockets
from websockets.exceptions import ConnectionClosed

OPEN_TIMEOUT = 10.0
CLOSE_TIMEOUT = 2.0
PING_EVERY = 20.0
"""Seconds between pings; without a pong for as long again the connection counts as dead."""
MOST_BYTES = 4 * 1024 * 1024


# Loaded when first named: here, not while another thread forks.
_connect: Any = getattr(websockets, "connect")


class LostError(Exception):
    """The connection ended, or never began. ``code``: the close code, or the HTTP status that refused it."""

    def __init__(self, code: Optional[int], reason: str, retry_after: Optional[float] = None) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason
        self.retry_after = retry_after


class Socket:
    def __init__(self, connection: Any) -> None:
        self._connection = connection
        self.ended = False

    async def send(self, text: str) -> None:
        try:
            await self._connection.send(text)
        except ConnectionClosed:
            pass  # the reader says so, with the code

    async def frames(self) -> AsyncIterator[Dict[str, Any]]:
        """Until the connection ends, which is a `LostError` however it ends."""
        try:
            while True:
                frame = json.loads(await self._connection.recv())
                if isinstance(frame, dict):
                    yield frame
        except ConnectionClosed as closed:
            said = closed.rcvd
            raise LostError(said.code if said else 1006, said.reason if said else "cut") from closed


@asynccontextmanager
async def open_socket(url: str, token: Optional[str]) -> AsyncIterator[Socket]:
    # In a subprotocol, since the option for headers changed its name between versions.
    protocols: Optional[List[str]] = None if token is None else ["bearer", token]
    opening = _connect(
        url,
        subprotocols=protocols,
        open_timeout=OPEN_TIMEOUT,
        close_timeout=CLOSE_TIMEOUT,
        ping_interval=PING_EVERY,
        ping_timeout=PING_EVERY,
        max_size=MOST_BYTES,
        compression=None,
    )
    try:
        connection = await opening
    except (OSError, asyncio.TimeoutError, EOFError, websockets.exceptions.WebSocketException) as error:
        raise _refused(error) from error
    try:
        yield Socket(connection)
    finally:
        # A peer that is gone answers no goodbye.
        await asyncio.wait({asyncio.ensure_future(connection.close())}, timeout=CLOSE_TIMEOUT)


def _refused(error: BaseException) -> LostError:
    """The status and headers of an HTTP answer stand in other places in each version."""
    response = getattr(error, "response", error)
    status = getattr(response, "status_code", None)
    headers = getattr(response, "headers", None) or {}
    try:
        retry_after: Optional[float] = float(headers.get("Retry-After", ""))
    except (TypeError, ValueError):
        retry_after = None
    return LostError(status, str(error) or type(error).__name__, retry_after)
