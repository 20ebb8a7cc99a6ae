"""Owns: the two daemon threads of a sync client: one runs the event loop with the sockets, one runs the app's handlers."""

from __future__ import annotations

import asyncio
import atexit
import concurrent.futures
import os
import queue
import threading
from typing import Any, Callable, Coroutine, Optional, Tuple, TypeVar

import anyio

T = TypeVar("T")
_loading = threading.Lock()
Job = Tuple[Callable[..., Any], Tuple[Any, ...], "concurrent.futures.Future[Any]"]


class Portal:
    def __init__(self) -> None:
        self._pid = os.getpid()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="chatapi-client", daemon=True)
        started = threading.Event()
        self._loop.call_soon(started.set)
        self._thread.start()
        started.wait()
        self._jobs: "queue.SimpleQueue[Optional[Job]]" = queue.SimpleQueue()
        self._worker: Optional[threading.Thread] = None
        with _loading:
            # httpx loads what it needs of anyio at its first request; two threads at once would meet it half loaded.
            self.call(anyio.sleep(0))
        atexit.register(self.stop)

    @property
    def is_open(self) -> bool:
        return self._pid == os.getpid() and self._thread.is_alive() and self._loop.is_running()

    def call(self, work: Coroutine[Any, Any, T]) -> T:
        """Runs it on the loop and waits. From a handler too, for handlers run on a thread of their own."""
        problem = self._problem()
        if problem is not None:
            work.close()
            raise RuntimeError(problem)
        future = asyncio.run_coroutine_threadsafe(work, self._loop)
        try:
            return future.result()
        except BaseException:
            future.cancel()  # Ctrl-C: nobody waits for it any more
            raise

    def _problem(self) -> Optional[str]:
        if os.getpid() != self._pid:
            return "A ChatClient does not survive a fork: make one in each process"
        if threading.current_thread() is self._thread:
            return "A ChatClient can't be used on its own event loop"
        return None if self.is_open else "This ChatClient is closed"

    async def in_worker(self, function: Callable[..., Any], *args: Any) -> Any:
        """Runs a handler on the one thread for them, in the order of the calls."""
        if self._worker is None:
            self._worker = threading.Thread(target=self._work, name="chatapi-handlers", daemon=True)
            self._worker.start()
        done: "concurrent.futures.Future[Any]" = concurrent.futures.Future()
        self._jobs.put((function, args, done))
        return await asyncio.wrap_future(done)

    def stop(self) -> None:
        atexit.unregister(self.stop)
        if self._pid != os.getpid() or not self._thread.is_alive():
            return
        self._jobs.put(None)
        self._loop.call_soon_threadsafe(self._loop.stop)
        if threading.current_thread() is not self._thread:
            self._thread.join(5.0)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        try:
            self._loop.run_forever()
            left = asyncio.all_tasks(self._loop)
            for task in left:
                task.cancel()
            self._loop.run_until_complete(asyncio.gather(*left, return_exceptions=True))
        finally:
            self._loop.close()

    def _work(self) -> None:
        while True:
            job = self._jobs.get()
            if job is None:
                return
            function, args, done = job
            if not done.set_running_or_notify_cancel():
                continue
            try:
                done.set_result(function(*args))
            except BaseException as error:
                done.set_exception(error)
