"""People whom the stores show: names and pictures, read in batches, and kept fresh by events."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any, Callable, Dict, List, Mapping, Optional, Set, cast

from ..errors import ChatApiError
from ..models import Presence, Profile
from ..people import PeopleApi

BATCH = 100
GATHER = 0.01
"""The ids of one turn are one request; in seconds."""


@dataclass(frozen=True)
class UserView:
    """``avatar_url``: absolute, also of uploaded pictures."""

    id: str
    username: str
    display_name: str
    avatar_url: Optional[str]
    kind: str


class People:
    """``changed`` is called when a name, a picture or a presence is known or new."""

    def __init__(self, api: PeopleApi, base_url: str, changed: Callable[[], None]) -> None:
        self._api = api
        self._base_url = base_url
        self._changed = changed
        self._known: Dict[str, UserView] = {}
        self._presence: Dict[str, Presence] = {}
        self._asked: Set[str] = set()
        """Asked for, or known not to exist."""
        self._wanted: List[str] = []
        self._reading: Set["asyncio.Task[None]"] = set()

    def get(self, user_id: str) -> Optional[UserView]:
        """What is known; asks for it if nothing is."""
        if user_id not in self._known:
            self._want(user_id)
        return self._known.get(user_id)

    def presence(self, user_id: str) -> Optional[Presence]:
        if user_id not in self._presence:
            self._want(user_id)
        return self._presence.get(user_id)

    def learn(self, users: Optional[Mapping[str, Any]]) -> None:
        """Of a list's ``users``."""
        is_news = False
        for user_id, card in (users or {}).items():
            picture = card["avatar_url"]
            if picture is not None and picture.startswith("/"):
                picture = self._base_url + picture
            view = UserView(user_id, card["username"], card["display_name"], picture, card["kind"])
            is_news = is_news or self._known.get(user_id) != view
            self._known[user_id] = view
        if is_news:
            self._changed()

    def learn_presence(self, presence: Mapping[str, Any]) -> None:
        self._presence.update(cast(Mapping[str, Presence], presence))
        if presence:
            self._changed()

    def forget_presence(self) -> None:
        """What was shown before may have changed while there was no connection."""
        self._asked.difference_update(self._presence)
        self._presence.clear()
        self._changed()

    def close(self) -> None:
        for task in self._reading:
            task.cancel()

    def _want(self, user_id: str) -> None:
        if user_id == "" or user_id in self._asked:
            return
        self._asked.add(user_id)
        self._wanted.append(user_id)
        if len(self._wanted) == 1:
            task = asyncio.ensure_future(self._read())
            self._reading.add(task)
            task.add_done_callback(self._reading.discard)

    async def _read(self) -> None:
        await asyncio.sleep(GATHER)
        ids, self._wanted = self._wanted, []
        for first in range(0, len(ids), BATCH):
            some = ids[first : first + BATCH]
            try:
                found = await self._many(some)
            except ChatApiError:
                # The next look asks again.
                self._asked.difference_update(some)
                continue
            self.learn({profile["id"]: profile for profile in found})
            self.learn_presence({profile["id"]: profile["presence"] for profile in found})

    async def _many(self, ids: List[str]) -> List[Profile]:
        try:
            found = await self._api.many(ids)
            if all(profile["id"] in ids for profile in found):
                return found
        except ChatApiError as error:
            if error.code != "VALIDATION_ERROR":
                raise
        # A server of an older version has no batches.
        return [profile for profile in [await self._one(user_id) for user_id in ids] if profile is not None]

    async def _one(self, user_id: str) -> Optional[Profile]:
        try:
            return await self._api.get(user_id)
        except ChatApiError as error:
            if error.retryable:
                raise
            return None
