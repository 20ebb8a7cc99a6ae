"""Reads the bytes of server-sent events, in whatever parts they arrive."""

from __future__ import annotations

import re
from typing import List, NamedTuple, Optional

MAX_EVENT_BYTES = 1024 * 1024
"""An event without an end must not fill the memory. The largest frames have about 64 KiB."""
_LINE_END = re.compile(rb"\r\n|\r|\n")


class ServerEvent(NamedTuple):
    """``id``: of this event or the last one that had one."""

    name: str
    data: str
    id: Optional[str]


class TooLongError(Exception):
    """An event has more than `MAX_EVENT_BYTES`."""


class SseReader:
    def __init__(self) -> None:
        self._line = bytearray()
        """The beginning of a line whose end has not arrived."""
        self._ended_in_cr = False
        self._name = ""
        self._data = bytearray()
        """Each of its lines with a line end."""
        self._id: Optional[str] = None

    def take(self, part: bytes) -> List[ServerEvent]:
        """The events that are complete with this part."""
        if self._ended_in_cr and part.startswith(b"\n"):
            part = part[1:]
        self._ended_in_cr = part.endswith(b"\r")
        *lines, rest = _LINE_END.split(part)
        events: List[ServerEvent] = []
        for line in lines:
            self._line += line
            event = self._end_of_line(bytes(self._line))
            self._line.clear()
            if event is not None:
                events.append(event)
        self._line += rest
        self._check()
        return events

    def _end_of_line(self, line: bytes) -> Optional[ServerEvent]:
        if not line:
            return self._end_of_event()
        field, _, value = line.partition(b":")
        value = value[1:] if value.startswith(b" ") else value
        if field == b"data":
            self._data += value + b"\n"
            self._check()
        elif field == b"event":
            self._name = value.decode(errors="replace")
        elif field == b"id" and b"\0" not in value:
            self._id = value.decode(errors="replace")
        return None

    def _end_of_event(self) -> Optional[ServerEvent]:
        name, data = self._name or "message", self._data
        self._name, self._data = "", bytearray()
        return ServerEvent(name, data[:-1].decode(errors="replace"), self._id) if data else None

    def _check(self) -> None:
        if len(self._line) + len(self._data) > MAX_EVENT_BYTES:
            raise TooLongError(f"an event has more than {MAX_EVENT_BYTES} bytes")
