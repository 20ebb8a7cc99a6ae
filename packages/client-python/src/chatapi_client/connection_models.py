"""What a connection tells the app about itself."""

from __future__ import annotations

from typing import Optional, TypedDict


class StateChange(TypedDict):
    """Why a connection changed its state: ``code`` is the close code or HTTP status, ``retry_in`` seconds to the next try."""

    previous: str
    state: str
    code: Optional[int]
    reason: str
    retry_in: Optional[float]


class Resync(TypedDict):
    """The log no longer reached back: ``missed`` messages came from history, edits and reactions did not."""

    chat_id: str
    missed: int
    first_seq: int
    last_seq: int
