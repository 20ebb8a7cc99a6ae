"""What the socket over events and REST reads again, against a server in memory."""

from chatapi_client.sse_replays import MAX_WAITING

from .event_case import EventCase
from .event_server import Answer, Asked, message, refusal
from .test_realtime import until


class Replayed(EventCase):
    async def test_a_room_is_replayed_while_its_live_events_wait(self) -> None:
        async def say(asked: Asked) -> Answer:
            if asked.query["after_seq"] != "3":
                return 200, {"events": [message(5)], "last_seq": 5, "has_more": False, "complete": True}
            for seq in (5, 6):
                self.server.event("message", message(seq))
            await until(lambda: self.server.streams[0].empty())
            return 200, {"events": [message(4)], "last_seq": 5, "has_more": True, "complete": True}

        self.server.say = say
        await self.open()
        await self.send(type="resume", rooms={"room": 3})
        await until(lambda: "resumed" in self.types())
        self.assertEqual(self.seqs(), [4, 5, 6])
        answer = next(frame for frame in self.frames if frame["type"] == "resumed")
        self.assertEqual(answer["rooms"], {"room": {"from": 3, "to": 5, "complete": True}})

    async def test_a_busy_room_that_is_replayed_takes_bounded_memory_and_loses_nothing(self) -> None:
        many = MAX_WAITING * 3

        async def say(asked: Asked) -> Answer:
            after, limit = int(asked.query["after_seq"]), int(asked.query["limit"])
            if len(self.server.asked) == 1:
                for seq in range(1, many + 1):
                    self.server.event("message", message(seq))
                await until(lambda: self.server.streams[0].empty())
                return 200, {"events": [], "last_seq": 0, "has_more": False, "complete": True}
            events = [message(seq) for seq in range(after + 1, min(many, after + limit) + 1)]
            return 200, {"events": events, "last_seq": many, "has_more": after + limit < many, "complete": True}

        self.server.say = say
        await self.open()
        await self.send(type="resume", rooms={"room": 0})
        await until(lambda: "resumed" in self.types())
        self.assertEqual(self.seqs(), list(range(1, many + 1)))
        self.assertEqual(self.frames[-1]["rooms"]["room"]["to"], many)

    async def test_a_room_that_cannot_be_replayed_is_told(self) -> None:
        def say(asked: Asked) -> Answer:
            if asked.path.startswith("/rooms/gone/"):
                return refusal(404, "RESOURCE_NOT_FOUND")
            return 200, {"events": [], "last_seq": 90, "has_more": False, "complete": False}

        self.server.say = say
        await self.open()
        await self.send(type="resume", rooms={"gone": 3, "old": 4})
        await until(lambda: "resumed" in self.types())
        told = {"gone": {"from": 3, "to": 3, "complete": False}, "old": {"from": 4, "to": 90, "complete": False}}
        self.assertEqual(self.frames[-1]["rooms"], told)

    async def test_of_many_rooms_only_those_that_moved_are_read(self) -> None:
        known = {"read_seq": 1, "unread_count": 0}

        def say(asked: Asked) -> Answer:
            if asked.path == "/rooms":
                first = "cursor" not in asked.query
                ids = ["a", "b"] if first else ["c"]
                rooms = [{"id": id, "chat_id": id, "last_seq": 2 if id == "b" else 1, **known} for id in ids]
                return 200, {"rooms": rooms, "next_cursor": "next" if first else None}
            room = asked.path.split("/")[2]
            events = [message(2, room=room)] if room == "b" else []
            return 200, {"events": events, "last_seq": 1, "has_more": False, "complete": True}

        self.server.say = say
        await self.open()
        await self.send(type="resume", rooms={"a": 1, "b": 1, "c": 1, "d": 1})
        await until(lambda: "resumed" in self.types())
        paths = [asked.path for asked in self.server.asked]
        self.assertEqual(paths, ["/rooms", "/rooms", "/rooms/b/events", "/rooms/d/events"])
        rooms = self.frames[-1]["rooms"]
        self.assertEqual(rooms["a"], {"from": 1, "to": 1, "complete": True, "last_seq": 1, **known})
        self.assertEqual(rooms["d"], {"from": 1, "to": 1, "complete": True})

    async def test_what_came_after_the_state_of_a_room_comes_again(self) -> None:
        def say(asked: Asked) -> Answer:
            if asked.path == "/rooms":
                self.assertEqual(asked.query, {"limit": "100"})
                room = {"id": "room", "chat_id": "room", "last_seq": 4}
                return 200, {"rooms": [room], "users": {}, "next_cursor": None}
            return 200, {"events": [message(5)], "last_seq": 5, "has_more": False, "complete": True}

        self.server.say = say
        await self.open()
        self.server.event("message", message(5))
        await until(lambda: len(self.frames) == 2)
        await self.send(type="state", limit=200)
        await until(lambda: len(self.frames) == 4)
        self.assertEqual(self.types(), ["hello", "message", "state", "message"])
        self.assertEqual(self.frames[2]["presence"], {})

    async def test_a_state_that_is_refused_is_an_error_without_a_message(self) -> None:
        self.server.say = lambda _: refusal(400, "VALIDATION_ERROR")
        await self.open()
        await self.send(type="state", limit=200)
        await until(lambda: len(self.frames) == 2)
        self.assertEqual((self.frames[1]["type"], self.frames[1]["code"]), ("error", "VALIDATION_ERROR"))
        self.assertNotIn("client_id", self.frames[1])
