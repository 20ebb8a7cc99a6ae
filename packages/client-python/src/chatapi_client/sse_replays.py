"""What a connection missed, read again by REST, in place of the WebSocket's ``resume`` and ``state``.

Live events of a room wait until its replay is done, which they must not overtake.
"""

from __future__ import annotations

from typing import Any, Awaitable, Callable, Dict, List, Mapping, NamedTuple, Optional, Set

from .clock import now_as_text
from .errors import ChatApiError
from .paths import path_of
from .rest import Rest, given
from .sse_sends import Say, error_frame

EVENTS_PER_PAGE = 500
ROOMS_PER_PAGE = 100
FEW_ROOMS = 3
"""Fewer rooms are asked for one by one."""
MAX_WAITING = 1000
"""Of a room: beyond, its live events are dropped and read from the log instead."""
Frame = Mapping[str, Any]


class _Replayed(NamedTuple):
    to: int
    complete: bool


class Replays:
    def __init__(self, rest: Rest, say: Say, drained: Callable[[], Awaitable[Any]]) -> None:
        self._rest = rest
        self._say = say
        self._drained = drained
        self._delivered: Dict[str, int] = {}
        """The highest seq that was delivered, by room."""
        self._waiting: Dict[str, List[Frame]] = {}
        """Live events of the rooms that are being replayed."""
        self._overflowed: Set[str] = set()

    def take(self, frame: Frame) -> None:
        """A live event."""
        chat_id = str(frame.get("chat_id"))
        waiting = self._waiting.get(chat_id) if isinstance(frame.get("seq"), int) else None
        if waiting is None:
            self._deliver(frame)
        elif len(waiting) < MAX_WAITING and chat_id not in self._overflowed:
            waiting.append(frame)
        else:
            waiting.clear()
            self._overflowed.add(chat_id)

    async def resume(self, asked: Mapping[str, int]) -> None:
        for chat_id in asked:
            self._hold(chat_id)
        heads = await self._heads(set(asked)) if len(asked) > FEW_ROOMS else {}
        rooms: Dict[str, Any] = {}
        for chat_id, start in asked.items():
            head = heads.get(chat_id)
            is_current = head is not None and head["last_seq"] == start
            replayed = await self._replay(chat_id, start, is_current)
            known = {} if head is None else {name: head[name] for name in ("read_seq", "unread_count", "last_seq")}
            rooms[chat_id] = {"from": start, **replayed._asdict(), **known}
        self._say({"type": "resumed", "rooms": rooms})

    async def state(self, limit: int, cursor: Optional[str]) -> None:
        """A page of the rooms. What was delivered after its state of a room comes again."""
        query = given(limit=min(limit, ROOMS_PER_PAGE), cursor=cursor)
        try:
            page = await self._rest.call("GET", "/rooms", query=query)
        except ChatApiError as error:
            self._say(error_frame(error))
            return
        passed = [room for room in page["rooms"] if self._delivered.get(room["chat_id"], 0) > room["last_seq"]]
        for room in passed:
            self._hold(room["chat_id"])
        self._say({**page, "type": "state", "presence": {}, "timestamp": now_as_text()})
        for room in passed:
            await self._replay(room["chat_id"], room["last_seq"])

    def _deliver(self, frame: Frame) -> None:
        chat_id, seq = frame.get("chat_id"), frame.get("seq")
        if isinstance(chat_id, str) and isinstance(seq, int):
            self._delivered[chat_id] = max(seq, self._delivered.get(chat_id, 0))
        self._say(dict(frame))

    def _hold(self, chat_id: str) -> None:
        self._waiting.setdefault(chat_id, [])

    def _release(self, chat_id: str, to: int) -> None:
        """The live events that the replay did not bring."""
        for frame in self._waiting.pop(chat_id, []):
            if frame["seq"] > to:
                self._deliver(frame)

    async def _heads(self, wanted: Set[str]) -> Dict[str, Any]:
        """Of these rooms, as far as the user is a member."""
        heads: Dict[str, Any] = {}
        cursor: Optional[str] = None
        while wanted:
            page = await self._rest.call("GET", "/rooms", query=given(limit=ROOMS_PER_PAGE, cursor=cursor))
            heads.update({room["chat_id"]: room for room in page["rooms"] if room["chat_id"] in wanted})
            wanted = wanted.difference(heads)
            cursor = page["next_cursor"]
            if cursor is None:
                break
        return heads

    async def _replay(self, chat_id: str, start: int, is_current: bool = False) -> _Replayed:
        """Deliver what follows the seq, then what waited meanwhile."""
        replayed = _Replayed(start, True) if is_current else await self._read_log(chat_id, start)
        while chat_id in self._overflowed and replayed.complete:
            self._overflowed.discard(chat_id)
            replayed = await self._read_log(chat_id, replayed.to)
        self._overflowed.discard(chat_id)
        self._release(chat_id, replayed.to)
        return replayed

    async def _read_log(self, chat_id: str, start: int) -> _Replayed:
        position = start
        while True:
            query = {"after_seq": position, "limit": EVENTS_PER_PAGE}
            try:
                page = await self._rest.call("GET", path_of("/rooms/{}/events", chat_id), query=query)
            except ChatApiError as error:
                if error.code == "RESOURCE_NOT_FOUND" and not error.foreign:
                    return _Replayed(position, False)
                raise
            if not page["complete"]:
                return _Replayed(int(page["last_seq"]), False)
            for frame in page["events"]:
                self._deliver(frame)
                position = frame["seq"]
            if not page["has_more"]:
                return _Replayed(position, True)
            await self._drained()
