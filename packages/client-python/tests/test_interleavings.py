"""For any seed of cuts, races and pauses, each room's view is its log, once and in order."""

import unittest

from .model import Done, World, outgoing


class Interleavings(unittest.TestCase):
    def check(self, world: World, seed: int) -> None:
        world.settle()
        for room, log in world.server.logs.items():
            self.assertEqual(world.seen[room], list(range(1, len(log) + 1)), f"seed {seed}, {room}")

    def test_cuts_lose_duplicate_and_reorder_nothing(self) -> None:
        for seed in range(300):
            world = World(seed)
            for _ in range(world.rng.randint(5, 200)):
                world.step()
            self.check(world, seed)

    def test_a_full_queue_loses_nothing(self) -> None:
        for seed in range(200):
            world = World(seed)
            for _ in range(150):
                if world.rng.random() < 0.1:
                    world.machine.has_place = not world.machine.has_place
                world.step()
            self.check(world, seed)

    def test_a_log_that_no_longer_reaches_back_loses_nothing(self) -> None:
        for seed in range(200):
            world = World(seed)
            for _ in range(150):
                if world.rng.random() < 0.05:
                    room = world.rng.choice(world.rooms)
                    world.server.first[room] = len(world.server.logs[room]) + 1
                world.step()
            self.check(world, seed)

    def test_each_send_is_answered_once_and_logged_once(self) -> None:
        for seed in range(200):
            world = World(seed, rooms=2)
            sends = []
            for number in range(120):
                if world.rng.random() < 0.3:
                    sends.append(outgoing(f"c{number}", message="m", chat_id=world.rng.choice(world.rooms)))
                    world.machine.send(sends[-1])
                world.step()
            world.settle()
            self.check(world, seed)
            logged = [m["client_id"] for log in world.server.logs.values() for m in log if "client_id" in m]
            self.assertEqual(sorted(logged), sorted(send.client_id for send in sends), f"seed {seed}")
            for room, log in world.server.logs.items():
                order = [int(m["client_id"][1:]) for m in log if "client_id" in m]
                self.assertEqual(order, sorted(order), f"seed {seed}: sends of {room} overtook each other")
            for send in sends:
                answer = send.answers[0]
                assert isinstance(answer, Done)
                self.assertEqual(answer.ack["client_id"], send.client_id)
