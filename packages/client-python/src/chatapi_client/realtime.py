"""Owns: what an app sees of a connection. Does not own: sockets and reconnecting (`driver.py`)."""

from __future__ import annotations

import asyncio
import json
import time
import uuid
from typing import Any, AsyncIterator, Callable, Dict, Mapping, Optional, Sequence

from .driver import Driver
from .errors import CLIENT_CLOSED, NETWORK_ERROR, ChatApiError
from .event_handlers import Listening
from .event_queue import Handler
from .history import OnRooms
from .models import Event, Message, new_message
from .outgoing import Outgoing
from .pending_ack import Answer
from .rest import Rest

MAX_FRAME_BYTES = 64 * 1024


class AsyncRealtime(Listening):
    """A connection that takes care of itself: it comes back after any cut and loses, doubles and misorders nothing.

    Events are the wire's (``message``, ``message_updated``, ``message_deleted``, ``reaction``, ``member_joined``,
    ``typing``, ``user_status``, ``message_status`` …) and three of its own: ``state`` (``StateChange``), ``resync``
    (``Resync``) and ``error`` (``ChatApiError``). Nothing is given out before the first handler or iterator is there.
    """

    def __init__(
        self,
        rest: Rest,
        user_id: Optional[str] = None,
        *,
        auto_reconnect: bool = True,
        resume: bool = True,
        on_rooms: Optional[OnRooms] = None,
    ):
        self._driver = Driver(rest, "me" if user_id is None else user_id, auto_reconnect, resume, on_rooms)
        self._machine = self._driver.machine

    @property
    def state(self) -> str:
        """``idle``, ``connecting``, ``connected``, ``waiting`` (for the next try) or ``closed`` (for good)."""
        return self._machine.state

    @property
    def user_id(self) -> Optional[str]:
        """Whose connection it is; None before the first ``connected``."""
        return self._machine.user_id

    @property
    def last_error(self) -> Optional[ChatApiError]:
        """Why the last connection or attempt ended, such as ``RATE_LIMIT_EXCEEDED`` after close
        code 4429 (too many connections of the user); None while it never did.
        """
        return self._machine.error or self._machine.last_loss

    def _listen(self, event: str, handler: Handler) -> Callable[[], None]:
        return self._driver.queue.listen(event, handler)

    def events(self) -> AsyncIterator[Event]:
        """Every event from now on, until the connection is closed."""
        return self._driver.queue.events()

    __aiter__ = events

    async def send(
        self,
        *,
        content: str = "",
        chat_id: Optional[str] = None,
        recipient_id: Optional[str] = None,
        attachments: Sequence[str] = (),
        reply_to: Optional[str] = None,
        client_id: Optional[str] = None,
        custom: Optional[Mapping[str, Any]] = None,
        timeout: Optional[float] = None,
    ) -> Message:
        """Send over the socket; answers once the message is committed, with its id and place in the log.

        Waits through cuts, restarts and limits, under one ``client_id``, so that it arrives once. Without a room or a
        person it goes to ``general``. ``timeout`` in seconds: then it is no longer sent and ``NETWORK_ERROR`` is raised,
        though it may have arrived. The ``content`` of the answer is as given; markup that acts is removed from what
        others see. ``custom``: the application's own, at most 4 KiB as JSON and 5 levels.
        """
        self._driver.use()
        client_id = client_id or str(uuid.uuid4())
        frame: Dict[str, Any] = {"message": content, "client_id": client_id}
        optional = {"chat_id": chat_id, "recipient_id": recipient_id, "reply_to": reply_to, "custom": custom}
        frame.update({name: value for name, value in optional.items() if value is not None})
        if attachments:
            frame["attachments"] = list(attachments)
        text = json.dumps(frame, ensure_ascii=False)
        if _bytes_of(text) > MAX_FRAME_BYTES or not 1 <= len(client_id) <= 64:
            raise ChatApiError("VALIDATION_ERROR", "A frame has at most 64 KiB, a client_id 1 to 64 characters", status=400)
        answer = Answer()
        self._machine.send(Outgoing(client_id, text, [answer]))
        self._driver.act()
        try:
            ack = await answer.within(timeout)
        finally:
            self._machine.outbox.leave(client_id, answer)
        return _sent(ack, frame, self._machine.user_id)

    async def typing(self, chat_id: str, *, stop: bool = False) -> None:
        """Tell the others of a room; lost without a connection, or where WebSocket is blocked.

        ``stop``: the user types no more.
        """
        self._driver.use()
        self._machine.typing(chat_id, stop)
        self._driver.act()

    async def mark_read(self, chat_id: str, seq: int) -> None:
        """I have read up to here; kept until there is a connection."""
        self._driver.use()
        self._machine.read(chat_id, seq)
        self._driver.act()

    async def watch_staff(self) -> None:
        """For moderators and admins: deliver ``staff_stats`` every two seconds, ``staff_report`` and
        ``staff_entry`` as they come, on this connection and those after it.

        What came without a connection is in the lists. ``staff_ended``: the role was taken away.
        Nothing comes where WebSocket is blocked.
        """
        self._machine.watch_staff()
        self._driver.act()

    def follow(self, chat_id: str, seq: int) -> None:
        """For apps that keep rooms by themselves: deliver all events of a room after ``seq``, such as
        the ``last_seq`` of a page of its messages. Those that were delivered before come again.
        """
        self._machine.views.follow(chat_id, seq)
        self._driver.act()

    async def wait_ready(self, timeout: Optional[float] = None) -> None:
        """Until ``connected``. Raises ``NETWORK_ERROR`` after ``timeout`` seconds, with
        ``last_error`` in its message and as its cause, or why it was closed.
        """
        end = None if timeout is None else time.monotonic() + timeout
        while self.state not in ("connected", "closed"):
            self._driver.settled.clear()
            left = None if end is None else end - time.monotonic()
            try:
                await asyncio.wait_for(self._driver.settled.wait(), left)
            except asyncio.TimeoutError:
                raise _not_connected(timeout, self.last_error) from self.last_error
        if self.state == "closed":
            raise self._machine.error or ChatApiError(CLIENT_CLOSED, "The connection is closed")

    async def run_forever(self) -> None:
        """Until it is closed and handlers have had what came before; raises why, when it was not the app that closed it
        (banned, no fresh token)."""
        await asyncio.wait({self._driver.telling})
        if self._machine.error is not None:
            raise self._machine.error

    async def close(self) -> None:
        """For good; sends that wait for their answer fail with ``CLIENT_CLOSED``."""
        await self._driver.close()

    async def __aenter__(self) -> "AsyncRealtime":
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()


def _not_connected(timeout: Optional[float], last: Optional[ChatApiError]) -> ChatApiError:
    message = f"Not connected within {timeout} s"
    if last is None:
        return ChatApiError(NETWORK_ERROR, message)
    told = f"{message}: {last.message}"
    return ChatApiError(NETWORK_ERROR, told, status=last.status, details=last.details, request_id=last.request_id)


def _bytes_of(text: str) -> int:
    try:
        return len(text.encode())
    except UnicodeEncodeError:
        raise ChatApiError("VALIDATION_ERROR", "The text has half a character (a lone surrogate)", status=400) from None


def _sent(ack: Dict[str, Any], frame: Dict[str, Any], sender_id: Optional[str]) -> Message:
    """``content`` as it was sent. Attachments are only in the event of the message."""
    given = {name: value for name, value in frame.items() if name not in ("message", "attachments")}
    place = {name: ack[name] for name in ("chat_id", "seq", "created_at")}
    return new_message(
        **{**given, **place, "id": ack["message_id"], "sender_id": sender_id or "", "content": frame["message"]}
    )
