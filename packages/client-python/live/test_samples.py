"""Every Python sample of the README, and the bot, as they stand there: only address, token and names are the test's own."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import unittest
from pathlib import Path
from typing import List

from chatapi_client import ChatClient

from .world import PASSWORD, door, unique

PACKAGE = Path(__file__).parent.parent
BOT = PACKAGE.parent.parent / "examples" / "python-bot" / "bot.py"


def samples() -> List[str]:
    return re.findall(r"^```python\n(.*?)^```$", (PACKAGE / "README.md").read_text(), re.S | re.M)


class Samples(unittest.TestCase):
    def setUp(self) -> None:
        self.client = ChatClient(door())
        self.name = unique("sample")
        self.session = self.client.users.register(
            username=self.name, email=f"{self.name}@example.com", password=PASSWORD
        )
        self.addCleanup(self.client.close)

    def run_sample(self, text: str) -> str:
        ours = {
            "http://localhost:8000": door(),
            "your-jwt-token": self.session["access_token"],
            "user_123": self.session["user"]["id"],
            "johndoe": self.name,
            "securepassword123": PASSWORD,
        }
        for theirs, mine in ours.items():
            text = text.replace(theirs, mine)
        done = subprocess.run([sys.executable, "-c", text], capture_output=True, text=True, timeout=30)
        self.assertEqual((done.returncode, done.stderr), (0, ""), text)
        return done.stdout

    def test_of_plain_python_with_a_message_that_is_heard(self) -> None:
        heard = "\nws.wait_ready()\nws.send(chat_id='room_123', content='heard')\nimport time; time.sleep(1)\nclient.close()"
        self.assertIn("'content': 'heard'", self.run_sample(samples()[0] + heard))

    def test_of_plain_python_as_it_stands(self) -> None:
        self.run_sample(samples()[0])
        last = self.client.messages.list(chat_id="room_123", limit=1).items[0]
        self.assertEqual((last["content"], last["sender_id"]), ("Hello everyone!", self.session["user"]["id"]))

    def test_of_asyncio(self) -> None:
        self.assertIn("New message: Hello from asyncio!", self.run_sample(samples()[1]))

    def test_of_errors(self) -> None:
        self.assertIn("VALIDATION_ERROR 400", self.run_sample(samples()[2]))

    def test_of_files_and_history(self) -> None:
        said = self.run_sample(samples()[3])
        self.assertIn("22 of 22 bytes", said)
        self.assertIn("The minutes", said)
        self.assertEqual(len(samples()), 4)

    def test_the_bot_answers_by_name(self) -> None:
        settings = {"CHATAPI_URL": door(), "CHATAPI_USER": self.name, "CHATAPI_PASSWORD": PASSWORD}
        bot = subprocess.Popen(
            [sys.executable, str(BOT)], env={**os.environ, **settings}, stdout=subprocess.PIPE, text=True
        )
        self.addCleanup(bot.communicate)
        self.addCleanup(bot.kill)
        assert bot.stdout is not None
        self.assertEqual(bot.stdout.readline(), "listening\n")
        with ChatClient(door()) as other:
            name = unique("person")
            other.users.register(username=name, email=f"{name}@example.com", password=PASSWORD)
            ws = other.websocket.connect()
            asked = ws.send(recipient_id=self.session["user"]["id"], content="hello")
            for event in ws:
                if event.type == "message" and event.data["sender_id"] == self.session["user"]["id"]:
                    self.assertEqual((event.data["content"], event.data["reply_to"]), ("You said: hello", asked["id"]))
                    break
