"""What the client says by REST in place of a WebSocket: messages, in order, read positions and typing."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Any, Callable, Deque, Dict, Generic, Mapping, Optional, Set, TypeVar

from .errors import CLIENT_CLOSED, NETWORK_ERROR, ChatApiError
from .event_queue import log
from .paths import path_of
from .rest import Rest

DEFAULT_ROOM = "general"
"""Messages without a room go there."""
Say = Callable[[Dict[str, Any]], None]
_T = TypeVar("_T")


def error_frame(error: ChatApiError, client_id: Optional[str] = None) -> Dict[str, Any]:
    frame: Dict[str, Any] = {"type": "error", "code": error.code, "message": error.message, "details": error.details}
    if client_id is not None:
        frame["client_id"] = client_id
    if error.retry_after is not None:
        frame["retry_after_ms"] = error.retry_after * 1000
    return frame


class Posts:
    """Messages, one after the other so that they keep their order."""

    def __init__(self, rest: Rest, say: Say, drop: Callable[[str], None]) -> None:
        self._rest = rest
        self._say = say
        self._drop = drop
        self._waiting: Deque[Mapping[str, Any]] = deque()
        self._added = asyncio.Event()
        self._unanswered: Set[str] = set()
        self._refusal: Optional[ChatApiError] = None
        """Why what follows is refused: else it would overtake the message that was."""
        self._untold = 0
        """Refusals that the driver has not handled yet. Until then it sends new messages."""
        self._is_over = False

    def add(self, frame: Mapping[str, Any]) -> None:
        self._unanswered.add(str(frame["client_id"]))
        self._waiting.append(frame)
        self._added.set()

    def answer(self, message: Mapping[str, Any]) -> None:
        """By the response or by the message's event, whichever comes first."""
        client_id = message.get("client_id")
        if client_id not in self._unanswered:
            return
        self._unanswered.discard(client_id)
        place = {name: message[name] for name in ("client_id", "chat_id", "seq", "created_at")}
        self._say({"type": "ack", "message_id": message["id"], **place})

    def handled(self, frame: Mapping[str, Any]) -> None:
        """The driver has handled a frame, so it keeps back what follows a refused message."""
        if frame["type"] == "error" and "client_id" in frame:
            self._untold -= 1
        if self._untold == 0 and not self._waiting:
            self._refusal = None

    def stop(self) -> None:
        """The next connection sends what has no answer, in order: nothing may overtake it here."""
        self._is_over = True

    async def run(self) -> None:
        while True:
            while self._waiting and not self._is_over:
                await self._post(self._waiting.popleft())
            self._added.clear()
            await self._added.wait()

    async def _post(self, frame: Mapping[str, Any]) -> None:
        client_id = str(frame["client_id"])
        if self._refusal is not None:
            self._refuse(client_id, self._refusal)
            return
        try:
            message = await self._rest.call("POST", "/messages/", body=_body_of(frame), waits=False)
        except ChatApiError as error:
            if error.foreign or error.code in (NETWORK_ERROR, CLIENT_CLOSED):
                # It may have arrived: the next connection sends it again.
                self._drop(str(error))
                return
            self._refuse(client_id, error)
            self._refusal = error if error.retryable else None
        else:
            self.answer({**message, "client_id": client_id})

    def _refuse(self, client_id: str, error: ChatApiError) -> None:
        if client_id in self._unanswered:
            self._unanswered.discard(client_id)
            self._untold += 1
            self._say(error_frame(error, client_id))


def _body_of(frame: Mapping[str, Any]) -> Dict[str, Any]:
    body = {name: value for name, value in frame.items() if name != "message"}
    if "chat_id" not in body and "recipient_id" not in body:
        body["chat_id"] = DEFAULT_ROOM
    return {**body, "content": frame["message"]}


class _LastOfRooms(Generic[_T]):
    """Of a room only the last value counts, so none waits for an older one. A refusal ends nothing."""

    def __init__(self, rest: Rest) -> None:
        self._rest = rest
        self._due: Dict[str, _T] = {}
        self._added = asyncio.Event()

    def add(self, chat_id: str, value: _T) -> None:
        self._due[chat_id] = value
        self._added.set()

    async def run(self) -> None:
        while True:
            while self._due:
                chat_id = next(iter(self._due))
                value = self._due.pop(chat_id)
                try:
                    await self._tell(chat_id, value)
                except ChatApiError as error:
                    log.debug("%s was not taken: %r", value, error)
            self._added.clear()
            await self._added.wait()

    async def _tell(self, chat_id: str, value: _T) -> None:
        raise NotImplementedError


class Reads(_LastOfRooms[int]):
    """Read positions."""

    def add(self, chat_id: str, value: int) -> None:
        super().add(chat_id, max(value, self._due.get(chat_id, 0)))

    async def _tell(self, chat_id: str, value: int) -> None:
        await self._rest.call("PUT", path_of("/rooms/{}/read", chat_id), body={"seq": value})


class Typing(_LastOfRooms[bool]):
    """Whether the user has stopped typing. One after the other, so that no stop is overtaken."""

    async def _tell(self, chat_id: str, value: bool) -> None:
        body = {"stop": True} if value else {}
        await self._rest.call("POST", path_of("/rooms/{}/typing", chat_id), body=body, waits=False)
