"""Delays between attempts."""

from __future__ import annotations

import random
from typing import Optional


class Backoff:
    """Exponential backoff with full jitter: uniform between 0 and ``minimum * 2^n`` seconds, at
    most ``maximum``; reset after an attempt that held for 10 s.
    """

    STABLE = 10.0

    def __init__(self, minimum: float = 0.5, maximum: float = 20.0, rng: Optional[random.Random] = None) -> None:
        self._minimum = minimum
        self._maximum = maximum
        self._rng = rng or random.Random()
        self._failures = 0

    def next(self, held: float = 0.0) -> float:
        """The delay of the next attempt in seconds. ``held``: how long the last attempt held."""
        if held >= self.STABLE:
            self._failures = 0
        ceiling = min(self._maximum, self._minimum * 2.0 ** min(self._failures, 30))
        self._failures += 1
        return self._rng.uniform(0, ceiling)
