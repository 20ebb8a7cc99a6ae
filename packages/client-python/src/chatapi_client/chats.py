"""Rooms and their members."""

from __future__ import annotations

from typing import AsyncIterator, Optional, Sequence

from .pages import page_of, pages
from .rest import KEEP, Rest, changed, given, segment
from .models import Member, Page, Room


class ChatsApi:
    """Every method raises ``ChatApiError``; a room that the caller may not read is ``RESOURCE_NOT_FOUND``."""

    def __init__(self, rest: Rest) -> None:
        self._rest = rest

    async def create(
        self,
        *,
        chat_id: Optional[str] = None,
        name: Optional[str] = None,
        topic: Optional[str] = None,
        visibility: str = "public",
        member_ids: Sequence[str] = (),
    ) -> Room:
        """Make a room. ``chat_id``: 1–64 of ``A–Z a–z 0–9 _ . : -``, default a new one; ``CONFLICT`` when it is taken.

        ``name``: at most 100 characters, ``topic``: 500. ``visibility``: ``public`` or ``private``.
        """
        body = given(
            chat_id=chat_id, name=name, topic=topic, visibility=visibility, member_ids=list(member_ids) or None
        )
        room: Room = await self._rest.call("POST", "/rooms", body=body, safe=False)
        return room

    async def list(self, *, limit: int = 50, skip: int = 0) -> Page[Room]:
        """My rooms, latest activity first. ``limit``: 1–100."""
        return page_of("rooms", await self._rest.call("GET", "/rooms", query={"limit": limit, "skip": skip}))

    def iterate(self) -> AsyncIterator[Room]:
        """All my rooms, page by page."""
        return pages(lambda skip: self.list(limit=100, skip=skip))

    async def list_public(self, search: str = "", *, limit: int = 50, skip: int = 0) -> Page[Room]:
        """Public rooms, by id, name or topic."""
        query = {"search": search, "limit": limit, "skip": skip}
        return page_of("rooms", await self._rest.call("GET", "/rooms/public", query=query))

    async def get(self, chat_id: str) -> Room:
        room: Room = await self._rest.call("GET", f"/rooms/{segment(chat_id)}")
        return room

    async def update(
        self,
        chat_id: str,
        *,
        name: Optional[str] = KEEP,
        topic: Optional[str] = KEEP,
        visibility: str = KEEP,
        slow_mode_seconds: int = KEEP,
    ) -> Room:
        """Change the given fields: owners and the room's moderators, ``visibility`` owners alone.

        ``name`` and ``topic``: None for none. ``slow_mode_seconds``: between two messages of one member, 0 for off.
        """
        body = changed(name=name, topic=topic, visibility=visibility, slow_mode_seconds=slow_mode_seconds)
        room: Room = await self._rest.call("PUT", f"/rooms/{segment(chat_id)}", body=body)
        return room

    async def delete(self, chat_id: str) -> None:
        """Owners only; the id stays taken."""
        await self._rest.call("DELETE", f"/rooms/{segment(chat_id)}")

    async def join(self, chat_id: str) -> None:
        await self._rest.call("POST", f"/rooms/{segment(chat_id)}/join")

    async def leave(self, chat_id: str) -> None:
        await self._rest.call("POST", f"/rooms/{segment(chat_id)}/leave")

    async def members(self, chat_id: str, *, limit: int = 50, skip: int = 0) -> Page[Member]:
        query = {"limit": limit, "skip": skip}
        return page_of("members", await self._rest.call("GET", f"/rooms/{segment(chat_id)}/members", query=query))

    async def add_member(self, chat_id: str, user_id: str) -> Member:
        path = f"/rooms/{segment(chat_id)}/members"
        member: Member = await self._rest.call("POST", path, body={"user_id": user_id})
        return member

    async def change_role(self, chat_id: str, user_id: str, role: str) -> Member:
        """``role``: ``owner``, ``moderator`` or ``member``."""
        path = f"/rooms/{segment(chat_id)}/members/{segment(user_id)}"
        member: Member = await self._rest.call("PUT", path, body={"role": role})
        return member

    async def remove_member(self, chat_id: str, user_id: str) -> None:
        await self._rest.call("DELETE", f"/rooms/{segment(chat_id)}/members/{segment(user_id)}")

    async def mute(self, chat_id: str, user_id: str, *, until: Optional[str] = None) -> Member:
        """Reading goes on, sending is refused. ``until``: RFC 3339; unset: until `unmute`."""
        path = f"/rooms/{segment(chat_id)}/members/{segment(user_id)}/mute"
        member: Member = await self._rest.call("PUT", path, body=given(until=until))
        return member

    async def unmute(self, chat_id: str, user_id: str) -> None:
        await self._rest.call("DELETE", f"/rooms/{segment(chat_id)}/members/{segment(user_id)}/mute")
