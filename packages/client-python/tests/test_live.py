"""The stores over a connection and a REST API in memory."""

from __future__ import annotations

import asyncio
import unittest
from typing import Any, AsyncIterator, Callable, Dict, List, Mapping, Optional, Tuple, cast

from chatapi_client.errors import ChatApiError
from chatapi_client.models import Event, Message, new_message
from chatapi_client.realtime import AsyncRealtime
from chatapi_client.rest import Rest
from chatapi_client.state import Live, RoomSnapshot
from chatapi_client.state_pages import RoomsPage

AT = "2026-01-01T12:00:00.000Z"
ANNA: Dict[str, Any] = {"username": "anna", "display_name": "Anna", "avatar_url": "/avatars/usr_a/1", "kind": "user"}
REFUSED = ChatApiError("AUTHORIZATION_ERROR", "no", status=403)


def text(seq: int, **more: Any) -> Message:
    facts: Dict[str, Any] = {"id": f"m{seq}", "chat_id": "r1", "seq": seq, "sender_id": "usr_a", "content": f"text {seq}"}
    return new_message(**{**facts, "created_at": AT, **more})


def fields(message: Message) -> Dict[str, Any]:
    return dict(cast(Mapping[str, Any], message))


def room(chat_id: str, last: Optional[Message], unread: int) -> Any:
    facts = {"id": chat_id, "chat_id": chat_id, "role": "member", "member_count": 2, "read_seq": 0, "created_at": AT}
    return {**facts, "last_seq": last["seq"] if last else 0, "last_message": last, "unread_count": unread}


class FakeRealtime:
    """What the stores use of a connection."""

    def __init__(self, on_rooms: Callable[[RoomsPage], None]) -> None:
        self.on_rooms = on_rooms
        self.user_id = "usr_me"
        self.last_error = None
        self.frames: List[Tuple[Any, ...]] = []
        self.sends: List[Tuple[Dict[str, Any], "asyncio.Future[Message]"]] = []
        self._events: "asyncio.Queue[Event]" = asyncio.Queue()

    def say(self, kind: str, **data: Any) -> None:
        self._events.put_nowait(Event(kind, {"type": kind, **data}))

    async def events(self) -> AsyncIterator[Event]:
        while True:
            yield await self._events.get()

    def follow(self, chat_id: str, seq: int) -> None:
        self.frames.append(("follow", chat_id, seq))

    async def send(self, **message: Any) -> Message:
        answer: "asyncio.Future[Message]" = asyncio.get_running_loop().create_future()
        self.sends.append((message, answer))
        return await answer

    async def typing(self, chat_id: str, *, stop: bool = False) -> None:
        self.frames.append(("typing", chat_id, stop))

    async def mark_read(self, chat_id: str, seq: int) -> None:
        self.frames.append(("read", chat_id, seq))

    async def close(self) -> None:
        self.frames.append(("close",))


class FakeRest:
    base_url = "http://chat.example"

    def __init__(self) -> None:
        self.asked: List[Tuple[str, str]] = []
        self.refuses: Optional[ChatApiError] = None
        self.history = [text(seq) for seq in (1, 2, 3)]

    async def call(self, method: str, path: Any, **request: Any) -> Any:
        self.asked.append((method, str(path)))
        await asyncio.sleep(0)
        query: Mapping[str, Any] = request.get("query") or {}
        if self.refuses is not None and method != "GET":
            raise self.refuses
        if method == "PUT" and str(path) == "/messages/m1":
            return text(1, is_edited=True, **request["body"])
        if str(path).endswith("/members"):
            return {"members": [{"user_id": "usr_a", **ANNA, "role": "owner"}], "has_more": False, "users": {}}
        if str(path) == "/users":
            presence = {"status": "online", "last_seen": None}
            return {"users": [{"id": one, **ANNA, "presence": presence} for one in query["ids"].split(",")]}
        if str(path) == "/messages/":
            found = [one for one in self.history if one["seq"] < query.get("before_seq", 99)][::-1]
            last = self.history[-1]["seq"]
            return {"messages": found, "has_more": False, "last_seq": last, "users": {"usr_a": ANNA}}
        return None


class Scene:
    def __init__(self) -> None:
        self.rest = FakeRest()
        self.opened: List[FakeRealtime] = []
        self.live = Live(cast(Rest, self.rest), self._open)

    def _open(self, on_rooms: Callable[[RoomsPage], None]) -> AsyncRealtime:
        self.opened.append(FakeRealtime(on_rooms))
        return cast(AsyncRealtime, self.opened[-1])

    @property
    def wire(self) -> FakeRealtime:
        return self.opened[-1]

    def connect(self) -> None:
        """As the server would, after the first look at a store."""
        self.wire.say("state", state="connected")
        users: Dict[str, Any] = {"usr_a": ANNA, "usr_me": {**ANNA, "username": "me"}}
        presence: Any = {"usr_a": {"status": "online", "last_seen": None}}
        rooms = [room("r2", None, 0), room("r1", self.rest.history[-1], 2)]
        self.wire.on_rooms(RoomsPage(rooms, False, users, presence))

    async def opened_room(self) -> Any:
        shown = self.live.room("r1")
        shown.subscribe(lambda _: None)
        self.connect()
        await shown.wait_for(lambda snapshot: snapshot.status == "ready" and self.live.me, 5)
        return shown


