"""Sends files."""

from __future__ import annotations

import asyncio
from typing import Any, Optional

from .multipart import Upload
from .rest import Rest, read_answer

CANCEL_POLL = 0.05
"""How often a cancel event is looked at, in seconds."""


async def send_upload(rest: Rest, method: str, path: str, upload: Upload, cancel: Optional[Any] = None) -> Any:
    """The upload is repeated only if the token had expired and the file can be read again."""
    request = {"content": upload, "headers": upload.headers()}
    sending = asyncio.ensure_future(rest.attempt(method, path, request))
    try:
        while not sending.done():
            upload.check()
            await asyncio.wait({sending}, timeout=None if cancel is None else CANCEL_POLL)
        return read_answer(method, path, sending.result())
    finally:
        sending.cancel()
        upload.close()
