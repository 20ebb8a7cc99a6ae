"""The error of this package, for refusals by the server and network errors."""

from __future__ import annotations

import math
import time
from email.utils import parsedate_to_datetime
from typing import Any, Dict, Mapping, Optional, cast

NETWORK_ERROR = "NETWORK_ERROR"
"""No response: connection refused, cut or timed out."""
CLIENT_CLOSED = "CLIENT_CLOSED"
"""The client or its connection was closed, by the app or permanently by the server."""

_RETRYABLE_CODES = {"RATE_LIMIT_EXCEEDED", "SERVICE_UNAVAILABLE", NETWORK_ERROR}
_RETRYABLE_STATUS = {408, 429, 502, 503, 504}
_CODE_OF_STATUS = {
    401: "AUTHENTICATION_ERROR",
    403: "AUTHORIZATION_ERROR",
    404: "RESOURCE_NOT_FOUND",
    405: "METHOD_NOT_ALLOWED",
    407: "AUTHENTICATION_ERROR",
    408: "SERVICE_UNAVAILABLE",
    409: "CONFLICT",
    410: "RESOURCE_NOT_FOUND",
    413: "PAYLOAD_TOO_LARGE",
    415: "UNSUPPORTED_MEDIA_TYPE",
    423: "ACCOUNT_LOCKED",
    429: "RATE_LIMIT_EXCEEDED",
    451: "AUTHORIZATION_ERROR",
    502: "SERVICE_UNAVAILABLE",
    503: "SERVICE_UNAVAILABLE",
    504: "SERVICE_UNAVAILABLE",
}
"""The codes of the server by HTTP status, for pages of proxies."""
_OWN_CODES = {*_CODE_OF_STATUS.values(), "VALIDATION_ERROR", "INTERNAL_ERROR"}


class ChatApiError(Exception):
    """A call, frame or connection was refused or failed.

    ``code`` is the server's (``VALIDATION_ERROR``, ``RATE_LIMIT_EXCEEDED`` …) or ``NETWORK_ERROR``
    / ``CLIENT_CLOSED``. ``status`` is the HTTP status, 0 without a response. ``details`` holds
    ``fields`` for validation errors. ``request_id`` is the id of the request in the server's logs.
    ``retryable``: the same call may succeed later. ``retry_after``: delay before a retry in
    seconds, if the server gave one. ``foreign``: the response came from a proxy or a captive
    portal, not from the server: an ``AUTHENTICATION_ERROR`` of it says nothing about the session.
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
        foreign: bool = False,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.status = status
        self.details: dict[str, Any] = dict(details or {})
        self.request_id = request_id
        self.retry_after = retry_after
        self.foreign = foreign
        self.retryable = code in _RETRYABLE_CODES or status in _RETRYABLE_STATUS

    def __str__(self) -> str:
        return f"{self.code}: {self.message}"

    def __repr__(self) -> str:
        return f"ChatApiError({self.code!r}, {self.message!r}, status={self.status}, request_id={self.request_id!r})"


def _seconds(value: Any) -> Optional[float]:
    try:
        seconds = float(value)
        return max(0.0, seconds) if math.isfinite(seconds) else None
    except (TypeError, ValueError):
        return None


def _object(value: Any) -> Dict[str, Any]:
    """An empty one for a value that is no object."""
    return cast(Dict[str, Any], value) if isinstance(value, dict) else {}


def _retry_after(headers: Mapping[str, str]) -> Optional[float]:
    """Proxies give a date too, which is read by their own clock."""
    given = headers.get("retry-after")
    seconds = _seconds(given)
    if seconds is not None:
        return seconds
    try:
        at = parsedate_to_datetime(given or "").timestamp()
    except (TypeError, ValueError, IndexError):
        return None
    try:
        sent = parsedate_to_datetime(headers.get("date") or "").timestamp()
    except (TypeError, ValueError, IndexError):
        sent = time.time()
    return max(0.0, at - sent)


def _code_of(status: int) -> str:
    if status < 400 or status >= 600:
        return NETWORK_ERROR
    return _CODE_OF_STATUS.get(status, "VALIDATION_ERROR" if status < 500 else "INTERNAL_ERROR")


def redirected(status: int, location: str) -> ChatApiError:
    """Redirects are not followed: the token would go to whoever asks for it."""
    message = f"The request was redirected to {location}; if that is the server, use it as base_url"
    return ChatApiError(NETWORK_ERROR, message, status=status, details={"location": location}, foreign=True)


def not_ours(operation: str, status: int) -> ChatApiError:
    """The response comes from something else than the server, such as a hotel network's page."""
    message = f"{operation}: not an answer of the server (HTTP status {status})"
    return ChatApiError(NETWORK_ERROR, message, status=status, foreign=True)


def error_of_answer(status: int, headers: Mapping[str, str], body: Any) -> ChatApiError:
    """The error of an HTTP response.

    A page of a proxy instead of the server's object is mapped by its status.
    """
    location = headers.get("location")
    if 300 <= status < 400 and location is not None:
        return redirected(status, location)
    known = _object(body)
    code = known.get("code")
    own = isinstance(code, str) and (known.get("error") is True or code in _OWN_CODES)
    if not own:
        known = {}
    return ChatApiError(
        str(known.get("code") or _code_of(status)),
        str(known.get("message") or f"HTTP status {status}, not from the server"),
        status=status,
        details=_object(known.get("details")),
        request_id=known.get("request_id") or headers.get("x-request-id"),
        retry_after=_retry_after(headers),
        foreign=not own,
    )


def error_of_loss(code: Optional[int], reason: str) -> ChatApiError:
    """Why a connection ended. ``code``: close code, or HTTP status of a refusal."""
    details = {} if code is None else {"close_code": code}
    kind = "RATE_LIMIT_EXCEEDED" if code == 4429 else NETWORK_ERROR
    return ChatApiError(kind, reason or "The connection was cut", details=details)


def error_of_frame(frame: Mapping[str, Any]) -> ChatApiError:
    """The error of an ``error`` frame on the socket."""
    wait = _seconds(frame.get("retry_after_ms"))
    return ChatApiError(
        str(frame.get("code", "INTERNAL_ERROR")),
        str(frame.get("message", "")),
        details=_object(frame.get("details")),
        retry_after=None if wait is None else wait / 1000,
    )
