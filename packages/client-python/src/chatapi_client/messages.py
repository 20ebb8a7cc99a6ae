"""Messages of rooms and conversations."""

from __future__ import annotations

import uuid
from typing import Any, AsyncIterator, Literal, Mapping, Optional, Sequence

from .pages import page_of
from .paths import path_of
from .rest import Rest, given
from .models import Message, Page, Reactor


class MessagesApi:
    """Every method raises ``ChatApiError``."""

    def __init__(self, rest: Rest) -> None:
        self._rest = rest

    async def send(
        self,
        *,
        content: str = "",
        chat_id: Optional[str] = None,
        recipient_id: Optional[str] = None,
        message_type: Literal["text", "image", "file"] = "text",
        attachments: Sequence[str] = (),
        reply_to: Optional[str] = None,
        client_id: Optional[str] = None,
        custom: Optional[Mapping[str, Any]] = None,
    ) -> Message:
        """Send to a room (``chat_id``) or a user (``recipient_id``).

        ``content``: 1–4,000 characters, optional with ``attachments`` (ids of files that the caller
        uploaded, at most 20). ``client_id``: idempotency key of 1–64 characters, default:
        generated; a repeat returns the first message, with other content it is a ``CONFLICT``.
        ``custom``: the application's own, at most 4 KiB as JSON and 5 levels.
        Posting to a public room joins it, to an unknown one creates it.
        """
        body = given(
            chat_id=chat_id,
            recipient_id=recipient_id,
            content=content,
            message_type=message_type,
            attachments=list(attachments) or None,
            reply_to=reply_to,
            client_id=client_id or str(uuid.uuid4()),
            custom=custom,
        )
        message: Message = await self._rest.call("POST", "/messages/", body=body)
        return message

    async def list(
        self,
        *,
        chat_id: Optional[str] = None,
        recipient_id: Optional[str] = None,
        limit: int = 50,
        skip: int = 0,
        cursor: Optional[str] = None,
        before_seq: Optional[int] = None,
        after_seq: Optional[int] = None,
        thread_of: Optional[str] = None,
    ) -> Page[Message]:
        """One page of a room, a conversation or all rooms of the caller, newest first.

        ``limit``: 1–100. ``before_seq`` (older, newest first) and ``after_seq`` (newer, oldest
        first) are as fast at any depth and require a room; ``thread_of``: only replies to this
        message.
        """
        query = given(
            chat_id=chat_id,
            recipient_id=recipient_id,
            limit=limit,
            skip=skip or None,
            cursor=cursor,
            before_seq=before_seq,
            after_seq=after_seq,
            thread_of=thread_of,
        )
        return page_of("messages", await self._rest.call("GET", "/messages/", query=query))

    async def iterate(
        self,
        *,
        chat_id: Optional[str] = None,
        recipient_id: Optional[str] = None,
        after_seq: Optional[int] = None,
        before_seq: Optional[int] = None,
    ) -> AsyncIterator[Message]:
        """The history of a room or conversation, read in pages of 100.

        Newest first from ``before_seq`` or the end, or oldest first from ``after_seq``.
        """
        while True:
            page = await self.list(
                chat_id=chat_id, recipient_id=recipient_id, limit=100, after_seq=after_seq, before_seq=before_seq
            )
            for message in page:
                yield message
            if not page.has_more or not page.items:
                return
            if after_seq is None:
                before_seq = page.items[-1]["seq"]
            else:
                after_seq = page.items[-1]["seq"]

    async def get(self, message_id: str) -> Message:
        message: Message = await self._rest.call("GET", path_of("/messages/{}", message_id))
        return message

    async def update(
        self,
        message_id: str,
        *,
        content: Optional[str] = None,
        custom: Optional[Mapping[str, Any]] = None,
        is_edited: Optional[bool] = None,
    ) -> Message:
        """Edit an own message: at least one of ``content`` (1–4,000 characters) and ``custom``.

        ``custom``: a merge patch (RFC 7396); None removes a key.
        """
        body = given(content=content, custom=custom, is_edited=is_edited)
        message: Message = await self._rest.call("PUT", path_of("/messages/{}", message_id), body=body)
        return message

    async def delete(self, message_id: str) -> None:
        """Delete a message: it stays in its place without its text.

        For its sender, the room's moderators and admins.
        """
        await self._rest.call("DELETE", path_of("/messages/{}", message_id))

    async def mark_read(self, *, chat_id: str, seq: int) -> None:
        """Mark as read up to ``seq``; never goes back."""
        await self._rest.call("PUT", path_of("/rooms/{}/read", chat_id), body={"seq": seq})

    async def react(self, message_id: str, emoji: str) -> None:
        """Add a reaction; idempotent. ``emoji``: a single one; its spellings (with and without U+FE0F) are one.

        ``CONFLICT`` with the reason ``too_many_reactions``: the message has 50 other emojis.
        """
        await self._rest.call("PUT", path_of("/messages/{}/reactions/{}", message_id, emoji))

    async def unreact(self, message_id: str, emoji: str) -> None:
        await self._rest.call("DELETE", path_of("/messages/{}/reactions/{}", message_id, emoji))

    async def reactors(
        self, message_id: str, emoji: str, *, limit: int = 50, skip: int = 0, cursor: Optional[str] = None
    ) -> Page[Reactor]:
        """Who reacted with ``emoji``, the first ones first. ``cursor``: ``next_cursor`` of the page before."""
        path = path_of("/messages/{}/reactions/{}", message_id, emoji)
        query = given(limit=limit, skip=skip, cursor=cursor)
        return page_of("users", await self._rest.call("GET", path, query=query))

    async def search(
        self,
        q: str,
        *,
        chat_id: Optional[str] = None,
        limit: int = 50,
        skip: int = 0,
        cursor: Optional[str] = None,
    ) -> Page[Message]:
        """Search the rooms that the caller may read, or one of them, newest first.

        ``q``: at most 200 characters. All words must be there, ``"a phrase"`` in its order, ``-word`` not;
        the last word may be unfinished. Case and accents make no difference.
        """
        query = given(q=q, chat_id=chat_id, limit=limit, skip=skip, cursor=cursor)
        return page_of("messages", await self._rest.call("GET", "/messages/search", query=query))
