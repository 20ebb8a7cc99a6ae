"""Coming back after close code 4429, too many connections or frames.

Another device took the place, and to come back by itself would only push out a third.
"""

from __future__ import annotations

from typing import Optional

TOO_MANY = 4429
MIN_PAUSE = 60.0
MAX_PAUSE = 16 * 60.0
CALM = 10 * 60.0
"""After a connection that held this long, a use of the app returns at once again."""


class TooManyConnections:
    def __init__(self) -> None:
        self._count = 0
        self._from: Optional[float] = None

    @property
    def is_here(self) -> bool:
        """Whether the last connection ended for this reason."""
        return self._from is not None

    def ended(self, now: float, code: Optional[int], held: float) -> float:
        """Return the delay in seconds before it comes back by itself.

        ``held``: how long the connection held.
        """
        self._from = None
        if held >= CALM:
            self._count = 0
        if code != TOO_MANY:
            return 0.0
        pause = min(MAX_PAUSE, MIN_PAUSE * 2.0**self._count)
        # Apps that send all the time must not push each other out.
        self._from = now if self._count == 0 else now + pause / 4
        self._count += 1
        return pause

    def usable_from(self, now: float) -> float:
        """When a use of the app may return: at once for the first time, later and later after
        that.
        """
        return max(now, self._from or now)
