"""The pending response to one message."""

from __future__ import annotations

import asyncio
from typing import Any, Dict, Mapping, Optional

from .errors import NETWORK_ERROR, ChatApiError


class Answer:
    def __init__(self) -> None:
        self._future: "asyncio.Future[Dict[str, Any]]" = asyncio.get_running_loop().create_future()

    def resolve(self, ack: Mapping[str, Any]) -> None:
        if not self._future.done():
            self._future.set_result(dict(ack))

    def reject(self, error: ChatApiError) -> None:
        if not self._future.done():
            self._future.set_exception(error)

    async def within(self, timeout: Optional[float]) -> Dict[str, Any]:
        try:
            return await asyncio.wait_for(self._future, timeout)
        except asyncio.TimeoutError:
            raise ChatApiError(NETWORK_ERROR, f"No response to the message within {timeout} s") from None
