"""A model of the server for the stores: the log of one room, and the messages that it makes."""

from __future__ import annotations

import json
from typing import Any, Dict, List, Optional, Tuple, cast

from chatapi_client.models import Message, new_message
from chatapi_client.state.merge_patch import merge_patch
from chatapi_client.state.timeline import HistoryPage, Query

from .model import EPOCH, hello

ROOM = "room"
ME = "usr_me"
Call = Tuple[str, str, str]
"""``edit``, ``delete``, ``added`` or ``removed``; the message; a content or an emoji."""


def patch_of(content: str) -> Dict[str, Any]:
    """The patch of ``custom`` that comes with an edit to this content."""
    return {f"key {len(content) % 3}": None if content.endswith("5") else content}


def _without_custom(frame: Dict[str, Any]) -> Dict[str, Any]:
    return {name: value for name, value in frame.items() if name != "custom"}


class StateServer:
    """``tells_counts``: servers of an older version do not."""

    def __init__(self, tells_counts: bool) -> None:
        self.log: List[Dict[str, Any]] = []
        self.messages: Dict[str, Dict[str, Any]] = {}
        self.first = 1
        """The oldest event that the log holds."""
        self.connected = False
        self._tells_counts = tells_counts
        self._reactions: Dict[str, List[Tuple[str, str]]] = {}
        self._by_client: Dict[str, Dict[str, Any]] = {}
        self._wire: List[Dict[str, Any]] = []
        self._unread: List[Dict[str, Any]] = []

    # What happens in the room.

    def post(self, sender: str, reply_to: Optional[str] = None, client_id: Optional[str] = None) -> Dict[str, Any]:
        seq = len(self.log) + 1
        place = {"id": f"m{seq}", "chat_id": ROOM, "seq": seq, "sender_id": sender, "created_at": EPOCH}
        made = new_message(**place, content=f"text {seq}", reply_to=reply_to)
        message = cast(Dict[str, Any], made)
        if client_id is not None:
            message["client_id"] = client_id
        self.messages[message["id"]] = message
        more = {} if reply_to is None else self._counted(reply_to, 1)
        return self._append({"type": "message", **message, **more})

    def call(self, by: str, call: Call) -> Optional[Message]:
        """Returns what the REST call answers: a message for an edit, else nothing."""
        kind, message_id, what = call
        message = self.messages.get(message_id)
        if message is None or message["is_deleted"]:
            return None
        if kind == "edit":
            self._edit(message, what)
            return self.shown(message_id)
        if kind == "delete":
            self._delete(message)
        else:
            self._react(message_id, by, what, kind)
        return None

    def join(self) -> None:
        """An event that changes no message."""
        self._append({"type": "member_joined", "user_id": "usr_new", "role": "member"})

    def shown(self, message_id: str) -> Message:
        """A message as a page shows it."""
        given = self._reactions.get(message_id, [])
        reactions: List[Dict[str, Any]] = []
        for emoji in dict.fromkeys(emoji for _, emoji in given):
            ids = [user for user, one in given if one == emoji]
            reactions.append({"emoji": emoji, "count": len(ids), "user_ids": ids, "me": ME in ids})
        return cast(Message, {**self.messages[message_id], "reactions": reactions})

    def all(self, thread: Optional[str] = None) -> List[Message]:
        found = [one for one in self.messages.values() if thread in (None, one["reply_to"])]
        return [self.shown(one["id"]) for one in found]

    def page(self, query: Query, thread: Optional[str] = None) -> HistoryPage:
        found = self.all(thread)
        if "after_seq" in query:
            found = [one for one in found if one["seq"] > query["after_seq"]]
        else:
            found = [one for one in found if one["seq"] < query.get("before_seq", len(self.log) + 1)][::-1]
        limit = query["limit"]
        return HistoryPage(found[:limit], len(found) > limit, len(self.log))

    # The connection.

    def connect(self) -> None:
        self.connected = True
        self._wire = [hello()]
        self._unread = []

    def cut(self, read: int) -> None:
        for _ in range(read):
            self.read_one()
        self.connected = False

    def take(self, text: str) -> None:
        self._unread.append(json.loads(text))

    def read_one(self) -> None:
        if not self._unread:
            return
        frame = self._unread.pop(0)
        if frame.get("type") == "resume":
            self._replay(frame["rooms"][ROOM])
        elif "message" in frame:
            self._send(frame)

    def deliver(self) -> Optional[Dict[str, Any]]:
        return self._wire.pop(0) if self.connected and self._wire else None

    def double(self) -> None:
        if self._wire and self._wire[0]["type"] != "hello":
            self._wire.insert(0, self._wire[0])

    def _replay(self, start: int) -> None:
        complete = self.first - 1 <= start <= len(self.log)
        if complete:
            self._wire.extend(self.log[start:])
        answer = {"from": start, "to": len(self.log) if complete else start, "complete": complete}
        self._wire.append({"type": "resumed", "rooms": {ROOM: answer}})

    def _send(self, frame: Dict[str, Any]) -> None:
        client_id, at = frame["client_id"], len(self._wire)
        if client_id not in self._by_client:
            self._by_client[client_id] = self.post(ME, None, client_id)
        done = self._by_client[client_id]
        place = {"message_id": done["id"], "chat_id": ROOM, "seq": done["seq"], "created_at": EPOCH}
        self._wire.insert(at, {"type": "ack", "client_id": client_id, **place})

    def _append(self, frame: Dict[str, Any]) -> Dict[str, Any]:
        logged = {**frame, "chat_id": ROOM, "seq": len(self.log) + 1}
        self.log.append(logged)
        if self.connected:
            self._wire.append(logged)
        return logged

    def _counted(self, parent: str, change: int) -> Dict[str, Any]:
        if parent not in self.messages:
            return {}
        count = self.messages[parent]["thread_count"] + change
        self.messages[parent] = {**self.messages[parent], "thread_count": count}
        return {"parent_thread_count": count} if self._tells_counts else {}

    def _edit(self, message: Dict[str, Any], content: str) -> None:
        custom = merge_patch(message.get("custom"), patch_of(content))
        changed = {"content": content, "is_edited": True, **({"custom": custom} if custom else {})}
        self.messages[message["id"]] = {**_without_custom(message), **changed}
        kept = {name: message[name] for name in ("attachments", "mentions", "updated_at")}
        self._append({"type": "message_updated", "message_id": message["id"], **changed, **kept})

    def _delete(self, message: Dict[str, Any]) -> None:
        """Its text is removed from the log too."""
        gone = {"content": "", "attachments": [], "mentions": [], "is_deleted": True}
        self.messages[message["id"]] = {**_without_custom(message), **gone}
        self._reactions.pop(message["id"], None)
        for at, frame in enumerate(self.log):
            is_edit = frame["type"] == "message_updated" and frame["message_id"] == message["id"]
            if frame.get("id") == message["id"] or is_edit:
                self.log[at] = {**_without_custom(frame), **gone}
        parent = message["reply_to"]
        more = {} if parent is None else {"reply_to": parent, **self._counted(parent, -1)}
        self._append({"type": "message_deleted", "message_id": message["id"], **more})

    def _react(self, message_id: str, user_id: str, emoji: str, action: str) -> None:
        given = self._reactions.setdefault(message_id, [])
        if ((user_id, emoji) in given) == (action == "added"):
            return
        if action == "added":
            given.append((user_id, emoji))
        else:
            given.remove((user_id, emoji))
        count = {"count": sum(one == emoji for _, one in given)} if self._tells_counts else {}
        frame = {"type": "reaction", "message_id": message_id, "user_id": user_id, "emoji": emoji, "action": action}
        self._append({**frame, **count})
