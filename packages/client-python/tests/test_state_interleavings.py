"""For any interleaving of frames, pages, resumes, cuts and sends, the app shows what the log says:
at every moment without a gap, and in the end all of it.
"""

import unittest
from typing import Any, Dict, List, Optional

from chatapi_client.models import Message
from chatapi_client.state.timeline import Timeline

from .state_world import StateWorld

ASKS = ["ask"] * 3
FORGETS = ["forget"]
MINE = ["mine", "send"] * 3
SEEDS = 120


def plain(message: Message) -> Dict[str, Any]:
    """Which emoji was used first is not known after some were taken back."""
    found: List[Any] = list(message["reactions"])
    reactions = [{**one, "user_ids": sorted(one["user_ids"])} for one in found]
    return {**message, "reactions": sorted(reactions, key=lambda one: str(one["emoji"]))}


class StateInterleavings(unittest.TestCase):
    def no_gap(self, world: StateWorld, timeline: Timeline, thread: Optional[str], seed: int) -> None:
        """What is loaded is a part of the log, each message once and in order."""
        seqs = [row.message["seq"] for row in timeline.rows]
        first, last = (seqs[0], seqs[-1]) if seqs else (1, 0)
        found = [one["seq"] for one in world.server.messages.values() if thread in (None, one["reply_to"])]
        self.assertEqual(seqs, [seq for seq in found if first <= seq <= last], f"seed {seed}")

    def shows_log(self, world: StateWorld, timeline: Timeline, thread: Optional[str], seed: int) -> None:
        everything = world.server.all(thread)
        rows = timeline.rows
        first, last = (rows[0].message["seq"], rows[-1].message["seq"]) if rows else (None, 0)
        shown = [plain(one) for one in everything if first is not None and first <= one["seq"] <= last]
        self.assertEqual([plain(one) for one in world.view(timeline)], shown, f"seed {seed}")
        self.assertEqual(timeline.has_older, first is not None and everything[0]["seq"] < first, f"seed {seed}")
        if not timeline.has_newer:
            self.assertEqual(last, everything[-1]["seq"] if everything else 0, f"seed {seed}")

    def hold(self, more: List[str]) -> None:
        for seed in range(SEEDS):
            world = StateWorld(seed, more)
            for _ in range(world.rng.randint(5, 150)):
                world.step()
                for timeline, thread in world.timelines:
                    self.no_gap(world, timeline, thread, seed)
            world.settle()
            for timeline, thread in world.timelines:
                self.shows_log(world, timeline, thread, seed)
            self.assertEqual((world.local.sends, world.local.changes), ([], []), f"seed {seed}: nothing is pending")
            sent = [one for one in world.server.messages.values() if "client_id" in one]
            self.assertEqual(len(sent), world.sends, f"seed {seed}")

    def test_live_frames_pages_replays_cuts_and_duplicates(self) -> None:
        self.hold([])

    def test_an_app_that_pages_in_both_directions_and_jumps(self) -> None:
        self.hold(ASKS)

    def test_a_log_that_no_longer_reaches_back(self) -> None:
        self.hold(ASKS + FORGETS)

    def test_the_apps_own_messages_edits_deletions_and_reactions(self) -> None:
        self.hold(ASKS + FORGETS + MINE)
