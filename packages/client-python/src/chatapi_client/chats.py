"""Rooms and their members."""

from __future__ import annotations

from typing import AsyncIterator, Optional, Sequence

from .pages import page_of, pages
from .paths import path_of
from .rest import KEEP, Rest, changed, given
from .models import Member, Page, Room


class ChatsApi:
    """Every method raises ``ChatApiError``, for a room without read access with
    ``RESOURCE_NOT_FOUND``.
    """

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
        """Create a room.

        ``chat_id``: 1–64 of ``A–Z a–z 0–9 _ . : -``, default: generated; ``CONFLICT`` if it is
        taken. ``name``: at most 100 characters, ``topic``: 500. ``visibility``: ``public`` or
        ``private``.
        """
        body = given(
            chat_id=chat_id, name=name, topic=topic, visibility=visibility, member_ids=list(member_ids) or None
        )
        room: Room = await self._rest.call("POST", "/rooms", body=body, safe=False)
        return room

    async def list(
        self, *, archived: bool = False, limit: int = 50, skip: int = 0, cursor: Optional[str] = None
    ) -> Page[Room]:
        """List the caller's rooms, latest activity first.

        ``archived``: only archived rooms; default: only others. ``limit``: 1–100.
        """
        query = given(archived=archived or None, limit=limit, skip=skip, cursor=cursor)
        return page_of("rooms", await self._rest.call("GET", "/rooms", query=query))

    def iterate(self) -> AsyncIterator[Room]:
        """Iterate over all of the caller's rooms, page by page."""
        return pages(lambda cursor, skip: self.list(limit=100, skip=skip, cursor=cursor))

    async def list_public(
        self,
        search: str = "",
        *,
        archived: bool = False,
        limit: int = 50,
        skip: int = 0,
        cursor: Optional[str] = None,
    ) -> Page[Room]:
        """List public rooms, searched by id, name or topic."""
        query = given(search=search, archived=archived or None, limit=limit, skip=skip, cursor=cursor)
        return page_of("rooms", await self._rest.call("GET", "/rooms/public", query=query))

    async def get(self, chat_id: str) -> Room:
        room: Room = await self._rest.call("GET", path_of("/rooms/{}", chat_id))
        return room

    async def update(
        self,
        chat_id: str,
        *,
        name: Optional[str] = KEEP,
        topic: Optional[str] = KEEP,
        visibility: str = KEEP,
        slow_mode_seconds: int = KEEP,
        archived: bool = KEEP,
    ) -> Room:
        """Change the given fields. Owners and the room's moderators only, ``visibility`` and
        ``archived`` owners only.

        ``name`` and ``topic``: None removes them. ``slow_mode_seconds``: minimum seconds between
        two messages of a member, 0: off.
        """
        body = changed(
            name=name,
            topic=topic,
            visibility=visibility,
            slow_mode_seconds=slow_mode_seconds,
            archived=archived,
        )
        room: Room = await self._rest.call("PUT", path_of("/rooms/{}", chat_id), body=body)
        return room

    async def delete(self, chat_id: str) -> None:
        """Delete a room; its id stays taken. Owners only."""
        await self._rest.call("DELETE", path_of("/rooms/{}", chat_id))

    async def join(self, chat_id: str) -> None:
        """Join a public room. In a room without an owner, the caller becomes it."""
        await self._rest.call("POST", path_of("/rooms/{}/join", chat_id))

    async def leave(self, chat_id: str) -> None:
        await self._rest.call("POST", path_of("/rooms/{}/leave", chat_id))

    async def typing(self, chat_id: str, *, stop: bool = False) -> None:
        """Show the caller as typing for 6 s, or no longer. A connection has `typing` of its own."""
        body = {"stop": True} if stop else {}
        await self._rest.call("POST", path_of("/rooms/{}/typing", chat_id), body=body)

    async def members(
        self, chat_id: str, *, limit: int = 50, skip: int = 0, cursor: Optional[str] = None
    ) -> Page[Member]:
        query = given(limit=limit, skip=skip, cursor=cursor)
        return page_of("members", await self._rest.call("GET", path_of("/rooms/{}/members", chat_id), query=query))

    async def add_member(self, chat_id: str, user_id: str) -> Member:
        path = path_of("/rooms/{}/members", chat_id)
        member: Member = await self._rest.call("POST", path, body={"user_id": user_id})
        return member

    async def change_role(self, chat_id: str, user_id: str, role: str) -> Member:
        """Change a member's role: ``owner``, ``moderator`` or ``member``."""
        path = path_of("/rooms/{}/members/{}", chat_id, user_id)
        member: Member = await self._rest.call("PUT", path, body={"role": role})
        return member

    async def remove_member(self, chat_id: str, user_id: str) -> None:
        await self._rest.call("DELETE", path_of("/rooms/{}/members/{}", chat_id, user_id))

    async def mute(self, chat_id: str, user_id: str, *, until: Optional[str] = None) -> Member:
        """Mute a member, who can still read. ``until``: RFC 3339; default: until `unmute`."""
        path = path_of("/rooms/{}/members/{}/mute", chat_id, user_id)
        member: Member = await self._rest.call("PUT", path, body=given(until=until))
        return member

    async def unmute(self, chat_id: str, user_id: str) -> None:
        await self._rest.call("DELETE", path_of("/rooms/{}/members/{}/mute", chat_id, user_id))
