"""Owns: driving the machine with real sockets: connecting again, for ever, and doing what it asks for."""

from __future__ import annotations

import asyncio
import time
from typing import Any, Optional, Set

from .backoff import Backoff
from .errors import CLIENT_CLOSED, NETWORK_ERROR, ChatApiError
from .history import fill, find_rooms
from .inbox import Inbox, log
from .machine import TOKEN_ENDED, Machine
from .rest import Rest
from .socket import LostError, Socket, open_socket

TOKEN_RETRY = 5.0
FOR_GOOD = {"AUTHENTICATION_ERROR", "AUTHORIZATION_ERROR", CLIENT_CLOSED}


class Driver:
    def __init__(self, rest: Rest, user_id: str, auto_reconnect: bool, resume: bool) -> None:
        self.machine = Machine(rest.clock)
        self.inbox = Inbox()
        self.settled = asyncio.Event()
        """Set at each change of state."""
        self._rest = rest
        self._user_id = user_id
        self._url = rest.base_url.replace("http", "ws", 1) + f"/ws/{user_id}"
        self._auto_reconnect = auto_reconnect
        self._resume = resume
        self._wake = asyncio.Event()
        self._rooms_known = False
        self._token: Optional[str] = None
        self._errands: Set["asyncio.Task[None]"] = set()
        self.telling = asyncio.ensure_future(self.inbox.dispatch(self._drained))
        """Ends once it is closed and the app was told everything."""
        self.running = asyncio.ensure_future(self._run())

    async def close(self) -> None:
        self.machine.close()
        self.inbox.drop()
        self.act()
        self.running.cancel()
        for errand in list(self._errands):
            errand.cancel()
        await asyncio.wait({self.running})

    def act(self) -> None:
        """Gives out what the machine has to tell, and lets the writer look."""
        for event in self.machine.take_events():
            self.inbox.put(event)
            if event.type == "state":
                self.settled.set()
        self.machine.has_place = self.inbox.has_place
        self._do_errands()
        self._wake.set()

    async def _run(self) -> None:
        try:
            while self.machine.state != "closed":
                await self._connect_once()
                self.act()
                if self.machine.state == "waiting" and not self._auto_reconnect:
                    self.machine.close(ChatApiError(NETWORK_ERROR, "The connection was lost"))
                if self.machine.state == "waiting":
                    await asyncio.sleep(max(0.0, self.machine.retry_at - time.monotonic()))
        finally:
            self.machine.close(ChatApiError(CLIENT_CLOSED, "The connection is closed"))
            self.act()
            self.inbox.close()

    async def _connect_once(self) -> None:
        self.machine.connecting()
        self.act()
        try:
            self._token = await self._rest.tokens.current()
            first = not self._rooms_known
            if first and self._resume:
                # Before the connection: what is committed from here on is the app's to see.
                known = find_rooms(self._rest, self.machine.views.start_at_end, only_news=False, waits=False)
                self._rooms_known = await known
            async with open_socket(self._url, self._token) as socket:
                await self._serve(socket, first)
        except LostError as lost:
            self.machine.lost(time.monotonic(), lost.code, lost.reason, lost.retry_after)
            self.act()
            await self._ask_whether_for_good(lost.code)
        except Exception as error:  # what a library throws on the wrong day too
            self._failed(error)

    async def _ask_whether_for_good(self, code: Optional[int]) -> None:
        """A refusal of the upgrade may be a proxy's: REST says whose it is."""
        try:
            if code in (401, 403):
                me = await self._rest.call("GET", "/users/me", waits=False)
                if self._user_id not in ("me", me["id"]):
                    raise ChatApiError("AUTHORIZATION_ERROR", "The token is another user's", status=403)
            elif code == TOKEN_ENDED and await self._rest.tokens.renew(self._token) is None:
                reason = "The token has ended and there is no fresh one"
                self.machine.close(ChatApiError("AUTHENTICATION_ERROR", reason, status=401), TOKEN_ENDED)
        except Exception as error:
            self._failed(error)

    def _failed(self, error: Exception) -> None:
        """What will be so the next time too ends it."""
        if not isinstance(error, ChatApiError):
            self.machine.lost(time.monotonic(), None, repr(error))
        elif error.code in FOR_GOOD:
            self.machine.close(error, error.status or None)
        else:
            self.machine.lost(time.monotonic(), error.status or None, str(error), error.retry_after)

    async def _serve(self, socket: Socket, first: bool) -> None:
        writing = asyncio.ensure_future(self._write(socket))
        try:
            async for frame in socket.frames():
                self.machine.received(frame, time.monotonic())
                if self.machine.state == "closed":
                    return
                if frame.get("type") == "hello" and self._resume:
                    self._errand(self._look_for_rooms(first))
                self.act()
        finally:
            socket.ended = True
            writing.cancel()

    async def _write(self, socket: Socket) -> None:
        """A task of its own: while the server takes nothing, what it says is still read.

        `wait_for` may swallow a cancel (Python before 3.12), and frames given to an ended socket would be lost.
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
            self._errand(fill(self._rest, self.machine, chat_id, self.inbox))
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

    async def _look_for_rooms(self, first: bool) -> None:
        """After a reconnect, rooms that the user came into meanwhile; after a first one that a limit kept from asking, all."""
        views = self.machine.views
        if first:
            if not self._rooms_known:
                self._rooms_known = await find_rooms(self._rest, views.start_at_end, only_news=False, waits=True)
            return
        look, backoff = views.unsure(), Backoff()
        # Where it ends before, the next connection looks again.
        while self.machine.state == "connected":
            try:
                await find_rooms(self._rest, views.came_into, only_news=True, waits=True)
            except ChatApiError as error:
                if error.retryable:
                    await asyncio.sleep(backoff.next())
                    continue
            views.sure(look)
            return

    async def _renew_live(self) -> None:
        """Asks until there is another token, or none to be had, in which case the server ends the connection."""
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
