"""The driver of the Python SDK: ``main.py asyncio``, ``sync`` or ``stores``. See PROTOCOL.md."""

from __future__ import annotations

import asyncio
import itertools
import json
import logging
import os
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Dict, Set

from chatapi_client import ChatApiError
from commands import Commands, command
from store_commands import StoreCommands

THREADS = 256
"""Maximum of parallel sync calls; each blocks a thread, as in an app."""
_writing = threading.Lock()


def tell(line: Dict[str, Any]) -> None:
    text = json.dumps(line)
    with _writing:
        print(text, flush=True)


def described(error: BaseException) -> Dict[str, Any]:
    if isinstance(error, ChatApiError):
        fields = ("code", "status", "message", "details", "retryable", "foreign")
        return {name: getattr(error, name) for name in fields}
    return {"code": "EXCEPTION", "message": repr(error)}


class LoggedErrors(logging.Handler):
    """Errors that the SDK can only log, since no app code awaits them."""

    def emit(self, record: logging.LogRecord) -> None:
        text = self.format(record)
        # The failing handler of a scenario is expected to be logged.
        if "ZeroDivisionError" not in text:
            tell({"uncaught": text})


def tell_uncaught(loop: asyncio.AbstractEventLoop) -> None:
    loop.set_exception_handler(lambda _, told: tell({"uncaught": f"{told.get('message')}: {told.get('exception')!r}"}))
    threading.excepthook = lambda told: tell({"uncaught": repr(told.exc_value)})
    logging.getLogger().addHandler(LoggedErrors(logging.ERROR))


class Line:
    def __init__(self, mode: str) -> None:
        self._questions: Dict[int, "asyncio.Future[str]"] = {}
        self._numbers = itertools.count(1)
        is_stores = mode == "stores"
        ask = self._ask_token
        self._commands = StoreCommands(ask) if is_stores else Commands(mode == "sync", ask)
        self._tasks: Set["asyncio.Task[None]"] = set()

    async def _ask_token(self, client: str) -> str:
        number = next(self._numbers)
        answer: "asyncio.Future[str]" = asyncio.get_running_loop().create_future()
        self._questions[number] = answer
        tell({"ask": number, "client": client})
        return await answer

    def take(self, line: Dict[str, Any]) -> None:
        if "answer" in line:
            self._questions.pop(line["answer"]).set_result(line["token"])
            return
        task = asyncio.ensure_future(self._do(line.pop("id"), line.pop("do"), line))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _do(self, number: int, name: str, arguments: Dict[str, Any]) -> None:
        try:
            tell({"id": number, "ok": await command(self._commands, name)(**arguments)})
        except Exception as error:
            tell({"id": number, "error": described(error)})


async def main() -> None:
    loop = asyncio.get_running_loop()
    loop.set_default_executor(ThreadPoolExecutor(THREADS))
    tell_uncaught(loop)
    line = Line(sys.argv[1])
    ended = asyncio.Event()

    def read() -> None:
        for text in sys.stdin:
            loop.call_soon_threadsafe(line.take, json.loads(text))
        loop.call_soon_threadsafe(ended.set)

    threading.Thread(target=read, daemon=True).start()
    await ended.wait()
    # Exits without waiting for threads of abandoned calls.
    os._exit(0)


asyncio.run(main())
