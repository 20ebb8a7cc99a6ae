"""The two daemon threads of a sync client: one runs the event loop with the sockets, one the app's
handlers.
"""

from __future__ import annotations

import asyncio
import atexit
import concurrent.futures
import os
import queue
import threading
from typing import Any, Callable, Coroutine, Optional, Tuple, TypeVar

import httpx

from .errors import CLIENT_CLOSED, ChatApiError

T = TypeVar("T")
_loading = threading.Lock()
Job = Tuple[Callable[..., Any], Tuple[Any, ...], "concurrent.futures.Future[Any]"]


async def _load() -> None:
    """Load parts that httpx loads at its first request, before other threads or a fork meet them
    half loaded.
    """
    async with httpx.AsyncClient(trust_env=False, verify=False) as http:
        try:
            await http.get("http://127.0.0.1:0")
        except httpx.HTTPError:
            pass


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
        self._lock = threading.Lock()
        self._stopped = False
        with _loading:
            self.call(_load())
        atexit.register(self.stop)

    @property
    def is_open(self) -> bool:
        return self._pid == os.getpid() and not self._stopped

    def call(self, work: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine on the loop and wait; may be used in handlers, which have their own
        thread.
        """
        with self._lock:
            # Calls made before the stop are ended by it; later ones are refused.
            problem = self._problem()
            if problem is not None:
                work.close()
                raise problem
            future = asyncio.run_coroutine_threadsafe(work, self._loop)
        try:
            return future.result()
        except concurrent.futures.CancelledError:
            raise ChatApiError(CLIENT_CLOSED, "The client was closed before the response") from None
        except BaseException:
            future.cancel()  # Ctrl-C: the caller is gone
            raise

    def _problem(self) -> Optional[Exception]:
        if os.getpid() != self._pid:
            return RuntimeError("A ChatClient does not survive a fork: make one in each process")
        if threading.current_thread() is self._thread:
            return RuntimeError("A ChatClient can't be used on its own event loop")
        return None if self.is_open else ChatApiError(CLIENT_CLOSED, "The client is closed")

    async def in_worker(self, function: Callable[..., Any], *args: Any) -> Any:
        """Run a handler on the handlers' thread, in the order of the calls."""
        if self._worker is None:
            self._worker = threading.Thread(target=self._work, name="chatapi-handlers", daemon=True)
            self._worker.start()
        done: "concurrent.futures.Future[Any]" = concurrent.futures.Future()
        self._jobs.put((function, args, done))
        return await asyncio.wrap_future(done)

    async def in_thread(self, function: Callable[..., Any], *args: Any) -> Any:
        """Run a function of the app on a daemon thread, so that it cannot keep the interpreter from
        exiting.
        """
        done: "concurrent.futures.Future[Any]" = concurrent.futures.Future()
        threading.Thread(target=_do, args=((function, args, done),), name="chatapi-app", daemon=True).start()
        return await asyncio.wrap_future(done)

    def stop(self) -> None:
        atexit.unregister(self.stop)
        if self._pid != os.getpid():
            return
        with self._lock:
            if self._stopped:
                return
            self._stopped = True
            self._loop.call_soon_threadsafe(self._loop.stop)
        self._jobs.put(None)
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
            _do(job)


def _do(job: Job) -> None:
    function, args, done = job
    if not done.set_running_or_notify_cancel():
        return
    try:
        answer = function(*args)
    except Exception as error:
        done.set_exception(error)
    except BaseException as error:
        # `sys.exit()` in a thread ends that thread; on the loop it would end all
        # connections.
        done.set_exception(RuntimeError(f"raised on the client's thread: {error!r}"))
    else:
        done.set_result(answer)
