"""When a connection goes by events and REST, and when by WebSocket."""

import asyncio
import time
import unittest
from contextlib import asynccontextmanager
from typing import Any, AsyncIterator, Dict, List, Optional
from unittest import mock

from chatapi_client import AsyncRealtime
from chatapi_client.socket import LostError, Socket
from chatapi_client.sockets import BLOCKED

from .event_server import Answer, Asked, EventServer, refusal
from .test_realtime import PATIENCE, FakeSocket, until


class Blocked(unittest.IsolatedAsyncioTestCase):
    async def asyncSetUp(self) -> None:
        self.server = EventServer()
        self.server.say = lambda _: (200, {"id": "usr_me", "username": "me"})
        self.refusal: Optional[LostError] = LostError(403, "blocked")
        self.tries = 0
        self.sockets: List[FakeSocket] = []

        @asynccontextmanager
        async def opened(url: str, token: Optional[str]) -> AsyncIterator[FakeSocket]:
            self.tries += 1
            if self.refusal is not None:
                raise self.refusal
            self.sockets.append(FakeSocket())
            yield self.sockets[-1]

        patches: Dict[str, Any] = {"sockets.open_socket": opened, "backoff.Backoff.next": lambda *_: 0.001}
        for name, instead in patches.items():
            patch = mock.patch(f"chatapi_client.{name}", instead)
            patch.start()
            self.addCleanup(patch.stop)

    def connect(self) -> AsyncRealtime:
        realtime = AsyncRealtime(self.server.rest(), resume=False)
        self.addAsyncCleanup(realtime.close)
        return realtime

    async def stream(self, count: int) -> None:
        await until(lambda: len(self.server.streams) == count)
        self.server.hello()

    async def test_after_two_attempts_it_goes_by_events_and_stays_with_them(self) -> None:
        realtime = self.connect()
        await self.stream(1)
        await realtime.wait_ready(PATIENCE)
        self.assertEqual(self.tries, 2)
        self.server.end()
        await self.stream(2)
        await until(lambda: realtime.state == "connected")
        self.assertEqual(self.tries, 2)

    async def test_after_ten_minutes_a_reconnect_tries_the_websocket_once(self) -> None:
        realtime = self.connect()
        await self.stream(1)
        await realtime.wait_ready(PATIENCE)
        now = time.monotonic()
        with mock.patch("chatapi_client.sockets.monotonic", lambda: now + BLOCKED):
            self.server.end()
            await self.stream(2)
            await until(lambda: realtime.state == "connected")
            self.assertEqual(self.tries, 3)
        self.refusal = None
        with mock.patch("chatapi_client.sockets.monotonic", lambda: now + 3 * BLOCKED):
            self.server.end()
            await until(lambda: len(self.sockets) == 1 and realtime.state == "connected")
        self.sockets[0].says.put_nowait(None)
        await until(lambda: len(self.sockets) == 2 and realtime.state == "connected")
        self.assertEqual(len(self.server.streams), 2)

    async def test_other_ways_to_block_lead_to_events_too(self) -> None:
        for refusal in (
            LostError(None, "timed out"),
            LostError(426, "a proxy took the upgrade away", is_own=True),
            LostError(502, "no upgrades here"),
            LostError(1006, "cut after the upgrade"),
        ):
            self.refusal, count = refusal, len(self.server.streams)
            realtime = self.connect()
            await self.stream(count + 1)
            await realtime.wait_ready(PATIENCE)
            await realtime.close()

    async def test_a_busy_server_or_one_that_does_not_answer_is_no_blocked_network(self) -> None:
        unreachable: Any = {"portal": "log in"}
        for refusal, said in (
            (LostError(429, "too many", is_own=True), None),
            (LostError(503, "no node", is_own=True), None),
            (LostError(403, "portal"), unreachable),
            (LostError(None, "no network"), unreachable),
        ):
            self.refusal, before = refusal, self.tries
            self.server.say = lambda _, said=said: (200, said or {"id": "usr_me", "username": "me"})  # type: ignore[misc]
            realtime = self.connect()
            await until(lambda: self.tries > before + 10)
            await realtime.close()
        self.assertEqual(self.server.openings, [])

    async def test_questions_why_a_socket_does_not_open_become_rarer(self) -> None:
        self.refusal, self.server.status = LostError(None, "timed out"), 502
        realtime = self.connect()
        await until(lambda: self.tries > 30)
        await realtime.close()
        self.assertLessEqual(len(self.server.asked), 8)

    async def test_a_question_without_an_answer_is_asked_again_after_each_refusal(self) -> None:
        def say(_: Asked) -> Answer:
            is_early = len(self.server.asked) < 5
            return refusal(503, "SERVICE_UNAVAILABLE") if is_early else (200, {"id": "usr_me", "username": "me"})

        self.server.say, self.refusal = say, LostError(None, "timed out")
        realtime = self.connect()
        await self.stream(1)
        await realtime.wait_ready(PATIENCE)
        self.assertEqual((self.tries, len(self.server.asked)), (6, 6))

    async def test_a_ban_closes_a_connection_by_events_for_good(self) -> None:
        realtime = self.connect()
        await self.stream(1)
        await realtime.wait_ready(PATIENCE)
        self.server.event("close", {"code": 4403, "message": "banned"})
        await until(lambda: realtime.state == "closed")
        assert realtime.last_error is not None
        self.assertEqual(realtime.last_error.code, "AUTHORIZATION_ERROR")


class Swallowed(unittest.IsolatedAsyncioTestCase):
    async def test_an_upgrade_after_which_nothing_comes_is_lost(self) -> None:
        silent = mock.Mock(recv=asyncio.Event().wait)
        with mock.patch("chatapi_client.socket.OPEN_TIMEOUT", 0.02):
            with self.assertRaises(LostError) as lost:
                await asyncio.wait_for(Socket(silent).frames().__anext__(), PATIENCE)
        self.assertEqual((lost.exception.code, lost.exception.is_own), (1006, False))
