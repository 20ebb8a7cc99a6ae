"""A message on its way from the app to the server."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, List


@dataclass
class Outgoing:
    """A message on its way: kept, and sent again under the same ``client_id``, until the server has answered it.

    ``answers``: who waits for that, each with ``resolve(ack)`` and ``reject(error)``.
    """

    client_id: str
    text: str
    answers: List[Any] = field(repr=False)
    sent: bool = False

    def resolve(self, ack: Any) -> None:
        for answer in self.answers:
            answer.resolve(ack)

    def reject(self, error: Any) -> None:
        for answer in self.answers:
            answer.reject(error)
