"""The state of a chat app: stores over one connection."""

from __future__ import annotations

import asyncio
from typing import Any, Callable, Dict, List, Optional, Set, Tuple, cast

from ..chats import ChatsApi
from ..errors import CLIENT_CLOSED, ChatApiError
from ..history import PastEvent
from ..messages import MessagesApi
from ..models import Event, Presence
from ..people import PeopleApi
from ..realtime import AsyncRealtime
from ..rest import Rest
from ..state_pages import RoomsPage
from .conversation import Conversation
from .members import LiveMembers
from .people import People, UserView
from .room import LiveRoom
from .room_stores import RoomStores
from .rows import LOGGED
from .store import Batch, Store, log
from .typing_rooms import DEFAULT, TypingRooms
from .views import Badges, ConnectionSnapshot, RoomsSnapshot, RoomView


class Live:
    """The stores of a client, each with ``snapshot``, ``subscribe`` and ``wait_for``.

    The connection opens with the first look at a store, and stays until ``close``.
    """

    def __init__(self, rest: Rest, connect: Callable[[Callable[[RoomsPage], None]], AsyncRealtime]) -> None:
        self.batch = Batch()
        self.messages = MessagesApi(rest)
        self.chats = ChatsApi(rest)
        self.people = People(PeopleApi(rest), rest.base_url, self._people_changed)
        self._open = connect
        self._typing = TypingRooms(self.people, self._typing_changed)
        self._stores = RoomStores(self.chats, self.people, self.batch, self._look, self.errand)
        self.list = self._stores.list
        self._state = ConnectionSnapshot("idle")
        self._connection: Store[ConnectionSnapshot] = Store(self.batch, lambda: self._state, self._look)
        self._conversations: Dict[str, Conversation] = {}
        self._rooms: Dict[str, LiveRoom] = {}
        self._members: Dict[str, LiveMembers] = {}
        self._typists: Dict[str, Store[Tuple[UserView, ...]]] = {}
        self._users: Dict[str, Store[Optional[UserView]]] = {}
        self._presences: Dict[str, Store[Optional[Presence]]] = {}
        self._realtime: Optional[AsyncRealtime] = None
        self._was_connected = False
        self._errands: Set["asyncio.Task[None]"] = set()
        self._follows: Set[str] = set()

    @property
    def me(self) -> Optional[str]:
        """The user's id, once connected."""
        return self.list.me

    def connection(self) -> Store[ConnectionSnapshot]:
        return self._connection

    def rooms(self) -> Store[RoomsSnapshot]:
        """The user's rooms."""
        return self._stores.rooms

    def info(self, chat_id: str) -> Store[Optional[RoomView]]:
        """A room of the list; None if it is not there."""
        return self._stores.room(chat_id)

    def badges(self) -> Store[Badges]:
        return self._stores.badges

    def room(self, chat_id: str) -> LiveRoom:
        """The messages of a room, and what can be done there."""
        if chat_id not in self._rooms:
            self._conversations[chat_id] = Conversation(self, chat_id)
            self._rooms[chat_id] = LiveRoom(self._conversations[chat_id])
        return self._rooms[chat_id]

    def members(self, chat_id: str) -> LiveMembers:
        if chat_id not in self._members:
            self._members[chat_id] = LiveMembers(self, chat_id)
        return self._members[chat_id]

    def typing(self, chat_id: str) -> Store[Tuple[UserView, ...]]:
        """Who else types there."""
        if chat_id not in self._typists:
            self._typists[chat_id] = Store(self.batch, lambda: self._typing.of(chat_id), self._look)
        return self._typists[chat_id]

    def user(self, user_id: str) -> Store[Optional[UserView]]:
        if user_id not in self._users:
            self._users[user_id] = Store(self.batch, lambda: self.people.get(user_id), self._look)
        return self._users[user_id]

    def presence(self, user_id: str) -> Store[Optional[Presence]]:
        if user_id not in self._presences:
            self._presences[user_id] = Store(self.batch, lambda: self.people.presence(user_id), self._look)
        return self._presences[user_id]

    async def close(self) -> None:
        """Close the connection; the next look at a store opens another one."""
        realtime, self._realtime = self._realtime, None
        self._typing.clear()
        self.people.close()
        for conversation in self._conversations.values():
            conversation.close()
        for task in list(self._errands):
            task.cancel()
        if realtime is not None:
            await realtime.close()

    # For the stores.

    def connect(self) -> AsyncRealtime:
        """The connection, opened if need be."""
        if self._realtime is None:
            self._stores.begin()
            self._realtime = realtime = self._open(lambda page: self._take_rooms(realtime, page))
            self.errand(lambda: self._listen(realtime))
            # What is loaded continues where it was.
            for conversation in self._conversations.values():
                conversation.reconnected()
                conversation.follow()
        return self._realtime

    def rooms_changed(self) -> None:
        self._stores.changed()

    def errand(self, work: Callable[[], object]) -> None:
        """Run a coroutine until it ends or the stores are closed."""
        task: "asyncio.Task[None]" = asyncio.ensure_future(cast(Any, work()))
        self._errands.add(task)
        task.add_done_callback(self._errand_done)

    def _errand_done(self, task: Any) -> None:
        self._errands.discard(task)
        if not task.cancelled() and task.exception() is not None:
            log.error("a store failed: %r", task.exception())

    def _look(self) -> None:
        self.connect()

    async def _listen(self, realtime: AsyncRealtime) -> None:
        async for event in realtime.events():
            if realtime is not self._realtime:
                break
            self._receive(event)

    def _take_rooms(self, realtime: AsyncRealtime, page: RoomsPage) -> None:
        if realtime is self._realtime:
            self.people.learn(page.users)
            self.people.learn_presence(page.presence)
            self._stores.page(page.rooms, page.has_more)

    def _receive(self, event: Event) -> None:
        data = event.data
        if event.type in LOGGED:
            self._logged(data, isinstance(event, PastEvent))
        else:
            handler = getattr(self, f"_on_{event.type}", None)
            if handler is not None:
                handler(data)

    def _logged(self, data: Any, is_past: bool) -> None:
        chat_id = data["chat_id"]
        if chat_id in self._conversations:
            self._conversations[chat_id].event(data, is_past)
            self._follow_later(chat_id)
        if is_past:
            return
        if chat_id in self._members:
            self._members[chat_id].event(data)
        if data["type"] == "message":
            self._typing.stopped(chat_id, data["sender_id"])
        self.list.event(data)
        self._stores.changed()

    def _follow_later(self, chat_id: str) -> None:
        """After all events that have come, since they may bring what is missing."""

        def follow() -> None:
            self._follows.discard(chat_id)
            if self._realtime is not None:
                self._conversations[chat_id].follow()

        if chat_id not in self._follows:
            self._follows.add(chat_id)
            asyncio.get_running_loop().call_soon(follow)

    def _on_resync(self, data: Any) -> None:
        chat_id = data["chat_id"]
        if chat_id in self._conversations:
            self._conversations[chat_id].resync(data["last_seq"])
        if chat_id in self._members:
            self.errand(self._members[chat_id].reload)
        self.list.outdated(chat_id)
        self._stores.changed()

    def _on_room_joined(self, data: Any) -> None:
        if data["chat_id"] in self._conversations:
            self._conversations[data["chat_id"]].reconnected()
        self.list.outdated(data["chat_id"])
        self._stores.changed()

    def _on_room_removed(self, data: Any) -> None:
        self.list.remove(data["chat_id"])
        self._stores.changed()

    def _on_typing(self, data: Any) -> None:
        if data["user_id"] != self.me:
            ms = data.get("expires_in_ms")
            self._typing.heard(data["chat_id"], data["user_id"], DEFAULT if ms is None else ms / 1000)

    def _on_user_status(self, data: Any) -> None:
        self.people.learn_presence({data["user_id"]: {"status": data["status"], "last_seen": data["timestamp"]}})

    def _on_message_status(self, data: Any) -> None:
        if data["chat_id"] in self._conversations:
            self._conversations[data["chat_id"]].status(data["message_id"], data["status"])

    def _on_user_updated(self, data: Any) -> None:
        self.people.learn({data["user_id"]: data})

    def _on_read(self, data: Any) -> None:
        self.list.read(data["chat_id"], data["read_seq"], data["unread_count"], data.get("last_seq"))
        self._stores.changed()

    def _on_state(self, data: Any) -> None:
        realtime, state = self._realtime, data["state"]
        error: Optional[ChatApiError] = None if realtime is None else realtime.last_error
        is_over = state == "connected" or (error is not None and error.code == CLIENT_CLOSED)
        self._state = ConnectionSnapshot(state, None if is_over else error)
        self._connection.changed()
        if state != "connected" or realtime is None:
            return
        self.list.me = realtime.user_id
        # What was known of the first connection is fresh.
        if self._was_connected:
            self.people.forget_presence()
        self._was_connected = True
        for conversation in self._conversations.values():
            conversation.reconnected()
            conversation.follow()
        for members in self._members.values():
            self.errand(members.reload)

    def _people_changed(self) -> None:
        self._stores.changed()
        for conversation in self._conversations.values():
            conversation.people_changed()
        for members in self._members.values():
            members.people_changed()
        stores: List[Store[Any]] = [*self._typists.values(), *self._users.values(), *self._presences.values()]
        for store in stores:
            store.changed()

    def _typing_changed(self, chat_id: str) -> None:
        if chat_id in self._typists:
            self._typists[chat_id].changed()
