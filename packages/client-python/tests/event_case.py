"""A test of a socket over events and REST: its frames are taken as they come."""

import asyncio
import json
import unittest
from typing import Any, Dict, List, Optional

from chatapi_client.sse_socket import SseSocket
from chatapi_client.socket import LostError

from .event_server import EventServer
from .test_realtime import until


class EventCase(unittest.IsolatedAsyncioTestCase):
    async def asyncSetUp(self) -> None:
        self.server = EventServer()
        self.frames: List[Dict[str, Any]] = []
        self.lost: Optional[LostError] = None
        self.reading: Optional["asyncio.Task[None]"] = None

    async def open(self, reads: bool = True) -> SseSocket:
        """Opened by the server; ``reads``: its frames are taken as they come."""
        socket = self.socket = SseSocket(self.server.rest(), "one")
        self.addAsyncCleanup(socket.close)
        if reads:
            self.reading = asyncio.ensure_future(self.read())
        count = len(self.server.streams)
        await until(lambda: len(self.server.streams) > count or self.lost is not None)
        if self.lost is None:
            self.server.hello()
        await until(lambda: not reads or bool(self.frames) or self.lost is not None)
        return socket

    async def read(self) -> None:
        try:
            async for frame in self.socket.frames():
                self.frames.append(frame)
        except LostError as lost:
            self.lost = lost

    async def send(self, **frame: Any) -> None:
        await self.socket.send(json.dumps(frame))

    async def ended(self) -> LostError:
        await until(lambda: self.lost is not None)
        assert self.lost is not None
        return self.lost

    def types(self) -> List[Any]:
        return [frame["type"] for frame in self.frames]

    def seqs(self) -> List[Any]:
        return [frame["seq"] for frame in self.frames if "seq" in frame and frame["type"] == "message"]
