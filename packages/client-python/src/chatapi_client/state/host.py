"""What the stores of one client share."""

from __future__ import annotations

from typing import Callable, Optional, Protocol

from ..chats import ChatsApi
from ..messages import MessagesApi
from ..realtime import AsyncRealtime
from .people import People
from .room_list import RoomList
from .store import Batch


class Host(Protocol):
    batch: Batch
    people: People
    list: RoomList
    messages: MessagesApi
    chats: ChatsApi

    @property
    def me(self) -> Optional[str]: ...

    def connect(self) -> AsyncRealtime:
        """The connection, opened if need be."""
        ...

    def rooms_changed(self) -> None:
        """The list of rooms has changed."""
        ...

    def errand(self, work: Callable[[], object]) -> None:
        """Run a coroutine until it ends or the stores are closed."""
        ...
