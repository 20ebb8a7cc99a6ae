"""Owns: one REST call: its token, its retries, waiting where a limit is reached, and the error that it ends with."""

from __future__ import annotations

import asyncio
import time
from typing import Any, Dict, Mapping, Optional
from urllib.parse import quote

import httpx

from .backoff import Backoff
from .clock import ServerClock
from .errors import CLIENT_CLOSED, NETWORK_ERROR, ChatApiError, error_of_answer
from .multipart import Upload
from .tokens import OnTokens, TokenKeeper, TokenSource
from .models import Tokens

RETRIES = 5
LONGEST_LIMIT_WAIT = 120.0
"""Seconds that a call waits for a limit to be lifted; where the server says longer, the error is raised at once."""


def segment(value: str) -> str:
    """A value as one segment of a path."""
    return quote(value, safe="")


def given(**fields: Any) -> Dict[str, Any]:
    """The fields that are not None."""
    return {name: value for name, value in fields.items() if value is not None}


KEEP: Any = object()
"""The default of a field that may be emptied with None: it stays as it is."""


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
        self.base_url = base_url.rstrip("/")
        self.clock = ServerClock()
        self.tokens = TokenKeeper(token, refresh_token, on_tokens, self._refresh, self.clock)
        self._retries = retries
        # Loading the authorities' certificates takes a tenth of a second: not where there is no TLS.
        verify = not self.base_url.startswith("http://")
        self._http = httpx.AsyncClient(timeout=httpx.Timeout(timeout, pool=None), verify=verify)
        self._limit_turns: Optional[asyncio.Lock] = None
        self._limited_until = 0.0

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
        """Answers the body, None without one. ``safe``: doing it twice is doing it once, so that it may be tried again.

        ``waits``: tries again, and waits for a limit; without it the first answer counts.
        """
        request = {"params": dict(query or {}), "json": dict(body) if body is not None else None}
        backoff = Backoff()
        for attempt in range(self._retries + 1):
            try:
                response = await (self._paced if waits else self.attempt)(method, path, request, anonymous=anonymous)
                return _body(response)
            except ChatApiError as error:
                limited = error.code == "RATE_LIMIT_EXCEEDED"
                if limited or not (safe and error.retryable) or attempt == self._retries or not waits:
                    raise
                await asyncio.sleep((error.retry_after or 0.0) + backoff.next())
        raise AssertionError("the last attempt returns or raises")

    async def _paced(
        self, method: str, path: str, request: Mapping[str, Any], *, anonymous: bool
    ) -> httpx.Response:
        """Once a limit is reached, calls go one after the other, in the order in which they came."""
        if anonymous:
            return await self.attempt(method, path, request, anonymous=True)
        if time.monotonic() >= self._limited_until:
            try:
                return await self.attempt(method, path, request)
            except ChatApiError as error:
                self._note_limit(error)
        if self._limit_turns is None:
            self._limit_turns = asyncio.Lock()
        async with self._limit_turns:
            while True:
                await asyncio.sleep(max(0.0, self._limited_until - time.monotonic()))
                try:
                    return await self.attempt(method, path, request)
                except ChatApiError as error:
                    self._note_limit(error)

    def _note_limit(self, error: ChatApiError) -> None:
        wait = error.retry_after or 1.0
        if error.code != "RATE_LIMIT_EXCEEDED" or wait > LONGEST_LIMIT_WAIT:
            raise error
        self._limited_until = max(self._limited_until, time.monotonic() + wait)

    async def attempt(
        self, method: str, path: str, request: Mapping[str, Any], *, anonymous: bool = False
    ) -> httpx.Response:
        """One request; a second one with a fresh token when the first was found to have ended."""
        if anonymous:
            return _judged(await self._exchange(method, path, request, None))
        token = await self.tokens.current()
        response = await self._exchange(method, path, request, token)
        content: Optional[Upload] = request.get("content")
        if response.status_code == 401 and (content is None or content.rewinds):
            fresh = await self.tokens.renew(token)
            if fresh is not None:
                response = await self._exchange(method, path, request, fresh)
        return _judged(response)

    async def _exchange(
        self, method: str, path: str, request: Mapping[str, Any], token: Optional[str]
    ) -> httpx.Response:
        if self._http.is_closed:
            raise ChatApiError(CLIENT_CLOSED, "The client is closed")
        headers = {**request.get("headers", {}), **({"Authorization": f"Bearer {token}"} if token else {})}
        try:
            options: Dict[str, Any] = {**request, "headers": headers}
            response = await self._http.request(method, self.base_url + path, **options)
        except httpx.RequestError as error:
            reason = str(error) or type(error).__name__
            raise ChatApiError(NETWORK_ERROR, f"{method} {path}: {reason}") from error
        self.clock.rough(response.headers.get("date"), time.monotonic())
        return response

    async def _refresh(self, refresh_token: str) -> Tokens:
        # The old token stays good until its successor is used, so a lost answer may be asked for again.
        body = {"refresh_token": refresh_token}
        tokens: Tokens = await self.call("POST", "/users/refresh", body=body, anonymous=True)
        return tokens

    async def close(self) -> None:
        await self._http.aclose()


def _body(response: httpx.Response) -> Any:
    try:
        return response.json() if response.content else None
    except ValueError as error:
        raise _stranger(response) from error


def _stranger(response: httpx.Response) -> ChatApiError:
    """Somebody else has answered: the page of a hotel's network, say."""
    return ChatApiError(NETWORK_ERROR, f"Not an answer of the server: HTTP status {response.status_code}")


def _judged(response: httpx.Response) -> httpx.Response:
    if response.status_code < 300:
        return response
    if response.status_code < 400:
        raise _stranger(response)
    try:
        body = response.json()
    except ValueError:
        body = None
    raise error_of_answer(response.status_code, response.headers, body)
