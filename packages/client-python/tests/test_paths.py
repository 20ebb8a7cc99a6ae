import asyncio
import inspect
import unittest
from typing import Any, Callable, List, Optional
from unittest import mock

import httpx

from chatapi_client import AsyncChatClient, ChatApiError
from chatapi_client.paths import segment

PARTS = ("users", "chats", "messages", "files", "admin")


def methods_of(client: AsyncChatClient) -> "List[tuple[str, Callable[..., Any]]]":
    found = []
    for part in PARTS:
        for name, method in inspect.getmembers(getattr(client, part), inspect.iscoroutinefunction):
            if not name.startswith("_") and name not in ("upload", "set_avatar"):
                found.append((f"{part}.{name}", method))
    return found


def ids_of(method: Callable[..., Any]) -> List[str]:
    named = inspect.signature(method).parameters.values()
    return [p.name for p in named if p.kind == p.POSITIONAL_OR_KEYWORD and p.default is p.empty]


def keywords_of(method: Callable[..., Any]) -> List[str]:
    named = inspect.signature(method).parameters.values()
    return [p.name for p in named if p.kind == p.KEYWORD_ONLY and p.default is p.empty]


class Paths(unittest.IsolatedAsyncioTestCase):
    async def test_an_invalid_id_is_an_error_before_any_request_in_every_method(self) -> None:
        asked: List[str] = []

        def answer(request: httpx.Request) -> httpx.Response:
            asked.append(request.url.raw_path.decode())
            return httpx.Response(404, json={"code": "RESOURCE_NOT_FOUND"})

        client = AsyncChatClient("http://nowhere", "token", retries=0)
        client._rest._http = httpx.AsyncClient(transport=httpx.MockTransport(answer))
        refused = 0
        for name, method in methods_of(client):
            ids = ids_of(method)
            for bad in ("", ".", "..", "\ud800"):
                for place in range(len(ids)):
                    asked.clear()
                    args = ["an-id" if i != place else bad for i in range(len(ids))]
                    with self.subTest(name=name, bad=bad, place=place):
                        code = await self.code_of(method(*args, **{key: "x" for key in keywords_of(method)}))
                        if code == "VALIDATION_ERROR":
                            refused += 1
                            self.assertEqual(asked, [])
                        else:
                            # It is in the body.
                            self.assertNotIn("", [part for path in asked for part in path.split("?")[0].strip("/").split("/")])
        self.assertGreater(refused, 100)
        await client.close()

    async def test_an_id_is_always_one_segment(self) -> None:
        for value in ("a/b", "../x", "%2e%2e", "?q", "#x", "\\", "…", "x;y"):
            self.assertNotRegex(segment(value), r"[/?#\\]")

    async def test_a_connection_with_an_invalid_id_is_closed_before_any_request(self) -> None:
        for bad in ("", ".", ".."):
            client = AsyncChatClient("http://nowhere", "token")
            with mock.patch("chatapi_client.sockets.open_socket", side_effect=AssertionError("no socket")):
                realtime = client.websocket.connect(bad)
                self.assertEqual(await self.code_of(realtime.wait_ready(5.0)), "VALIDATION_ERROR")
                await asyncio.sleep(0)
                self.assertEqual(realtime.state, "closed")
            await client.close()

    async def code_of(self, call: Any) -> Optional[str]:
        try:
            await call
        except ChatApiError as error:
            return error.code
        except UnicodeEncodeError:
            return "body"
        return None
