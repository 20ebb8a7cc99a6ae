"""Uploaded files."""

from __future__ import annotations

import asyncio
from typing import Any, AsyncIterator, Optional

from .multipart import OnProgress, Source, Upload
from .pages import page_of, pages
from .rest import Rest, segment
from .models import File, Page

LOOK_FOR_CANCEL = 0.05


class FilesApi:
    """Every method raises ``ChatApiError``."""

    def __init__(self, rest: Rest) -> None:
        self._rest = rest

    async def upload(
        self,
        file: Source,
        *,
        name: Optional[str] = None,
        description: Optional[str] = None,
        on_progress: Optional[OnProgress] = None,
        cancel: Optional[Any] = None,
    ) -> File:
        """Upload a path, bytes, or a binary file object, as a stream; attach its ``id`` to a message.

        ``name``: default the path's; its ending decides the type (``UNSUPPORTED_MEDIA_TYPE``, ``PAYLOAD_TOO_LARGE``).
        ``description``: at most 1,000 characters. ``on_progress(sent, total)`` in bytes of the file, ``total`` None for
        an object without a size. ``cancel``: anything with ``is_set()``, such as a ``threading.Event``; once set, the
        upload stops with code ``ABORTED`` and nothing is kept. A cut connection is an error. Sent again, from the
        beginning, only where the token had ended and ``file`` can be read again.
        """
        upload = Upload(file, name, description, on_progress, cancel)
        request = {"content": upload, "headers": upload.headers()}
        sending = asyncio.ensure_future(self._rest.attempt("POST", "/files/upload", request))
        try:
            while not sending.done():
                upload.check()
                await asyncio.wait({sending}, timeout=None if cancel is None else LOOK_FOR_CANCEL)
            stored: File = sending.result().json()
            return stored
        finally:
            sending.cancel()
            upload.close()

    async def get(self, file_id: str) -> File:
        file: File = await self._rest.call("GET", f"/files/{segment(file_id)}")
        return file

    async def url(self, file_id: str) -> str:
        """An absolute URL of the bytes that works without a token until the file's ``url_expires_at``."""
        file = await self.get(file_id)
        return self._rest.base_url + (file["url"] or f"/files/{segment(file_id)}/content")

    async def content(self, file_id: str) -> bytes:
        """All bytes, held in memory."""
        response = await self._rest.attempt("GET", f"/files/{segment(file_id)}/content", {})
        return response.content

    async def thumbnail(self, file_id: str) -> bytes:
        """A small picture of an image; ``RESOURCE_NOT_FOUND`` where there is none (yet)."""
        response = await self._rest.attempt("GET", f"/files/{segment(file_id)}/thumbnail", {})
        return response.content

    async def list(self, *, limit: int = 50, skip: int = 0) -> Page[File]:
        """My files, newest first. ``limit``: 1–100."""
        return page_of("files", await self._rest.call("GET", "/files", query={"limit": limit, "skip": skip}))

    def iterate(self) -> AsyncIterator[File]:
        return pages(lambda skip: self.list(limit=100, skip=skip))

    async def delete(self, file_id: str) -> None:
        """Its bytes and thumbnail are gone."""
        await self._rest.call("DELETE", f"/files/{segment(file_id)}")
