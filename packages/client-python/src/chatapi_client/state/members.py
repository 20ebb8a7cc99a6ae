"""The members of a room: read in pages, kept by events."""

from __future__ import annotations

from typing import Any, Dict, List, Optional, cast

from ..clock import now_as_text
from ..errors import ChatApiError
from ..models import Member
from .host import Host
from .rows import LoggedEvent
from .store import Store
from .views import MembersSnapshot

PAGE = 100


class LiveMembers(Store[MembersSnapshot]):
    def __init__(self, host: Host, chat_id: str) -> None:
        super().__init__(host.batch, self._snapshot, self._look)
        self._host = host
        self._chat_id = chat_id
        self._members: Dict[str, Member] = {}
        self._cursor: Optional[str] = None
        self._has_more = False
        self._status = "loading"
        self._error: Optional[ChatApiError] = None
        self._is_reading = False
        self._must_read = False
        self._recent: List[LoggedEvent] = []
        """Events while a page is on its way."""

    async def load_more(self) -> None:
        """Read the next page. Errors are in the snapshot."""
        if self._has_more and not self._is_reading:
            await self._read(self._cursor)

    async def reload(self) -> None:
        """Read the first page again: events may have been missed."""
        if self._is_reading:
            # What is on its way may lack them.
            self._must_read = True
        elif self.is_watched:
            await self._read(None)
        else:
            self._status = "loading"

    def event(self, event: LoggedEvent) -> None:
        if self._is_reading:
            self._recent.append(event)
        self._apply(event)
        self.changed()

    def people_changed(self) -> None:
        """A name has become known."""
        for user_id, member in self._members.items():
            self._members[user_id] = self._named(member)
        self.changed()

    def _look(self) -> None:
        self._host.connect()
        if self._status != "ready":
            self._host.errand(self.reload)

    async def _read(self, cursor: Optional[str]) -> None:
        self._is_reading = True
        try:
            page = await self._host.chats.members(self._chat_id, limit=PAGE, cursor=cursor)
            self._host.people.learn(page.users)
            known = {} if cursor is None else self._members
            self._members = {**known, **{member["user_id"]: member for member in page}}
            self._cursor, self._has_more = page.next_cursor, page.has_more
            self._status, self._error = "ready", None
            for event in self._recent:
                self._apply(event)
        except ChatApiError as error:
            self._error = error
            self._status = "failed" if self._status == "loading" else self._status
        finally:
            self._is_reading, self._recent = False, []
        self.changed()
        if self._must_read:
            self._must_read = False
            await self.reload()

    def _apply(self, event: LoggedEvent) -> None:
        """May be applied twice."""
        kind = event["type"]
        if kind == "member_joined":
            self._joined(event["user_id"], event["role"])
        elif kind == "member_left":
            self._members.pop(event["user_id"], None)
        elif kind == "room_updated" and event.get("member") is not None:
            changed: Dict[str, Any] = event["member"]
            known = self._members.get(changed["user_id"])
            if changed["role"] is None:
                self._members.pop(changed["user_id"], None)
            elif known is not None:
                self._members[changed["user_id"]] = cast(Member, {**known, **changed})

    def _joined(self, user_id: str, role: Any) -> None:
        # Those of later pages come with them.
        if self._has_more or user_id in self._members:
            return
        at = now_as_text()
        place: Dict[str, Any] = {"user_id": user_id, "role": role, "joined_at": at, "read_seq": 0, "muted_until": None}
        named = {"username": "", "display_name": "", "kind": "user"}
        self._members[user_id] = self._named(cast(Member, {**place, **named}))

    def _named(self, member: Member) -> Member:
        user = self._host.people.get(member["user_id"])
        if user is None:
            return member
        card = {"username": user.username, "display_name": user.display_name, "kind": user.kind}
        return cast(Member, {**member, **card})

    def _snapshot(self) -> MembersSnapshot:
        return MembersSnapshot(self._status, tuple(self._members.values()), self._has_more, self._error)
