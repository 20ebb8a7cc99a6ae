"""Responses that do not come from the server: captive portals, proxies, mocks."""

import unittest
from typing import Any, Awaitable, Callable, Dict, List, Optional, Tuple

import httpx

from chatapi_client import AsyncChatClient, ChatApiError

Call = Callable[[AsyncChatClient], Awaitable[Any]]

CALLS: Dict[str, Call] = {
    "register": lambda client: client.users.register(username="u", email="e", password="p"),
    "login": lambda client: client.users.login(username_or_email="u", password="p"),
    "me": lambda client: client.users.me(),
    "change_password": lambda client: client.users.change_password(current_password="c", new_password="n"),
    "end_other_sessions": lambda client: client.users.end_other_sessions(),
    "sessions": lambda client: client.users.sessions(),
    "search": lambda client: client.users.search("s"),
    "create": lambda client: client.chats.create(chat_id="r"),
    "chats": lambda client: client.chats.list(),
    "chat": lambda client: client.chats.get("r"),
    "members": lambda client: client.chats.members("r"),
    "mute": lambda client: client.chats.mute("r", "u"),
    "send": lambda client: client.messages.send(chat_id="r", content="c"),
    "messages": lambda client: client.messages.list(chat_id="r"),
    "message": lambda client: client.messages.get("m"),
    "upload": lambda client: client.files.upload(b"b", name="a.txt"),
    "files": lambda client: client.files.list(),
    "url": lambda client: client.files.url("f"),
    "content": lambda client: client.files.content("f"),
    "rate_limits": lambda client: client.rate_limits(),
    "report": lambda client: client.report(target_type="user", target_id="u", reason="r"),
    "announcements": lambda client: client.announcements(),
    "stats": lambda client: client.admin.stats(),
    "audit_log": lambda client: client.admin.audit_log(),
    "health": lambda client: client.admin.health(),
}
VOID_CALLS: Dict[str, Call] = {
    "join": lambda client: client.chats.join("r"),
    "react": lambda client: client.messages.react("m", "👍"),
    "delete": lambda client: client.messages.delete("m"),
    "unlock": lambda client: client.admin.unlock("u"),
}
STRANGE = [
    b"",
    b'{"ok":true}',
    b"{}",
    b"null",
    b"[]",
    b'"ok"',
    b'{"id":"msg_1","chat_',
    b"<html>log in</html>",
    b"\xff\xfe\x00",
    b"[" * 100_000,
    b'{"messages":"x","rooms":1,"users":{},"files":null,"members":true}',
    b'{"messages":[{}],"rooms":[null],"users":["x"],"files":[1],"members":[[]]}',
    b'{"id":7,"chat_id":null,"user_id":{},"access_token":1}',
]
PAGES = {
    400: "VALIDATION_ERROR",
    401: "AUTHENTICATION_ERROR",
    402: "VALIDATION_ERROR",
    403: "AUTHORIZATION_ERROR",
    404: "RESOURCE_NOT_FOUND",
    405: "METHOD_NOT_ALLOWED",
    409: "CONFLICT",
    413: "PAYLOAD_TOO_LARGE",
    414: "VALIDATION_ERROR",
    415: "UNSUPPORTED_MEDIA_TYPE",
    422: "VALIDATION_ERROR",
    423: "ACCOUNT_LOCKED",
    429: "RATE_LIMIT_EXCEEDED",
    500: "INTERNAL_ERROR",
    502: "SERVICE_UNAVAILABLE",
    503: "SERVICE_UNAVAILABLE",
    504: "SERVICE_UNAVAILABLE",
    520: "INTERNAL_ERROR",
}
BODIES = [b"<html>refused</html>", b"", b'{"message":"no"}', b'{"code":401}', b'{"code":"E_NO"}', b"null"]


