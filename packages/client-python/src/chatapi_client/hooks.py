"""The hook that is asked before a message or an edit is taken. Scope ``webhooks:write``."""

from __future__ import annotations

from typing import Literal, Optional, Sequence

from .rest import Rest, given
from .webhook_models import BeforeMessageHook

PATH = "/admin/hooks/before-message"


class HooksApi:
    """Every method raises ``ChatApiError``; without a hook: ``RESOURCE_NOT_FOUND``."""

    def __init__(self, rest: Rest) -> None:
        self._rest = rest

    async def put_before_message(
        self,
        *,
        url: str,
        on_failure: Literal["accept", "reject"],
        timeout_ms: Optional[int] = None,
        rooms: Optional[Sequence[str]] = None,
    ) -> BeforeMessageHook:
        """Set the hook. It holds within a second.

        ``timeout_ms``: 50–1000; default 500. ``rooms``: default: all. ``secret`` is only in the
        answer that makes it.
        """
        body = given(
            url=url, timeout_ms=timeout_ms, on_failure=on_failure, rooms=None if rooms is None else list(rooms)
        )
        hook: BeforeMessageHook = await self._rest.call("PUT", PATH, body=body, safe=False)
        return hook

    async def before_message(self) -> BeforeMessageHook:
        hook: BeforeMessageHook = await self._rest.call("GET", PATH)
        return hook

    async def delete_before_message(self) -> None:
        """Messages are taken unasked, within a second."""
        await self._rest.call("DELETE", PATH)
