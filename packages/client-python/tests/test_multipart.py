import io
import threading
import unittest
from typing import List, Optional, Tuple
from unittest import mock

from chatapi_client import ChatApiError
from chatapi_client.multipart import CHUNK, Upload


class Uploads(unittest.IsolatedAsyncioTestCase):
    async def test_parts_add_up_to_the_announced_length(self) -> None:
        told: List[Tuple[int, Optional[int]]] = []
        upload = Upload(b"x" * (CHUNK + 1), 'a"b.txt', "what it is", lambda sent, total: told.append((sent, total)), None)
        body = b"".join([part async for part in upload])
        self.assertEqual(len(body), int(upload.headers()["Content-Length"]))
        self.assertEqual(told, [(CHUNK, CHUNK + 1), (CHUNK + 1, CHUNK + 1)])
        self.assertIn(b'filename="a%22b.txt"\r\nContent-Type: text/plain', body)

    async def test_a_cancelled_body_never_ends(self) -> None:
        stop = threading.Event()
        parts: List[bytes] = []
        with self.assertRaises(ChatApiError) as aborted:
            async for part in Upload(b"all of it", "a.txt", None, lambda *_: stop.set(), stop):
                parts.append(part)
        self.assertEqual((aborted.exception.code, len(parts)), ("ABORTED", 2))

    async def test_a_body_can_be_read_again_if_its_file_can(self) -> None:
        file = io.BytesIO(b"not this, but this")
        file.seek(9)
        upload = Upload(file, "a.txt", None, None, None)
        first, second = [b"".join([part async for part in upload]) for _ in range(2)]
        self.assertTrue(upload.rewinds)
        self.assertEqual(first, second)
        self.assertIn(b"\r\n\r\n but this\r\n", first)
        pipe = mock.Mock(spec=["read"], read=mock.Mock(side_effect=[b"once", b""]))
        self.assertFalse(Upload(pipe, "a.txt", None, None, None).rewinds)
