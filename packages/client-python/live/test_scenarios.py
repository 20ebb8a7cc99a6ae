"""What an app of either client goes through against a real cluster. Each scenario is written once."""

from __future__ import annotations

import asyncio
import os
import random
import resource
import signal
import threading
import time
import unittest
from typing import Any, List, Tuple
from unittest import mock

from chatapi_client import ChatApiError

from .world import Awaited, Proxy, View, client_of, door, pid_of, registered, short_lived, unique


class Scenarios:
    is_sync = False
    clock_off = 300.0

    async def asyncSetUp(self) -> None:
        self.open: List[Awaited] = []
        asyncio.get_running_loop().set_debug(False)  # it costs more than what is tested

    async def asyncTearDown(self) -> None:
        for client in self.open:
            await client.close()

    async def someone(self, url: str = "", **options: Any) -> Tuple[Awaited, Any]:
        client, session = await registered(self.is_sync, url, **options)
        self.open.append(client)
        return client, session

    async def someone_async(self) -> Awaited:
        """Who makes the load is not what is tested."""
        client, session = await registered(False)
        self.open.append(client)
        self.writer_id = session["user"]["id"]
        return client

    async def room(self, owner: Awaited, *members: str) -> str:
        room = unique("room")
        await owner.chats.create(chat_id=room, visibility="private", member_ids=list(members))
        return room

    def check(self, view: View, room: str, last: int) -> None:
        seqs = view.seqs(room)
        case: Any = self
        case.assertEqual(seqs, list(range(seqs[0], last + 1)))

    async def test_a_cut_loses_doubles_and_misorders_nothing(self) -> None:
        owner, _ = await self.someone()
        async with Proxy() as proxy:
            reader, me = await self.someone(proxy.url)
            room = await self.room(owner, me["user"]["id"])
            ws = await reader.websocket.connect(me["user"]["id"])
            view = await View().watch(ws)
            await ws.wait_ready(10)
            for _ in range(3):
                proxy.cut()
                sending = asyncio.ensure_future(ws.send(chat_id=room, content="sent while it was cut"))
                for number in range(40):
                    await owner.messages.send(chat_id=room, content=f"m{number}")
                proxy.mend()
                sent = await sending
            last = (await owner.messages.send(chat_id=room, content="last"))["seq"]
            await view.reaches(room, last)
            self.check(view, room, last)
            case: Any = self
            case.assertIn((sent["seq"], "sent while it was cut"), view.rooms[room])
            case.assertEqual(sum(content == "sent while it was cut" for _, content in view.rooms[room]), 3)
            await ws.close()

    async def test_a_conversation_that_began_while_away_is_there_on_return(self) -> None:
        writer, _ = await self.someone()
        async with Proxy() as proxy:
            reader, me = await self.someone(proxy.url)
            ws = await reader.websocket.connect()
            view = await View().watch(ws)
            await ws.wait_ready(10)
            proxy.cut()
            first = await writer.messages.send(recipient_id=me["user"]["id"], content="are you there?")
            second = await writer.messages.send(recipient_id=me["user"]["id"], content="hello?")
            proxy.mend()
            await view.reaches(first["chat_id"], second["seq"])
            case: Any = self
            said = [content for _, content in view.rooms[first["chat_id"]] if content]
            case.assertEqual(said, ["are you there?", "hello?"])
            await ws.close()

    async def test_killed_nodes_under_load_leave_every_view_equal_to_the_log(self) -> None:
        people = [await self.someone() for _ in range(8)]
        owner = people[0][0]
        room = await self.room(owner, *(session["user"]["id"] for _, session in people[1:]))
        sockets = [await client.websocket.connect() for client, _ in people]
        views = [await View().watch(ws) for ws in sockets]
        await asyncio.gather(*(ws.wait_ready(20) for ws in sockets))
        until = time.monotonic() + 6

        async def load(ws: Awaited, number: int) -> int:
            count = 0
            while time.monotonic() < until:
                await ws.send(chat_id=room, content=f"{number}-{count}")
                count += 1
                await asyncio.sleep(random.random() / 5)
            return count

        loads = [asyncio.ensure_future(load(ws, number)) for number, ws in enumerate(sockets)]
        for node in ("realtime-1", "realtime-2"):
            await asyncio.sleep(2)
            os.kill(pid_of(node), signal.SIGKILL)
        sent = sum(await asyncio.gather(*loads))
        last = (await owner.messages.send(chat_id=room, content="last"))["seq"]
        log = [(m["seq"], m["content"]) for m in await owner.messages.iterate(chat_id=room, after_seq=0)]
        case: Any = self
        case.assertEqual(len(log), sent + 1, "what was acknowledged is there, once")
        for view in views:
            await view.reaches(room, last)
            self.check(view, room, last)
            case.assertEqual([entry for entry in view.rooms[room] if entry[1] is not None], log)
        for ws in sockets:
            await ws.close()

    async def test_five_thousand_missed_events_come_in_order_to_a_slow_app_in_bounded_memory(self) -> None:
        owner, _ = await self.someone()
        writer = await (await self.someone_async()).websocket.connect()
        async with Proxy() as proxy:
            reader, me = await self.someone(proxy.url)
            room = await self.room(owner, me["user"]["id"])
            await owner.chats.add_member(room, self.writer_id)
            ws = await reader.websocket.connect()
            view = await View().watch(ws)
            await ws.on_message(lambda m: time.sleep(0.02) if m["seq"] % 100 == 0 else None)
            await ws.wait_ready(10)
            proxy.cut()
            for _ in range(10):
                await asyncio.gather(*(writer.send(chat_id=room, content="x" * 200) for _ in range(500)))
            last = (await writer.send(chat_id=room, content="last"))["seq"]
            before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
            proxy.mend()
            await view.reaches(room, last, 60)
            self.check(view, room, last)
            grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
            case: Any = self
            case.assertLess(grown, 40 * 1024, "KiB")
            count = len(await reader.messages.iterate(chat_id=room))
            case.assertEqual(count, 5001)
            await ws.close()
        await writer.close()

    async def test_a_token_that_ends_is_renewed_on_the_live_socket_whatever_this_clock_says(self) -> None:
        _, me = await self.someone()
        given: List[str] = []

        def token() -> str:
            given.append(short_lived(me["access_token"], 5))
            return given[-1]

        client = client_of(self.is_sync, door(), token)
        self.open.append(client)
        true_time = time.time
        with mock.patch("time.time", lambda: true_time() + self.clock_off):
            ws = await client.websocket.connect()
            view = await View().watch(ws)
            await ws.wait_ready(10)
            await asyncio.sleep(9)
            await client.users.me()
            await ws.send(content="still here", chat_id=unique("room"))
            await ws.close()
        case: Any = self
        case.assertNotIn(4401, view.codes)
        case.assertTrue(3 <= len(given) <= 6, len(given))

    async def test_two_clients_of_one_refresh_token_both_go_on(self) -> None:
        _, me = await self.someone()
        both = [client_of(self.is_sync, door(), "ended", refresh_token=me["refresh_token"]) for _ in range(2)]
        self.open += both
        names = await asyncio.gather(*(client.users.me() for client in both for _ in range(3)))
        case: Any = self
        case.assertEqual({name["id"] for name in names}, {me["user"]["id"]})

    async def test_an_ended_session_and_a_ban_are_the_end_and_say_why(self) -> None:
        name, password = os.environ["CHATAPI_ADMIN"].split(":")
        admin = client_of(self.is_sync, door())
        self.open.append(admin)
        await admin.users.login(username_or_email=name, password=password)
        case: Any = self
        for act, code in ((admin.admin.end_sessions, "AUTHENTICATION_ERROR"), (admin.admin.ban, "AUTHORIZATION_ERROR")):
            client, me = await self.someone()
            ws = await client.websocket.connect()
            await ws.wait_ready(10)
            await act(me["user"]["id"])
            with case.assertRaises(ChatApiError) as ended:
                await asyncio.wait_for(ws.run_forever(), 10)
            case.assertEqual((ended.exception.code, ws.state), (code, "closed"))
            with case.assertRaises(ChatApiError):
                await ws.send(content="too late")

    async def test_an_upload_tells_its_progress_and_can_be_aborted(self) -> None:
        client, _ = await self.someone()
        case: Any = self
        told: List[Tuple[int, Any]] = []
        text = b"line of text\n" * 40_000
        file = await client.files.upload(
            text, name="notes.txt", description="d", on_progress=lambda sent, total: told.append((sent, total))
        )
        case.assertEqual((file["size"], file["filename"], file["description"]), (len(text), "notes.txt", "d"))
        case.assertEqual((told[-1], len(told)), ((len(text), len(text)), -(-len(text) // 65536)))
        case.assertEqual(await client.files.content(file["id"]), text)
        stop = threading.Event()
        with case.assertRaises(ChatApiError) as aborted:
            await client.files.upload(text * 10, name="more.txt", cancel=stop, on_progress=lambda *_: stop.set())
        case.assertEqual(aborted.exception.code, "ABORTED")
        case.assertEqual(len(await client.files.iterate()), 1)
        with case.assertRaises(ChatApiError) as refused:
            await client.files.upload(b"MZ", name="bad.exe")
        case.assertEqual(refused.exception.code, "UNSUPPORTED_MEDIA_TYPE")

    async def test_a_handler_may_call_the_client_and_may_fail(self) -> None:
        client, me = await self.someone()
        ws = await client.websocket.connect()
        room = unique("room")
        inner = client.part

        async def answer(message: Any) -> None:
            await inner.messages.send(chat_id=room, content="echo by REST")
            await ws.part.send(chat_id=room, content="echo by socket")

        def answer_sync(message: Any) -> None:
            inner.messages.send(chat_id=room, content="echo by REST")
            ws.part.send(chat_id=room, content="echo by socket")

        echo = answer_sync if self.is_sync else answer
        await ws.on_message(lambda m: echo(m) if m["content"] == "hello" else None)
        await ws.on_message(lambda m: 1 / 0)
        view = await View().watch(ws)
        case: Any = self
        with case.assertLogs("chatapi_client", "ERROR"):
            await ws.send(chat_id=room, content="hello")
            end = time.monotonic() + 10
            while len(view.rooms.get(room, [])) < 4 and time.monotonic() < end:
                await asyncio.sleep(0.05)
        said = [content for _, content in view.rooms[room] if content]
        case.assertEqual(said, ["hello", "echo by REST", "echo by socket"])
        await ws.close()


class WithAsyncClient(Scenarios, unittest.IsolatedAsyncioTestCase):
    pass


class WithSyncClient(Scenarios, unittest.IsolatedAsyncioTestCase):
    is_sync = True
    clock_off = -300.0
