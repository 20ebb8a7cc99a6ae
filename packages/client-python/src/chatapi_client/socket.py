"""A WebSocket, with any `websockets` package from 10.4 (Debian 12) on."""

from __future__ import annotations

import asyncio
import json
from contextlib import asynccontextmanager
from typing import Any, AsyncGenerator, AsyncIterator, Dict, List, Mapping, Optional

import websockets
from websockets.exceptions import ConnectionClosed, WebSocketException

OPEN_TIMEOUT = 10.0
CLOSE_TIMEOUT = 2.0
PING_EVERY = 20.0
"""Seconds between pings; a connection without a pong for as long is dead."""
MAX_BYTES = 4 * 1024 * 1024
ABNORMAL = 1006
"""Close code of a connection that ended without one."""


# Loaded at first access: here, not while another thread forks.
_connect: Any = getattr(websockets, "connect")


def _refuse_redirect(_: Any, uri: str) -> None:
    raise LostError(302, _redirected(uri))


def _redirected(location: str) -> str:
    return f"The upgrade was redirected to {location}"


class LostError(Exception):
    """The connection ended or failed. ``code``: close code, or HTTP status of a refusal.

    ``is_own``: the server itself refused, not something between.
    """

    def __init__(
        self, code: Optional[int], reason: str, retry_after: Optional[float] = None, *, is_own: bool = False
    ) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason
        self.retry_after = retry_after
        self.is_own = is_own


# Redirects are not followed: the token would go to whoever asks for it. The first method is of
# websockets before 14, the second of later ones.
_Connect: Any = type(
    "Connect",
    (_connect,),
    {"handle_redirect": _refuse_redirect, "process_redirect": lambda _, error: error},  # pyright: ignore
)


class Socket:
    def __init__(self, connection: Any) -> None:
        self._connection = connection
        self.ended = False

    async def send(self, text: str) -> None:
        try:
            await self._connection.send(text)
        except ConnectionClosed:
            pass  # the reader reports it, with the code

    async def frames(self) -> AsyncIterator[Dict[str, Any]]:
        """Read until the connection ends, which raises `LostError`."""
        try:
            # Some proxies let the upgrade through, and nothing after it.
            text = await asyncio.wait_for(self._connection.recv(), OPEN_TIMEOUT)
            while True:
                frame = json.loads(text)
                if isinstance(frame, dict):
                    yield frame
                text = await self._connection.recv()
        except asyncio.TimeoutError as late:
            raise LostError(ABNORMAL, "nothing came after the upgrade") from late
        except ConnectionClosed as closed:
            said = closed.rcvd
            raise LostError(said.code if said else ABNORMAL, said.reason if said else "cut") from closed


@asynccontextmanager
async def open_socket(url: str, token: Optional[str]) -> AsyncGenerator[Socket, None]:
    # In a subprotocol, since the option for headers has different names in different
    # versions.
    protocols: Optional[List[str]] = None if token is None else ["bearer", token]
    opening = _Connect(
        url,
        subprotocols=protocols,
        open_timeout=OPEN_TIMEOUT,
        close_timeout=CLOSE_TIMEOUT,
        ping_interval=PING_EVERY,
        ping_timeout=PING_EVERY,
        max_size=MAX_BYTES,
        compression=None,
    )
    try:
        connection = await opening
    except (OSError, asyncio.TimeoutError, EOFError, WebSocketException) as error:
        raise _refused(error) from error
    try:
        yield Socket(connection)
    finally:
        # A dead peer does not answer the close.
        await asyncio.wait({asyncio.ensure_future(connection.close())}, timeout=CLOSE_TIMEOUT)


def _refused(error: BaseException) -> LostError:
    """Status and headers of an HTTP response are in different places in each version."""
    response = getattr(error, "response", error)
    status = getattr(response, "status_code", None)
    headers: Mapping[str, str] = getattr(response, "headers", None) or {}
    try:
        retry_after: Optional[float] = float(headers.get("Retry-After", ""))
    except (TypeError, ValueError):
        retry_after = None
    location = headers.get("Location")
    reason = str(error) if location is None else _redirected(location)
    is_own = "X-Request-Id" in headers
    return LostError(status, reason or type(error).__name__, retry_after, is_own=is_own)
