import time
import unittest
from typing import Dict, List
from unittest import mock

import httpx

from chatapi_client import AsyncChatServer, ChatApiError, ChatServer

MESSAGE = {"id": "msg_1", "chat_id": "general", "seq": 1}


class Server(unittest.IsolatedAsyncioTestCase):
    def setUp(self) -> None:
        self.asked: List[httpx.Request] = []
        self.answers: List[httpx.Response] = []
        self.server = AsyncChatServer("http://nowhere", "cak_key")

        def answer(request: httpx.Request) -> httpx.Response:
            self.asked.append(request)
            return self.answers.pop(0) if self.answers else httpx.Response(200, json=MESSAGE)

        self.server._rest._http = httpx.AsyncClient(transport=httpx.MockTransport(answer))

    async def test_a_person_is_named_in_each_request_percent_encoded(self) -> None:
        for person, named in (
            (self.server.acting_as("usr_1"), "usr_1"),
            (self.server.acting_as(external_id="ä/ %\r\nX: 1"), "ext:%C3%A4%2F%20%25%0D%0AX%3A%201"),
        ):
            await person.messages.send(chat_id="general", content="x")
            await person.files.upload(b"x", name="x.txt")
            for request in self.asked:
                self.assertEqual(request.headers["X-Act-As"], named)
                self.assertEqual(request.headers["Authorization"], "Bearer cak_key")
            self.asked.clear()
        await self.server.users.by_id("usr_1")
        self.assertNotIn("X-Act-As", self.asked[0].headers)

    async def test_what_can_be_no_id_is_refused_before_any_request(self) -> None:
        for wrong in ("", ".", "..", "\ud800"):
            for name in ("user_id", "external_id"):
                with self.assertRaises(ChatApiError) as refused:
                    self.server.acting_as(**{name: wrong})
                self.assertEqual(refused.exception.code, "VALIDATION_ERROR")
        both_or_none: List[Dict[str, str]] = [{}, {"user_id": "usr_1", "external_id": "1"}]
        for names in both_or_none:
            with self.assertRaises(ChatApiError):
                self.server.acting_as(**names)
        self.assertEqual(self.asked, [])

    async def test_all_persons_wait_for_the_limit_of_the_key(self) -> None:
        limited = {"code": "RATE_LIMIT_EXCEEDED", "message": "later", "details": {}, "request_id": "req_1"}
        self.answers.append(httpx.Response(429, json=limited, headers={"Retry-After": "30"}))
        slept: List[float] = []

        async def sleep(seconds: float) -> None:
            slept.append(seconds)

        with mock.patch("chatapi_client.rate_limit_wait.asyncio.sleep", sleep):
            await self.server.acting_as("usr_1").messages.send(chat_id="general", content="x")
            await self.server.acting_as("usr_2").messages.send(chat_id="general", content="x")
        self.assertEqual(len(slept), 2)
        self.assertTrue(all(20 < seconds <= 30 for seconds in slept), slept)

    async def test_an_ended_key_is_refused_once(self) -> None:
        ended = {"code": "AUTHENTICATION_ERROR", "message": "ended", "details": {}, "request_id": "req_1"}
        self.answers.append(httpx.Response(401, json=ended))
        with self.assertRaises(ChatApiError) as refused:
            await self.server.users.get("1")
        self.assertEqual((refused.exception.code, len(self.asked)), ("AUTHENTICATION_ERROR", 1))


class SyncServer(unittest.TestCase):
    def test_is_closed_with_its_threads(self) -> None:
        with ChatServer("http://127.0.0.1:9", "cak_key", retries=0) as server:
            self.assertEqual(server.base_url, "http://127.0.0.1:9")
            began = time.monotonic()
            with self.assertRaises(ChatApiError) as away:
                server.acting_as("usr_1").users.me()
            self.assertEqual(away.exception.code, "NETWORK_ERROR")
            self.assertLess(time.monotonic() - began, 5)
        with self.assertRaises(ChatApiError) as closed:
            server.stats()
        self.assertEqual(closed.exception.code, "CLIENT_CLOSED")
