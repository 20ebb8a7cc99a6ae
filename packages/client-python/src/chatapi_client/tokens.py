"""Access tokens: from the app's function or with the refresh token."""

from __future__ import annotations

import asyncio
import inspect
import logging
import time
from typing import Any, Awaitable, Callable, Optional, Union

from .clock import ServerClock, expiry_of, margin
from .errors import NETWORK_ERROR, ChatApiError
from .models import Tokens

TokenSource = Union[str, Callable[[], Union[str, Awaitable[str]]]]
"""A token, or a function (plain or async) that returns a new one at each call."""
OnTokens = Callable[[Tokens], Any]
Refresh = Callable[[str], Awaitable[Tokens]]

MAX_TOKEN_FUNCTION_TIME = 60.0
"""Time limit of the app's token function in seconds; it may ask its own server."""
POLL_DELAYS = (0.05, 0.1, 0.2, 0.4, 0.8, 1.6, 3.2)
"""Delays in seconds between checks for a newer pair after the server refused the old one."""
ENDS_SESSION = {"AUTHENTICATION_ERROR", "AUTHORIZATION_ERROR", "VALIDATION_ERROR"}
"""Refusals of a refresh token by the server; any other error says nothing about it."""
log = logging.getLogger("chatapi_client")


class TokenKeeper:
    def __init__(
        self,
        source: Optional[TokenSource],
        refresh_token: Optional[str],
        on_tokens: Optional[OnTokens],
        refresh: Refresh,
        clock: ServerClock,
    ) -> None:
        self._token = source if isinstance(source, str) else None
        self._source = None if source is None or isinstance(source, str) else source
        self._refresh_token = refresh_token
        self._on_tokens = on_tokens
        self._refresh = refresh
        self._clock = clock
        self._renewing: Optional[asyncio.Lock] = None
        self._lifetime: Optional[float] = None
        self._replacing = 0

    async def current(self) -> Optional[str]:
        """The current token; one that is about to expire is renewed first, if possible."""
        token = self._token
        if token is None or (self.can_renew and self._is_ending(token)):
            return await self.renew(token) or token
        return token

    async def renew(self, failed: Optional[str]) -> Optional[str]:
        """Get a token other than ``failed``; None if there is none. Concurrent calls share one
        renewal.

        Raises the ``ChatApiError`` of a renewal that may succeed later.
        """
        if self._renewing is None:
            self._renewing = asyncio.Lock()
        async with self._renewing:
            if self._token is not None and self._token != failed:
                return self._token
            if self._source is not None:
                self._token = await _asked(self._source)
            elif self._refresh_token is not None:
                await self._spend_refresh_token(self._refresh_token, failed)
            return self._token if self._token != failed else None

    async def replace(self, call: Callable[[], Awaitable[Tokens]]) -> Tokens:
        """Run a call that invalidates the current tokens and returns new ones.

        Renewals wait for those before they fail.
        """
        self._replacing += 1
        try:
            tokens = await call()
            await self.adopt(tokens)
            return tokens
        finally:
            self._replacing -= 1

    async def adopt(self, tokens: Tokens) -> None:
        """Switch to this session."""
        self._source = None
        self._token = tokens["access_token"]
        self._refresh_token = tokens["refresh_token"]
        if self._on_tokens is None:
            return
        try:
            result = self._on_tokens(tokens)
            if inspect.isawaitable(result):
                await result
        except Exception:
            log.exception("on_tokens failed")

    def forget(self) -> None:
        self._token = self._refresh_token = self._source = None

    async def _spend_refresh_token(self, refresh_token: str, failed: Optional[str]) -> None:
        try:
            tokens = await self._refresh(refresh_token)
        except ChatApiError as error:
            if error.foreign or error.code not in ENDS_SESSION:
                raise
            if not await self._was_replaced(failed):
                self._refresh_token = None
        else:
            # A password change may have invalidated these tokens.
            if self._refresh_token == refresh_token:
                await self.adopt(tokens)

    async def _was_replaced(self, failed: Optional[str]) -> bool:
        """A password change invalidates tokens before its response arrives."""
        for pause in POLL_DELAYS:
            if self._token != failed or not self._replacing:
                break
            await asyncio.sleep(pause)
        return self._token != failed

    @property
    def can_renew(self) -> bool:
        return self._source is not None or self._refresh_token is not None

    def _is_ending(self, token: str) -> bool:
        now, ends = self._clock.at(time.monotonic()), expiry_of(token)
        if now is None or ends is None:
            return False
        self._lifetime = max(self._lifetime or 0.0, ends - now)
        return ends - now < margin(self._lifetime)


async def _asked(source: Callable[[], Any]) -> Optional[str]:
    """The app's token. Errors of its function are retryable, unless they say otherwise."""
    try:
        given = source()
        if inspect.isawaitable(given):
            given = await asyncio.wait_for(given, MAX_TOKEN_FUNCTION_TIME)
    except ChatApiError:
        raise
    except asyncio.TimeoutError:
        raise ChatApiError(NETWORK_ERROR, f"The token function returned none within {MAX_TOKEN_FUNCTION_TIME} s") from None
    except Exception as error:
        raise ChatApiError(NETWORK_ERROR, f"The token function failed: {error!r}") from error
    return given if isinstance(given, str) else None
