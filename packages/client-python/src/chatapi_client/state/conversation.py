"""A room as the app sees it: its windows (all messages, threads), and what the user did there."""

from __future__ import annotations

import asyncio
import uuid
from typing import Any, Awaitable, Callable, Dict, List, Mapping, Optional, Protocol, Sequence

from ..clock import now_as_text
from ..errors import ChatApiError
from ..models import Message, new_message
from .host import Host
from .local_changes import Change, LocalChanges, LocalSend
from .reader import WindowReader
from .rows import LoggedEvent, with_, with_custom
from .timeline import Timeline

SETTLE = 30.0
"""A confirmed change whose event does not come is forgotten after this; in seconds."""
LAST = 2**62


class Window(Protocol):
    timeline: Timeline
    reader: WindowReader

    def changed(self) -> None: ...


class Conversation:
    def __init__(self, host: Host, chat_id: str) -> None:
        self.host = host
        self.chat_id = chat_id
        self.local = LocalChanges()
        self._windows: List[Window] = []
        self._sending: Dict[str, "asyncio.Task[None]"] = {}
        self._given: Dict[str, Dict[str, Any]] = {}
        """What was given to `send`, until it is committed or cancelled."""

    def add(self, window: Window) -> None:
        self._windows.append(window)

    def event(self, event: LoggedEvent, is_past: bool) -> None:
        """``is_past``: a message that the log does not hold any more; a ``resync`` follows."""
        self.prepare()
        self.local.event(event)
        if not is_past:
            for window in self._windows:
                window.timeline.event(event)
        self.settle()

    def follow(self) -> None:
        """Ask for what is missing; after all events that have come, since they may bring it."""
        for window in self._windows:
            window.reader.follow()

    def resync(self, seq: int) -> None:
        """Events up to ``seq`` will not come."""
        for window in self._windows:
            window.timeline.resync(seq)
        self.local.resync(all(window.timeline.wants is None for window in self._windows))
        self.settle()
        self.run()

    def reconnected(self) -> None:
        """There is a new connection or membership, which must continue from what is loaded."""
        for window in self._windows:
            window.timeline.reconnected()
        self.run()

    def run(self) -> None:
        for window in self._windows:
            self.host.errand(window.reader.run)

    def people_changed(self) -> None:
        for window in self._windows:
            window.changed()

    def status(self, message_id: str, status: str) -> None:
        """How a message was delivered or read; not a part of the log."""
        for window in self._windows:
            window.timeline.status(message_id, status)
        self.settle()

    def prepare(self) -> None:
        self.local.me = self.host.me
        for window in self._windows:
            window.timeline.me = self.host.me

    def settle(self) -> None:
        """After each change."""
        self.prepare()
        self.local.settle(self._find, self._shows)
        for window in self._windows:
            window.changed()

    # What the app does: it is shown at once, and taken back where the server refuses it.

    def send(
        self,
        content: str,
        reply_to: Optional[str],
        attachments: Sequence[str],
        custom: Optional[Mapping[str, Any]],
    ) -> str:
        """Returns the ``client_id``, for `retry` and `cancel`."""
        client_id = str(uuid.uuid4())
        given = {"content": content, "reply_to": reply_to, "attachments": attachments, "custom": custom}
        self._given[client_id] = given
        at = now_as_text()
        place = {"id": client_id, "chat_id": self.chat_id, "seq": LAST, "sender_id": self.host.me or ""}
        made = new_message(**place, content=content, reply_to=reply_to, created_at=at, client_id=client_id)
        self.local.add(LocalSend(with_custom(made, custom), client_id))
        self.settle()
        self.retry(client_id)
        return client_id

    def retry(self, client_id: str) -> None:
        """If it had arrived, it is not sent twice."""
        given = self._given.get(client_id)
        if given is None or client_id in self._sending:
            return
        self.local.patch(client_id, state="sending", error=None)
        self.settle()
        task = asyncio.ensure_future(self._deliver(client_id, given))
        self._sending[client_id] = task
        task.add_done_callback(lambda _: self._ended(client_id, task))

    def cancel(self, client_id: str) -> None:
        send = self.local.find(client_id)
        if send is None or send.state == "sent":
            return
        self._given.pop(client_id, None)
        task = self._sending.get(client_id)
        if task is not None:
            task.cancel()
        self.local.remove(client_id)
        self.settle()

    def close(self) -> None:
        for task in list(self._sending.values()):
            task.cancel()

    def _ended(self, client_id: str, task: Optional["asyncio.Task[Any]"]) -> None:
        if self._sending.get(client_id) is task:
            del self._sending[client_id]

    async def _deliver(self, client_id: str, given: Dict[str, Any]) -> None:
        try:
            message = await self.host.connect().send(chat_id=self.chat_id, client_id=client_id, **given)
        except ChatApiError as error:
            self.local.patch(client_id, state="failed", error=error)
        else:
            self._given.pop(client_id, None)
            for window in self._windows:
                window.timeline.committed(message["seq"])
            send = self.local.find(client_id)
            if send is not None:
                place = {"id": message["id"], "seq": message["seq"], "created_at": message["created_at"]}
                self.local.patch(client_id, state="sent", message=with_(send.message, **place))
        # A listener may try again at once.
        self._ended(client_id, asyncio.current_task())
        self.settle()

    async def change(
        self, message_id: str, wanted: Change, call: Callable[[], Awaitable[Optional[Message]]]
    ) -> None:
        """Show a change while ``call`` makes it. Raises as ``call`` does."""
        self.prepare()
        one = self.local.change(message_id, wanted)
        self.settle()
        try:
            message = await call()
        except BaseException:
            self.local.undo(one)
            self.settle()
            raise
        self.local.confirm(one, message)
        self.settle()

        def forget() -> None:
            self.local.undo(one)
            self.settle()

        asyncio.get_running_loop().call_later(SETTLE, forget)

    def _find(self, message_id: str) -> Optional[Message]:
        for window in self._windows:
            for row in window.timeline.rows:
                if row.message["id"] == message_id:
                    return row.message
        return None

    def _shows(self, seq: int) -> bool:
        loaded = [window.timeline for window in self._windows if window.timeline.is_loaded]
        return bool(loaded) and all(timeline.shows(seq) for timeline in loaded)

