import asyncio
import unittest
from typing import Any, Callable, Coroutine, List, Optional, Tuple, Union, cast
from unittest import mock

import httpx

from chatapi_client import ChatApiError
from chatapi_client.files import FilesApi
from chatapi_client.rest import Rest
from chatapi_client.users import UsersApi

Say = Union[Callable[[httpx.Request], httpx.Response], Callable[[httpx.Request], Coroutine[None, None, httpx.Response]]]


def rest_of(say: Say, **options: Any) -> Rest:
    rest = Rest("http://nowhere", options.get("token", "token"), None, None, 1.0, options.get("retries", 2))
    rest._http = httpx.AsyncClient(transport=httpx.MockTransport(cast(Any, say)))
    return rest


def answering(answer: httpx.Response) -> Say:
    return lambda _: answer


class Calls(unittest.IsolatedAsyncioTestCase):
    async def test_repeatable_calls_are_retried_a_registration_is_not(self) -> None:
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

    async def test_a_response_of_a_proxy_is_an_error(self) -> None:
        for answer in (
            httpx.Response(200, text="<html>log in to this network</html>"),
            httpx.Response(302, headers={"Location": "http://hotel"}),
        ):
            with self.assertRaises(ChatApiError) as refused:
                await UsersApi(rest_of(lambda _: answer, retries=0)).me()
            self.assertEqual((refused.exception.code, refused.exception.retryable), ("NETWORK_ERROR", True))

    async def test_a_token_function_that_fails_or_returns_none_fails_the_call(self) -> None:
        async def hangs() -> str:
            await asyncio.sleep(3600)
            return ""

        def fails() -> str:
            raise LookupError("no keyring")

        async def fails_later() -> str:
            raise LookupError("no keyring")

        unauthorized = httpx.Response(401, json={"code": "AUTHENTICATION_ERROR", "message": "no token"})
        expected = [(fails, "NETWORK_ERROR"), (fails_later, "NETWORK_ERROR"), (hangs, "NETWORK_ERROR")]
        with mock.patch("chatapi_client.tokens.MAX_TOKEN_FUNCTION_TIME", 0.02):
            for source, code in [*expected, (lambda: None, "AUTHENTICATION_ERROR")]:
                rest = rest_of(lambda _: unauthorized, retries=0, token=source)
                with self.assertRaises(ChatApiError) as refused:
                    await UsersApi(rest).me()
                self.assertEqual(refused.exception.code, code)

    async def test_a_closed_client_raises_client_closed(self) -> None:
        rest = rest_of(lambda _: httpx.Response(200, json={}))
        await rest.close()
        with self.assertRaises(ChatApiError) as closed:
            await UsersApi(rest).me()
        self.assertEqual(closed.exception.code, "CLIENT_CLOSED")

    async def test_a_failing_on_tokens_does_not_fail_the_login(self) -> None:
        tokens = {"access_token": "a", "refresh_token": "r", "token_type": "bearer", "expires_in": 1, "user": {"id": "u"}}
        rest = rest_of(lambda _: httpx.Response(200, json=tokens))
        rest.tokens._on_tokens = lambda _: 1 / 0
        with self.assertLogs("chatapi_client", "ERROR"):
            session = await UsersApi(rest).login(username_or_email="u", password="p")
        self.assertEqual(session["user"]["id"], "u")

    async def test_an_upload_is_repeated_after_an_expired_token_if_it_can_be_read_again(self) -> None:
        seen: List[Tuple[Optional[str], bytes]] = []

        async def answer(request: httpx.Request) -> httpx.Response:
            seen.append((request.headers.get("authorization"), await request.aread()))
            ended = request.headers.get("authorization") == "Bearer old"
            return httpx.Response(401 if ended else 201, json={"code": "AUTHENTICATION_ERROR"} if ended else {"id": "file_1"})

        tokens = iter(["old", "new"])
        rest = rest_of(answer, token=lambda: next(tokens))
        self.assertEqual((await FilesApi(rest).upload(b"all of it", name="a.txt"))["id"], "file_1")
        self.assertEqual([token for token, _ in seen], ["Bearer old", "Bearer new"])
        self.assertEqual(seen[0][1], seen[1][1])
        self.assertIn(b"all of it", seen[1][1])

        pipe = mock.Mock(spec=["read"], read=mock.Mock(side_effect=[b"once", b""]))
        refused = rest_of(answer, token=lambda: "old")
        with self.assertRaises(ChatApiError) as ended:
            await FilesApi(refused).upload(pipe, name="a.txt")
        self.assertEqual(ended.exception.status, 401)
