"""The part of a room's history, or of a thread, that an app has loaded.

Pages of history and events of the log in, rows out. Like the machine of a connection it has no I/O:
``ask`` says what to read, ``answer`` takes it. Pages and events may come in any order, events more
than once.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Dict, List, Optional, Sequence

from ..models import Message
from .rows import LoggedEvent, Row, applied, row_of, rows_of, with_

PAGE = 50
"""Messages per page; more than a screen shows."""
BIG_PAGE = 100
MAX_RELOAD_PAGES = 5
"""Pages that a window is read again by, after a gap that the log cannot fill."""
MAX_ROWS = 2000
"""A window that follows the end of a busy room forgets its oldest messages."""
KEPT_ROWS = 1000
STATUSES = ("sent", "delivered", "read")
RESTARTS = ("latest", "around", "reload")
"""These replace the window."""

Query = Dict[str, int]


@dataclass(frozen=True)
class HistoryPage:
    """One snapshot: it shows all events up to ``last_seq``, and none after it."""

    items: Sequence[Message]
    has_more: bool
    last_seq: int


@dataclass(eq=False)
class Ask:
    """``queries``: the pages to read, one after the other; see ``next``. ``floor``: pages of a
    server that is behind this seq lack what the app has seen.
    """

    kind: str
    queries: List[Query]
    floor: int


class Timeline:
    """``thread``: the message whose replies are shown; default: the whole room."""

    def __init__(self, thread: Optional[str] = None) -> None:
        self.rows: List[Row] = []
        self.is_loaded = False
        self.has_older = False
        self.has_newer = False
        self.me: Optional[str] = None
        self._thread = thread
        self._position = 0
        """Events up to here have been applied, or were in all pages."""
        self._edge = 0
        """The end of the window shows the log up to here; later messages are appended."""
        self._seen = 0
        """The newest event or page seen."""
        self._is_stale = False
        self._must_restart = False
        self._open: List[Ask] = []
        self._recent: List[LoggedEvent] = []
        """The events since the first open request, for its pages."""
        self._follow: Optional[int] = None
        self._awaited: Optional[int] = None
        """From where a replay has been asked for."""

    @property
    def wants(self) -> Optional[str]:
        """What must be read without anybody asking; None: nothing."""
        if any(self.is_asked(kind) for kind in RESTARTS):
            return None
        if not self.is_loaded or self._must_restart:
            return "latest"
        return "reload" if self._is_stale else None

    def is_asked(self, kind: str) -> bool:
        return any(ask.kind == kind for ask in self._open)

    def shows(self, seq: int) -> bool:
        """Whether the event with this seq, of which the app knows, is in the window or passed it."""
        end = self._position if self.has_newer else self._edge
        return self.is_loaded and not self._is_stale and seq <= end

    def event(self, event: LoggedEvent) -> None:
        if self._open:
            self._recent.append(event)
        self._seen = max(self._seen, event["seq"])
        if self.is_loaded:
            self._apply(event)

    def committed(self, seq: int) -> None:
        """A message of the app's own was committed; its event may still be on its way."""
        self._seen = max(self._seen, seq)

    def resync(self, seq: int) -> None:
        """The log did not reach back: of the events up to ``seq``, some will never come."""
        self._seen = max(self._seen, seq)
        self._awaited = None
        is_shown = self._edge >= seq and all(row.as_of >= seq for row in self.rows)
        self._position = max(self._position, seq)
        if self.is_loaded and is_shown:
            return
        self._open.clear()
        self._recent = []
        self._is_stale = self.is_loaded

    def status(self, message_id: str, status: str) -> None:
        """Not a part of the log, and never goes back."""
        for at, row in enumerate(self.rows):
            message = row.message
            if message["id"] == message_id and STATUSES.index(message["status"]) < STATUSES.index(status):
                rows = list(self.rows)
                rows[at] = Row(with_(message, status=status), row.as_of)
                self.rows = rows

    def reconnected(self) -> None:
        """A new connection, or a new membership: what was asked of the last one is void."""
        self._awaited = None
        if self.is_loaded:
            self._follow = self._position

    def ask(self, wanted: str, seq: int = 0) -> Optional[Ask]:
        """``seq``: of ``around``. Returns None if there is nothing to read that way."""
        kind = "latest" if wanted == "reload" and not self.rows else wanted
        queries = self._queries(kind, seq)
        if queries is None or (self.is_asked(kind) and kind != "around"):
            return None
        if kind in RESTARTS:
            self._open.clear()
        if not self._open:
            self._recent = []
        ask = Ask(kind, queries, self._seen)
        self._open.append(ask)
        return ask

    def next(self, ask: Ask, pages: Sequence[HistoryPage]) -> Optional[Query]:
        """The next page of a request of which these have been read; None: that was all."""
        following = ask.queries[len(pages)] if len(pages) < len(ask.queries) else None
        if not pages:
            return following
        last = pages[-1]
        if ask.kind == "around" and following is not None and "after_seq" in following:
            # A place that the log has not reached: what came since the first page is in the
            # second.
            return {**following, "after_seq": min(following["after_seq"], last.last_seq)}
        if ask.kind != "reload":
            return following
        end = last.items[-1]["seq"] if last.items else None
        newest = self.rows[-1].message["seq"] if self.rows else 0
        is_enough = self.has_newer and (end or 0) >= newest
        if not last.has_more or end is None or is_enough or len(pages) >= MAX_RELOAD_PAGES:
            return None
        return {"after_seq": end, "limit": BIG_PAGE}

    def failed(self, ask: Ask) -> None:
        if ask in self._open:
            self._open.remove(ask)

    def answer(self, ask: Ask, pages: Sequence[HistoryPage]) -> str:
        """``taken``; ``late``: from a server that lags behind, to be read again; ``void``: another
        window is wanted.
        """
        if ask not in self._open:
            return "void"
        self._open.remove(ask)
        if not pages:
            return "void"
        if any(page.last_seq < ask.floor for page in pages):
            return "late"
        if ask.kind == "older":
            self._prepend(pages[0])
        elif ask.kind == "newer":
            self._append(pages[0])
        elif ask.kind == "reload":
            self._replace(ask, pages)
        else:
            self._restart(pages[0], pages[-1] if ask.kind == "around" else None)
        if not self._open:
            self._recent = []
        return "taken"

    def take_follow(self) -> Optional[int]:
        """The seq after which the connection must deliver the room's events, again if need be."""
        follow, self._follow = self._follow, None
        return follow

    def _queries(self, kind: str, seq: int) -> Optional[List[Query]]:
        oldest = self.rows[0].message["seq"] if self.rows else None
        newest = self.rows[-1].message["seq"] if self.rows else None
        if kind == "latest":
            return [{"limit": PAGE}]
        if kind == "around":
            return [{"before_seq": seq + 1, "limit": PAGE}, {"after_seq": seq, "limit": PAGE}]
        if kind == "reload":
            return [{"after_seq": (oldest or 1) - 1, "limit": BIG_PAGE}]
        if not self.is_loaded or self.is_asked("latest") or self.is_asked("around"):
            return None
        if kind == "older":
            return [{"before_seq": oldest, "limit": PAGE}] if self.has_older and oldest else None
        return [{"after_seq": newest, "limit": PAGE}] if self.has_newer and not self._is_stale and newest else None

    def _restart(self, page: HistoryPage, newer: Optional[HistoryPage]) -> None:
        self.rows = rows_of(page.items, page.last_seq)[::-1]
        if newer is not None:
            self.rows += rows_of(newer.items, newer.last_seq)
        self.has_older = page.has_more
        self._begin(page.last_seq, newer or HistoryPage(page.items, False, page.last_seq))

    def _replace(self, ask: Ask, pages: Sequence[HistoryPage]) -> None:
        last = pages[-1]
        if not self.has_newer and last.has_more:
            self._must_restart = True
            return
        start = ask.queries[0]["after_seq"]
        self.rows = [row for row in self.rows if row.message["seq"] <= start]
        for page in pages:
            self.rows += rows_of(page.items, page.last_seq)
        self._begin(min(page.last_seq for page in pages), last)

    def _begin(self, position: int, last: HistoryPage) -> None:
        """The window is as of ``position`` at least; its end is that of ``last``."""
        self.has_newer = last.has_more
        self.is_loaded = True
        self._is_stale = False
        self._must_restart = False
        self._position = min(position, last.last_seq)
        self._edge = last.last_seq
        self._awaited = None
        for event in self._recent:
            self._apply(event)
        self._follow = self._position

    def _prepend(self, page: HistoryPage) -> None:
        self.rows = self._caught_up(rows_of(page.items, page.last_seq)[::-1]) + self.rows
        self.has_older = page.has_more

    def _append(self, page: HistoryPage) -> None:
        self.rows = self.rows + self._caught_up(rows_of(page.items, page.last_seq))
        self.has_newer = page.has_more
        if page.has_more:
            return
        self._edge = page.last_seq
        for event in self._recent:
            if event["seq"] <= self._position:
                self._extend(event)

    def _caught_up(self, rows: List[Row]) -> List[Row]:
        """With what happened since their page."""
        for event in self._recent:
            # What is behind a gap comes again.
            if event["seq"] <= self._position:
                rows = [applied(row, event, self.me) for row in rows]
        return rows

    def _apply(self, event: LoggedEvent) -> None:
        if event["seq"] > self._position + 1:
            if self._awaited != self._position:
                self._follow = self._position
            self._awaited = self._position
            return
        self._position = max(self._position, event["seq"])
        # Nothing is shown behind a gap.
        if self._is_stale:
            return
        self.rows = [applied(row, event, self.me) for row in self.rows]
        self._extend(event)

    def _extend(self, event: LoggedEvent) -> None:
        """Append a new message, and what happened to it since."""
        if self.has_newer or event["seq"] <= self._edge:
            return
        self._edge = event["seq"]
        if event["type"] != "message" or self._thread not in (None, event.get("reply_to")):
            return
        self.rows = self.rows + self._caught_up([row_of(event)])
        if len(self.rows) > MAX_ROWS and not self._open:
            self.rows = self.rows[-KEPT_ROWS:]
            self.has_older = True


