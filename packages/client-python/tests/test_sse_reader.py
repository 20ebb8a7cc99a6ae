import tracemalloc
import unittest
from typing import List, Tuple
from unittest import mock

from chatapi_client.sse_reader import SseReader, TooLongError


def read(*parts: bytes) -> List[Tuple[str, str]]:
    reader = SseReader()
    return [(event.name, event.data) for part in parts for event in reader.take(part)]


class Reading(unittest.TestCase):
    def test_events_arrive_in_whatever_parts(self) -> None:
        text = ": hello\nid: 7\nevent: typing\ndata: {\"content\": \"Grüße 🎉\"}\n\ndata: a\ndata:b\n\n".encode()
        whole = [("typing", '{"content": "Grüße 🎉"}'), ("message", "a\nb")]
        self.assertEqual(read(text), whole)
        for length in range(1, 12):
            parts = [text[at : at + length] for at in range(0, len(text), length)]
            self.assertEqual(read(*parts), whole, f"parts of {length} bytes")

    def test_lines_end_in_lf_cr_or_both(self) -> None:
        for end in ("\n", "\r", "\r\n"):
            text = f": c{end}event: e{end}data: 1{end}data: 2{end}{end}data: 3{end}{end}".encode()
            for length in (1, 2, 3, 100):
                parts = [text[at : at + length] for at in range(0, len(text), length)]
                self.assertEqual(read(*parts), [("e", "1\n2"), ("message", "3")], (end, length))

    def test_an_empty_line_inside_data_is_no_end(self) -> None:
        self.assertEqual(read(b"data: \ndata\ndata:x\n\n"), [("message", "\n\nx")])

    def test_what_is_no_event_is_passed_over(self) -> None:
        self.assertEqual(read(b":\n\nevent: e\n\nretry: 5\n\nunknown: u\nnocolon\n\ndata: 1\n\n"), [("message", "1")])

    def test_the_id_stays_until_the_next_one(self) -> None:
        reader = SseReader()
        events = reader.take(b"data: 0\n\nid: a\ndata: 1\n\ndata: 2\n\nid: b\0\ndata: 3\n\nid: c\ndata: 4\n\n")
        self.assertEqual([event.id for event in events], [None, "a", "a", "a", "c"])

    def test_bytes_that_are_no_text_end_nothing(self) -> None:
        self.assertEqual(read(b"data: \xff\xfe\n\ndata: 1\n\n"), [("message", "\ufffd\ufffd"), ("message", "1")])

    def test_an_event_without_an_end_takes_no_more_memory_than_its_limit(self) -> None:
        limit = 256 * 1024
        for part in (b"x" * 4096, b"data: " + b"x" * 4000 + b"\n", b"data\n" * 1000, b"data:x\n" * 1000):
            reader = SseReader()
            tracemalloc.start()
            with mock.patch("chatapi_client.sse_reader.MAX_EVENT_BYTES", limit):
                with self.assertRaises(TooLongError):
                    for _ in range(limit):
                        reader.take(part)
            _, most = tracemalloc.get_traced_memory()
            tracemalloc.stop()
            self.assertLess(most, 3 * limit, part[:10])

    def test_comments_without_an_end_are_not_kept(self) -> None:
        reader = SseReader()
        for _ in range(200):
            self.assertEqual(reader.take(b": nothing to say\n" * 4096), [])
        self.assertEqual([event.data for event in reader.take(b"data: 1\n\n")], ["1"])
