"""REST calls with tokens, retries, waiting for rate limits, and error mapping."""

from __future__ import annotations

import asyncio
import copy
import time
from contextlib import asynccontextmanager
from functools import partial
from typing import Any, AsyncGenerator, Dict, Mapping, Optional

import httpx

from .backoff import Backoff
from .base_url import judged_base_url
from .clock import ServerClock
from .errors import CLIENT_CLOSED, NETWORK_ERROR, ChatApiError, error_of_answer, not_ours
from .models import Tokens
from .multipart import Upload
from .paths import template_of
from .rate_limit_wait import MAX_LIMIT_WAIT, RateLimitWait
from .response_shapes import ANSWERS, fits
from .tokens import OnTokens, TokenKeeper, TokenSource

RETRIES = 5


def given(**fields: Any) -> Dict[str, Any]:
    """The fields that are not None."""
    return {name: value for name, value in fields.items() if value is not None}


KEEP: Any = object()
"""Default of a field that None would empty: unchanged."""


def changed(**fields: Any) -> Dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not KEEP}


class Rest:
    def __init__(
        self,
        base_url: str,
        token: Optional[TokenSource],
        refresh_token: Optional[str],
        on_tokens: Optional[OnTokens],
        timeout: float,
        retries: int,
    ) -> None:
        self.base_url = judged_base_url(base_url)
        self.clock = ServerClock()
        self.tokens = TokenKeeper(token, refresh_token, on_tokens, self._refresh, self.clock)
        self._retries = retries
        # Loading CA certificates takes 0.1 s, so not without TLS.
        verify = not self.base_url.startswith("http://")
        self._http = httpx.AsyncClient(timeout=httpx.Timeout(timeout, pool=None), verify=verify)
        self._limits = RateLimitWait()
        self._headers: Dict[str, str] = {}

    def with_headers(self, headers: Dict[str, str]) -> "Rest":
        """The same connections, token and limits, and these headers with each request."""
        other = copy.copy(self)
        other._headers = {**self._headers, **headers}
        return other

    async def call(
        self,
        method: str,
        path: str,
        *,
        query: Optional[Mapping[str, Any]] = None,
        body: Optional[Mapping[str, Any]] = None,
        safe: bool = True,
        anonymous: bool = False,
        waits: bool = True,
    ) -> Any:
        """Return the body of the response; None for an operation without one.

        ``safe``: the call is idempotent and may be retried. ``waits``: retry, and wait for rate
        limits.
        """
        request = {"params": dict(query or {}), "json": dict(body) if body is not None else None}
        backoff = Backoff()
        for attempt in range(self._retries + 1):
            try:
                once = partial(self.attempt, method, path, request, anonymous=anonymous)
                response = await (self._limits.run(once) if waits and not anonymous else once())
                return read_answer(method, path, response)
            except ChatApiError as error:
                if not safe or not waits or attempt == self._retries or not _may_repeat(error):
                    raise
                await asyncio.sleep((error.retry_after or 0.0) + backoff.next())
        raise AssertionError("the last attempt returns or raises")

    async def attempt(
        self, method: str, path: str, request: Mapping[str, Any], *, anonymous: bool = False
    ) -> httpx.Response:
        """Send a request, and again with a new token if the first one has expired."""
        if anonymous:
            return _judged(await self._exchange(method, path, request, None))
        token = await self.tokens.current()
        response = await self._exchange(method, path, request, token)
        refusal = _refusal_of(response)
        if refusal is None:
            return response
        content: Optional[Upload] = request.get("content")
        fresh: Optional[str] = None
        if refusal.status == 401 and not refusal.foreign and (content is None or content.rewinds):
            fresh = await self.tokens.renew(token)
        if fresh is None:
            raise refusal
        return _judged(await self._exchange(method, path, request, fresh))

    async def download(self, path: str, query: Optional[Mapping[str, Any]] = None) -> bytes:
        """Download bytes. Every response of the server has an id, pages of proxies have not."""
        response = await self.attempt("GET", path, {} if query is None else {"params": query})
        if "x-request-id" not in response.headers:
            raise not_ours(f"GET {template_of(path)}", response.status_code)
        return response.content

    @asynccontextmanager
    async def stream(
        self, path: str, headers: Mapping[str, str], token: Optional[str], silence: float
    ) -> AsyncGenerator[httpx.Response, None]:
        """Open a response whose body is read as it comes; errors are those of httpx.

        ``silence``: longest time in seconds without a byte.
        """
        options: Any = {"headers": self._with_token(headers, token), "timeout": httpx.Timeout(silence, pool=None)}
        async with self._http.stream("GET", self.base_url + path, **options) as response:
            yield response

    def _with_token(self, headers: Mapping[str, str], token: Optional[str]) -> Dict[str, str]:
        return {**self._headers, **headers, **({"Authorization": f"Bearer {token}"} if token else {})}

    async def _exchange(
        self, method: str, path: str, request: Mapping[str, Any], token: Optional[str]
    ) -> httpx.Response:
        if self._http.is_closed:
            raise ChatApiError(CLIENT_CLOSED, "The client is closed")
        try:
            options: Dict[str, Any] = {**request, "headers": self._with_token(request.get("headers", {}), token)}
            response = await self._http.request(method, self.base_url + path, **options)
        except httpx.RequestError as error:
            reason = str(error) or type(error).__name__
            raise ChatApiError(NETWORK_ERROR, f"{method} {path}: {reason}") from error
        self.clock.rough(response.headers.get("date"), time.monotonic())
        return response

    async def _refresh(self, refresh_token: str) -> Tokens:
        # The old token stays valid until its successor is used, so the call may be
        # retried.
        body = {"refresh_token": refresh_token}
        tokens: Tokens = await self.call("POST", "/users/refresh", body=body, anonymous=True)
        return tokens

    async def close(self) -> None:
        await self._http.aclose()


def read_answer(method: str, path: str, response: httpx.Response) -> Any:
    """The body of a successful response. Raises ``ChatApiError`` for one that the server does not
    give.
    """
    operation = f"{method} {template_of(path)}"
    shape = ANSWERS.get(operation)
    if shape is None and not response.content:
        return None
    try:
        body = response.json()
    except (ValueError, RecursionError):
        body = None
    if shape is None or not fits(body, shape):
        raise not_ours(operation, response.status_code)
    return body


def _may_repeat(error: ChatApiError) -> bool:
    """The server's limits are waited for elsewhere."""
    if not error.retryable or (error.retry_after or 0.0) > MAX_LIMIT_WAIT:
        return False
    return error.foreign or error.code != "RATE_LIMIT_EXCEEDED"


def _refusal_of(response: httpx.Response) -> Optional[ChatApiError]:
    """The error of a response that is not a success."""
    if 200 <= response.status_code < 300:
        return None
    try:
        body = response.json()
    except (ValueError, RecursionError):
        body = None
    return error_of_answer(response.status_code, response.headers, body)


def _judged(response: httpx.Response) -> httpx.Response:
    refusal = _refusal_of(response)
    if refusal is not None:
        raise refusal
    return response
