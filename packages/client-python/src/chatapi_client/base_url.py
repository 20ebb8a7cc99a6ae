"""The URL of the API gateway, judged before the first request."""

from __future__ import annotations

import re
from typing import Optional
from urllib.parse import urlsplit

from .errors import ChatApiError

EXAMPLE = "https://chat.example.com"


def _problem_of(given: object) -> Optional[str]:
    if not isinstance(given, str) or not given.strip():
        return "is missing"
    if re.match(r"\s*wss?:", given, re.IGNORECASE):
        return "is the URL of a WebSocket: give the one that begins with http:// or https://"
    if not re.match(r"\s*https?://[^/?#\\]", given, re.IGNORECASE):
        return "does not begin with http:// or https://"
    if re.search(r"\s", given.strip()):
        return "is not a URL"
    try:
        parts = urlsplit(given.strip())
        if not parts.hostname or (parts.port is not None and parts.port < 0):
            return "is not a URL"
    except ValueError:
        return "is not a URL"
    if "@" in parts.netloc:
        return "holds a user name or a password"
    return "has a query or a fragment" if re.search(r"[?#]", given) else None


def judged_base_url(given: object) -> str:
    """Return the URL without a slash at its end; a path, of a server behind a prefix, is kept.

    Raises ``ChatApiError`` for anything but an absolute http or https URL.
    """
    problem = _problem_of(given)
    if problem is None:
        parts = urlsplit(str(given).strip())
        return f"{parts.scheme}://{parts.netloc.lower()}{parts.path.rstrip('/')}"
    message = f"base_url {given!r} {problem}; an example is {EXAMPLE}"
    raise ChatApiError("VALIDATION_ERROR", message, details={"fields": [{"path": "base_url", "message": message}]})
