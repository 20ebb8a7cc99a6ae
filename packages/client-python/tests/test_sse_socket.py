"""The socket over events and REST against a server in memory."""

import asyncio
from typing import Any, List
from unittest import mock

from chatapi_client.sse_socket import HIGH_WATER, SseSocket
from chatapi_client.socket import LostError

from .event_case import EventCase
from .event_server import Answer, Asked, message, refusal
from .test_realtime import PATIENCE, until


class Socket(EventCase):
    async def test_frames_arrive_and_nothing_of_the_stream_itself(self) -> None:
        await self.open()
        self.server.event("live", {"server_time": "x"}, id="a")
        self.server.write(b":\n\n")
        self.server.event("message", message(1), id="b")
        self.server.event("typing", {"type": "typing", "chat_id": "room"})
        self.server.event("close", {"code": 4403, "message": "banned"})
        lost = await self.ended()
        self.assertEqual(self.types(), ["hello", "message", "typing"])
        self.assertEqual((lost.code, lost.reason), (4403, "banned"))

    async def test_messages_are_posted_one_after_the_other_and_answered_once_before_their_event(self) -> None:
        under_way: List[int] = [0, 0]
        seq = 0

        async def say(asked: Asked) -> Answer:
            nonlocal seq
            under_way[0] += 1
            under_way[1] = max(under_way)
            seq += 1
            answer = message(seq, asked.body["client_id"])
            if seq == 1:
                self.server.event("message", answer)
            await asyncio.sleep(0.01)
            under_way[0] -= 1
            return 201, answer

        self.server.say = say
        await self.open()
        for name in "abc":
            await self.send(client_id=name, message=name, recipient_id="usr_x")
        await until(lambda: len(self.frames) == 5)
        self.assertEqual([frame["client_id"] for frame in self.frames if frame["type"] == "ack"], ["a", "b", "c"])
        self.assertLess(self.types().index("ack"), self.types().index("message"))
        bodies = [asked.body for asked in self.server.asked]
        self.assertEqual(bodies, [{"client_id": name, "content": name, "recipient_id": "usr_x"} for name in "abc"])
        self.assertEqual(under_way, [0, 1])
        await self.send(client_id="d", message="d")
        await until(lambda: len(self.server.asked) == 4)
        self.assertEqual(self.server.asked[-1].body["chat_id"], "general")

    async def test_what_waits_behind_a_message_that_may_be_sent_later_is_refused(self) -> None:
        self.server.say = lambda _: refusal(503, "SERVICE_UNAVAILABLE")
        await self.open()
        for name in "abc":
            await self.send(client_id=name, message=name, chat_id="room")
        await until(lambda: len(self.frames) == 4)
        refused = [(frame["type"], frame["client_id"], frame["code"]) for frame in self.frames[1:]]
        self.assertEqual(refused, [("error", name, "SERVICE_UNAVAILABLE") for name in "abc"])
        self.assertEqual(len(self.server.asked), 1)
        self.server.say = lambda asked: (201, message(1, asked.body["client_id"]))
        await self.send(client_id="a", message="a", chat_id="room")
        await until(lambda: "ack" in self.types())

    async def test_a_message_sent_before_a_refusal_is_handled_does_not_overtake(self) -> None:
        self.server.say = lambda _: refusal(503, "SERVICE_UNAVAILABLE")
        await self.open(reads=False)
        await self.send(client_id="a", message="a", chat_id="room")
        await until(lambda: len(self.server.asked) == 1 and len(self.socket._frames) == 2)
        self.server.say = lambda asked: (201, message(1, asked.body["client_id"]))
        # The driver does not know of the refusal yet.
        await self.send(client_id="b", message="b", chat_id="room")
        await until(lambda: len(self.socket._frames) == 3)
        self.reading = asyncio.ensure_future(self.read())
        await until(lambda: len(self.frames) == 3)
        self.assertEqual([frame["client_id"] for frame in self.frames[1:]], ["a", "b"])
        self.assertEqual(self.types(), ["hello", "error", "error"])
        for name in "ab":
            await self.send(client_id=name, message=name, chat_id="room")
        await until(lambda: self.types().count("ack") == 2)
        self.assertEqual([asked.body["client_id"] for asked in self.server.asked], ["a", "a", "b"])

    async def test_nothing_is_posted_after_a_post_whose_answer_was_lost(self) -> None:
        self.server.say = lambda _: (200, {"portal": "log in"})
        await self.open(reads=False)
        for name in "abc":
            await self.send(client_id=name, message=name, chat_id="room")
        await until(lambda: self.socket._lost is not None)
        await asyncio.sleep(0.05)
        self.assertEqual([asked.body["client_id"] for asked in self.server.asked], ["a"])

    async def test_a_message_that_is_refused_for_good_holds_up_no_other(self) -> None:
        def say(asked: Asked) -> Answer:
            name = asked.body["client_id"]
            return refusal(403, "AUTHORIZATION_ERROR") if name == "a" else (201, message(1, name))

        self.server.say = say
        await self.open()
        for name in "ab":
            await self.send(client_id=name, message=name, chat_id="room")
        await until(lambda: len(self.frames) == 3)
        self.assertEqual(self.types(), ["hello", "error", "ack"])

    async def test_a_post_without_an_answer_of_the_server_ends_the_connection(self) -> None:
        self.server.say = lambda _: (200, {"portal": "log in"})
        await self.open()
        await self.send(client_id="a", message="a", chat_id="room")
        self.assertIn("not an answer of the server", (await self.ended()).reason)
        self.assertEqual(self.types(), ["hello"])

    async def test_of_read_positions_only_the_highest_waits(self) -> None:
        gate = asyncio.Event()

        async def say(_: Asked) -> Answer:
            await gate.wait()
            return 200, {}

        self.server.say = say
        await self.open()
        for seq in (1, 2, 3, 9, 8):
            await self.send(type="read", chat_id="room", seq=seq)
            await asyncio.sleep(0.001)
        gate.set()
        await until(lambda: len(self.server.asked) == 2)
        await asyncio.sleep(0.01)
        told = [(asked.path, asked.body["seq"]) for asked in self.server.asked]
        self.assertEqual(told, [("/rooms/room/read", 1), ("/rooms/room/read", 9)])

    async def test_typing_is_said_one_by_one_only_the_last_of_a_room_and_a_refusal_ends_nothing(self) -> None:
        gate = asyncio.Event()

        def typed() -> List[Asked]:
            return [asked for asked in self.server.asked if asked.path.endswith("/typing")]

        async def say(asked: Asked) -> Answer:
            if not asked.path.endswith("/typing"):
                return 201, message(1, asked.body["client_id"])
            await gate.wait()
            return refusal(429, "RATE_LIMIT_EXCEEDED")

        self.server.say = say
        await self.open()
        await self.send(type="typing", chat_id="room")
        await until(lambda: len(self.server.asked) == 1)
        for stop in (True, False, True):
            await self.send(type="typing", chat_id="room", stop=stop)
        await self.send(type="typing", chat_id="other")
        await self.send(client_id="a", message="a", chat_id="room")
        await until(lambda: "ack" in self.types())
        self.assertEqual(len(typed()), 1, "a message does not wait for it")
        gate.set()
        await until(lambda: len(typed()) == 3)
        self.assertEqual(
            [(asked.method, asked.path, asked.body) for asked in typed()],
            [
                ("POST", "/rooms/room/typing", {}),
                ("POST", "/rooms/room/typing", {"stop": True}),
                ("POST", "/rooms/other/typing", {}),
            ],
        )
        self.server.say = lambda _: (200, {"portal": "log in"})
        await self.send(type="typing", chat_id="room")
        await until(lambda: len(typed()) == 4)
        self.server.event("message", message(2))
        await until(lambda: len(self.frames) == 3)
        self.assertEqual(self.types(), ["hello", "ack", "message"])

    async def test_a_new_token_opens_a_second_stream_after_what_the_first_one_brought(self) -> None:
        await self.open()
        self.server.event("live", {}, id="cursor-1")
        self.server.event("message", message(1), id="cursor-2")
        await until(lambda: len(self.frames) == 2)
        await self.send(type="auth", token="two")
        await until(lambda: len(self.server.streams) == 2)
        opened = self.server.openings[1].headers
        self.assertEqual((opened["Authorization"], opened["Last-Event-ID"]), ("Bearer two", "cursor-2"))
        self.server.event("message", message(2), nth=0)
        await until(lambda: len(self.frames) == 3)
        self.server.hello(ends="2031-01-01T00:00:00.000Z")
        await until(lambda: len(self.frames) == 4 and self.server.closed == [0])
        self.assertEqual(self.frames[3], {"type": "authenticated", "token_expires_at": "2031-01-01T00:00:00.000Z"})
        self.server.event("message", message(3))
        await until(lambda: len(self.frames) == 5)
        self.assertEqual(self.seqs(), [1, 2, 3])

    async def test_a_second_stream_that_is_refused_leaves_the_first_one(self) -> None:
        await self.open()
        self.server.status = 429
        await self.send(type="auth", token="two")
        await until(lambda: len(self.server.openings) == 2)
        self.server.event("message", message(1))
        await until(lambda: len(self.frames) == 2)
        self.server.status = 200
        await self.send(type="auth", token="three")
        await until(lambda: len(self.server.streams) == 2)
        self.server.event("resync", {"rooms": {}})
        self.server.hello()
        await until(lambda: "authenticated" in self.types())
        self.server.event("resync", {"rooms": {"room": {"from": 0, "to": 9}}})
        self.assertIn("does not reach back", (await self.ended()).reason)

    async def test_a_stream_that_ends_is_refused_or_is_too_long_is_lost(self) -> None:
        await self.open()
        self.server.end()
        self.assertEqual((await self.ended()).code, 1006)
        self.lost, self.frames = None, []
        await self.open()
        for _ in range(20):
            self.server.write(b"data: " + b"x" * 65_536)
        self.assertIn("TooLongError", (await self.ended()).reason)
        self.lost, self.server.status = None, 401
        await self.open()
        lost = await self.ended()
        self.assertEqual((lost.code, lost.is_own), (401, True))

    async def test_a_stream_that_is_silent_or_never_begins_is_lost(self) -> None:
        await self.open()
        self.assertEqual(self.server.openings[0].headers["Accept"], "text/event-stream")
        timeouts: List[Any] = []
        rest = self.server.rest()
        opening = rest._http.stream

        def noted(*args: Any, **options: Any) -> Any:
            timeouts.append(options["timeout"])
            return opening(*args, **options)

        with mock.patch.object(rest._http, "stream", noted), mock.patch("chatapi_client.sse_socket.OPEN_TIMEOUT", 0.05):
            silent = SseSocket(rest, None)
            self.addAsyncCleanup(silent.close)
            with self.assertRaises(LostError) as lost:
                await asyncio.wait_for(silent.frames().__anext__(), PATIENCE)
        self.assertEqual((lost.exception.code, lost.exception.reason), (1006, "no events"))
        self.assertEqual(timeouts[0].read, 12.0)

    async def test_an_app_that_takes_nothing_stops_the_reading(self) -> None:
        await self.open(reads=False)
        text = b"".join(b'event: typing\ndata: {"type": "typing"}\n\n' for _ in range(100))
        for _ in range(50):
            self.server.write(text)
        queue = self.server.streams[0]
        await until(lambda: queue.qsize() < 50)
        before = -1
        while queue.qsize() != before:
            before = queue.qsize()
            await asyncio.sleep(0.05)
        self.assertGreaterEqual(before, 50 - HIGH_WATER // 100 - 2)
        self.reading = asyncio.ensure_future(self.read())
        await until(lambda: len(self.frames) == 1 + 50 * 100)

    async def test_closing_ends_all_that_is_under_way(self) -> None:
        self.server.say = lambda _: asyncio.sleep(3600, (200, {}))
        await self.open()
        await self.send(type="resume", rooms={"room": 1})
        await self.send(client_id="a", message="a", chat_id="room")
        await until(lambda: len(self.server.asked) == 2)
        await self.socket.close()
        self.assertEqual((self.server.closed, self.socket._tasks), ([0], set()))