class Foreign(unittest.IsolatedAsyncioTestCase):
    def client_of(self, say: Callable[[httpx.Request], httpx.Response], **options: Any) -> AsyncChatClient:
        given: Dict[str, Any] = {"token": "token", "retries": 0, **options}
        client = AsyncChatClient("http://nowhere", **given)
        client._rest._http = httpx.AsyncClient(transport=httpx.MockTransport(say))
        self.addAsyncCleanup(client.close)
        return client

    def answered(self, status: int, content: bytes = b"", headers: Optional[Dict[str, str]] = None) -> AsyncChatClient:
        return self.client_of(lambda _: httpx.Response(status, content=content, headers=headers))

    async def caught(self, call: Awaitable[Any]) -> ChatApiError:
        try:
            answer = await call
        except ChatApiError as error:
            return error
        raise AssertionError(f"it was answered with {answer!r}")

    async def test_a_success_that_the_server_did_not_give_is_a_network_error_in_every_call(self) -> None:
        for content in STRANGE:
            client = self.answered(200, content)
            for name, call in CALLS.items():
                error = await self.caught(call(client))
                self.assertEqual((error.code, error.retryable, error.foreign), ("NETWORK_ERROR", True, True), name)
        for call in CALLS.values():
            self.assertEqual((await self.caught(call(self.answered(204)))).code, "NETWORK_ERROR")

    async def test_calls_without_an_answer_take_no_body(self) -> None:
        for call in VOID_CALLS.values():
            self.assertIsNone(await call(self.answered(204)))
            for content in (b'{"ok":true}', b"{}", b"<html>", b" "):
                self.assertEqual((await self.caught(call(self.answered(200, content)))).code, "NETWORK_ERROR")

    async def test_a_refusal_by_a_proxy_has_the_code_of_its_status(self) -> None:
        for status, code in PAGES.items():
            for content in BODIES:
                client = self.answered(status, content)
                for name in ("me", "send", "register", "upload", "content"):
                    error = await self.caught(CALLS[name](client))
                    self.assertEqual((error.code, error.status, error.foreign), (code, status, True), name)

    async def test_a_proxy_says_when_to_try_again_in_seconds_or_by_a_date(self) -> None:
        date = "Sun, 29 Nov 2015 10:00:00 GMT"
        cases: List[Tuple[Dict[str, str], Optional[float]]] = [
            ({"Retry-After": "7"}, 7.0),
            ({"Retry-After": "Sun, 29 Nov 2015 10:01:00 GMT", "Date": date}, 60.0),
            ({"Retry-After": "soon"}, None),
            ({"Retry-After": "nan"}, None),
        ]
        for headers, seconds in cases:
            error = await self.caught(self.answered(429, b"", headers).users.me())
            self.assertEqual(error.retry_after, seconds)

    async def test_a_redirect_names_the_location_and_is_not_followed(self) -> None:
        asked: List[str] = []

        def say(request: httpx.Request) -> httpx.Response:
            asked.append(str(request.url))
            return httpx.Response(307, headers={"Location": "https://portal.example/"})

        for name in ("me", "send", "upload", "content"):
            asked.clear()
            error = await self.caught(CALLS[name](self.client_of(say)))
            self.assertEqual((error.code, error.status, error.foreign), ("NETWORK_ERROR", 307, True))
            self.assertEqual((error.details, len(asked)), ({"location": "https://portal.example/"}, 1))
            self.assertIn("https://portal.example/", str(error))

    async def test_a_foreign_refusal_neither_renews_the_token_nor_ends_the_session(self) -> None:
        for status in (401, 403, 404, 500, 200, 302):
            away, asked = True, []

            def say(request: httpx.Request) -> httpx.Response:
                asked.append(request.url.path)
                if request.url.path == "/users/refresh":
                    new = {"access_token": "new", "refresh_token": "next", "token_type": "bearer", "expires_in": 60}
                    return httpx.Response(status, text="<html>") if away else httpx.Response(200, json=new)
                if request.headers.get("authorization") == "Bearer new":
                    return httpx.Response(200, json={"id": "usr_me"})
                if away and status == 401:
                    return httpx.Response(401, text="<html>log in</html>")
                return httpx.Response(401, json={"error": True, "code": "AUTHENTICATION_ERROR", "message": "ended"})

            client = self.client_of(say, token="ended", refresh_token="refresh")
            await self.caught(client.users.me())
            self.assertEqual("/users/refresh" in asked, status != 401)
            away = False
            self.assertEqual((await client.users.me())["id"], "usr_me")

    async def test_a_page_of_an_empty_list_that_promises_more_ends_the_iteration(self) -> None:
        client = self.answered(200, b'{"rooms":[],"has_more":true}')
        self.assertEqual([room async for room in client.chats.iterate()], [])


class BaseUrls(unittest.TestCase):
    def test_a_bad_one_is_refused_by_the_constructor(self) -> None:
        for bad in (
            *("localhost:8000", "chat.example.com", "//chat.example.com", "/api", "", " ", "ws://localhost:8000"),
            *("wss://chat.example.com", "ftp://chat.example.com", "http:/localhost:8000", "http://", "http:///path"),
            *("http://localhost:99999", "http://local host", "http://user:secret@localhost", "http://localhost?x=1"),
            *("http://localhost/#top", "http://localhost?", "http://localhost:x", None, 7),
        ):
            with self.assertRaises(ChatApiError) as refused:
                AsyncChatClient(bad)  # type: ignore[arg-type]
            self.assertEqual(refused.exception.code, "VALIDATION_ERROR", bad)
            self.assertIn("base_url", refused.exception.message)

    def test_a_good_one_can_be_asked_for(self) -> None:
        for given, used in (
            ("http://localhost:8000/", "http://localhost:8000"),
            ("HTTPS://Chat.Example.com", "https://chat.example.com"),
            ("https://example.com/chat//", "https://example.com/chat"),
            ("http://[::1]:8000", "http://[::1]:8000"),
        ):
            self.assertEqual(AsyncChatClient(given).base_url, used)


class Token(unittest.IsolatedAsyncioTestCase):
    async def test_it_can_be_asked_for(self) -> None:
        self.assertEqual(await AsyncChatClient("http://nowhere", lambda: "from the app").token(), "from the app")
        self.assertIsNone(await AsyncChatClient("http://nowhere").token())
