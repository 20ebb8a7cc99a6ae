"""Owns: how long to wait before the next try."""

from __future__ import annotations

import random
from typing import Optional


class Backoff:
    """Full jitter: uniform between 0 and ``least * 2^n`` seconds, at most ``most``; begins anew after 10 s that held."""

    STABLE = 10.0

    def __init__(self, least: float = 0.5, most: float = 20.0, rng: Optional[random.Random] = None) -> None:
        self._least = least
        self._most = most
        self._rng = rng or random.Random()
        self._failures = 0

    def next(self, held: float = 0.0) -> float:
        """Seconds until the next try; ``held``: how long the last one was good for."""
        if held >= self.STABLE:
            self._failures = 0
        ceiling = min(self._most, self._least * 2.0 ** min(self._failures, 30))
        self._failures += 1
        return self._rng.uniform(0, ceiling)
