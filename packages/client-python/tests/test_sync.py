"""The sync client in careless programs: threads, forks, exits."""

import os
import subprocess
import sys
import unittest

LIMIT = 60.0
PATIENT = """
import logging, os, sys, threading, time
from chatapi_client import ChatApiError, ChatClient
NOWHERE = 'http://127.0.0.1:9'
"""


def run(program: str) -> str:
    done = subprocess.run([sys.executable, "-c", PATIENT + program], capture_output=True, text=True, timeout=LIMIT)
    return f"{done.returncode} {done.stdout.strip()} {done.stderr.strip()}"


class Programs(unittest.TestCase):
    def test_a_program_exits_while_its_token_function_hangs(self) -> None:
        told = run("""
asked = threading.Event()
def token():
    asked.set()
    time.sleep(3600)
ws = ChatClient(NOWHERE, token).websocket.connect()
asked.wait()
print('end')
""")
        self.assertEqual(told, "0 end ")

    def test_a_program_exits_while_a_handler_hangs(self) -> None:
        told = run("""
told = threading.Event()
def handle(change):
    told.set()
    time.sleep(3600)
ws = ChatClient(NOWHERE, 'token').websocket.connect(on={'state': handle})
told.wait()
print('end')
""")
        self.assertEqual(told, "0 end ")

    def test_a_handler_that_exits_does_not_end_the_connection(self) -> None:
        told = run("""
logging.getLogger('chatapi_client').addHandler(logging.NullHandler())
client, seen, enough = ChatClient(NOWHERE, 'token'), [], threading.Event()
def handle(change):
    seen.append(change['state'])
    if len(seen) > 3:
        enough.set()
    sys.exit(3)
async def handle_too(change):
    sys.exit(3)
ws = client.websocket.connect(on={'state': handle_too})
ws.on_state(handle)
enough.wait()
client.close()
print(ws.state)
""")
        self.assertEqual(told, "0 closed ")

    def test_closing_a_client_leaves_no_thread_waiting(self) -> None:
        told = run("""
client, codes = ChatClient(NOWHERE, 'token', retries=0), set()
ws = client.websocket.connect()
def work(call):
    while 'CLIENT_CLOSED' not in mine.setdefault(threading.get_ident(), set()):
        try:
            call()
        except ChatApiError as error:
            mine[threading.get_ident()].add(error.code)
mine = {}
def read():
    for _ in ws:
        pass
    client.users.me()
calls = [client.users.me, lambda: ws.send(content='m'), ws.wait_ready, read, lambda: ws.on_message(print)] * 4
threads = [threading.Thread(target=work, args=(call,), daemon=True) for call in calls]
for thread in threads:
    thread.start()
time.sleep(0.2)
client.close()
for thread in threads:
    thread.join(30)
print(sum(thread.is_alive() for thread in threads), sorted(set().union(*mine.values())))
""")
        self.assertEqual(told, "0 0 ['CLIENT_CLOSED', 'NETWORK_ERROR'] ")

    def test_an_async_handler_runs_too(self) -> None:
        told = run("""
done = threading.Event()
async def handle(change):
    done.set()
with ChatClient(NOWHERE, 'token') as client:
    client.websocket.connect(on={'state': handle})
    print(done.wait(30))
""")
        self.assertEqual(told, "0 True ")

    def test_a_handler_may_close_its_client(self) -> None:
        told = run("""
client, closed = ChatClient(NOWHERE, 'token'), threading.Event()
def handle(change):
    client.close()
    closed.set()
ws = client.websocket.connect(on={'state': handle})
closed.wait()
client.close()
print(ws.state)
""")
        self.assertEqual(told, "0 closed ")

    def test_a_closed_client_raises_client_closed_and_handlers_can_be_removed(self) -> None:
        told = run("""
client = ChatClient(NOWHERE, 'token')
ws = client.websocket.connect()
stop = ws.on_message(print)
client.close()
stop()
for call in (client.users.me, ws.typing, ws.wait_ready, lambda: ws.send(content='late'), client.websocket.connect):
    try:
        call(*(['room'] if call == ws.typing else []))
    except ChatApiError as error:
        print(error.code)
""")
        self.assertEqual(told, "0 " + "\n".join(["CLIENT_CLOSED"] * 5) + " ")

    @unittest.skipUnless(hasattr(os, "fork"), "there is no fork")
    def test_a_fork_needs_its_own_client(self) -> None:
        told = run("""
client = ChatClient(NOWHERE, 'token', retries=0)
ws = client.websocket.connect()
child = os.fork()
if child == 0:
    try:
        client.users.me()
    except RuntimeError as error:
        print('fork' in str(error), flush=True)
    with ChatClient(NOWHERE, 'token', retries=0) as own:
        try:
            own.users.me()
        except ChatApiError as error:
            print(error.code, flush=True)
    client.close()
    sys.exit(0)
print(os.waitpid(child, 0)[1])
client.close()
""")
        self.assertEqual(told, "0 True\nNETWORK_ERROR\n0 ")
