"""The server's time and the expiry of tokens by it.

The local calendar is not used, since it may be wrong.
"""

from __future__ import annotations

import base64
import json
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime
from typing import Optional


def now_as_text() -> str:
    """By the local calendar, for what only the app sees."""
    return datetime.now(timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def epoch_of(text: object) -> Optional[float]:
    """Parse an RFC 3339 time to seconds since 1970; None for anything else."""
    try:
        at = datetime.fromisoformat(str(text).replace("Z", "+00:00"))
    except ValueError:
        return None
    return (at if at.tzinfo else at.replace(tzinfo=timezone.utc)).timestamp()


def expiry_of(token: str) -> Optional[float]:
    """The ``exp`` of a JWT, unverified; None if it is not readable."""
    try:
        part = token.split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
        return float(claims["exp"])
    except (IndexError, ValueError, KeyError, TypeError):
        return None


def margin(lifetime: float) -> float:
    """How many seconds before its expiry a token is renewed: a fifth of the remaining time, at most
    a minute.
    """
    return min(60.0, max(0.0, lifetime) / 5)


class ServerClock:
    """The server's time as an offset to a monotonic clock; None until the first response."""

    ROUGH = 2.0

    def __init__(self) -> None:
        self._offset: Optional[float] = None

    def at(self, now: float) -> Optional[float]:
        return None if self._offset is None else self._offset + now

    def exact(self, server_time: object, now: float) -> None:
        """Set the time from ``hello``, exact to the millisecond."""
        epoch = epoch_of(server_time)
        if epoch is not None:
            self._offset = epoch - now

    def rough(self, date: Optional[str], now: float) -> None:
        """Set the time from an HTTP ``Date``, exact to the second.

        Used if nothing better is known, or after the machine has slept.
        """
        try:
            epoch = parsedate_to_datetime(date or "").timestamp() + 0.5
        except (TypeError, ValueError, IndexError):
            return
        if self._offset is None or abs(self._offset + now - epoch) > self.ROUGH:
            self._offset = epoch - now
