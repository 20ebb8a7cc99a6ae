"""The rooms of an app by the socket, and what other devices have read."""

from __future__ import annotations

import json
import unittest
from typing import Any, Dict, List, Optional

from chatapi_client.clock import ServerClock
from chatapi_client.machine import Machine

from .model import hello


def page(*rooms: Dict[str, Any], cursor: Optional[str] = None) -> Dict[str, Any]:
    return {"type": "state", "rooms": list(rooms), "users": {}, "presence": {}, "next_cursor": cursor}


def room(chat_id: str, last_seq: int, read_seq: int = 0) -> Dict[str, Any]:
    return {"chat_id": chat_id, "last_seq": last_seq, "read_seq": read_seq}


def message(seq: int) -> Dict[str, Any]:
    return {"type": "message", "id": f"m{seq}", "content": "c", "chat_id": "r1", "seq": seq}


class Pages(unittest.TestCase):
    def setUp(self) -> None:
        self.now = 0.0
        self.machine = Machine(ServerClock(), shows_rooms=True)
        self.connect()

    def connect(self) -> None:
        self.machine.connecting()
        self.say(hello())

    def say(self, frame: Dict[str, Any]) -> None:
        self.machine.received(frame, self.now)

    def written(self, kind: str) -> List[Dict[str, Any]]:
        frames = [json.loads(text) for text in self.machine.frames(self.now)]
        return [frame for frame in frames if frame["type"] == kind]

    def read(self) -> List[str]:
        assert self.machine.pages is not None
        return [one["chat_id"] for taken in self.machine.pages.read for one in taken.rooms]

    def seqs(self) -> List[int]:
        return [event.data["seq"] for event in self.machine.take_events() if event.type == "message"]

    def test_are_asked_for_until_the_last_one(self) -> None:
        self.assertEqual(self.written("state"), [{"type": "state", "limit": 200}])
        self.say(page(room("r1", 4), cursor="next"))
        self.assertEqual(self.written("state"), [{"type": "state", "limit": 200, "cursor": "next"}])
        self.say(page(room("r2", 0)))
        self.assertEqual((self.written("state"), self.read()), ([], ["r1", "r2"]))

    def test_end_after_a_reconnect_with_a_page_without_news(self) -> None:
        self.written("state")
        self.say(page(room("r1", 4), room("r2", 1)))
        self.machine.lost(self.now, 1006, "cut")
        self.connect()
        self.assertEqual(len(self.written("state")), 1)
        self.say(page(room("r3", 1), room("r1", 4), cursor="second"))
        self.assertEqual(len(self.written("state")), 1)
        self.say(page(room("r2", 1), cursor="third"))
        self.assertEqual(self.written("state"), [])

    def test_are_followed_by_what_came_before_them(self) -> None:
        self.written("state")
        self.say(message(4))
        self.say(message(5))
        self.say(page(room("r1", 4)))
        self.say(message(5))
        self.say(message(6))
        self.assertEqual(self.seqs(), [4, 5, 5, 6])

    def test_are_left_to_rest_on_a_server_that_does_not_know_them(self) -> None:
        self.written("state")
        self.say({"type": "error", "code": "VALIDATION_ERROR", "message": "type"})
        assert self.machine.pages is not None
        self.assertTrue(self.machine.pages.is_refused)
        self.machine.lost(self.now, 1006, "cut")
        self.connect()
        self.assertEqual(self.written("state"), [])
        self.machine.typing("r1", stop=True)
        self.assertEqual(self.written("typing"), [])

    def test_are_asked_for_again_after_a_limit_and_an_outage(self) -> None:
        for code in ("RATE_LIMIT_EXCEEDED", "SERVICE_UNAVAILABLE"):
            self.assertEqual(len(self.written("state")), 1)
            self.say({"type": "error", "code": code, "message": "later", "retry_after_ms": 5})
            self.assertEqual(self.written("state"), [])
            self.now += 1.0
        self.assertEqual(len(self.written("state")), 1)

    def test_and_resumes_tell_once_what_another_device_has_read(self) -> None:
        self.written("state")
        self.say(page(room("r1", 4, read_seq=2)))
        for read_seq in (2, 4, 4):
            answer = {"from": 4, "to": 4, "complete": True, "read_seq": read_seq, "unread_count": 0, "last_seq": 4}
            self.say({"type": "resumed", "rooms": {"r1": answer}})
        told = [event.data["read_seq"] for event in self.machine.take_events() if event.type == "read"]
        self.assertEqual(told, [4])

    def test_tell_that_the_server_knows_the_stop_of_typing(self) -> None:
        self.written("state")
        self.say(page())
        self.machine.typing("r1", stop=True)
        self.assertEqual(self.written("typing"), [{"type": "typing", "chat_id": "r1", "stop": True}])
