"""A room, or a thread of it, as the app shows it."""

from __future__ import annotations

import asyncio
from typing import Any, Dict, List, Mapping, Optional, Sequence, Tuple

from ..models import Message
from .conversation import Conversation
from .local_changes import Change, LocalSend, Text
from .merge_patch import merge_patch
from .reader import WindowReader
from .store import Store
from .timeline import HistoryPage, Query, Timeline
from .views import LocalView, MessageView, RoomSnapshot

TYPING = 2.0
"""The server tells others at most this often; in seconds."""
IDLE = 4.0
"""Without a key for this long the user has stopped."""


class LiveRoom(Store[RoomSnapshot]):
    """The messages of a room, or the replies to one of its messages."""

    def __init__(self, conversation: Conversation, thread_of: Optional[str] = None) -> None:
        self._host = host = conversation.host
        self._in = conversation
        self._thread_of = thread_of
        self._threads: Dict[str, LiveRoom] = {}
        self._typed_at: Optional[float] = None
        self._idle: Optional[asyncio.TimerHandle] = None
        self.chat_id = chat_id = conversation.chat_id
        self.timeline = Timeline(thread_of)
        super().__init__(host.batch, self._snapshot, self._look)
        self.reader = WindowReader(
            self.timeline,
            self._page,
            conversation.settle,
            lambda seq: host.connect().follow(chat_id, seq),
            lambda: self.is_watched,
        )
        conversation.add(self)

    def thread(self, message_id: str) -> "LiveRoom":
        """The replies to a message of this room."""
        if message_id not in self._threads:
            self._threads[message_id] = LiveRoom(self._in, message_id)
        return self._threads[message_id]

    async def load_older(self) -> None:
        await self.reader.read("older")

    async def load_newer(self) -> None:
        await self.reader.read("newer")

    async def around(self, seq: int) -> None:
        """Show the messages around a place, such as one that a search found."""
        await self.reader.read("around", seq)

    async def to_latest(self) -> None:
        """Show the end of the room again."""
        if not self.timeline.is_loaded or self.timeline.has_newer:
            await self.reader.read("latest")

    def send(
        self,
        content: str = "",
        *,
        reply_to: Optional[str] = None,
        attachments: Sequence[str] = (),
        custom: Optional[Mapping[str, Any]] = None,
    ) -> str:
        """Show the message at once and send it, through reconnects and restarts.

        ``attachments``: ids of uploaded files. ``custom``: the application's own. Returns its ``client_id``, for `retry` and `cancel`.
        """
        self._stop_typing()
        in_thread = self._thread_of if reply_to is None else reply_to
        return self._in.send(content, in_thread, attachments, custom)

    def retry(self, client_id: str) -> None:
        """Send a failed message again. If it had arrived, it is not sent twice."""
        self._in.retry(client_id)

    def cancel(self, client_id: str) -> None:
        """Remove a message that failed, or has not been sent. One in flight may still arrive."""
        self._in.cancel(client_id)

    async def edit(
        self, message_id: str, content: Optional[str] = None, *, custom: Optional[Mapping[str, Any]] = None
    ) -> None:
        """Change the text, ``custom`` by a merge patch, or both.

        Raise, and show what was before, if the server refuses it; so do the next three.
        """
        messages = self._host.messages

        def edited(text: Text) -> Text:
            before, known = text
            merged = known if custom is None else merge_patch(known, custom)
            return before if content is None else content, merged

        change = Change("edit", edited=edited)
        await self._in.change(message_id, change, lambda: messages.update(message_id, content=content, custom=custom))

    async def delete(self, message_id: str) -> None:
        messages = self._host.messages
        await self._in.change(message_id, Change("delete"), lambda: messages.delete(message_id))

    async def react(self, message_id: str, emoji: str) -> None:
        messages = self._host.messages
        await self._in.change(message_id, Change("added", emoji=emoji), lambda: messages.react(message_id, emoji))

    async def unreact(self, message_id: str, emoji: str) -> None:
        messages = self._host.messages
        await self._in.change(message_id, Change("removed", emoji=emoji), lambda: messages.unreact(message_id, emoji))

    async def mark_read(self, seq: Optional[int] = None) -> None:
        """``seq``: default: the last message shown."""
        rows = self.timeline.rows
        last = (rows[-1].message["seq"] if rows else 0) if seq is None else seq
        room = self._host.list.rooms.get(self.chat_id)
        if last == 0 or (room is not None and room["read_seq"] >= last):
            return
        await self._host.connect().mark_read(self.chat_id, last)
        self._host.list.read(self.chat_id, last, self._unread_after(last))
        self._host.rooms_changed()

    async def type(self) -> None:
        """To be called at each key: others see that the user types, until a pause or `send`."""
        if self._idle is not None:
            self._idle.cancel()
        loop = asyncio.get_running_loop()
        self._idle = loop.call_later(IDLE, self._stop_typing)
        if self._typed_at is None or loop.time() - self._typed_at >= TYPING:
            self._typed_at = loop.time()
            await self._host.connect().typing(self.chat_id)

    def _stop_typing(self) -> None:
        if self._typed_at is None:
            return
        self._typed_at = None
        if self._idle is not None:
            self._idle.cancel()
        connection = self._host.connect()
        self._host.errand(lambda: connection.typing(self.chat_id, stop=True))

    def _look(self) -> None:
        self._host.connect()
        self._host.errand(self.reader.retry)

    async def _page(self, query: Query) -> HistoryPage:
        host, local = self._host, self._in.local
        confirmed = local.confirmed()
        page = await host.messages.list(
            chat_id=self.chat_id,
            limit=query["limit"],
            before_seq=query.get("before_seq"),
            after_seq=query.get("after_seq"),
            thread_of=self._thread_of,
        )
        host.people.learn(page.users)
        local.shown_by(page.items, confirmed)
        return HistoryPage(page.items, page.has_more, page.last_seq or 0)

    def _unread_after(self, seq: int) -> Optional[int]:
        """Of the messages that are loaded; None: not known."""
        timeline, me = self.timeline, self._host.me
        if not timeline.is_loaded or timeline.has_newer:
            return None
        messages = [row.message for row in timeline.rows]
        if messages and messages[0]["seq"] > seq:
            return None
        return sum(one["seq"] > seq and one["sender_id"] != me and not one["is_deleted"] for one in messages)

    def _snapshot(self) -> RoomSnapshot:
        timeline, error = self.timeline, self.reader.error
        is_failed = error is not None and not error.retryable
        shown: List[MessageView] = [self._view(self._in.local.over(row.message)) for row in timeline.rows]
        if not timeline.has_newer:
            shown.extend(self._sending(send) for send in self._mine())
        return RoomSnapshot(
            status="ready" if timeline.is_loaded else "failed" if is_failed else "loading",
            messages=tuple(shown),
            has_older=timeline.has_older,
            has_newer=timeline.has_newer,
            is_loading_older=timeline.is_asked("older"),
            is_loading_newer=timeline.is_asked("newer"),
            error=error,
        )

    def _mine(self) -> Tuple[LocalSend, ...]:
        sends = self._in.local.sends
        return tuple(one for one in sends if self._thread_of in (None, one.message["reply_to"]))

    def _view(self, message: Message, local: Optional[LocalView] = None) -> MessageView:
        client_id = message.get("client_id")
        key = message["id"] if client_id is None else f"{message['sender_id']} {client_id}"
        sender = self._host.people.get(message["sender_id"])
        return MessageView(message, key, sender, local)

    def _sending(self, send: LocalSend) -> MessageView:
        return self._view(send.message, LocalView(send.state, send.error))


