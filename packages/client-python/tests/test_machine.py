import json
import unittest
from typing import Any, Dict, List

from chatapi_client.clock import ServerClock
from chatapi_client.machine import Machine

from .model import hello, outgoing


def connected(now: float = 0.0) -> Machine:
    machine = Machine(ServerClock())
    machine.connecting()
    machine.received(hello(), now)
    machine.take_events()
    return machine


def written(machine: Machine, now: float = 0.0) -> List[Dict[str, Any]]:
    return [json.loads(text) for text in machine.frames(now)]


def told(machine: Machine, kind: str) -> List[Any]:
    return [event.data for event in machine.take_events() if event.type == kind]


def message(seq: int, room: str = "r") -> Dict[str, Any]:
    return {"type": "message", "id": f"m{seq}", "chat_id": room, "seq": seq, "content": "c"}


class States(unittest.TestCase):
    def test_state_changes_have_a_reason_and_the_next_delay(self) -> None:
        machine = connected()
        machine.lost(20.0, 1012, "going away")
        (change,) = told(machine, "state")
        self.assertEqual((change["previous"], change["state"], change["code"]), ("connected", "waiting", 1012))
        self.assertTrue(0 <= change["retry_in"] <= 0.5)
        self.assertEqual(machine.retry_at, 20.0 + change["retry_in"])

    def test_watches_as_staff_on_each_connection_until_the_role_ends(self) -> None:
        machine = connected()
        machine.watch_staff()
        self.assertIn({"type": "staff_subscribe"}, written(machine))
        machine.lost(1.0, 1012, "going away")
        machine.connecting()
        machine.received(hello(), 2.0)
        self.assertIn({"type": "staff_subscribe"}, written(machine))
        machine.received({"type": "staff_ended", "timestamp": "2026-01-01T12:00:00.000Z"}, 3.0)
        self.assertEqual(len(told(machine, "staff_ended")), 1)
        machine.lost(4.0, 1012, "going away")
        machine.connecting()
        machine.received(hello(), 5.0)
        self.assertNotIn({"type": "staff_subscribe"}, written(machine))

    def test_reconnects_after_every_close_but_a_ban(self) -> None:
        for code in (None, 1000, 1001, 1006, 1008, 1009, 1011, 1012, 4408, 4429, 404, 500, 503):
            machine = connected()
            machine.lost(1.0, code, "x")
            self.assertEqual(machine.state, "waiting", code)

    def test_after_4429_it_returns_minutes_later_or_when_the_app_is_used_and_later_each_time(self) -> None:
        machine = connected()
        machine.lost(1.0, 4429, "too many connections")
        assert machine.last_loss is not None
        self.assertEqual(
            (machine.state, machine.is_crowded, machine.last_loss.code), ("waiting", True, "RATE_LIMIT_EXCEEDED")
        )
        self.assertTrue(61.0 <= machine.retry_at <= 61.5)
        machine.nudge(2.0)
        self.assertEqual(machine.retry_at, 2.0)
        for minutes in (2, 4, 8, 16, 16, 16):
            machine.connecting()
            machine.received(hello(), 3.0)
            machine.lost(4.0, 4429, "too many connections")
            self.assertTrue(4.0 + 60 * minutes <= machine.retry_at <= 24.0 + 60 * minutes)
            machine.nudge(5.0)
            self.assertEqual(machine.retry_at, 4.0 + 15 * minutes)

    def test_after_a_calm_connection_a_use_returns_at_once_again(self) -> None:
        machine = connected()
        for _ in range(3):
            machine.lost(1.0, 4429, "too many connections")
            machine.connecting()
            machine.received(hello(), 2.0)
        machine.lost(602.0, 4429, "too many connections")
        machine.nudge(620.0)
        self.assertEqual(machine.retry_at, 620.0)
        machine.connecting()
        machine.lost(800.0, 1006, "cut")
        self.assertFalse(machine.is_crowded)

    def test_a_frame_over_the_limit_pauses_all_and_lost_ones_are_repeated(self) -> None:
        machine = connected()
        for seq in (1, 3):
            machine.received(message(seq), 0.0)
        machine.read("r", 1)
        machine.renewed("fresh")
        self.assertEqual({frame["type"] for frame in written(machine)}, {"resume", "read", "auth"})
        refused = {"type": "error", "code": "RATE_LIMIT_EXCEEDED", "message": "m", "details": {}, "retry_after_ms": 5000}
        machine.received(refused, 0.1)
        self.assertEqual(len(told(machine, "error")), 1)
        machine.send(outgoing("c1", message="m"))
        machine.typing("r")
        self.assertEqual(written(machine, 5.0), [])
        self.assertAlmostEqual(machine.next_tick() or 0.0, 5.1)
        machine.tick(5.2)
        self.assertTrue(machine.take_token_due())
        self.assertEqual([frame.get("type") for frame in written(machine, 5.2)], ["resume", "read", None])

    def test_a_ban_closes_and_fails_pending_sends(self) -> None:
        machine = connected()
        send = outgoing("c1", message="m")
        machine.send(send)
        machine.lost(1.0, 4403, "banned")
        self.assertEqual((machine.state, send.answers[0].error.code), ("closed", "AUTHORIZATION_ERROR"))
        late = outgoing("c2", message="m")
        machine.send(late)
        self.assertIs(late.answers[0].error, machine.error)

    def test_waits_as_long_as_the_server_asks(self) -> None:
        machine = connected()
        machine.lost(1.0, 503, "away", retry_after=30.0)
        self.assertGreaterEqual(machine.retry_at, 31.0)


