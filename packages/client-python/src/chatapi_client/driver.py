"""Connects the machine with real sockets and REST; reconnects forever."""

from __future__ import annotations

import asyncio
import time
from typing import Any, Optional, Set

from .backoff import Backoff
from .errors import CLIENT_CLOSED, NETWORK_ERROR, ChatApiError
from .event_queue import EventQueue, log
from .history import OnRooms, fill, find_rooms
from .machine import TOKEN_ENDED, Machine
from .models import Room
from .paths import path_of
from .rest import Rest
from .socket import LostError
from .sockets import AnySocket, Sockets

TOKEN_RETRY = 5.0
FOR_GOOD = {"AUTHENTICATION_ERROR", "AUTHORIZATION_ERROR", CLIENT_CLOSED}
BUSY = {429, 503}
"""Statuses of the server that say nothing about the network."""


class Driver:
    def __init__(
        self, rest: Rest, user_id: str, auto_reconnect: bool, resume: bool, on_rooms: Optional[OnRooms] = None
    ) -> None:
        self.machine = Machine(rest.clock, shows_rooms=resume and on_rooms is not None)
        self.queue = EventQueue()
        self.settled = asyncio.Event()
        """Set at each change of state."""
        self._rest = rest
        self._user_id = user_id
        self._auto_reconnect = auto_reconnect
        self._resume = resume
        self._on_rooms = on_rooms
        self._wake = asyncio.Event()
        self._used = asyncio.Event()
        self._rooms_known = False
        self._token: Optional[str] = None
        self._errands: Set["asyncio.Task[None]"] = set()
        self._refusals = 0
        url = ""
        try:
            url = rest.base_url.replace("http", "ws", 1) + path_of("/ws/{}", user_id)
        except ChatApiError as error:
            self.machine.close(error)
        self._sockets = Sockets(rest, url)
        self.telling = asyncio.ensure_future(self.queue.dispatch(self._drained))
        """Runs until it is closed and all events are delivered."""
        self.running = asyncio.ensure_future(self._run())

    async def close(self) -> None:
        self.machine.close()
        self.queue.drop()
        self.act()
        self.running.cancel()
        for errand in list(self._errands):
            errand.cancel()
        await asyncio.wait({self.running})

    def act(self) -> None:
        """Deliver the machine's events and wake the writer."""
        for event in self.machine.take_events():
            self.queue.put(event)
            if event.type == "state":
                self.settled.set()
        self.machine.has_place = self.queue.has_place
        if self.machine.pages is not None and self._on_rooms is not None:
            pages, self.machine.pages.read = self.machine.pages.read, []
            for page in pages:
                self._on_rooms(page)
        self._do_errands()
        self._wake.set()

    async def _run(self) -> None:
        try:
            while self.machine.state != "closed":
                await self._connect_once()
                self.act()
                if self.machine.state == "waiting" and not self._auto_reconnect:
                    self.machine.close(ChatApiError(NETWORK_ERROR, "The connection was lost"))
                await self._pause()
        finally:
            self.machine.close(ChatApiError(CLIENT_CLOSED, "The connection is closed"))
            self.act()
            self.queue.close()

    def use(self) -> None:
        """The app is used, so a connection that was one too many may return."""
        if self.machine.is_crowded:
            self.machine.nudge(time.monotonic())
            self._used.set()

    async def _pause(self) -> None:
        await asyncio.sleep(0)
        while self.machine.state == "waiting" and time.monotonic() < self.machine.retry_at:
            self._used.clear()
            try:
                await asyncio.wait_for(self._used.wait(), max(0.0, self.machine.retry_at - time.monotonic()))
            except asyncio.TimeoutError:
                pass

    async def _connect_once(self) -> None:
        self.machine.connecting()
        self.act()
        try:
            self._token = await self._rest.tokens.current()
            if not self._rooms_known and self._resume and self.machine.pages is None:
                # Before the connection, since the app must see what is committed from
                # here on; an app that shows rooms starts with those that it gets on the
                # connection.
                known = find_rooms(self._rest, self.machine.views.start_at_end, only_news=False, waits=False)
                self._rooms_known = await known
            async with self._sockets.open(self._token) as socket:
                await self._serve(socket)
        except LostError as lost:
            await self._ended(lost)
        except Exception as error:  # libraries may raise anything
            self._failed(error)

    async def _ended(self, lost: LostError) -> None:
        try:
            if self.machine.state == "connecting":
                await self._ask_why(lost)
            self.machine.lost(time.monotonic(), lost.code, lost.reason, lost.retry_after)
            self.act()
            if lost.code == TOKEN_ENDED and await self._rest.tokens.renew(self._token) is None:
                reason = "The token has expired and cannot be renewed"
                self.machine.close(ChatApiError("AUTHENTICATION_ERROR", reason, status=401), TOKEN_ENDED)
        except Exception as error:
            self._failed(error)

    async def _ask_why(self, lost: LostError) -> None:
        """A proxy may have kept the socket from opening: REST shows who did.

        These requests count against limits, so they become rarer once they are answered. Raises
        ``ChatApiError`` if the server is not reached, or refuses too.
        """
        if lost.is_own and lost.code in BUSY:
            return
        count = self._refusals + 1
        if lost.code in (401, 403) or count & (count - 1) == 0:
            me = await self._rest.call("GET", "/users/me", waits=False)
            if self._user_id not in ("me", me["id"]):
                raise ChatApiError("AUTHORIZATION_ERROR", "The token is another user's", status=403)
            self._sockets.failed()
        # The answer may renew the token, so without one the next refusal asks again.
        self._refusals = count

    def _failed(self, error: Exception) -> None:
        """Close permanently for errors that a retry would repeat."""
        if not isinstance(error, ChatApiError):
            self.machine.lost(time.monotonic(), None, repr(error))
        elif error.code in FOR_GOOD and not error.foreign:
            self.machine.close(error, error.status or None)
        else:
            self.machine.lost(time.monotonic(), error.status or None, str(error), error.retry_after)
            self.machine.last_loss = error

    async def _serve(self, socket: AnySocket) -> None:
        pages = self.machine.pages
        writing = asyncio.ensure_future(self._write(socket))
        try:
            async for frame in socket.frames():
                was_asked = pages is not None and pages.is_asked
                self.machine.received(frame, time.monotonic())
                if self.machine.state == "closed":
                    return
                if frame.get("type") == "hello":
                    self._refusals = 0
                    self._sockets.opened()
                by_rest = pages is None or pages.is_refused
                if by_rest and (was_asked or (frame.get("type") == "hello" and self._resume)):
                    self._errand(self._look_for_rooms())
                self.act()
        finally:
            socket.ended = True
            writing.cancel()

    async def _write(self, socket: AnySocket) -> None:
        """A separate task, so that frames are read while the server accepts none.

        `wait_for` may swallow a cancel (Python before 3.12), and frames given to a closed socket
        would be lost.
        """
        while not socket.ended:
            now = time.monotonic()
            self.machine.tick(now)
            self._do_errands()
            for text in self.machine.frames(now):
                await socket.send(text)
            at = self.machine.next_tick()
            self._wake.clear()
            try:
                await asyncio.wait_for(self._wake.wait(), None if at is None else max(0.0, at - time.monotonic()))
            except asyncio.TimeoutError:
                pass

    def _drained(self) -> None:
        self.machine.has_place = True
        self._wake.set()

    def _do_errands(self) -> None:
        for chat_id in self.machine.take_to_fill():
            self._errand(fill(self._rest, self.machine, chat_id, self.queue))
        if self.machine.take_token_due():
            self._errand(self._renew_live())

    def _errand(self, work: Any) -> None:
        errand = asyncio.ensure_future(work)
        self._errands.add(errand)
        errand.add_done_callback(self._errand_done)

    def _errand_done(self, errand: "asyncio.Task[None]") -> None:
        self._errands.discard(errand)
        if not errand.cancelled() and errand.exception() is not None:
            log.debug("an errand failed: %r", errand.exception())
        self.act()

    def _note(self, room: Room) -> bool:
        views = self.machine.views
        is_new = views.start_at_end(room)
        if not is_new:
            views.follow(room["chat_id"], room["last_seq"])
        return is_new

    async def _look_for_rooms(self) -> None:
        """Look for rooms that the user joined meanwhile; for all rooms if they are not known, because
        a limit kept from looking, or the server refused a state.
        """
        views, on_rooms = self.machine.views, self._on_rooms
        if not self._rooms_known:
            find = find_rooms(self._rest, self._note, only_news=False, waits=True, on_rooms=on_rooms)
            self._rooms_known = await find
            return
        look, backoff = views.unsure(), Backoff()
        # If the connection ends first, the next one tries again.
        while self.machine.state == "connected":
            try:
                await find_rooms(self._rest, views.came_into, only_news=True, waits=True, on_rooms=on_rooms)
            except ChatApiError as error:
                if error.retryable:
                    await asyncio.sleep(backoff.next())
                    continue
            views.sure(look)
            return

    async def _renew_live(self) -> None:
        """Retry until there is a new token, or none can be had, in which case the server ends the
        connection.
        """
        while self.machine.state == "connected" and self._rest.tokens.can_renew:
            try:
                fresh = await self._rest.tokens.renew(self._token)
            except Exception as error:
                log.debug("no fresh token yet: %r", error)
                fresh = None
            if fresh is not None:
                self._token = fresh
                self.machine.renewed(fresh)
                return
            await asyncio.sleep(TOKEN_RETRY)
