import asyncio
import json
import unittest
from contextlib import asynccontextmanager
from typing import Any, AsyncIterator, Callable, Dict, List, Optional
from unittest import mock

from chatapi_client import AsyncRealtime, ChatApiError
from chatapi_client.rest import Rest
from chatapi_client.socket import LostError

from .model import hello


class FakeSocket:
    """Says what it is given and keeps what it is sent."""

    def __init__(self) -> None:
        self.ended = False
        self.sent: List[Dict[str, Any]] = []
        self.says: "asyncio.Queue[Optional[Dict[str, Any]]]" = asyncio.Queue()
        self.says.put_nowait(hello())

    async def send(self, text: str) -> None:
        self.sent.append(json.loads(text))

    async def frames(self) -> AsyncIterator[Dict[str, Any]]:
        while True:
            frame = await self.says.get()
            if frame is None:
                raise LostError(1006, "cut")
            yield frame


async def until(condition: Callable[[], bool]) -> None:
    for _ in range(2000):
        if condition():
            return
        await asyncio.sleep(0.001)
    raise AssertionError("it did not come")


class Driving(unittest.IsolatedAsyncioTestCase):
    async def asyncSetUp(self) -> None:
        self.sockets: List[FakeSocket] = []

        @asynccontextmanager
        async def opened(url: str, token: Optional[str]) -> AsyncIterator[FakeSocket]:
            self.sockets.append(FakeSocket())
            yield self.sockets[-1]

        patch = mock.patch("chatapi_client.driver.open_socket", opened)
        patch.start()
        self.addCleanup(patch.stop)
        self.realtime = AsyncRealtime(Rest("http://nowhere", "token", None, None, 1.0, 0), resume=False)
        self.addAsyncCleanup(self.realtime.close)

    async def test_an_ended_sockets_writer_takes_no_frame_of_the_next_one(self) -> None:
        """A cut and a send in one turn: `wait_for` then may swallow the writer's cancel."""
        with mock.patch("chatapi_client.backoff.Backoff.next", lambda *_: 0.0):
            await self.realtime.wait_ready(1)
            for number in range(20):
                self.sockets[-1].says.put_nowait(None)
                await asyncio.sleep(0)
                sending = asyncio.ensure_future(self.realtime.send(content="m", client_id=f"c{number}"))
                await until(lambda: len(self.sockets) == number + 2 and bool(self.sockets[-1].sent))
                ack = {"type": "ack", "client_id": f"c{number}", "message_id": "m", "chat_id": "r", "seq": 1}
                self.sockets[-1].says.put_nowait({**ack, "created_at": ""})
                await asyncio.wait_for(sending, 1)

    async def test_a_send_that_is_given_up_is_not_sent_later(self) -> None:
        await self.realtime.wait_ready(1)
        with self.assertRaises(ChatApiError) as late:
            await self.realtime.send(content="m", timeout=0.05)
        self.assertEqual((late.exception.code, late.exception.retryable), ("NETWORK_ERROR", True))
        self.sockets[0].says.put_nowait(None)
        await until(lambda: len(self.sockets) == 2 and self.realtime.state == "connected")
        await asyncio.sleep(0.05)
        self.assertEqual(self.sockets[1].sent, [])

    async def test_who_runs_until_the_end_is_told_all_before_it(self) -> None:
        told: List[str] = []

        async def slow(change: Any) -> None:
            await asyncio.sleep(0.02)
            told.append(change["state"])

        self.realtime.on("state", slow)
        await self.realtime.wait_ready(1)
        self.realtime._machine.close(ChatApiError("AUTHENTICATION_ERROR", "ended"), 4401)
        self.sockets[0].says.put_nowait(None)
        with self.assertRaises(ChatApiError):
            await asyncio.wait_for(self.realtime.run_forever(), 5)
        self.assertEqual(told[-1], "closed")