class Frames(unittest.TestCase):
    def test_a_frame_without_a_type_is_a_message(self) -> None:
        machine = connected()
        machine.received({"id": "msg_1", "sender_id": "u", "content": "Hello, world!"}, 0.0)
        self.assertEqual([m["content"] for m in told(machine, "message")], ["Hello, world!"])

    def test_unknown_types_are_delivered_under_their_name(self) -> None:
        machine = connected()
        machine.received({"type": "poll_opened", "chat_id": "r", "seq": 5}, 0.0)
        machine.received({"type": "poll_opened", "chat_id": "r", "seq": 5}, 0.0)
        self.assertEqual(len(told(machine, "poll_opened")), 1)

    def test_message_status_has_a_seq_but_is_not_in_the_log(self) -> None:
        machine = connected()
        machine.received(message(4), 0.0)
        machine.received({"type": "message_status", "chat_id": "r", "message_id": "m", "status": "read"}, 0.0)
        machine.received(message(5), 0.0)
        kinds = [event.type for event in machine.take_events()]
        self.assertEqual(kinds, ["message", "message_status", "message"])

    def test_a_gap_triggers_a_resume_at_once(self) -> None:
        machine = connected()
        machine.received(message(1), 0.0)
        machine.received(message(3), 0.0)
        self.assertEqual(written(machine), [{"type": "resume", "rooms": {"r": 1}}])
        self.assertEqual(written(machine), [], "once")

    def test_many_rooms_are_resumed_within_the_servers_limits(self) -> None:
        machine = connected()
        for number in range(2500):
            machine.views.start_at(f"{'x' * 59}{number:05d}", 2**53)
        machine.lost(1.0, 1006, "cut")
        machine.connecting()
        machine.received(hello(), 2.0)
        frames = machine.frames(2.0)
        self.assertEqual(sum(len(json.loads(text)["rooms"]) for text in frames), 2500)
        self.assertTrue(all(len(text) < 64 * 1024 for text in frames))

    def test_a_room_that_the_user_left_is_not_resumed(self) -> None:
        machine = connected()
        machine.received(message(1), 0.0)
        machine.received({"type": "member_left", "chat_id": "r", "seq": 2, "user_id": "usr_me"}, 0.0)
        machine.received(message(1, "gone"), 0.0)
        machine.received({"type": "room_removed", "chat_id": "gone"}, 0.0)
        self.assertEqual(machine.views.positions, {})

    def test_a_room_joined_while_offline_is_read_from_its_unread_part(self) -> None:
        machine = connected()
        look = machine.views.unsure()
        machine.received(message(8, "new"), 0.0)
        self.assertEqual(told(machine, "message"), [], "5 to 7 may be missing")
        self.assertTrue(machine.views.came_into({"chat_id": "new", "read_seq": 4, "last_seq": 8}))
        machine.views.sure(look)
        self.assertEqual(written(machine), [{"type": "resume", "rooms": {"new": 4}}])


