"""One response of ``GET /events``."""

from __future__ import annotations

from typing import Any, Awaitable, Callable, Dict, Optional

from .errors import error_of_answer
from .rest import Rest
from .socket import ABNORMAL, LostError
from .sse_reader import SseReader, ServerEvent

SILENCE = 12.0
"""Seconds. The server writes a comment every 5 s."""
_SSE = "text/event-stream"


async def read_events(
    rest: Rest,
    token: Optional[str],
    cursor: Optional[str],
    take: Callable[[ServerEvent], None],
    drained: Callable[[], Awaitable[Any]],
) -> None:
    """Read until the stream ends, which raises `LostError`.

    ``cursor``: the id of the event after which it begins; None: live. ``drained``: waits until
    there is room for more, so that a busy app slows the server instead of filling the memory.
    """
    headers: Dict[str, str] = {"Accept": _SSE, "Accept-Encoding": "identity"}
    if cursor is not None:
        headers["Last-Event-ID"] = cursor
    reader = SseReader()
    try:
        async with rest.stream("/events", headers, token, SILENCE) as response:
            if not response.headers.get("content-type", "").startswith(_SSE):
                raise _refused(response)
            async for part in response.aiter_bytes():
                for event in reader.take(part):
                    take(event)
                await drained()
    except LostError:
        raise
    except Exception as error:  # libraries may raise anything
        raise LostError(ABNORMAL, repr(error)) from error
    raise LostError(ABNORMAL, "the stream has ended")


def _refused(response: Any) -> LostError:
    status: int = response.status_code
    error = error_of_answer(status, response.headers, None)
    is_own = "x-request-id" in response.headers
    return LostError(status, f"no events: HTTP status {status}", error.retry_after, is_own=is_own)
