"""A file as a multipart body that is read while it is sent.

Memory use does not depend on its size.
"""

from __future__ import annotations

import asyncio
import inspect
import io
import mimetypes
import os
import uuid
from typing import Any, AsyncIterator, BinaryIO, Callable, Dict, Optional, Tuple, Union

from .errors import ChatApiError

ABORTED = "ABORTED"

Source = Union[str, os.PathLike[str], bytes, BinaryIO]
OnProgress = Callable[[int, Optional[int]], Any]

CHUNK = 64 * 1024


def _quoted(name: str) -> str:
    return name.replace("\\", "%5C").replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A")


def _extent_of(file: BinaryIO) -> Optional[Tuple[int, int]]:
    """Current and final position; None if unknown."""
    try:
        here = file.tell()
        end = file.seek(0, os.SEEK_END)
        file.seek(here)
        return here, end
    except (OSError, AttributeError, ValueError):
        return None


class Upload:
    """A body for consecutive requests, each from the file's beginning if the file ``rewinds``."""

    def __init__(
        self,
        source: Source,
        name: Optional[str],
        description: Optional[str],
        on_progress: Optional[OnProgress],
        cancel: Optional[Any],
    ) -> None:
        self._cancel = cancel
        self._owned = isinstance(source, (str, os.PathLike, bytes))
        if isinstance(source, bytes):
            self._file: BinaryIO = io.BytesIO(source)
        elif isinstance(source, (str, os.PathLike)):
            self._file = open(source, "rb")
        else:
            self._file = source
        own_name = source if isinstance(source, (str, os.PathLike)) else getattr(source, "name", None)
        shown: str = name or (os.path.basename(own_name) if isinstance(own_name, (str, os.PathLike)) else "file")
        self._extent = _extent_of(self._file)
        self._total = None if self._extent is None else self._extent[1] - self._extent[0]
        self._on_progress = on_progress
        self._boundary = uuid.uuid4().hex
        self._head = self._description(description) + self._file_head(shown)
        self._tail = f"\r\n--{self._boundary}--\r\n".encode()

    def _description(self, description: Optional[str]) -> bytes:
        if description is None:
            return b""
        head = f'--{self._boundary}\r\nContent-Disposition: form-data; name="description"\r\n\r\n'
        return f"{head}{description}\r\n".encode()

    def _file_head(self, name: str) -> bytes:
        kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
        disposition = f'Content-Disposition: form-data; name="file"; filename="{_quoted(name)}"'
        return f"--{self._boundary}\r\n{disposition}\r\nContent-Type: {kind}\r\n\r\n".encode()

    def headers(self) -> Dict[str, str]:
        headers = {"Content-Type": f"multipart/form-data; boundary={self._boundary}"}
        if self._total is not None:
            headers["Content-Length"] = str(len(self._head) + self._total + len(self._tail))
        return headers

    @property
    def rewinds(self) -> bool:
        return self._extent is not None

    async def __aiter__(self) -> AsyncIterator[bytes]:
        if self._extent is not None:
            self._file.seek(self._extent[0])
        yield self._head
        sent = 0
        while True:
            # The file may be slow, so it is read outside the event loop.
            chunk = await asyncio.to_thread(self._file.read, CHUNK)
            self.check()
            if not chunk:
                break
            yield chunk
            sent += len(chunk)
            if self._on_progress is not None:
                result = self._on_progress(sent, self._total)
                if inspect.isawaitable(result):
                    await result
        self.check()
        yield self._tail

    def check(self) -> None:
        """Checked before each part, the last one too: an aborted upload never arrives completely.
        """
        if self._cancel is not None and self._cancel.is_set():
            raise ChatApiError(ABORTED, "The upload was aborted")

    def close(self) -> None:
        if self._owned:
            self._file.close()
