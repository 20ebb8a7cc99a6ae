"""Owns: driving the machine with a real socket: connecting again, for ever, and doing what it asks for."""

from __future__ import annotations

import asyncio
import json
import time
import uuid
from typing import Any, AsyncIterator, Callable, Dict, Optional, Sequence, Set

from .answers import Answer
from .errors import CLIENT_CLOSED, NETWORK_ERROR, ChatApiError
from .history import fill, find_rooms
from .inbox import Handler, Inbox, log
from .listening import Listening
from .machine import TOKEN_ENDED, Machine
from .models import Event, Message, Outgoing
from .rest import Rest
from .socket import LostError, Socket, open_socket

TOKEN_RETRY = 5.0
MOST_FRAME_BYTES = 64 * 1024


class AsyncRealtime(Listening):
    """A connection that takes care of itself: it comes back after any cut and loses, doubles and misorders nothing.

    Events are the wire's (``message``, ``message_updated``, ``message_deleted``, ``reaction``, ``member_joined``,
    ``typing``, ``user_status``, ``message_status`` …) and three of its own: ``state`` (``StateChange``), ``resync``
    (``Resync``) and ``error`` (``ChatApiError``). Nothing is given out before the first handler or iterator is there.
    """

    def __init__(self, rest: Rest, user_id: Optional[str] = None, *, auto_reconnect: bool = True, resume: bool = True):
        self._rest = rest
        self._path = user_id or "me"
        self._auto_reconnect = auto_reconnect
        self._resume = resume
        self._machine = Machine(rest.clock)
        self._inbox = Inbox()
        self._wake = asyncio.Event()
        self._settled = asyncio.Event()
        self._rooms_known = False
        self._token: Optional[str] = None
        self._errands: Set["asyncio.Task[None]"] = set()
        self._dispatching = asyncio.ensure_future(self._inbox.dispatch(self._drained))
        self._running = asyncio.ensure_future(self._run())

    @property
    def state(self) -> str:
        """``idle``, ``connecting``, ``connected``, ``waiting`` (for the next try) or ``closed`` (for good)."""
        return self._machine.state

    @property
    def user_id(self) -> Optional[str]:
        """Whose connection it is; None before the first ``connected``."""
        return self._machine.user_id

    def on(self, event: str, handler: Handler) -> Callable[[], None]:
        """Call ``handler(data)`` (plain or async) for each such event, one after the other. @returns a function that stops it."""
        return self._inbox.listen(event, handler)

    def events(self) -> AsyncIterator[Event]:
        """Every event from now on, until the connection is closed."""
        return self._inbox.events()

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
        timeout: Optional[float] = None,
    ) -> Message:
        """Send over the socket; answers once the message is committed, with its id and place in the log.

        Waits through cuts, restarts and limits, under one ``client_id``, so that it arrives once. Without a room or a
        person it goes to ``general``. ``timeout`` in seconds: then it is no longer sent and ``NETWORK_ERROR`` is raised,
        though it may have arrived. The ``content`` of the answer is as given; markup is removed from what others see.
        """
        client_id = client_id or str(uuid.uuid4())
        frame: Dict[str, Any] = {"message": content, "client_id": client_id}
        optional = {"chat_id": chat_id, "recipient_id": recipient_id, "reply_to": reply_to}
        frame.update({name: value for name, value in optional.items() if value is not None})
        if attachments:
            frame["attachments"] = list(attachments)
        text = json.dumps(frame, ensure_ascii=False)
        if len(text.encode()) > MOST_FRAME_BYTES or not 1 <= len(client_id) <= 64:
            raise ChatApiError("VALIDATION_ERROR", "A frame has at most 64 KiB, a client_id 1 to 64 characters", status=400)
        answer = Answer()
        self._machine.send(Outgoing(client_id, text, answer=answer))
        self._act()
        try:
            ack = await answer.within(timeout)
        finally:
            self._machine.outbox.take_back(client_id)
        return _sent(ack, frame, self._machine.user_id)

    async def typing(self, chat_id: str) -> None:
        """Tell the others of a room; lost without a connection."""
        self._machine.typing(chat_id)
        self._act()

    async def mark_read(self, chat_id: str, seq: int) -> None:
        """I have read up to here; kept until there is a connection."""
        self._machine.read(chat_id, seq)
        self._act()

    async def wait_ready(self, timeout: Optional[float] = None) -> None:
        """Until ``connected``. Raises ``NETWORK_ERROR`` after ``timeout`` seconds, or why it was closed."""
        end = None if timeout is None else time.monotonic() + timeout
        while self.state not in ("connected", "closed"):
            self._settled.clear()
            left = None if end is None else end - time.monotonic()
            try:
                await asyncio.wait_for(self._settled.wait(), left)
            except asyncio.TimeoutError:
                raise ChatApiError(NETWORK_ERROR, f"Not connected within {timeout} s") from None
        if self.state == "closed":
            raise self._machine.error or ChatApiError(CLIENT_CLOSED, "The connection is closed")

    async def run_forever(self) -> None:
        """Until it is closed; raises why, when it was not the app that closed it (banned, no fresh token)."""
        await asyncio.wait({self._running})
        if self._machine.error is not None:
            raise self._machine.error

    async def close(self) -> None:
        """For good; sends that wait for their answer fail with ``CLIENT_CLOSED``."""
        self._machine.close()
        self._inbox.drop()
        self._act()
        self._running.cancel()
        for errand in list(self._errands):
            errand.cancel()
        await asyncio.wait({self._running})

    async def __aenter__(self) -> "AsyncRealtime":
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def _run(self) -> None:
        try:
            while self.state != "closed":
                await self._connect_once()
                self._act()
                if self.state == "waiting" and not self._auto_reconnect:
                    self._machine.close(ChatApiError(NETWORK_ERROR, "The connection was lost"))
                if self.state == "waiting":
                    await asyncio.sleep(max(0.0, self._machine.retry_at - time.monotonic()))
        finally:
            self._machine.close(ChatApiError(CLIENT_CLOSED, "The connection is closed"))
            self._act()
            self._inbox.close()

    async def _connect_once(self) -> None:
        self._machine.connecting()
        self._act()
        try:
            self._token = await self._rest.tokens.current()
            first = not self._rooms_known
            if first and self._resume:
                # Before the connection: what is committed from here on is the app's to see.
                known = find_rooms(self._rest, self._machine.views.start_at_end, only_news=False, waits=False)
                self._rooms_known = await known
            url = self._rest.base_url.replace("http", "ws", 1) + f"/ws/{self._path}"
            async with open_socket(url, self._token) as socket:
                await self._serve(socket, first)
        except LostError as lost:
            if lost.code in (TOKEN_ENDED, 401) and not await self._has_fresh_token(self._token):
                return
            self._machine.lost(time.monotonic(), lost.code, lost.reason, lost.retry_after)
        except ChatApiError as error:
            if error.status == 401:
                self._machine.close(error, 401)
            else:
                self._machine.lost(time.monotonic(), error.status or None, str(error), error.retry_after)
        except Exception as error:  # the app's own token function, or what a library throws on the wrong day
            self._machine.lost(time.monotonic(), None, repr(error))

    async def _has_fresh_token(self, ended: Optional[str]) -> bool:
        """Raises nothing that lasts: where it cannot be known now, the next try asks again."""
        try:
            fresh = await self._rest.tokens.renew(ended)
        except Exception as error:
            self._machine.lost(time.monotonic(), TOKEN_ENDED, f"no fresh token yet: {error!r}")
            return False
        if fresh is None:
            reason = "The token has ended and there is no fresh one"
            self._machine.close(ChatApiError("AUTHENTICATION_ERROR", reason, status=401), TOKEN_ENDED)
        return fresh is not None

    async def _serve(self, socket: Socket, first: bool) -> None:
        writing = asyncio.ensure_future(self._write(socket))
        try:
            async for frame in socket.frames():
                self._machine.received(frame, time.monotonic())
                if frame.get("type") == "hello" and self._resume:
                    self._errand(self._look_for_rooms(first))
                self._act()
        finally:
            writing.cancel()

    async def _write(self, socket: Socket) -> None:
        """A task of its own: while the server takes nothing, what it says is still read."""
        while True:
            now = time.monotonic()
            self._machine.tick(now)
            self._do_errands()
            for text in self._machine.frames(now):
                await socket.send(text)
            at = self._machine.next_tick()
            self._wake.clear()
            try:
                await asyncio.wait_for(self._wake.wait(), None if at is None else max(0.0, at - time.monotonic()))
            except asyncio.TimeoutError:
                pass

    def _act(self) -> None:
        """Gives out what the machine has to tell, and lets the writer look."""
        for event in self._machine.take_events():
            self._inbox.put(event)
            if event.type == "state":
                self._settled.set()
        self._machine.has_place = self._inbox.has_place
        self._do_errands()
        self._wake.set()

    def _drained(self) -> None:
        self._machine.has_place = True
        self._wake.set()

    def _do_errands(self) -> None:
        for chat_id in self._machine.take_to_fill():
            self._errand(fill(self._rest, self._machine, chat_id, self._inbox))
        if self._machine.take_token_due():
            self._errand(self._renew_live())

    def _errand(self, work: Any) -> None:
        errand = asyncio.ensure_future(work)
        self._errands.add(errand)
        errand.add_done_callback(self._errand_done)

    def _errand_done(self, errand: "asyncio.Task[None]") -> None:
        self._errands.discard(errand)
        if not errand.cancelled() and errand.exception() is not None:
            log.debug("an errand failed: %r", errand.exception())
        self._act()

    async def _look_for_rooms(self, first: bool) -> None:
        """After a reconnect, rooms that the user came into meanwhile; after a first one that a limit kept from asking, all."""
        views = self._machine.views
        if not first:
            views.unsure()
            try:
                await find_rooms(self._rest, views.came_into, only_news=True, waits=True)
            finally:
                views.sure()
        elif not self._rooms_known:
            self._rooms_known = await find_rooms(self._rest, views.start_at_end, only_news=False, waits=True)

    async def _renew_live(self) -> None:
        """Asks until there is another token, or none to be had, in which case the server ends the connection."""
        while self.state == "connected" and self._rest.tokens.can_renew:
            try:
                fresh = await self._rest.tokens.renew(self._token)
            except Exception as error:
                log.debug("no fresh token yet: %r", error)
                fresh = None
            if fresh is not None:
                self._token = fresh
                self._machine.renewed(fresh)
                return
            await asyncio.sleep(TOKEN_RETRY)


def _sent(ack: Dict[str, Any], frame: Dict[str, Any], sender_id: Optional[str]) -> Message:
    message: Message = {
        "id": ack["message_id"],
        "chat_id": ack["chat_id"],
        "seq": ack["seq"],
        "sender_id": sender_id or "",
        "content": frame["message"],
        "message_type": "text",
        "reply_to": frame.get("reply_to"),
        "status": "sent",
        "is_edited": False,
        "is_deleted": False,
        "created_at": ack["created_at"],
        "client_id": frame["client_id"],
    }
    return message
