import unittest
from typing import Any, Callable, List
from unittest import mock

import httpx

from chatapi_client import ChatApiError
from chatapi_client.rest import Rest
from chatapi_client.users import UsersApi

Say = Callable[[httpx.Request], httpx.Response]


def rest_of(say: Say, **options: Any) -> Rest:
    rest = Rest("http://nowhere", "token", None, None, 1.0, options.get("retries", 2))
    rest._http = httpx.AsyncClient(transport=httpx.MockTransport(say))
    return rest


class Calls(unittest.IsolatedAsyncioTestCase):
    async def test_what_may_be_repeated_is_tried_again_a_registration_is_not(self) -> None:
        asked: List[str] = []

        def away(request: httpx.Request) -> httpx.Response:
            asked.append(request.url.path)
            return httpx.Response(503, headers={"Retry-After": "0.01"})

        users = UsersApi(rest_of(away))
        with mock.patch("chatapi_client.backoff.Backoff.next", lambda *_: 0.0):
            for call, times in (
                (users.me(), 3),
                (users.login(username_or_email="u", password="p"), 3),
                (users.register(username="u", email="e", password="p"), 1),
            ):
                asked.clear()
                with self.assertRaises(ChatApiError) as refused:
                    await call
                self.assertEqual((refused.exception.code, len(asked)), ("SERVICE_UNAVAILABLE", times))
