"""Owns: which access token to use, and getting another one: from the app's function, or with the refresh token."""

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
"""A token, or a function (plain or async) that gives a fresh one each time that it is asked."""
OnTokens = Callable[[Tokens], Any]
Refresh = Callable[[str], Awaitable[Tokens]]

LONGEST_ASK = 60.0
"""Seconds that the app's function may take; it may ask a server of its own."""
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

    async def current(self) -> Optional[str]:
        """The token to use now; one that is about to end is renewed first where that is possible."""
        token = self._token
        if token is None or (self.can_renew and self._is_ending(token)):
            return await self.renew(token) or token
        return token

    async def renew(self, failed: Optional[str]) -> Optional[str]:
        """Another token than ``failed``, or None where there is none. Many callers at once make one renewal.

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
                await self._spend_refresh_token(self._refresh_token)
            return self._token if self._token != failed else None

    async def adopt(self, tokens: Tokens) -> None:
        """From now on in the name of this session."""
        self._source = None
        self._token = tokens["access_token"]
        self._refresh_token = tokens["refresh_token"]
        if self._on_tokens is None:
            return
        try:
            told = self._on_tokens(tokens)
            if inspect.isawaitable(told):
                await told
        except Exception:
            log.exception("on_tokens failed")

    def forget(self) -> None:
        self._token = self._refresh_token = self._source = None

    async def _spend_refresh_token(self, refresh_token: str) -> None:
        try:
            tokens = await self._refresh(refresh_token)
        except ChatApiError as error:
            if error.retryable:
                raise
            self._refresh_token = None
        else:
            await self.adopt(tokens)

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
    """The app's own token. What its function raises may be better the next time, unless it says itself that it is not."""
    try:
        given = source()
        if inspect.isawaitable(given):
            given = await asyncio.wait_for(given, LONGEST_ASK)
    except ChatApiError:
        raise
    except asyncio.TimeoutError:
        raise ChatApiError(NETWORK_ERROR, f"The token function gave none within {LONGEST_ASK} s") from None
    except Exception as error:
        raise ChatApiError(NETWORK_ERROR, f"The token function failed: {error!r}") from error
    return given if isinstance(given, str) else None
