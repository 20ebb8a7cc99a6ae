"""Messages of rooms and conversations."""

from __future__ import annotations

import uuid
from typing import AsyncIterator, Optional, Sequence

from .pages import page_of
from .rest import Rest, given, segment
from .models import Message, Page


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
        message_type: str = "text",
        attachments: Sequence[str] = (),
        reply_to: Optional[str] = None,
        client_id: Optional[str] = None,
    ) -> Message:
        """Send to a room (``chat_id``) or a person (``recipient_id``), one of both.

        ``content``: 1–4,000 characters, may be empty with ``attachments`` (ids of uploaded files, at most 20).
        ``message_type``: ``text``, ``image`` or ``file``. ``client_id`` (1–64 characters, default a new one) makes a
        retry answer the first message, for ever; with another content it is a ``CONFLICT``. Posting to a public room
        joins it, to an unknown one makes it.
        """
        body = given(
            chat_id=chat_id,
            recipient_id=recipient_id,
            content=content,
            message_type=message_type,
            attachments=list(attachments) or None,
            reply_to=reply_to,
            client_id=client_id or str(uuid.uuid4()),
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
        before_seq: Optional[int] = None,
        after_seq: Optional[int] = None,
        thread_of: Optional[str] = None,
    ) -> Page[Message]:
        """One page: of a room, of a conversation, or of all my rooms; newest first.

        ``limit``: 1–100. ``before_seq`` (older, newest first) and ``after_seq`` (newer, oldest first) cost the same at
        any depth and need a room; ``thread_of``: only replies to this message.
        """
        query = given(
            chat_id=chat_id,
            recipient_id=recipient_id,
            limit=limit,
            skip=skip or None,
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
        """The whole history of a room or conversation, a page of 100 at a time.

        Newest first, from ``before_seq`` or the end; with ``after_seq`` oldest first, from there on.
        """
        while True:
            page = await self.list(
                chat_id=chat_id, recipient_id=recipient_id, limit=100, after_seq=after_seq, before_seq=before_seq
            )
            for message in page:
                yield message
            if not page.has_more:
                return
            if after_seq is None:
                before_seq = page.items[-1]["seq"]
            else:
                after_seq = page.items[-1]["seq"]

    async def get(self, message_id: str) -> Message:
        message: Message = await self._rest.call("GET", f"/messages/{segment(message_id)}")
        return message

    async def update(self, message_id: str, *, content: str, is_edited: Optional[bool] = None) -> Message:
        """Edit one's own message. ``content``: 1–4,000 characters."""
        body = given(content=content, is_edited=is_edited)
        message: Message = await self._rest.call("PUT", f"/messages/{segment(message_id)}", body=body)
        return message

    async def delete(self, message_id: str) -> None:
        """A deleted message stays in its place, without its text. By its sender, the room's moderators, admins."""
        await self._rest.call("DELETE", f"/messages/{segment(message_id)}")

    async def mark_read(self, *, chat_id: str, seq: int) -> None:
        """I have read up to here; never goes back."""
        await self._rest.call("PUT", f"/rooms/{segment(chat_id)}/read", body={"seq": seq})

    async def react(self, message_id: str, emoji: str) -> None:
        """``emoji``: one, of at most 32 bytes. A second time changes nothing."""
        await self._rest.call("PUT", f"/messages/{segment(message_id)}/reactions/{segment(emoji)}")

    async def unreact(self, message_id: str, emoji: str) -> None:
        await self._rest.call("DELETE", f"/messages/{segment(message_id)}/reactions/{segment(emoji)}")

    async def search(self, q: str, *, limit: int = 50, skip: int = 0) -> Page[Message]:
        """Full text in the rooms that the caller may read. ``q``: at most 200 characters."""
        query = {"q": q, "limit": limit, "skip": skip}
        return page_of("messages", await self._rest.call("GET", "/messages/search", query=query))