def contents(snapshot: RoomSnapshot) -> List[str]:
    return [view.message["content"] for view in snapshot.messages]


class LiveStores(unittest.IsolatedAsyncioTestCase):
    async def asyncSetUp(self) -> None:
        self.scene = Scene()
        self.live = self.scene.live

    async def asyncTearDown(self) -> None:
        await self.live.close()

    async def test_open_nothing_until_somebody_looks(self) -> None:
        self.assertEqual(self.live.room("r1").snapshot.status, "loading")
        self.assertEqual(self.live.rooms().snapshot.rooms, ())
        self.assertEqual((self.scene.opened, self.scene.rest.asked), ([], []))

    async def test_start_with_what_the_connection_brings_without_a_request(self) -> None:
        self.live.rooms().subscribe(lambda _: None)
        self.scene.connect()
        rooms = await self.live.rooms().wait_for(lambda snapshot: snapshot.status == "ready", 5)
        self.assertEqual([view.room["chat_id"] for view in rooms.rooms], ["r1", "r2"])
        user = self.live.user("usr_a").snapshot
        self.assertEqual(user and user.avatar_url, "http://chat.example/avatars/usr_a/1")
        presence = self.live.presence("usr_a").snapshot
        self.assertEqual(presence and presence["status"], "online")
        self.assertEqual(self.live.badges().snapshot.unread, 2)
        self.assertEqual(self.scene.rest.asked, [])

    async def test_a_room_shows_history_and_what_comes_then(self) -> None:
        shown = await self.scene.opened_room()
        self.scene.wire.say("message", **fields(text(4)))
        reaction = {"message_id": "m1", "user_id": "usr_me", "emoji": "👍", "action": "added"}
        self.scene.wire.say("reaction", chat_id="r1", seq=5, **reaction)
        found = await shown.wait_for(lambda snapshot: snapshot.messages[0].message["reactions"], 5)
        self.assertEqual(contents(found), ["text 1", "text 2", "text 3", "text 4"])
        self.assertEqual({view.sender.display_name for view in found.messages}, {"Anna"})
        self.assertEqual([path for _, path in self.scene.rest.asked], ["/messages/"])

    async def test_an_own_message_is_shown_at_once_and_is_one_row_when_it_has_arrived(self) -> None:
        shown = await self.scene.opened_room()
        client_id = shown.send("mine")
        self.assertEqual(shown.snapshot.messages[-1].local.state, "sending")
        key = shown.snapshot.messages[-1].key
        await asyncio.sleep(0)
        sent, answer = self.scene.wire.sends[0]
        self.assertEqual((sent["content"], sent["client_id"]), ("mine", client_id))
        committed = text(4, sender_id="usr_me", client_id=client_id, content="mine")
        answer.set_result(committed)
        await shown.wait_for(lambda snapshot: snapshot.messages[-1].local.state == "sent", 5)
        self.scene.wire.say("message", **fields(committed))
        found = await shown.wait_for(lambda snapshot: snapshot.messages[-1].local is None, 5)
        self.assertEqual((contents(found)[3:], found.messages[-1].key), (["mine"], key))

    async def test_a_refused_message_keeps_its_reason_is_sent_again_and_removed(self) -> None:
        shown = await self.scene.opened_room()
        client_id = shown.send("bad")
        await asyncio.sleep(0)
        self.scene.wire.sends[0][1].set_exception(REFUSED)
        found = await shown.wait_for(lambda snapshot: snapshot.messages[-1].local.state == "failed", 5)
        self.assertIs(found.messages[-1].local.error, REFUSED)
        shown.retry(client_id)
        await asyncio.sleep(0)
        self.assertEqual([message["client_id"] for message, _ in self.scene.wire.sends], [client_id] * 2)
        shown.cancel(client_id)
        await asyncio.sleep(0)
        self.assertEqual(contents(shown.snapshot), ["text 1", "text 2", "text 3"])
        self.assertTrue(self.scene.wire.sends[1][1].cancelled())

    async def test_an_edit_is_shown_at_once_and_taken_back_when_it_is_refused(self) -> None:
        shown = await self.scene.opened_room()
        edit = asyncio.ensure_future(shown.edit("m1", "better"))
        await asyncio.sleep(0)
        self.assertEqual(contents(shown.snapshot)[0], "better")
        await edit
        self.assertEqual(contents(shown.snapshot)[0], "better")
        self.scene.rest.refuses = REFUSED
        delete = asyncio.ensure_future(shown.delete("m2"))
        await asyncio.sleep(0)
        self.assertTrue(shown.snapshot.messages[1].message["is_deleted"])
        with self.assertRaises(ChatApiError):
            await delete
        self.assertEqual(contents(shown.snapshot)[1], "text 2")

    async def test_custom_is_shown_at_once_and_as_an_edit_changes_it_and_taken_back(self) -> None:
        shown = await self.scene.opened_room()
        shown.send("mine", custom={"order": 1})
        await asyncio.sleep(0)
        self.assertEqual(shown.snapshot.messages[-1].message["custom"], {"order": 1})
        self.assertEqual(self.scene.wire.sends[-1][0]["custom"], {"order": 1})
        custom = {"a": 1, "b": {"c": 2}}
        updated = {"message_id": "m2", "chat_id": "r1", "content": "text 2", "attachments": [], "mentions": []}
        self.scene.wire.say("message_updated", **updated, seq=4, is_edited=True, updated_at=AT, custom=custom)
        await shown.wait_for(lambda snapshot: snapshot.messages[1].message.get("custom") == custom, 5)
        self.scene.rest.refuses = REFUSED
        edit = asyncio.ensure_future(shown.edit("m2", custom={"a": None, "b": {"d": 3}}))
        await asyncio.sleep(0)
        self.assertEqual(contents(shown.snapshot)[1], "text 2")
        self.assertEqual(shown.snapshot.messages[1].message["custom"], {"b": {"c": 2, "d": 3}})
        with self.assertRaises(ChatApiError):
            await edit
        self.assertEqual(shown.snapshot.messages[1].message["custom"], custom)
        self.scene.wire.say("message_updated", **updated, seq=5, is_edited=True, updated_at=AT)
        await shown.wait_for(lambda snapshot: "custom" not in snapshot.messages[1].message, 5)

    async def test_badges_agree_with_other_devices_and_with_what_is_read_here(self) -> None:
        shown = await self.scene.opened_room()
        badges = self.live.badges()
        self.scene.wire.say("message", **fields(text(4)))
        await badges.wait_for(lambda snapshot: snapshot.unread == 3, 5)
        self.scene.wire.say("read", chat_id="r1", read_seq=3, unread_count=1, last_seq=4)
        await badges.wait_for(lambda snapshot: snapshot.unread == 1, 5)
        await shown.mark_read()
        self.assertEqual((badges.snapshot.unread, badges.snapshot.rooms), (0, 0))
        self.assertIn(("read", "r1", 4), self.scene.wire.frames)

    async def test_who_types_is_shown_until_they_stop_or_send(self) -> None:
        await self.scene.opened_room()
        typing = self.live.typing("r1")
        for end in ("stop", "send"):
            self.scene.wire.say("typing", chat_id="r1", user_id="usr_a", expires_in_ms=6000)
            await typing.wait_for(lambda users: len(users) == 1, 5)
            if end == "stop":
                self.scene.wire.say("typing", chat_id="r1", user_id="usr_a", expires_in_ms=0)
            else:
                self.scene.wire.say("message", **fields(text(4)))
            await typing.wait_for(lambda users: not users, 5)

    async def test_typing_is_told_once_and_ends_with_a_send(self) -> None:
        shown = await self.scene.opened_room()
        await shown.type()
        await shown.type()
        shown.send("done")
        await asyncio.sleep(0.01)
        typed = [frame for frame in self.scene.wire.frames if frame[0] == "typing"]
        self.assertEqual(typed, [("typing", "r1", False), ("typing", "r1", True)])

    async def test_members_follow_their_events(self) -> None:
        members = self.live.members("r1")
        members.subscribe(lambda _: None)
        self.scene.connect()
        await members.wait_for(lambda snapshot: snapshot.status == "ready", 5)
        self.scene.wire.say("member_joined", chat_id="r1", seq=4, user_id="usr_me", role="member")
        found = await members.wait_for(lambda snapshot: len(snapshot.members) == 2, 5)
        self.assertEqual(found.members[1]["username"], "me")
        self.scene.wire.say("member_left", chat_id="r1", seq=5, user_id="usr_a")
        await members.wait_for(lambda snapshot: len(snapshot.members) == 1, 5)

    async def test_a_listener_that_fails_does_not_stop_the_others(self) -> None:
        seen: List[str] = []
        connection = self.live.connection()
        with self.assertLogs("chatapi_client", "ERROR"):
            connection.subscribe(lambda snapshot: 1 / 0)
            connection.subscribe(lambda snapshot: seen.append(snapshot.state))
            self.scene.connect()
            await connection.wait_for(lambda snapshot: snapshot.state == "connected", 5)
        self.assertEqual(seen, ["idle", "connected"])
