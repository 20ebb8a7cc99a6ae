"""The one error that this package raises for what the server or the network refused."""

from __future__ import annotations

from typing import Any, Mapping, Optional

NETWORK_ERROR = "NETWORK_ERROR"
"""No answer came: refused, cut, or later than the time-out."""
CLIENT_CLOSED = "CLIENT_CLOSED"
"""The client or its connection was closed, by the app or for good by the server."""

_RETRYABLE_CODES = {"RATE_LIMIT_EXCEEDED", "SERVICE_UNAVAILABLE", NETWORK_ERROR}
_RETRYABLE_STATUS = {408, 429, 502, 503, 504}


class ChatApiError(Exception):
    """A refused call, frame or connection.

    ``code`` is the server's (``VALIDATION_ERROR``, ``RATE_LIMIT_EXCEEDED`` …) or ``NETWORK_ERROR`` / ``CLIENT_CLOSED``.
    ``status`` is HTTP's, 0 where there was none. ``details`` holds ``fields`` for validation.
    ``request_id`` names the request in the server's logs. ``retryable``: the same call may succeed later.
    ``retry_after`` is how long to wait first, in seconds, where the server said so.
    """

    def __init__(
        self,
        code: str,
        message: str,
        *,
        status: int = 0,
        details: Optional[Mapping[str, Any]] = None,
        request_id: Optional[str] = None,
        retry_after: Optional[float] = None,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.status = status
        self.details: dict[str, Any] = dict(details or {})
        self.request_id = request_id
        self.retry_after = retry_after
        self.retryable = code in _RETRYABLE_CODES or status in _RETRYABLE_STATUS

    def __str__(self) -> str:
        return f"{self.code}: {self.message}"

    def __repr__(self) -> str:
        return f"ChatApiError({self.code!r}, {self.message!r}, status={self.status}, request_id={self.request_id!r})"


def _seconds(value: Any) -> Optional[float]:
    try:
        return max(0.0, float(value))
    except (TypeError, ValueError):
        return None


def error_of_answer(status: int, headers: Mapping[str, str], body: Any) -> ChatApiError:
    """The error of an HTTP answer; a proxy's page instead of the server's object counts by its status."""
    known = body if isinstance(body, dict) and isinstance(body.get("code"), str) else {}
    code = known.get("code") or ("SERVICE_UNAVAILABLE" if status in (502, 503, 504) else "INTERNAL_ERROR")
    details = known.get("details")
    return ChatApiError(
        code,
        str(known.get("message") or f"HTTP status {status}"),
        status=status,
        details=details if isinstance(details, dict) else {},
        request_id=known.get("request_id") or headers.get("x-request-id"),
        retry_after=_seconds(headers.get("retry-after")),
    )


def error_of_frame(frame: Mapping[str, Any]) -> ChatApiError:
    """The error of an ``error`` frame on the socket."""
    wait = _seconds(frame.get("retry_after_ms"))
    details = frame.get("details")
    return ChatApiError(
        str(frame.get("code", "INTERNAL_ERROR")),
        str(frame.get("message", "")),
        details=details if isinstance(details, dict) else {},
        retry_after=None if wait is None else wait / 1000,
    )
