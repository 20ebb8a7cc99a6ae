import asyncio
import json
import time
import unittest
from contextlib import asynccontextmanager
from typing import Any, AsyncIterator, Callable, Dict, List, Optional
from unittest import mock

import httpx

from chatapi_client import AsyncRealtime, ChatApiError
from chatapi_client.rest import Rest
from chatapi_client.socket import LostError

from .model import hello
from .test_rest import answering, rest_of


PATIENCE = 60.0


class FakeSocket:
    """A fake socket: reads what it is given and keeps what is sent."""

    def __init__(self) -> None:
        self.ended = False
        self.ends = LostError(1006, "cut")
        self.sent: List[Dict[str, Any]] = []
        self.says: "asyncio.Queue[Optional[Dict[str, Any]]]" = asyncio.Queue()
        self.says.put_nowait(hello())

    async def send(self, text: str) -> None:
        self.sent.append(json.loads(text))

    async def frames(self) -> AsyncIterator[Dict[str, Any]]:
        while True:
            frame = await self.says.get()
            if frame is None:
                raise self.ends
            yield frame


async def until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > end:
            raise AssertionError("it did not come")
        await asyncio.sleep(0.001)


class Driving(unittest.IsolatedAsyncioTestCase):
    async def asyncSetUp(self) -> None:
        self.sockets: List[FakeSocket] = []

        self.refusal: Optional[LostError] = None
        self.tries = 0

        @asynccontextmanager
        async def opened(url: str, token: Optional[str]) -> AsyncIterator[FakeSocket]:
            self.tries += 1
            if self.refusal is not None:
                raise self.refusal
            self.sockets.append(FakeSocket())
            yield self.sockets[-1]

        patch = mock.patch("chatapi_client.sockets.open_socket", opened)
        patch.start()
        self.addCleanup(patch.stop)
        self.realtime = AsyncRealtime(Rest("http://nowhere", "token", None, None, 1.0, 0), resume=False)
        self.addAsyncCleanup(self.realtime.close)

    async def test_the_writer_of_a_closed_socket_takes_no_frame_of_the_next_one(self) -> None:
        """A cut and a send in one turn: `wait_for` may then swallow the writer's cancel."""
        with mock.patch("chatapi_client.backoff.Backoff.next", lambda *_: 0.0):
            await self.realtime.wait_ready(PATIENCE)
            for number in range(20):
                self.sockets[-1].says.put_nowait(None)
                await asyncio.sleep(0)
                sending = asyncio.ensure_future(self.realtime.send(content="m", client_id=f"c{number}"))
                await until(lambda: len(self.sockets) == number + 2 and bool(self.sockets[-1].sent))
                ack = {"type": "ack", "client_id": f"c{number}", "message_id": "m", "chat_id": "r", "seq": 1}
                self.sockets[-1].says.put_nowait({**ack, "created_at": ""})
                await asyncio.wait_for(sending, PATIENCE)

    async def test_a_connection_that_was_one_too_many_waits_until_the_app_sends(self) -> None:
        await self.realtime.wait_ready(PATIENCE)
        self.sockets[0].ends = LostError(4429, "too many connections")
        self.sockets[0].says.put_nowait(None)
        await until(lambda: self.realtime.state == "waiting")
        with self.assertRaises(ChatApiError) as late:
            await self.realtime.wait_ready(0.1)
        self.assertIn("too many connections", late.exception.message)
        assert self.realtime.last_error is not None
        self.assertEqual((len(self.sockets), self.realtime.last_error.code), (1, "RATE_LIMIT_EXCEEDED"))
        sending = asyncio.ensure_future(self.realtime.send(content="used", client_id="c"))
        await until(lambda: len(self.sockets) == 2 and bool(self.sockets[1].sent))
        ack = {"type": "ack", "client_id": "c", "message_id": "m", "chat_id": "r", "seq": 1, "created_at": ""}
        self.sockets[1].says.put_nowait(ack)
        await asyncio.wait_for(sending, PATIENCE)

    async def test_an_aborted_send_is_not_sent_later(self) -> None:
        await self.realtime.wait_ready(PATIENCE)
        with self.assertRaises(ChatApiError) as late:
            await self.realtime.send(content="m", timeout=0.05)
        self.assertEqual((late.exception.code, late.exception.retryable), ("NETWORK_ERROR", True))
        self.sockets[0].says.put_nowait(None)
        await until(lambda: len(self.sockets) == 2 and self.realtime.state == "connected")
        await asyncio.sleep(0.05)
        self.assertEqual(self.sockets[1].sent, [])

    async def test_run_forever_delivers_all_events_before_it_ends(self) -> None:
        told: List[str] = []

        async def slow(change: Any) -> None:
            await asyncio.sleep(0.02)
            told.append(change["state"])

        self.realtime.on("state", slow)
        await self.realtime.wait_ready(PATIENCE)
        self.realtime._machine.close(ChatApiError("AUTHENTICATION_ERROR", "ended"), 4401)
        self.sockets[0].says.put_nowait(None)
        with self.assertRaises(ChatApiError):
            await asyncio.wait_for(self.realtime.run_forever(), PATIENCE)
        self.assertEqual(told[-1], "closed")

    async def test_both_sends_of_the_same_message_are_answered_though_one_gives_up(self) -> None:
        await self.realtime.wait_ready(PATIENCE)
        same: Dict[str, Any] = {"content": "m", "client_id": "c"}
        sends = [asyncio.ensure_future(self.realtime.send(**same, timeout=limit)) for limit in (None, 0.02, None)]
        await until(lambda: sends[1].done())
        self.assertIsInstance(sends[1].exception(), ChatApiError)
        with self.assertRaises(ChatApiError) as other:
            await self.realtime.send(content="another", client_id="c")
        self.assertEqual(other.exception.code, "CONFLICT")
        ack = {"type": "ack", "client_id": "c", "message_id": "msg_1", "chat_id": "r", "seq": 1, "created_at": ""}
        self.sockets[0].says.put_nowait(ack)
        self.assertEqual([(await sends[at])["id"] for at in (0, 2)], ["msg_1", "msg_1"])
        self.assertEqual(len(self.sockets[0].sent), 1)

    async def test_a_cancelled_wait_does_not_end_the_iterator(self) -> None:
        await self.realtime.wait_ready(PATIENCE)
        events = self.realtime.events()
        while (await events.__anext__()).data["state"] != "connected":
            pass
        with self.assertRaises(asyncio.TimeoutError):
            await asyncio.wait_for(events.__anext__(), 0.02)
        self.sockets[0].says.put_nowait({"type": "typing", "chat_id": "r"})
        self.assertEqual((await asyncio.wait_for(events.__anext__(), PATIENCE)).type, "typing")

    async def test_a_dropped_iterator_blocks_nothing(self) -> None:
        told: List[Any] = []
        self.realtime.on("typing", told.append)
        await self.realtime.wait_ready(PATIENCE)
        async for _ in self.realtime:
            break
        never_read = self.realtime.events()
        del never_read
        for _ in range(200):
            self.sockets[0].says.put_nowait({"type": "typing", "chat_id": "r"})
        await until(lambda: len(told) == 200)

    async def test_a_refusal_by_a_proxy_is_retried(self) -> None:
        banned = httpx.Response(403, json={"code": "AUTHORIZATION_ERROR", "message": "banned"})
        ended = httpx.Response(401, json={"code": "AUTHENTICATION_ERROR", "message": "ended"})
        strangers = [
            (403, httpx.Response(403, text="<html>blocked</html>")),
            (403, httpx.Response(200, text="<html>log in to this network</html>")),
            (401, httpx.Response(302, headers={"Location": "http://hotel"})),
        ]
        with mock.patch("chatapi_client.backoff.Backoff.next", lambda *_: 0.0):
            for status, answer in [*strangers, (403, banned), (401, ended)]:
                self.refusal, self.tries = LostError(status, "refused"), 0
                realtime = AsyncRealtime(rest_of(answering(answer)), resume=False)
                await until(lambda: self.tries >= 3 or realtime.state == "closed")
                self.assertEqual(realtime.state == "closed", answer in (banned, ended))
                await realtime.close()

    async def test_a_live_connection_reports_errors_while_it_renews_its_token(self) -> None:
        ask = asyncio.Event()

        async def token() -> str:
            await ask.wait()
            return "fresh"

        realtime = AsyncRealtime(Rest("http://nowhere", token, None, None, 1.0, 0), resume=False)
        ask.set()
        await realtime.wait_ready(PATIENCE)
        ask.clear()
        self.sockets[-1].ends = LostError(4401, "ended")
        self.sockets[-1].says.put_nowait(None)
        await until(lambda: realtime.state == "waiting")
        await realtime.close()

    async def test_a_connection_does_not_continue_as_another_user(self) -> None:
        with mock.patch("chatapi_client.backoff.Backoff.next", lambda *_: 0.0):
            await self.realtime.wait_ready(PATIENCE)
            sending = asyncio.ensure_future(self.realtime.send(content="mine"))
            other = {**hello(), "user_id": "usr_other"}
            with mock.patch(f"{__name__}.hello", lambda: other):
                self.sockets[0].says.put_nowait(None)
                with self.assertRaises(ChatApiError) as ended:
                    await asyncio.wait_for(sending, PATIENCE)
        self.assertEqual((ended.exception.code, self.realtime.state), ("AUTHORIZATION_ERROR", "closed"))
        self.assertEqual(self.sockets[1].sent, [])

    async def test_a_lone_surrogate_is_refused(self) -> None:
        with self.assertRaises(ChatApiError) as refused:
            await self.realtime.send(content="\ud83d")
        self.assertEqual(refused.exception.code, "VALIDATION_ERROR")
