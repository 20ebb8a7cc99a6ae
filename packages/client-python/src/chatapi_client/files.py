"""Uploaded files."""

from __future__ import annotations

from typing import Any, AsyncIterator, Optional

from .multipart import OnProgress, Source, Upload
from .pages import page_of, pages
from .paths import path_of
from .rest import Rest, given
from .models import File, Page
from .upload import send_upload


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
        """Upload a path, bytes, or a binary file object as a stream; attach its ``id`` to a
        message.

        ``name``: default that of the path; its extension decides the type
        (``UNSUPPORTED_MEDIA_TYPE``, ``PAYLOAD_TOO_LARGE``). ``description``: at most 1,000
        characters. ``on_progress(sent, total)``: in bytes of the file, ``total`` None for an object
        without a size. ``cancel``: an object with ``is_set()``, such as a ``threading.Event``; once
        set, the upload stops with code ``ABORTED`` and nothing is stored. A lost connection is an
        error. The upload is repeated only if the token had expired and ``file`` can be read again.
        """
        upload = Upload(file, name, description, on_progress, cancel)
        stored: File = await send_upload(self._rest, "POST", "/files/upload", upload, cancel)
        return stored

    async def get(self, file_id: str) -> File:
        file: File = await self._rest.call("GET", path_of("/files/{}", file_id))
        return file

    async def url(self, file_id: str) -> str:
        """An absolute URL of the content that works without a token until the file's
        ``url_expires_at``.
        """
        file = await self.get(file_id)
        return self._rest.base_url + (file["url"] or path_of("/files/{}/content", file_id))

    async def content(self, file_id: str) -> bytes:
        """Download the content into memory."""
        return await self._rest.download(path_of("/files/{}/content", file_id))

    async def thumbnail(self, file_id: str) -> bytes:
        """Download the thumbnail of an image; ``RESOURCE_NOT_FOUND`` if there is none (yet)."""
        return await self._rest.download(path_of("/files/{}/thumbnail", file_id))

    async def list(self, *, limit: int = 50, skip: int = 0, cursor: Optional[str] = None) -> Page[File]:
        """List the caller's files, newest first. ``limit``: 1–100."""
        query = given(limit=limit, skip=skip, cursor=cursor)
        return page_of("files", await self._rest.call("GET", "/files", query=query))

    def iterate(self) -> AsyncIterator[File]:
        return pages(lambda cursor, skip: self.list(limit=100, skip=skip, cursor=cursor))

    async def delete(self, file_id: str) -> None:
        """Delete a file with its thumbnail."""
        await self._rest.call("DELETE", path_of("/files/{}", file_id))
