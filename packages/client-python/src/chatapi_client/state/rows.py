"""One message as it is after some of the room's events. Messages are never changed in place."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Dict, List, Mapping, Optional, Sequence, Tuple, cast

from ..models import Message, Reaction

LoggedEvent = Mapping[str, Any]
"""An event that has a place in the log of its room: with ``type``, ``chat_id`` and ``seq``."""

LOGGED = frozenset(
    {"message", "message_updated", "message_deleted", "reaction", "member_joined", "member_left", "room_updated"}
)
MAX_SHOWN = 20
_OF_EVENTS = frozenset({"type", "parent_thread_count"})


@dataclass(frozen=True)
class Row:
    """``as_of``: events up to this seq are in ``message``: those of its page, and those since."""

    message: Message
    as_of: int


def rows_of(messages: Sequence[Message], as_of: int) -> List[Row]:
    return [Row(message, as_of) for message in messages]


def row_of(event: LoggedEvent) -> Row:
    """A new message, whose event has fields of its own."""
    message = cast(Message, {name: value for name, value in event.items() if name not in _OF_EVENTS})
    return Row(message, message["seq"])


def applied(row: Row, event: LoggedEvent, me: Optional[str]) -> Row:
    """Returns the same row if the event does not concern it, or is in it."""
    if event["seq"] <= row.as_of:
        return row
    message = _changed(row.message, event, me)
    return row if message is row.message else Row(message, event["seq"])


def with_(message: Message, **fields: Any) -> Message:
    return cast(Message, {**message, **fields})


def with_custom(message: Message, custom: Optional[Mapping[str, Any]]) -> Message:
    """A message has no ``custom`` where there is none."""
    bare = {name: value for name, value in message.items() if name != "custom"}
    return cast(Message, {**bare, "custom": custom} if custom else bare)


def tombstone(message: Message) -> Message:
    """What is left of a deleted message: its place and its thread."""
    bare = with_custom(message, None)
    return with_(bare, content="", attachments=[], mentions=[], reactions=[], is_deleted=True)


def reacted(message: Message, event: LoggedEvent, me: Optional[str]) -> Message:
    """Also for a reaction of the app's own that the server has not confirmed."""
    emoji, user_id = event["emoji"], event["user_id"]
    reactions: List[Reaction] = []
    is_there = False
    for one in message["reactions"]:
        if emoji == "":
            # All of an erased user.
            reactions.extend(_without(one, user_id, None, me) if user_id in one["user_ids"] else [one])
        elif one["emoji"] != emoji:
            reactions.append(one)
        else:
            is_there = True
            added = event["action"] == "added"
            count = event.get("count")
            reactions.extend([_with_one(one, user_id, count, me)] if added else _without(one, user_id, count, me))
    if not is_there and emoji != "" and event["action"] == "added":
        new: Reaction = {"emoji": emoji, "count": 0, "user_ids": [], "me": False}
        reactions.append(_with_one(new, user_id, event.get("count"), me))
    return with_(message, reactions=reactions)


def _changed(message: Message, event: LoggedEvent, me: Optional[str]) -> Message:
    kind = event["type"]
    if kind == "message":
        is_answer = event.get("reply_to") == message["id"]
        return _answered(message, event.get("parent_thread_count"), 1) if is_answer else message
    if kind == "message_deleted":
        if event["message_id"] == message["id"]:
            return tombstone(message)
        is_answer = event.get("reply_to") == message["id"]
        return _answered(message, event.get("parent_thread_count"), -1) if is_answer else message
    if kind not in ("message_updated", "reaction") or event["message_id"] != message["id"]:
        return message
    return reacted(message, event, me) if kind == "reaction" else _updated(message, event)


def _answered(message: Message, count: Optional[int], change: int) -> Message:
    """``count``: of its replies after the event, which servers tell."""
    return with_(message, thread_count=max(0, message["thread_count"] + change) if count is None else count)


def _updated(message: Message, event: LoggedEvent) -> Message:
    edited = message["is_edited"] or event["is_edited"]
    if event.get("is_deleted") is True:
        # The replay of an edit whose text is gone: the event of the deletion follows.
        return with_(message, is_edited=edited, updated_at=event["updated_at"])
    names: Tuple[str, ...] = ("content", "attachments", "updated_at", "mentions")
    fields: Dict[str, Any] = {name: event[name] for name in names if name in event}
    return with_custom(with_(message, is_edited=edited, **fields), event.get("custom"))


def _with_one(one: Reaction, user_id: str, count: Optional[int], me: Optional[str]) -> Reaction:
    known = user_id in one["user_ids"]
    ids = one["user_ids"] if known or len(one["user_ids"]) >= MAX_SHOWN else [*one["user_ids"], user_id]
    total = one["count"] + (0 if known else 1) if count is None else count
    return {"emoji": one["emoji"], "count": total, "user_ids": ids, "me": one["me"] or user_id == me}


def _without(one: Reaction, user_id: str, count: Optional[int], me: Optional[str]) -> List[Reaction]:
    left = one["count"] - 1 if count is None else count
    if left <= 0:
        return []
    ids = [other for other in one["user_ids"] if other != user_id]
    return [{"emoji": one["emoji"], "count": left, "user_ids": ids, "me": one["me"] and user_id != me}]