class Tokens(unittest.TestCase):
    def test_tokens_are_renewed_before_they_expire_by_the_servers_time(self) -> None:
        machine = connected(now=1000.0)
        machine.tick(1000.0 + 3539)
        self.assertFalse(machine.take_token_due())
        machine.tick(1000.0 + 3541)
        self.assertTrue(machine.take_token_due())
        self.assertFalse(machine.take_token_due(), "once")
        machine.renewed("fresh")
        self.assertEqual(written(machine), [{"type": "auth", "token": "fresh"}])
        machine.received({"type": "authenticated", "token_expires_at": "2026-01-01T14:00:00.000Z"}, 4541.0)
        self.assertEqual(machine.next_tick(), 1000.0 + 7140)

    def test_a_short_token_is_renewed_at_four_fifths(self) -> None:
        machine = Machine(ServerClock())
        machine.received({**hello(), "token_expires_at": "2026-01-01T12:00:20.000Z"}, 0.0)
        self.assertEqual(machine.next_tick(), 16.0)


class Sending(unittest.TestCase):
    def test_sends_wait_for_the_connection_and_are_repeated_in_order(self) -> None:
        machine = Machine(ServerClock())
        for name in "abc":
            machine.send(outgoing(name, message=name))
        self.assertEqual(written(machine), [])
        machine.connecting()
        machine.received(hello(), 0.0)
        self.assertEqual([frame["message"] for frame in written(machine)], ["a", "b", "c"])
        machine.received({"type": "ack", "client_id": "a"}, 0.0)
        machine.lost(1.0, 1006, "cut")
        machine.connecting()
        machine.received(hello(), 2.0)
        self.assertEqual([frame["message"] for frame in written(machine, 2.0)], ["b", "c"])

    def test_sends_wait_for_a_limit_in_order(self) -> None:
        machine = connected()
        sends = [outgoing(name, message=name) for name in "abcd"]
        for send in sends:
            machine.send(send)
        self.assertEqual(len(written(machine)), 4)
        machine.received({"type": "ack", "client_id": "a"}, 0.0)
        for name in "bcd":
            refusal = {"type": "error", "code": "RATE_LIMIT_EXCEEDED", "client_id": name, "retry_after_ms": 5000}
            machine.received(refusal, 1.0)
        self.assertEqual((written(machine, 5.9), machine.next_tick()), ([], 6.0))
        self.assertEqual([frame["message"] for frame in written(machine, 6.0)], ["b"], "one by one")
        machine.received({"type": "ack", "client_id": "b"}, 6.1)
        self.assertEqual([frame["message"] for frame in written(machine, 6.1)], ["c"])
        self.assertEqual([send.answers[0].error for send in sends], [None] * 4)

    def test_a_permanent_refusal_reaches_its_sender_only(self) -> None:
        machine = connected()
        bad, good = outgoing("bad", message=""), outgoing("good", message="m")
        machine.send(bad)
        machine.send(good)
        written(machine)
        machine.received({"type": "error", "code": "VALIDATION_ERROR", "client_id": "bad"}, 0.0)
        machine.received({"type": "ack", "client_id": "good", "seq": 1}, 0.0)
        self.assertEqual((bad.answers[0].error.code, good.answers[0].ack["seq"]), ("VALIDATION_ERROR", 1))
        self.assertEqual(told(machine, "error"), [])

    def test_sends_in_flight_are_limited(self) -> None:
        machine = connected()
        for number in range(100):
            machine.send(outgoing(str(number), message="m"))
        self.assertEqual(len(written(machine)), 32)
        machine.received({"type": "ack", "client_id": "0"}, 0.0)
        self.assertEqual(len(written(machine)), 1)

    def test_reads_are_kept_until_there_is_a_connection(self) -> None:
        machine = Machine(ServerClock())
        machine.read("r", 5)
        machine.read("r", 3)
        machine.typing("r")
        machine.connecting()
        machine.received(hello(), 0.0)
        self.assertEqual(written(machine), [{"type": "read", "chat_id": "r", "seq": 5}])
